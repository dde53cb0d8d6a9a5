package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
)

const (
	maxPages = 2000
	maxDepth = 32 // of the tree of pages
)

// What ends the reading of a PDF early; both are panicked with, through the library.
var (
	errSlow    = errors.New("reading it takes too long; split it")
	errTooLong = errors.New("its text is too long; split it")
)

// readPDF reads the text of all pages. The library can be led in circles by a
// damaged file, and cannot be told to stop: it runs on its own, and its reads
// fail once the time is over, which ends it.
func readPDF(content []byte, limit time.Duration) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	file := &expiring{r: bytes.NewReader(content), until: time.Now().Add(limit)}
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil { // the library panics at what it cannot read
				r = result{err: errors.New("the PDF is damaged and cannot be read")}
				if err, ok := p.(error); ok && (errors.Is(err, errSlow) || errors.Is(err, errTooLong)) {
					r.err = err
				}
			}
			done <- r
		}()
		r.text, r.err = pdfText(file, int64(len(content)))
	}()
	timer := time.NewTimer(limit + time.Second)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.text, r.err
	case <-timer.C:
		return "", errSlow
	}
}

func pdfText(file io.ReaderAt, size int64) (string, error) {
	doc, err := pdf.NewReader(file, size)
	switch {
	case errors.Is(err, errSlow):
		return "", err
	case err != nil && strings.Contains(err.Error(), "password"), errors.Is(err, pdf.ErrInvalidPassword):
		return "", errors.New("the PDF is protected by a password; save it without one")
	case err != nil:
		return "", errors.New("the PDF is damaged and cannot be read")
	}
	var b strings.Builder
	tree := &pageTree{}
	if err := tree.walk(doc.Trailer().Key("Root").Key("Pages"), pdf.Value{}, 0); err != nil {
		return "", err
	}
	for i, page := range tree.pages {
		text, err := pageText(page, utf8.UTFMax*MaxText-b.Len())
		if err != nil {
			return "", fmt.Errorf("page %d of the PDF %w", i+1, err)
		}
		b.WriteString(strings.ToValidUTF8(text, ""))
		b.WriteString("\n\n")
	}
	return b.String(), nil
}

// pageTree finds the pages. (The library's own way to a page never ends where a
// damaged file leads in a circle.)
type pageTree struct {
	pages []pdfPage
	nodes int
}

// pdfPage is a page and the fonts it may use.
type pdfPage struct{ contents, fonts pdf.Value }

func (t *pageTree) walk(node, fonts pdf.Value, depth int) error {
	if t.nodes++; t.nodes > 4*maxPages || depth > maxDepth || len(t.pages) > maxPages {
		return fmt.Errorf("the PDF has more than %d pages, or is damaged", maxPages)
	}
	if own := node.Key("Resources").Key("Font"); !own.IsNull() {
		fonts = own
	}
	kids := node.Key("Kids")
	if kids.Kind() != pdf.Array {
		if contents := node.Key("Contents"); !contents.IsNull() {
			t.pages = append(t.pages, pdfPage{contents, fonts})
		}
		return nil
	}
	for i := range kids.Len() {
		if err := t.walk(kids.Index(i), fonts, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// expiring is a file that cannot be read any more after a time. It panics then:
// the library does not look at every error.
type expiring struct {
	r     io.ReaderAt
	until time.Time
}

func (e *expiring) ReadAt(p []byte, off int64) (int, error) {
	if time.Now().After(e.until) {
		panic(errSlow)
	}
	return e.r.ReadAt(p, off)
}
