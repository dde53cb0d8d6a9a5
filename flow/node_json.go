package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// jsonParser turns JSON into nodes that know their place.
type jsonParser struct {
	data []byte
	dec  *json.Decoder
	// line and column count forward only, so that places cost one pass.
	offset, line, column int
}

func parseJSON(data []byte) (*node, error) {
	p := &jsonParser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1, column: 1}
	p.dec.UseNumber()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, syntaxError(p.move(p.dec.InputOffset()), "The file is not valid JSON: something follows the closing brace.")
	}
	return n, nil
}

// token reads the next token and returns where it begins.
func (p *jsonParser) token() (json.Token, place, error) {
	start := p.dec.InputOffset()
	for start < int64(len(p.data)) && strings.IndexByte(" \t\r\n,:", p.data[start]) >= 0 {
		start++
	}
	t, err := p.dec.Token()
	if err == nil {
		return t, p.move(start), nil
	}
	at, message := start, err.Error()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(start, syntax.Offset-1)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, message = int64(len(p.data)), "it ends too early"
	}
	return nil, place{}, syntaxError(p.move(at), "The file is not valid JSON: %s.", message)
}

// move counts lines and columns up to an offset.
func (p *jsonParser) move(to int64) place {
	for p.offset < int(to) && p.offset < len(p.data) {
		b := p.data[p.offset]
		p.offset++
		switch {
		case b == '\n':
			p.line, p.column = p.line+1, 1
		case b&0xC0 != 0x80: // not the continuation of a character
			p.column++
		}
	}
	return place{p.line, p.column}
}

func (p *jsonParser) value(depth int) (*node, error) {
	t, at, err := p.token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, syntaxError(at, "Values are nested more than %d deep.", maxDepth)
	}
	n := &node{at: at}
	switch t := t.(type) {
	case string:
		n.kind, n.text = isText, t
		return n, checkText(t, at)
	case json.Number:
		n.kind, n.text = isNumber, t.String()
	case bool:
		n.kind, n.text = isBoolean, map[bool]string{true: "true", false: "false"}[t]
	case json.Delim:
		if t == '[' {
			n.kind = isList
			return n, p.list(n, depth)
		}
		n.kind = isObject
		return n, p.object(n, depth)
	}
	return n, nil
}

func (p *jsonParser) list(n *node, depth int) error {
	for p.dec.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, _, err := p.token()
	return err
}

func (p *jsonParser) object(n *node, depth int) error {
	for p.dec.More() {
		t, at, err := p.token()
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder lets no other key pass
		if err := checkText(key, at); err != nil {
			return err
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, &member{key, at, value})
	}
	_, _, err := p.token()
	return err
}
