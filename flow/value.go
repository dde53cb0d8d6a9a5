package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Value is what a file may write where the format allows more than text: a
// scalar, a list of scalars or a range. The kind is kept, so that `1` and `"1"`
// are exported as they were written.
//
// V is nil (nothing written), string, json.Number, bool, []Value (scalars
// only) or Range (scalars only). Build one with ValueOf.
type Value struct{ V any }

// Range is a value with two ends, both inclusive: `{from: 1, to: 5}`.
type Range struct {
	From Value `json:"from"`
	To   Value `json:"to"`
}

// ValueOf makes a value of decoded YAML or JSON: nil, strings, booleans,
// integers, floats, json.Number, lists of these, and maps with the keys from
// and to. Anything else is an error that names what was found.
func ValueOf(v any) (Value, error) {
	switch t := v.(type) {
	case Value:
		return t, nil
	case Range:
		return t.value()
	case map[string]any:
		return rangeOf(t)
	case []any:
		return listOf(t)
	case []string:
		return listOf(t)
	case []Value:
		return listOf(t)
	}
	return scalarOf(v)
}

func scalarOf(v any) (Value, error) {
	switch t := v.(type) {
	case nil:
		return Value{}, nil
	case string, bool, json.Number:
		return Value{t}, nil
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return Value{json.Number(fmt.Sprint(t))}, nil
	case float32:
		return Value{json.Number(strconv.FormatFloat(float64(t), 'g', -1, 32))}, nil
	case float64:
		return Value{json.Number(strconv.FormatFloat(t, 'g', -1, 64))}, nil
	case Value:
		if t.scalar() {
			return t, nil
		}
	}
	return Value{}, fmt.Errorf("%T is not a text, number, true or false", v)
}

func listOf[T any](items []T) (Value, error) {
	list := make([]Value, 0, len(items))
	for i, item := range items {
		v, err := scalarOf(item)
		if err != nil {
			return Value{}, fmt.Errorf("item %d: %w", i+1, err)
		}
		if v.IsZero() {
			return Value{}, fmt.Errorf("item %d is empty", i+1)
		}
		list = append(list, v)
	}
	return Value{list}, nil
}

func rangeOf(m map[string]any) (Value, error) {
	for k := range m {
		if k != "from" && k != "to" {
			return Value{}, fmt.Errorf("unknown key %q: a range has from and to", k)
		}
	}
	from, err := scalarOf(m["from"])
	if err != nil {
		return Value{}, fmt.Errorf("from: %w", err)
	}
	to, err := scalarOf(m["to"])
	if err != nil {
		return Value{}, fmt.Errorf("to: %w", err)
	}
	return Range{from, to}.value()
}

func (r Range) value() (Value, error) {
	if !r.From.scalar() || !r.To.scalar() || r.From.IsZero() || r.To.IsZero() {
		return Value{}, fmt.Errorf("a range needs both from and to")
	}
	return Value{r}, nil
}

// IsZero reports whether nothing was written.
func (v Value) IsZero() bool { return v.V == nil }

func (v Value) scalar() bool {
	switch v.V.(type) {
	case []Value, Range:
		return false
	}
	return true
}

// Text is the value as one text: lists are joined with ", ", numbers have no
// trailing zeros, a range reads "from – to", nothing is "".
func (v Value) Text() string {
	switch t := v.V.(type) {
	case string:
		return t
	case bool:
		return strconv.FormatBool(t)
	case json.Number:
		return numberText(t.String())
	case []Value:
		return strings.Join(v.List(), ", ")
	case Range:
		return t.From.Text() + " – " + t.To.Text()
	}
	return ""
}

// List is the value as texts: the items of a list, or the scalar alone. A
// range and nothing have none.
func (v Value) List() []string {
	switch t := v.V.(type) {
	case nil, Range:
		return nil
	case []Value:
		texts := make([]string, len(t))
		for i, item := range t {
			texts[i] = item.Text()
		}
		return texts
	}
	return []string{v.Text()}
}

// Range is the two ends of a range as texts; ok is false for every other kind.
func (v Value) Range() (from, to string, ok bool) {
	r, ok := v.V.(Range)
	return r.From.Text(), r.To.Text(), ok
}

// each returns the value with the text of every scalar in it changed. A number
// or boolean whose text stays the same keeps its kind.
func (v Value) each(change func(string) string) Value {
	switch t := v.V.(type) {
	case nil:
		return v
	case []Value:
		list := make([]Value, len(t))
		for i, item := range t {
			list[i] = item.each(change)
		}
		return Value{list}
	case Range:
		return Value{Range{t.From.each(change), t.To.each(change)}}
	}
	before := v.Text()
	if after := change(before); after != before {
		return Value{after}
	}
	return v
}

// MarshalJSON writes the value in its kind; nothing is null.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.V) }

// UnmarshalJSON reads what MarshalJSON wrote, and keeps numbers as written.
func (v *Value) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	got, err := ValueOf(raw)
	if err != nil {
		return err
	}
	*v = got
	return nil
}

// numberText writes a JSON number without exponent and trailing zeros. Digits
// are not rounded, so that long ids survive.
func numberText(s string) string {
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return s
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
