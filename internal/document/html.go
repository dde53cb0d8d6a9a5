package document

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText writes a page as Markdown-like text: headings, paragraphs, list items,
// table rows. What nobody reads on a page (scripts, menus, forms) is left out.
func htmlText(r io.Reader) (string, error) {
	root, err := html.Parse(r)
	if err != nil {
		return "", errors.New("its HTML cannot be read")
	}
	w := &htmlWriter{}
	// Without recursion: a page may be nested as deep as it likes.
	for n := root; n != nil; {
		down := w.enter(n)
		if down && n.FirstChild != nil {
			n = n.FirstChild
			continue
		}
		for n != nil {
			w.leave(n)
			if n.NextSibling != nil {
				n = n.NextSibling
				break
			}
			n = n.Parent
		}
	}
	return w.text(), nil
}

type htmlWriter struct {
	b     strings.Builder
	title strings.Builder
	head  bool // inside <title>
	h1    bool // the page has a heading of its own
	pre   int
	gap   string // what stands between what was written and what comes: "", " ", "\n" or "\n\n"
}

// enter begins a node and reports whether its children are to be visited.
func (w *htmlWriter) enter(n *html.Node) bool {
	if n.Type == html.TextNode {
		w.words(n.Data)
		return false
	}
	if n.Type != html.ElementNode {
		return true
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Nav, atom.Iframe, atom.Object, atom.Select, atom.Textarea, atom.Button, atom.Dialog:
		return false
	case atom.Title:
		w.head = true
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.h1 = w.h1 || n.DataAtom == atom.H1
		w.space("\n\n")
		w.raw(strings.Repeat("#", int(n.Data[1]-'0')) + " ")
	case atom.Li:
		w.space("\n")
		w.raw("- ")
	case atom.Br, atom.Tr:
		w.space("\n")
	case atom.Td, atom.Th:
		if hasCellBefore(n) {
			w.gap = ""
			w.raw(" | ")
		}
	case atom.Pre:
		w.space("\n\n")
		w.pre++
	default:
		if block(n.DataAtom) {
			w.space("\n\n")
		}
	}
	return true
}

func hasCellBefore(n *html.Node) bool {
	for n = n.PrevSibling; n != nil; n = n.PrevSibling {
		if n.Type == html.ElementNode {
			return true
		}
	}
	return false
}

func (w *htmlWriter) leave(n *html.Node) {
	if n.Type != html.ElementNode {
		return
	}
	switch n.DataAtom {
	case atom.Title:
		w.head = false
	case atom.Pre:
		w.pre--
		w.space("\n\n")
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.space("\n\n")
	case atom.Li, atom.Tr:
		w.space("\n")
	default:
		if block(n.DataAtom) {
			w.space("\n\n")
		}
	}
}

func block(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd,
		atom.Table, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Details, atom.Summary, atom.Address, atom.Form, atom.Fieldset, atom.Hr, atom.Body:
		return true
	}
	return false
}

// words writes text with its white space collapsed, as a browser shows it.
func (w *htmlWriter) words(s string) {
	if w.head {
		w.title.WriteString(s)
		return
	}
	if w.pre > 0 {
		w.raw(s)
		return
	}
	fields := strings.Fields(s)
	if len(fields) == 0 {
		if s != "" {
			w.space(" ")
		}
		return
	}
	if isSpace(s[0]) {
		w.space(" ")
	}
	w.raw(strings.Join(fields, " "))
	if isSpace(s[len(s)-1]) {
		w.space(" ")
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// space asks for a gap before the next text; of several the widest counts.
func (w *htmlWriter) space(gap string) {
	if len(gap) > len(w.gap) || gap == "\n" && w.gap == " " {
		w.gap = gap
	}
}

func (w *htmlWriter) raw(s string) {
	if w.b.Len() > 0 {
		w.b.WriteString(w.gap)
	}
	w.gap = ""
	w.b.WriteString(s)
}

// text is everything, under the page's title when it has no heading of its own.
func (w *htmlWriter) text() string {
	title := strings.Join(strings.Fields(w.title.String()), " ")
	if w.h1 || title == "" || w.b.Len() == 0 {
		return w.b.String()
	}
	return "# " + title + "\n\n" + w.b.String()
}
