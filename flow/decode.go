package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// source is what a reader knows of the file behind a definition. Check adds
// its problems to those of the reader and finds their lines here.
type source struct {
	at       map[string]place // path → where its key is written
	problems Problems
}

// codes are the problem codes of a part of the file.
type codes struct{ unknown, invalid, missing string }

var (
	fileCodes    = codes{"file.key.unknown", "file.value.type", "step.config.missing"}
	configCodes  = codes{"step.config.unknown", "step.config.invalid", "step.config.missing"}
	triggerCodes = codes{"trigger.config.invalid", "trigger.config.invalid", "trigger.config.missing"}
)

// reader decodes nodes into Go values by their struct tags. It notes every
// problem and goes on.
type reader struct {
	src     *source
	open    map[string]bool    // template parameters that are still open
	step    *Step              // the step being read, or nil
	base    string             // path of the configuration being read, "" = none
	waiting *map[string]string // its settings that wait for a parameter
}

func newReader(params []Parameter) *reader {
	r := &reader{src: &source{at: map[string]place{}}, open: map[string]bool{}}
	for _, p := range params {
		r.open[p.Name] = true
	}
	return r
}

func (r *reader) problem(code, path string, at place, format string, args ...any) {
	if len(r.src.problems) >= maxProblems {
		return
	}
	p := Problem{Severity: SeverityError, Code: code, Message: fmt.Sprintf(format, args...), Path: path, Line: at.line, Column: at.column}
	if r.step != nil {
		p.StepID = r.step.ID
	}
	r.src.problems = append(r.src.problems, p)
}

// each calls fn for every member of an object that is given; a key given
// twice and a value of another kind are reported.
func (r *reader) each(n *node, path string, code string, fn func(m *member, path string)) {
	if n.kind == isNothing {
		return
	}
	if n.kind != isObject {
		r.problem(code, path, n.at, "Write keys and values here, not %s.", n.kind)
		return
	}
	seen := map[string]bool{}
	for _, m := range n.members {
		p := join(path, m.key)
		if seen[m.key] {
			r.problem("file.key.duplicate", p, m.at, "The key %q is given twice. Remove one of them.", m.key)
			continue
		}
		seen[m.key] = true
		r.src.at[p] = m.at
		fn(m, p)
	}
}

// fields decodes an object into a struct.
func (r *reader) fields(n *node, v reflect.Value, path string, c codes) {
	keys, fields := settingsOf(v.Type())
	r.each(n, path, c.invalid, func(m *member, p string) {
		i := slices.IndexFunc(keys, func(s setting) bool { return s.key == m.key })
		if i < 0 {
			r.problem(c.unknown, p, m.at, "The key %q is not known here. %s", m.key, offer(keys))
			return
		}
		r.value(m.value, v.Field(fields[i]), keys[i], p, c)
	})
}

func offer(keys []setting) string {
	if len(keys) == 0 {
		return "Nothing can be set here; remove it."
	}
	names := make([]string, len(keys))
	for i, s := range keys {
		names[i] = s.key
	}
	return "Known keys: " + strings.Join(names, ", ") + "."
}

// value decodes one value; nothing at all leaves the zero value.
func (r *reader) value(n *node, v reflect.Value, s setting, path string, c codes) {
	if n.kind == isNothing {
		return
	}
	if s.code != "" {
		c.invalid = s.code
	}
	if r.waits(n, v, path) || r.special(n, v, path, c) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		r.text(n, v, s, path, c)
	case reflect.Bool:
		if n.kind != isBoolean {
			r.wrong(n, path, c, "true or false")
			return
		}
		v.SetBool(n.text == "true")
	case reflect.Int:
		i, err := strconv.Atoi(n.text)
		if n.kind != isNumber || err != nil {
			r.wrong(n, path, c, "a whole number")
			return
		}
		v.SetInt(int64(i))
	case reflect.Pointer: // *float64
		f, err := strconv.ParseFloat(n.text, 64)
		if n.kind != isNumber || err != nil {
			r.wrong(n, path, c, "a number")
			return
		}
		v.Set(reflect.ValueOf(&f))
	case reflect.Slice:
		r.list(n, v, s, path, c)
	case reflect.Struct:
		r.fields(n, v, path, c)
	}
}

// special decodes the types that have a form of their own in the file.
func (r *reader) special(n *node, v reflect.Value, path string, c codes) bool {
	switch into := v.Addr().Interface().(type) {
	case *Ref:
		*into = r.ref(n, path, c)
	case *ChannelChoice:
		into.Ref = r.ref(n, path, c)
	case *Duration:
		if n.kind != isText || json.Unmarshal(n.json(), into) != nil {
			*into = 0
			r.problem("duration.invalid", path, n.at, "%s is not a duration. Write whole numbers with s, m, h or d, largest unit first, for example 10m or 1h30m.", n.shown())
		}
	case *Value:
		*into = r.anyValue(n, path, c)
	case **Value:
		value := r.anyValue(n, path, c)
		*into = &value
	case *Pairs:
		*into = r.pairs(n, path, c)
	case *Trigger:
		r.trigger(n, into, path)
	case *TriggerConfig:
		r.triggerConfig(n, *into, path)
	case *[]Parameter:
		*into = r.parameters(n, path)
	case *[]Step:
		*into = r.steps(n, path)
	default:
		return false
	}
	return true
}

func (r *reader) text(n *node, v reflect.Value, s setting, path string, c codes) {
	if n.kind != isText {
		r.wrong(n, path, c, "text")
		return
	}
	if n.text != s.fallback {
		v.SetString(n.text)
	}
}

func (r *reader) list(n *node, v reflect.Value, s setting, path string, c codes) {
	if n.kind != isList {
		r.wrong(n, path, c, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, child := range n.items {
		p := item(path, i)
		r.src.at[p] = child.at
		if child.kind == isNothing {
			r.wrong(child, p, c, "a value")
			continue
		}
		r.value(child, v.Index(i), s, p, c)
	}
}

func (r *reader) ref(n *node, path string, c codes) Ref {
	switch n.kind {
	case isText:
		return Ref{Name: n.text}
	case isNumber:
		if id, err := strconv.ParseInt(n.text, 10, 64); err == nil && id > 0 {
			return Ref{ID: id}
		}
	}
	r.wrong(n, path, c, "a name or an id")
	return Ref{}
}

func (r *reader) anyValue(n *node, path string, c codes) (v Value) {
	if n.kind == isObject {
		r.each(n, path, c.invalid, func(*member, string) {})
	}
	if err := json.Unmarshal(n.json(), &v); err != nil {
		r.problem(c.invalid, path, n.at, "Write text, a number, true or false, a list of these, or {from, to}.")
		return Value{}
	}
	return v
}

func (r *reader) wrong(n *node, path string, c codes, want string) {
	hint := ""
	if want == "text" && (n.kind == isNumber || n.kind == isBoolean) {
		hint = fmt.Sprintf(" Put it in quotes: %q.", n.text)
	}
	r.problem(c.invalid, path, n.at, "Write %s here, not %s.%s", want, n.shown(), hint)
}

// shown is a node as it appears in a message.
func (n *node) shown() string {
	switch n.kind {
	case isText:
		return strconv.Quote(cut(n.text, 40))
	case isNumber, isBoolean:
		return n.text
	}
	return n.kind.String()
}
