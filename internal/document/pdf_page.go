package document

import (
	"errors"
	"io"
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// maxPageContent is how many bytes a page's drawing instructions may have,
// unpacked.
const maxPageContent = 16 << 20

// pageText follows a page's drawing instructions and writes down what is shown:
// where the pen moves down a new line begins, where it jumps to the right there
// is a space. (The library's own reading of a page drops both.)
func pageText(page pdfPage, most int) (string, error) {
	if tooMuch(page.contents) {
		return "", errors.New("is too large")
	}
	w := &pageWriter{known: page.fonts, fonts: map[string]*font{}, size: 1, scale: 1}
	pdf.Interpret(page.contents, func(stack *pdf.Stack, op string) {
		args := make([]pdf.Value, stack.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stack.Pop()
		}
		w.do(op, args)
		if w.b.Len() > most {
			panic(errTooLong)
		}
	})
	return w.b.String(), nil
}

func tooMuch(contents pdf.Value) bool {
	streams := []pdf.Value{contents}
	if contents.Kind() == pdf.Array {
		streams = nil
		for i := range contents.Len() {
			streams = append(streams, contents.Index(i))
		}
	}
	left := int64(maxPageContent)
	for _, s := range streams {
		n, _ := io.Copy(io.Discard, io.LimitReader(s.Reader(), left+1)) // a stream that breaks off shows so when it is read
		if left -= n; left < 0 {
			return true
		}
	}
	return false
}

// pageWriter is the state of text on a page: units are those of the page.
type pageWriter struct {
	known pdf.Value // the page's fonts by name
	fonts map[string]*font
	b     strings.Builder

	font         *font
	size, scale  float64 // of the font, and of the text matrix
	leading      float64
	lineX, lineY float64 // where the line began
	x, y         float64 // where the pen is
	lastX, lastY float64 // where the last text ended
}

// font is a font with what is slow to ask for.
type font struct {
	enc    pdf.TextEncoding
	first  int
	widths []float64 // thousandths of the size
}

func (w *pageWriter) do(op string, args []pdf.Value) {
	num := func(i int) float64 {
		if i < len(args) {
			return args[i].Float64()
		}
		return 0
	}
	switch op {
	case "BT":
		w.scale = 1
		w.moveTo(0, 0)
	case "Tf":
		if len(args) == 2 {
			w.font, w.size = w.fontNamed(args[0].Name()), num(1)
		}
	case "TL":
		w.leading = num(0)
	case "Td", "TD":
		if op == "TD" {
			w.leading = -num(1)
		}
		w.moveTo(w.lineX+num(0)*w.scale, w.lineY+num(1)*w.scale)
	case "Tm":
		w.scale = math.Hypot(num(0), num(1))
		w.moveTo(num(4), num(5))
	case "T*":
		w.newLine()
	case "Tj":
		w.show(args)
	case "'", "\"":
		w.newLine()
		w.show(args[max(0, len(args)-1):])
	case "TJ":
		if len(args) == 1 {
			w.showAll(args[0])
		}
	}
}

func (w *pageWriter) moveTo(x, y float64) { w.lineX, w.lineY, w.x, w.y = x, y, x, y }

func (w *pageWriter) newLine() { w.moveTo(w.lineX, w.lineY-w.leading*w.scale) }

func (w *pageWriter) showAll(parts pdf.Value) {
	for i := range parts.Len() {
		switch p := parts.Index(i); p.Kind() {
		case pdf.String:
			w.show([]pdf.Value{p})
		case pdf.Integer, pdf.Real:
			w.x -= p.Float64() / 1000 * w.em()
		}
	}
}

func (w *pageWriter) show(args []pdf.Value) {
	if len(args) != 1 || args[0].Kind() != pdf.String {
		return
	}
	raw := args[0].RawString()
	text := raw
	if w.font != nil {
		text = w.font.enc.Decode(raw)
	}
	if text == "" {
		return
	}
	w.gap()
	w.b.WriteString(text)
	w.x += w.width(raw, text)
	w.lastX, w.lastY = w.x, w.y
}

// gap separates the text that comes from the text before it.
func (w *pageWriter) gap() {
	if w.b.Len() == 0 {
		return
	}
	switch em := math.Max(w.em(), 1e-6); {
	case math.Abs(w.y-w.lastY) > 1.8*em:
		w.b.WriteString("\n\n")
	case math.Abs(w.y-w.lastY) > 0.5*em, w.x < w.lastX-2*em:
		w.b.WriteString("\n")
	case w.x > w.lastX+0.2*em:
		w.b.WriteString(" ")
	}
}

func (w *pageWriter) em() float64 { return math.Abs(w.size * w.scale) }

// width estimates how far a text takes the pen, where the font does not tell:
// half an em a character.
func (w *pageWriter) width(raw, text string) float64 {
	if w.font == nil || len(w.font.widths) == 0 {
		return float64(len([]rune(text))) * 0.5 * w.em()
	}
	sum := 0.0
	for i := range len(raw) {
		if code := int(raw[i]) - w.font.first; code >= 0 && code < len(w.font.widths) {
			sum += w.font.widths[code]
		}
	}
	return sum / 1000 * w.em()
}

func (w *pageWriter) fontNamed(name string) *font {
	if f, ok := w.fonts[name]; ok {
		return f
	}
	var f *font
	if v := (&pdf.Font{V: w.known.Key(name)}); !v.V.IsNull() {
		f = &font{enc: v.Encoder(), first: v.FirstChar(), widths: v.Widths()}
	}
	w.fonts[name] = f
	return f
}
