package flow

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Render puts variables into a text: `$name`, `{{$name}}`, each with an
// optional fallback after `|`. Without braces the longest known name that ends
// at a dot or at the end of the token is taken. An unknown name stays as typed;
// a known one without value gives its fallback, else nothing, or in a strict
// workspace what was typed. Values are never interpolated again.
func Render(text string, env Env) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	at := 0
	for {
		v, ok := nextVariable(text, at)
		if !ok {
			break
		}
		b.WriteString(text[at:v.start])
		b.WriteString(v.render(text, env))
		at = v.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// Names returns the variable names that a text uses, as typed and without
// repetition. A name without braces may be longer than the known name in it:
// `$contact.email.Thanks`. See Unknown.
func Names(text string) []string {
	var names []string
	for v, ok := nextVariable(text, 0); ok; v, ok = nextVariable(text, v.end) {
		if !slices.Contains(names, v.name) {
			names = append(names, v.name)
		}
	}
	return names
}

// Unknown returns the names in a text that Render would leave as typed.
func Unknown(text string, known func(name string) bool) []string {
	var names []string
	for v, ok := nextVariable(text, 0); ok; v, ok = nextVariable(text, v.end) {
		if !v.resolve(text, known) && !slices.Contains(names, v.name) {
			names = append(names, v.name)
		}
	}
	return names
}

// variable is one variable as typed: text[start:end].
type variable struct {
	start, end  int
	name        string
	braced      bool
	fallback    string
	hasFallback bool
}

// nextVariable finds the first variable at or after from.
func nextVariable(text string, from int) (variable, bool) {
	for at := from; at < len(text); at++ {
		i := strings.IndexByte(text[at:], '$')
		if i < 0 {
			break
		}
		at += i
		end := nameEnd(text, at+1)
		if end == at+1 {
			continue
		}
		if at-2 >= from && text[at-2:at] == "{{" {
			if v, ok := braced(text, at, end); ok {
				return v, true
			}
		}
		return variable{start: at, end: end, name: text[at+1 : end]}, true
	}
	return variable{}, false
}

// braced completes a variable whose $ is at dollar and stands behind "{{".
func braced(text string, dollar, nameEnd int) (variable, bool) {
	v := variable{start: dollar - 2, name: text[dollar+1 : nameEnd], braced: true}
	rest := text[nameEnd:]
	i := strings.Index(rest, "}}")
	switch {
	case i == 0:
	case i > 0 && rest[0] == '|':
		v.fallback, v.hasFallback = rest[1:i], true
	default:
		return variable{}, false
	}
	v.end = nameEnd + i + len("}}")
	return v, true
}

// maxParts bounds the search for the longest known name; no name has more.
const maxParts = 4

// resolve cuts the variable down to the longest known name and, without
// braces, adds the fallback word behind it. False: no known name.
func (v *variable) resolve(text string, known func(string) bool) bool {
	if v.braced {
		return known(v.name)
	}
	whole := v.end
	for _, name := range prefixes(v.name) {
		if !known(name) {
			continue
		}
		v.end = v.start + len("$") + len(name)
		if v.end == whole {
			v.fallback = fallbackWord(text[v.end:])
			v.hasFallback = v.fallback != ""
		}
		if v.hasFallback {
			v.end += len("|") + len(v.fallback)
		}
		return true
	}
	return false
}

func (v *variable) render(text string, env Env) string {
	var value string
	found := v.resolve(text, func(name string) (known bool) {
		value, known = lookup(env, name)
		return known
	})
	switch {
	case found && value != "":
		return value
	case found && v.hasFallback:
		return v.fallback
	case found && !env.Strict():
		return ""
	}
	return text[v.start:v.end]
}

// prefixes lists the parts of a.b.c that end at a dot or at its end, longest first.
func prefixes(name string) []string {
	var all []string
	for i := 0; i <= len(name) && len(all) < maxParts; i++ {
		if i == len(name) || name[i] == '.' {
			all = append(all, name[:i])
		}
	}
	slices.Reverse(all)
	return all
}

// nameEnd is where the name that begins at i ends; i itself when none begins.
func nameEnd(s string, i int) int {
	if i == len(s) || !isNameByte(s[i]) || isDigit(s[i]) {
		return i
	}
	for i < len(s) && isNameByte(s[i]) {
		i++
		if i+1 < len(s) && s[i] == '.' && isNameByte(s[i+1]) {
			i++
		}
	}
	return i
}

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// fallbackWord reads "|word" at the start of s.
func fallbackWord(s string) string {
	word, ok := strings.CutPrefix(s, "|")
	if !ok {
		return ""
	}
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(word[i:])
		if r != '_' && r != '-' && !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) {
			return word[:i]
		}
		i += size
	}
	return word
}
