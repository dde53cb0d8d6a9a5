package flow

import (
	"bytes"
	"encoding/json"
	"strings"
)

// json writes a node as JSON on one line.
func (n *node) json() json.RawMessage {
	var b bytes.Buffer
	n.writeJSON(&b, "", "")
	return b.Bytes()
}

// jsonFile writes a node as an indented JSON file.
func (n *node) jsonFile() []byte {
	var b bytes.Buffer
	n.writeJSON(&b, "\n", "  ")
	b.WriteByte('\n')
	return b.Bytes()
}

// writeJSON writes a node; newline holds the line break with the indentation
// of the surrounding value, "" for one line.
func (n *node) writeJSON(b *bytes.Buffer, newline, indent string) {
	inner := newline
	if newline != "" {
		inner += indent
	}
	switch n.kind {
	case isNothing:
		b.WriteString("null")
	case isNumber, isBoolean:
		b.WriteString(n.text)
	case isText:
		b.WriteString(quoteJSON(n.text))
	case isList:
		b.WriteByte('[')
		for i, child := range n.items {
			separate(b, i, inner)
			child.writeJSON(b, inner, indent)
		}
		closeJSON(b, len(n.items), newline, ']')
	case isObject:
		b.WriteByte('{')
		for i, m := range n.members {
			separate(b, i, inner)
			b.WriteString(quoteJSON(m.key))
			b.WriteByte(':')
			if newline != "" {
				b.WriteByte(' ')
			}
			m.value.writeJSON(b, inner, indent)
		}
		closeJSON(b, len(n.members), newline, '}')
	}
}

func separate(b *bytes.Buffer, i int, newline string) {
	if i > 0 {
		b.WriteByte(',')
	}
	b.WriteString(newline)
}

func closeJSON(b *bytes.Buffer, count int, newline string, brace byte) {
	if count > 0 {
		b.WriteString(newline)
	}
	b.WriteByte(brace)
}

// quoteJSON quotes text and leaves <, > and & readable.
func quoteJSON(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // text always encodes
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
