package apart_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/apart"
)

// TestMain plays the other process, too.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "serve":
		if len(os.Environ()) > 0 || apart.Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
	case len(os.Args) > 1 && os.Args[1] == "chatter":
		fmt.Print(strings.Repeat("x", 20<<20))
	default:
		os.Exit(m.Run())
	}
}

func reader(t *testing.T, arg string) *apart.Reader {
	t.Helper()
	t.Setenv("UCAL_ENCRYPTION_KEY", "stays here")
	return apart.New(os.Args[0], arg)
}

// pdf is a file of one cross-reference stream, or of an object before it.
func pdf(before, dict, data string) []byte {
	b := "%PDF-1.5\n" + before
	return fmt.Appendf(nil, "%s1 0 obj\n<< /Type /XRef %s /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", b, dict, len(data), data, len(b))
}

// Each of these ends the process that reads it, beyond recovery.
func TestBombsHarmNobody(t *testing.T) {
	r := reader(t, "serve")
	for name, content := range map[string][]byte{
		"all memory":                    pdf("", "/Size 99999999999 /W [1 1 1] /Root 2 0 R", ""),
		"much memory":                   pdf("", "/Size 300000000 /W [1 1 1] /Root 2 0 R", ""),
		"an object that lies in itself": pdf("", "/Size 3 /W [1 1 1] /Index [2 1] /Root 2 0 R", "\x02\x02\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.Read("a.pdf", "", content)
			require.EqualError(t, err, "the PDF is damaged and cannot be read")
		})
	}
}

func TestReadsAsDocumentDoes(t *testing.T) {
	page := onePage("BT /F1 12 Tf 72 720 Td (Open from nine) Tj ET")
	r := reader(t, "serve")
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			text, err := r.Read("hours.pdf", "application/pdf", page)
			if err != nil || strings.TrimSpace(text) != "Open from nine" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
	_, err := r.Read("a.pdf", "", onePage("0 0 m"))
	require.EqualError(t, err, "there is no text in it; scanned pages and pictures cannot be read", "its words come through")

	text, err := apart.New("/no/such/program").Read("a.md", "", []byte("# Hours\n\nfrom nine"))
	require.NoError(t, err, "needs no process")
	require.Contains(t, text, "from nine")
}

func TestAnotherProcessThatFails(t *testing.T) {
	for arg, want := range map[string]string{"chatter": "the PDF is damaged and cannot be read", "-no-such-flag": "the PDF is damaged and cannot be read"} {
		_, err := reader(t, arg).Read("a.pdf", "", onePage("0 0 m"))
		require.EqualError(t, err, want, arg)
	}
	_, err := apart.New("/no/such/program").Read("a.pdf", "", onePage("0 0 m"))
	require.EqualError(t, err, "it could not be read just now; try again")
}

// onePage is a PDF with one page of the given drawing instructions.
func onePage(content string) []byte {
	var b strings.Builder
	var at []int
	b.WriteString("%PDF-1.4\n")
	for i, body := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, off := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return []byte(b.String())
}
