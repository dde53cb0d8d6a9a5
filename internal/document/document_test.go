package document

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"
)

func TestRead(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Größe")
	require.NoError(t, err)
	for _, tc := range []struct {
		name, mediaType, content string
		want                     string
		err                      string
	}{
		{"a.txt", "", "Hello\r\nyou\rthere", "Hello\nyou\nthere", ""},
		{"a.txt", "", "one page\fanother", "one page\n\nanother", ""},
		{"a.txt", "", "\ufeffHello", "Hello", ""},
		{"a.txt", "", utf16, "Größe", ""},
		{"a.md", "", "# Hi <b>you</b>", "# Hi <b>you</b>", ""},
		{"a.md", "", "<p>Hi</p>", "<p>Hi</p>", ""},
		{"a", "", "<!DOCTYPE html><title>T</title><p>Hi", "# T\n\nHi", ""},
		{"", "text/html; charset=iso-8859-1", "<p>Gr\xf6\xdfe", "Größe", ""},
		{"", "text/html", `<meta charset="windows-1252"><p>Gr` + "\xf6\xdfe", "Größe", ""},
		{"a.txt", "", "Gr\xf6\xdfe", "", "UTF-8"},
		{"a.png", "image/png", "\x89PNG\x0D\x0A\x1A\x0A", "", "neither text"},
		{"a.docx", "", "PK\x03\x04", "", "neither text"},
		{"a.txt", "", " \n ", "", "no text"},
		{"", "text/html", "<script>x</script>", "", "no text"},
		{"a.txt", "", strings.Repeat("ä", MaxText+1), "", "1000001 characters"},
		{"a.pdf", "", "no pdf at all", "no pdf at all", ""},
	} {
		t.Run(tc.name+tc.mediaType+tc.want+tc.err, func(t *testing.T) {
			got, err := Read(tc.name, tc.mediaType, []byte(tc.content))
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestReadHTML(t *testing.T) {
	page, err := os.ReadFile("testdata/page.html")
	require.NoError(t, err)
	got, err := Read("", "text/html; charset=utf-8", page)
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/page.md")
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), strings.TrimSpace(got))
	_, err = Read("", "text/html", []byte(strings.Repeat("<div>", 100_000)+"x"))
	require.Error(t, err, "nested too deep")
}

// onePagePDF writes a PDF with one page of the given drawing instructions.
func onePagePDF(content string) []byte {
	var b bytes.Buffer
	var at []int
	b.WriteString("%PDF-1.4\n")
	for i, obj := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, obj)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

const pdfContent = `BT /F1 12 Tf 72 720 Td (Refunds) Tj 0 -40 Td [(You get your mon) 20 (ey) -400 (back)] TJ 0 -14 Td (within 14 days.) Tj T* (Gr\366\337e) ' ET`

func TestReadPDF(t *testing.T) {
	got, err := Read("a.pdf", "", onePagePDF(pdfContent))
	require.NoError(t, err)
	require.Equal(t, "Refunds\n\nYou get your money back\nwithin 14 days.\nGröße", strings.TrimSpace(got))

	good := onePagePDF(pdfContent)
	for name, bad := range map[string][]byte{
		"cut":       good[:len(good)/2],
		"header":    []byte("%PDF-1.4\n"),
		"loop":      bytes.Replace(good, []byte("/Kids [3 0 R]"), []byte("/Kids [2 0 R]"), 1),
		"many":      bytes.Replace(good, []byte("/Count 1"), []byte("/Count 9"), 1),
		"no object": bytes.ReplaceAll(good, []byte("4 0 obj"), []byte("9 0 obj")),
		"garbage":   append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0xff, '<', '('}, 5000)...),
		"encrypted": bytes.Replace(good, []byte("/Root 1 0 R >>"), []byte("/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O (x) /U (y) /P 0 >> /ID [(a)] >>"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Read("a.pdf", "application/pdf", bad)
			if err == nil {
				require.NotEmpty(t, text)
			} else {
				require.NotEmpty(t, err.Error())
			}
		})
	}
	_, err = Read("a.pdf", "", good[:len(good)/2])
	require.ErrorContains(t, err, "damaged")
	_, err = Read("a.pdf", "", onePagePDF("0 0 m"))
	require.ErrorContains(t, err, "no text", "a scanned page")
}

// A reading that goes in circles ends when its time is over; circles in the
// tree of pages are noticed.
func TestReadPDFStops(t *testing.T) {
	f := &expiring{r: bytes.NewReader(onePagePDF(pdfContent)), until: time.Now().Add(-time.Second)}
	require.PanicsWithError(t, errSlow.Error(), func() { _, _ = f.ReadAt(make([]byte, 1), 0) })
	_, err := readPDF(onePagePDF(pdfContent), -time.Second)
	require.ErrorIs(t, err, errSlow)
	for name, circle := range map[string]string{"/Kids [3 0 R]": "/Kids [2 0 R]", "/Count 1": "/Count 1 /Parent 2 0 R"} {
		began := time.Now()
		_, _ = readPDF(bytes.Replace(onePagePDF(pdfContent), []byte(name), []byte(circle), 1), time.Minute)
		require.Less(t, time.Since(began), 5*time.Second, circle)
	}
}

func FuzzRead(f *testing.F) {
	good := onePagePDF(pdfContent)
	f.Add("a.pdf", good)
	f.Add("a.pdf", good[:100])
	f.Add("a.html", []byte("<h1>a<p>b<table><td>c<td>d<pre> e\n f</pre><li>g"))
	f.Add("a.txt", []byte("hello"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		text, err := read(name, "", content, time.Second)
		if err == nil && strings.TrimSpace(text) == "" || err != nil && err.Error() == "" {
			t.Fatal("neither a text nor a reason")
		}
		if err == nil {
			checked(t, strings.ToValidUTF8(text, "\uFFFD"))
		}
	})
}
