package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Path is a JSON path that names one place in a document: a singular query of
// RFC 9535 (https://www.rfc-editor.org/rfc/rfc9535#section-2.3.5.1, read
// November 2025), such as $.a.b, $['a b'] or $.items[-1].id. The zero value is $,
// the whole document.
type Path struct{ steps []pathStep }

// pathStep goes to a member of an object or, without a name, to an item of an array.
type pathStep struct {
	name  string
	index int // from the end when negative
	item  bool
}

// ParsePath reads a path. The error says in a sentence what is wrong with it.
func ParsePath(text string) (Path, error) {
	p := pathParser{rest: text}
	steps, err := p.path()
	if err != nil {
		return Path{}, fmt.Errorf("%s is not a path to one value: %w; write for example $.customer.phone or $.items[0]['first name']", quote(text), err)
	}
	return Path{steps}, nil
}

// Find returns what the path names in a document of DecodeJSON; ok is false when
// nothing is there.
func (p Path) Find(doc any) (value any, ok bool) {
	for _, s := range p.steps {
		if s.item {
			list, _ := doc.([]any)
			i := s.index
			if i < 0 {
				i += len(list)
			}
			if i < 0 || i >= len(list) {
				return nil, false
			}
			doc = list[i]
			continue
		}
		object, _ := doc.(map[string]any)
		if doc, ok = object[s.name]; !ok {
			return nil, false
		}
	}
	return doc, true
}

// FindText returns what the path names as a variable's value; "" when nothing or
// null is there.
func (p Path) FindText(doc any) string {
	value, _ := p.Find(doc)
	return JSONText(value)
}

// DecodeJSON reads one JSON document for Path.Find; numbers keep their digits.
func DecodeJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is more than one JSON value")
	}
	return doc, nil
}

// JSONText is a value of a JSON document as the text of a variable: numbers
// without trailing zeros, objects and arrays as JSON, null as "".
func JSONText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return numberText(v.String())
	case bool:
		return strconv.FormatBool(v)
	}
	return strings.TrimSuffix(string(plainJSON(value)), "\n")
}

// plainJSON is JSON in which < and & stand as they are.
func plainJSON(value any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // texts, numbers and what JSON was decoded into: nothing that could fail
	return b.Bytes()
}

// pathParser reads a path from its left end.
type pathParser struct{ rest string }

func (p *pathParser) path() (steps []pathStep, err error) {
	if !p.skip("$") {
		return nil, errors.New("it does not begin with $")
	}
	for p.rest != "" {
		before := p.rest
		p.blanks()
		var s pathStep
		switch {
		case p.rest == "":
			return nil, errors.New("there are blanks at its end")
		case strings.HasPrefix(p.rest, ".."):
			return nil, errors.New(".. may find several values")
		case p.skip("."):
			s.name, err = p.shorthand()
		case p.skip("["):
			s, err = p.bracket()
		default:
			return nil, fmt.Errorf("%s does not go on from there", quote(before))
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (p *pathParser) skip(s string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, s)
	return ok
}

func (p *pathParser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\n\r") }

// shorthand reads the name after a dot.
func (p *pathParser) shorthand() (string, error) {
	end := 0
	for i, r := range p.rest {
		if !isPathLetter(r) && (i == 0 || r < '0' || r > '9') || r == utf8.RuneError {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	switch {
	case name != "":
		return name, nil
	case strings.HasPrefix(p.rest, "*"):
		return "", errors.New("* may find several values")
	}
	return "", errors.New("a name is missing behind a dot; names with blanks or signs are written ['like this']")
}

func isPathLetter(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
}

// bracket reads what stands behind [ and the closing bracket.
func (p *pathParser) bracket() (s pathStep, err error) {
	p.blanks()
	switch {
	case p.rest == "":
		return s, errors.New("] is missing")
	case p.rest[0] == '\'' || p.rest[0] == '"':
		s.name, err = p.quoted()
	default:
		s.item = true
		s.index, err = p.index()
	}
	if err != nil {
		return s, err
	}
	p.blanks()
	switch {
	case p.skip("]"):
		return s, nil
	case strings.HasPrefix(p.rest, ",") || strings.HasPrefix(p.rest, ":"):
		return s, errors.New("a list or slice in brackets may find several values")
	}
	return s, errors.New("] is missing")
}

// maxIndex is the largest index that RFC 9535 allows: 2⁵³-1.
const maxIndex = 1<<53 - 1

func (p *pathParser) index() (int, error) {
	end := 0
	for end < len(p.rest) && (isDigit(p.rest[end]) || end == 0 && p.rest[end] == '-') {
		end++
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	digits := strings.TrimPrefix(text, "-")
	switch {
	case digits == "":
		return 0, errors.New("only an index such as [0] or a name in quotes such as ['a'] can stand in brackets")
	case len(digits) > 1 && digits[0] == '0' || text == "-0":
		return 0, fmt.Errorf("the index %s begins with a zero", cut(text, 20))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxIndex || n < -maxIndex {
		return 0, fmt.Errorf("the index %s is too large", cut(text, 20))
	}
	return int(n), nil
}

// quoted reads a name in quotes of either kind.
func (p *pathParser) quoted() (string, error) {
	mark := p.rest[0]
	p.rest = p.rest[1:]
	var b strings.Builder
	for p.rest != "" {
		r, size := utf8.DecodeRuneInString(p.rest)
		switch {
		case r == rune(mark):
			p.rest = p.rest[size:]
			return b.String(), nil
		case r == '\\':
			p.rest = p.rest[size:]
			esc, err := p.escape(mark)
			if err != nil {
				return "", err
			}
			b.WriteRune(esc)
		case r < ' ' || r == utf8.RuneError && size == 1:
			return "", errors.New("a name holds a control character; write it as \\u and four digits")
		default:
			b.WriteString(p.rest[:size])
			p.rest = p.rest[size:]
		}
	}
	return "", errors.New("a quote is not closed")
}

// escape reads what stands behind a backslash.
func (p *pathParser) escape(mark byte) (rune, error) {
	if p.rest == "" {
		return 0, errors.New("a quote is not closed")
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	switch c {
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case '/', '\\', mark:
		return rune(c), nil
	case 'u':
		return p.unicode()
	}
	return 0, fmt.Errorf("\\%c is no escape", c)
}

// unicode reads four hexadecimal digits, or two such groups that make one character.
func (p *pathParser) unicode() (rune, error) {
	first, err := p.hex()
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	if p.skip(`\u`) {
		second, err := p.hex()
		if err != nil {
			return 0, err
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, errors.New("half of a character is written with \\u; its other half is missing")
}

func (p *pathParser) hex() (rune, error) {
	if len(p.rest) < 4 {
		return 0, errors.New("\\u needs four digits")
	}
	n, err := strconv.ParseUint(p.rest[:4], 16, 32)
	if err != nil {
		return 0, errors.New("\\u needs four digits from 0 to 9 and a to f")
	}
	p.rest = p.rest[4:]
	return rune(n), nil
}
