package flow

import (
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"strings"
	"unicode"
)

// Place says where a text with variables ends up, and so how their values are
// written there (workflow specification 6.4).
type Place int

// The places. A value in URL is percent-encoded unless it begins the URL. A
// value in JSON is escaped inside quotes; outside it stands as it is when it is a
// JSON number, boolean, object or array, as null when it is empty, else in quotes.
const (
	InText Place = iota // as it is
	InURL
	InJSON
	InForm // application/x-www-form-urlencoded
	InXML
	InHTML
	InHeader // one line
)

// RenderIn is Render for a place. Fallbacks are written like values; what stays
// as typed is not changed.
func RenderIn(place Place, text string, env Env) string {
	p := &placing{place: place, env: env, find: func(name string) (string, bool) { return lookup(env, name) }}
	return p.render(text)
}

// placing renders one text for its place.
type placing struct {
	place Place
	env   Env
	find  func(name string) (value string, known bool)
	mask  bool // find gives *** for a secret, which is written as it is

	out    strings.Builder
	quoted bool // JSON: what was written last stands inside quotes
}

func (p *placing) render(text string) string {
	at := 0
	for v, ok := nextVariable(text, 0); ok; v, ok = nextVariable(text, v.end) {
		p.typed(text[at:v.start])
		p.variable(&v, text)
		at = v.end
	}
	p.typed(text[at:])
	if p.place == InHeader {
		return oneLine(p.out.String())
	}
	return p.out.String()
}

// variable writes a variable's value, or what was typed.
func (p *placing) variable(v *variable, text string) {
	var value string
	found := v.resolve(text, func(name string) (known bool) {
		value, known = p.find(name)
		return known
	})
	if value == "" {
		value = v.fallback
	}
	switch {
	case !found:
		p.typed(text[v.start:v.end])
	case value == "" && !v.hasFallback && p.env.Strict():
		p.literal(text[v.start:v.end])
	case p.mask && value == masked:
		p.out.WriteString(value)
	default:
		p.out.WriteString(p.written(value, v.start == 0))
	}
}

// typed writes the author's own text.
func (p *placing) typed(text string) {
	p.out.WriteString(text)
	if p.place != InJSON {
		return
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			p.quoted = !p.quoted
		case text[i] == '\\' && p.quoted:
			i++
		}
	}
}

// literal writes the name of a variable in a strict workspace. In JSON outside
// quotes it becomes a text, or the body would be no JSON.
func (p *placing) literal(text string) {
	if p.place == InJSON && !p.quoted {
		text = quotedJSON(text)
	}
	p.out.WriteString(text)
}

// written is a value as it stands in its place.
func (p *placing) written(value string, first bool) string {
	switch p.place {
	case InURL:
		if first {
			return value
		}
		return percentEncoded(value)
	case InJSON:
		if p.quoted {
			return insideQuotes(value)
		}
		return outsideQuotes(value)
	case InForm:
		return url.QueryEscape(value)
	case InXML:
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(value)) // a Builder takes everything
		return b.String()
	case InHTML:
		return html.EscapeString(value)
	}
	return value
}

// percentEncoded encodes everything but the unreserved characters of RFC 3986,
// so that a value cannot leave the part of the URL that it stands in.
func percentEncoded(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

func insideQuotes(value string) string {
	text := quotedJSON(value)
	return text[1 : len(text)-1]
}

func outsideQuotes(value string) string {
	trimmed := strings.TrimSpace(value)
	switch {
	case value == "":
		return "null"
	case trimmed != "null" && !strings.HasPrefix(trimmed, `"`) && json.Valid([]byte(value)):
		return value
	}
	return quotedJSON(value)
}

// quotedJSON is a text as a JSON string.
func quotedJSON(value string) string { return strings.TrimSuffix(string(plainJSON(value)), "\n") }

// oneLine takes out line breaks and the other characters that no header may hold.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, text)
}
