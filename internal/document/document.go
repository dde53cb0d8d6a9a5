// Package document makes searchable passages of documents: it reads the text out
// of Markdown, plain text, HTML and PDF (Read), cuts it into passages (Cut), and
// says by which words a text is found (Words). It is pure: no I/O, nothing of ours.
//
// Start reading at Read.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// MaxText is how long the text of a document may be, in characters.
const MaxText = 1_000_000

// pdfTime is how long reading one PDF may take.
const pdfTime = 10 * time.Second

// ErrType is the error of Read for what is no document that it knows.
var ErrType = errors.New("it is neither text, Markdown, HTML nor PDF")

// Read returns the text of a document, with headings as in Markdown. What it is
// is told by its content, then by its media type and the extension of its name,
// both of which may be "". The error says in words for the user what is wrong.
func Read(name, mediaType string, content []byte) (text string, err error) {
	return read(name, mediaType, content, pdfTime)
}

func read(name, mediaType string, content []byte, limit time.Duration) (text string, err error) {
	// The parsers work on whatever people upload; a file that breaks one must not
	// take the process with it.
	defer func() {
		if r := recover(); r != nil {
			text, err = "", errors.New("the file is damaged and cannot be read")
		}
	}()
	switch kindOf(name, mediaType, content) {
	case kindPDF:
		text, err = readPDF(content, limit)
	case kindHTML:
		text, err = readHTML(content, mediaType)
	case kindText:
		text, err = readText(content)
	default:
		err = ErrType
	}
	if err != nil {
		return "", err
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n", "\v", "\n").Replace(text)
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return "", errors.New("there is no text in it; scanned pages and pictures cannot be read")
	case n > MaxText:
		return "", fmt.Errorf("its text has %d characters, at most %d are allowed; split it", n, MaxText)
	}
	return text, nil
}

// IsPDF reports whether Read would take a document for a PDF.
func IsPDF(name, mediaType string, content []byte) bool {
	return kindOf(name, mediaType, content) == kindPDF
}

type kind int

const (
	kindUnknown kind = iota
	kindText
	kindHTML
	kindPDF
)

// kindOf trusts the content more than what is said about it.
func kindOf(name, mediaType string, content []byte) kind {
	head := content[:min(len(content), 1024)]
	if bytes.Contains(head, []byte("%PDF-")) {
		return kindPDF
	}
	declared, _, _ := mime.ParseMediaType(mediaType)
	sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(content))
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".html", ext == ".htm", ext == ".xhtml", declared == "text/html", declared == "application/xhtml+xml":
		return kindHTML
	case !strings.HasPrefix(sniffed, "text/"):
		return kindUnknown
	case sniffed == "text/html" && !strings.HasPrefix(ext, ".m") && ext != ".txt" && declared != "text/markdown" && declared != "text/plain":
		return kindHTML
	}
	return kindText
}

// readText decodes UTF-8, and UTF-16 by its byte order mark.
func readText(content []byte) (string, error) {
	decoded, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), content)
	if err != nil || !utf8.Valid(decoded) {
		return "", errors.New("its characters cannot be read; save it as UTF-8")
	}
	return string(decoded), nil
}

// readHTML decodes a page by what its head or its media type says of the encoding.
func readHTML(content []byte, mediaType string) (string, error) {
	r, err := charset.NewReader(bytes.NewReader(content), mediaType)
	if err != nil {
		return "", errors.New("its character encoding is not known; save it as UTF-8")
	}
	return htmlText(r)
}
