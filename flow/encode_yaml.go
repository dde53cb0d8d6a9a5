package flow

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

const yamlIndent = "  "

// yamlFile writes a node as a YAML file.
func (n *node) yamlFile() []byte {
	var b bytes.Buffer
	for _, m := range n.members {
		writeMember(&b, m, 0)
	}
	return b.Bytes()
}

func pad(depth int) string { return strings.Repeat(yamlIndent, depth) }

// writeMember writes `key: value` on its own lines.
func writeMember(b *bytes.Buffer, m *member, depth int) {
	b.WriteString(pad(depth))
	b.WriteString(yamlText(m.key))
	b.WriteByte(':')
	writeAfter(b, m.value, depth)
}

// writeAfter writes a value behind `key:` or `-` of the given depth.
func writeAfter(b *bytes.Buffer, n *node, depth int) {
	switch {
	case n.kind == isList && len(n.items) == 0:
		b.WriteString(" []\n")
	case n.kind == isObject && len(n.members) == 0:
		b.WriteString(" {}\n")
	case n.kind == isList:
		b.WriteByte('\n')
		for _, child := range n.items {
			writeItem(b, child, depth+1)
		}
	case n.kind == isObject:
		b.WriteByte('\n')
		for _, m := range n.members {
			writeMember(b, m, depth+1)
		}
	case n.kind == isText && blockText(n.text):
		writeBlock(b, n.text, depth+1)
	default:
		b.WriteByte(' ')
		b.WriteString(yamlScalar(n))
		b.WriteByte('\n')
	}
}

// writeItem writes one item of a list; an object begins behind the dash.
func writeItem(b *bytes.Buffer, n *node, depth int) {
	b.WriteString(pad(depth))
	b.WriteByte('-')
	if n.kind != isObject || len(n.members) == 0 {
		writeAfter(b, n, depth)
		return
	}
	var inner bytes.Buffer
	for _, m := range n.members {
		writeMember(&inner, m, depth+1)
	}
	b.WriteByte(' ')
	b.Write(inner.Bytes()[len(pad(depth+1)):])
}

func yamlScalar(n *node) string {
	switch n.kind {
	case isText:
		return yamlText(n.text)
	case isNothing:
		return "null"
	}
	return n.text
}

// plainText is what may stand without quotes: it begins with a letter, `$` or
// an opening bracket of a variable, and holds nothing that YAML gives a meaning.
var plainText = regexp.MustCompile(`^[\p{L}$(][\p{L}\p{N} $(){}_.,:;!?/+*&%=<>|'"@~^-]*$`)

// yamlText writes text plain where every YAML reader takes it as text, else in
// double quotes.
func yamlText(s string) string {
	special := legacyWord.MatchString(s) || strings.Contains(s, ": ") || strings.HasSuffix(s, ":") || strings.HasSuffix(s, " ")
	if (plainText.MatchString(s) && !special) || plainDuration.MatchString(s) {
		return s
	}
	return quoteYAML(s)
}

// plainDuration is a duration, which no reader takes for a number.
var plainDuration = regexp.MustCompile(`^([0-9]+[dhms])+$`)

// legacyWord is what YAML 1.1 readers take for something else than text.
var legacyWord = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)

// quoteYAML is quoteJSON with every character escaped that YAML does not take raw.
func quoteYAML(s string) string {
	var b strings.Builder
	for _, r := range quoteJSON(s) {
		switch {
		case r == '\ufeff' || r == 0x7f || r > 0x7f && !unicode.IsPrint(r) && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r > 0xffff && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// blockText reports whether text of several lines reads back unchanged from a
// literal block: no line begins or ends with a space, one line break at most
// at the end, only printable characters.
func blockText(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(body, "\n") {
		return false
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line != strings.TrimSpace(line) {
			return false
		}
	}
	strange := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	return body[0] != '\n' && !strings.HasSuffix(body, "\n") && !strings.ContainsFunc(body, strange)
}

// writeBlock writes a literal block; `|-` when the text has no line break at its end.
func writeBlock(b *bytes.Buffer, s string, depth int) {
	body, ended := strings.CutSuffix(s, "\n")
	b.WriteString(map[bool]string{true: " |\n", false: " |-\n"}[ended])
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			b.WriteString(pad(depth))
			b.WriteString(line)
		}
		b.WriteByte('\n')
	}
}
