package custom

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ucal/channel"
)

// reader takes decoded JSON apart and collects everything that is wrong with it, so that one answer names all problems.
// Its methods return zero values for what they cannot read.
type reader struct{ details []channel.Detail }

// maxDetails bounds the answer to a call in which everything is wrong.
const maxDetails = 100

func (r *reader) add(path, code, format string, args ...any) {
	if len(r.details) < maxDetails {
		r.details = append(r.details, channel.Detail{Path: path, Error: code, Message: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) bad(path, format string, args ...any) {
	r.add(path, channel.DetailInvalid, format, args...)
}

func (r *reader) failed(path string) bool {
	return slices.ContainsFunc(r.details, func(d channel.Detail) bool { return d.Path == path })
}

func (r *reader) sorted() []channel.Detail {
	slices.SortStableFunc(r.details, func(a, b channel.Detail) int { return cmp.Compare(a.Path, b.Path) })
	return r.details
}

// object is one JSON object and where it stands.
type object struct {
	r      *reader
	path   string
	fields map[string]any
}

func (r *reader) object(path string, v any) (object, bool) {
	fields, ok := v.(map[string]any)
	if !ok {
		r.bad(path, "must be an object%s", missing(v))
	}
	return object{r, path, fields}, ok
}

func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// has reports whether the field is there; null is like leaving it out.
func (o object) has(name string) bool { return o.fields[name] != nil }

// text reads an optional text, cleaned.
func (o object) text(name string) string { return channel.CleanText(o.raw(name)) }

// raw reads an optional text as it is: ids must come back to the integration unchanged.
func (o object) raw(name string) string {
	if !o.has(name) {
		return ""
	}
	s, ok := o.fields[name].(string)
	if !ok {
		o.r.bad(o.at(name), "must be a text in quotes")
	}
	return s
}

// id reads a required id of at most MaxID characters. Blanks around it do not belong to it.
func (o object) id(name, what string) string {
	s := strings.TrimSpace(o.raw(name))
	switch n := utf8.RuneCountInString(s); {
	case o.r.failed(o.at(name)):
	case n == 0:
		o.r.bad(o.at(name), "is missing or blank; it is %s", what)
	case n > MaxID:
		o.r.bad(o.at(name), "has %d characters, at most %d are allowed", n, MaxID)
	case strings.ContainsFunc(s, unicode.IsControl):
		o.r.bad(o.at(name), "holds a control character")
	default:
		return s
	}
	return ""
}

// number reads a required number.
func (o object) number(name, what string) (float64, bool) {
	n, ok := o.fields[name].(json.Number)
	if !ok {
		o.r.bad(o.at(name), "must be a number, %s%s", what, missing(o.fields[name]))
		return 0, false
	}
	f, err := n.Float64()
	if err != nil {
		o.r.bad(o.at(name), "%.30s is too large; it is %s", n, what)
		return 0, false
	}
	return f, true
}

// degrees reads a required coordinate between -limit and limit.
func (o object) degrees(name string, limit float64) *float64 {
	f, ok := o.number(name, fmt.Sprintf("-%g…%g", limit, limit))
	if ok && (f < -limit || f > limit) {
		o.r.bad(o.at(name), "%g is outside -%g…%g", f, limit, limit)
	}
	return &f
}

func missing(v any) string {
	if v == nil {
		return "; it is missing"
	}
	return ""
}
