package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// FileFormat is a spelling of the workflow file.
type FileFormat string

// The two spellings.
const (
	YAML FileFormat = "yaml"
	JSON FileFormat = "json"
)

// Encode writes the definition as a file: keys in the order of the
// specification, values that are the default left out. Reading the file and
// encoding it again, in either format, gives the same bytes.
func Encode(def *Definition, f FileFormat) ([]byte, error) {
	w := &encoder{}
	whole := *def
	whole.Format = Format
	root := w.object(reflect.ValueOf(&whole).Elem())
	switch {
	case w.err != nil:
		return nil, fmt.Errorf("encode workflow %q: %w", def.ID, w.err)
	case f == JSON:
		return root.jsonFile(), nil
	case f == YAML:
		return root.yamlFile(), nil
	}
	return nil, fmt.Errorf("encode workflow %q: unknown file format %q: use %q or %q", def.ID, f, YAML, JSON)
}

// EncodeBody writes the API's `definition`: trigger and steps with the keys of
// the file, references by name.
func EncodeBody(def *Definition) (json.RawMessage, error) {
	w := &encoder{}
	root := &node{kind: isObject}
	root.put("trigger", w.trigger(&def.Trigger))
	root.put("steps", w.steps(def.Steps))
	if w.err != nil {
		return nil, fmt.Errorf("encode the definition of workflow %q: %w", def.ID, w.err)
	}
	return root.json(), nil
}

// EncodeSettings writes the API's `settings`: all four keys.
func EncodeSettings(def *Definition) json.RawMessage {
	root := &node{kind: isObject}
	v := reflect.ValueOf(def.Settings)
	keys, fields := settingsOf(v.Type())
	for i, s := range keys {
		root.put(s.key, &node{kind: isBoolean, text: strconv.FormatBool(v.Field(fields[i]).Bool())})
	}
	return root.json()
}

// put adds a member; nil adds nothing.
func (n *node) put(key string, value *node) {
	if value != nil {
		n.members = append(n.members, &member{key: key, value: value})
	}
}

func textNode(s string) *node { return &node{kind: isText, text: s} }

// encoder turns values into nodes by the same struct tags as the reader.
type encoder struct {
	open map[string]string // see Step.Open
	err  error
}

// object encodes a struct that may be addressed; empty gives an empty object.
func (w *encoder) object(v reflect.Value) *node { return w.objectAt(v, "") }

func (w *encoder) objectAt(v reflect.Value, path string) *node {
	n := &node{kind: isObject}
	keys, fields := settingsOf(v.Type())
	for i, s := range keys {
		p := join(path, s.key)
		if param, ok := w.open[p]; ok {
			n.put(s.key, textNode("${"+param+"}"))
			continue
		}
		n.put(s.key, w.value(v.Field(fields[i]), s, p))
	}
	return n
}

// value encodes one value; nil means that it is left out.
func (w *encoder) value(v reflect.Value, s setting, path string) *node {
	switch x := v.Addr().Interface().(type) {
	case *Trigger:
		if n := w.trigger(x); len(n.members) > 0 {
			return n
		}
		return nil
	case *[]Parameter:
		return w.parameters(*x)
	case *[]Step:
		return w.steps(*x)
	case *ChannelChoice:
		return w.ref(x.Ref)
	case *Ref:
		return w.ref(*x)
	case *Pairs:
		return w.pairs(*x, path)
	case *Value:
		return w.json(*x, x.IsZero())
	case **Value:
		return w.json(*x, *x == nil || (*x).IsZero())
	case *Duration:
		if n := w.json(*x, *x == 0); n != nil && n.text != s.fallback {
			return n
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if v.String() == "" || v.String() == s.fallback {
			return nil
		}
		return textNode(v.String())
	case reflect.Bool:
		if v.Bool() != (s.fallback == "true") {
			return &node{kind: isBoolean, text: strconv.FormatBool(v.Bool())}
		}
	case reflect.Int:
		if v.Int() != 0 {
			return &node{kind: isNumber, text: strconv.FormatInt(v.Int(), 10)}
		}
	case reflect.Pointer: // *float64
		if !v.IsNil() {
			return w.json(v.Interface(), false)
		}
	case reflect.Slice:
		return w.list(v, path)
	case reflect.Interface:
		if cfg, ok := structBehind(v); ok {
			if n := w.objectAt(cfg, path); len(n.members) > 0 {
				return n
			}
		}
	case reflect.Struct:
		if n := w.objectAt(v, path); len(n.members) > 0 {
			return n
		}
	}
	return nil
}

func (w *encoder) trigger(t *Trigger) *node {
	w.open = map[string]string{}
	for path, param := range t.Open {
		w.open[join("config", path)] = param
	}
	n := w.object(reflect.ValueOf(t).Elem())
	w.open = nil
	return n
}

func (w *encoder) list(v reflect.Value, path string) *node {
	if v.Len() == 0 {
		return nil
	}
	n := &node{kind: isList}
	for i := range v.Len() {
		child := w.value(v.Index(i), setting{}, item(path, i))
		if param, ok := w.open[item(path, i)]; ok {
			child = textNode("${" + param + "}")
		}
		if child == nil {
			child = blank(v.Type().Elem())
		}
		n.items = append(n.items, child)
	}
	return n
}

// blank is an empty item of a list, which must keep its place.
func blank(t reflect.Type) *node {
	if t.Kind() == reflect.Struct && !isLeaf(t) {
		return &node{kind: isObject}
	}
	return textNode("")
}

func (w *encoder) ref(r Ref) *node {
	switch {
	case r.Name != "":
		return textNode(r.Name)
	case r.ID != 0:
		return &node{kind: isNumber, text: strconv.FormatInt(r.ID, 10)}
	}
	return nil
}

// json encodes a value that has a JSON form of its own.
func (w *encoder) json(v any, leaveOut bool) *node {
	if leaveOut {
		return nil
	}
	raw, err := json.Marshal(v)
	if err == nil {
		var n *node
		if n, err = parseJSON(raw); err == nil {
			return n
		}
	}
	w.err = err
	return nil
}

// parameters are an object in the file, in their order.
func (w *encoder) parameters(params []Parameter) *node {
	if len(params) == 0 {
		return nil
	}
	n := &node{kind: isObject}
	for i := range params {
		n.put(params[i].Name, w.object(reflect.ValueOf(&params[i]).Elem()))
	}
	return n
}
