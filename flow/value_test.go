package flow

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestValue(t *testing.T) {
	for name, c := range map[string]struct {
		in         any
		text, json string
		list       []string
	}{
		"nothing":         {nil, "", "null", nil},
		"text":            {"Sales", "Sales", `"Sales"`, []string{"Sales"}},
		"text of digits":  {"1.50", "1.50", `"1.50"`, []string{"1.50"}},
		"bool":            {true, "true", "true", []string{"true"}},
		"int":             {42, "42", "42", []string{"42"}},
		"float":           {1.5, "1.5", "1.5", []string{"1.5"}},
		"trailing zeros":  {json.Number("1.500"), "1.5", "1.500", []string{"1.5"}},
		"whole fraction":  {json.Number("12.0"), "12", "12.0", []string{"12"}},
		"exponent":        {json.Number("1e3"), "1000", "1e3", []string{"1000"}},
		"huge exponent":   {json.Number("1e999"), "1e999", "1e999", []string{"1e999"}},
		"negative zero":   {json.Number("-0.0"), "0", "-0.0", []string{"0"}},
		"long id":         {json.Number("12345678901234567890"), "12345678901234567890", "12345678901234567890", []string{"12345678901234567890"}},
		"list":            {[]any{"a", 2, true}, "a, 2, true", `["a",2,true]`, []string{"a", "2", "true"}},
		"list of strings": {[]string{"a", "b"}, "a, b", `["a","b"]`, []string{"a", "b"}},
		"empty list":      {[]any{}, "", "[]", []string{}},
		"range":           {map[string]any{"from": 1, "to": "5"}, "1 – 5", `{"from":1,"to":"5"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := ValueOf(c.in)
			require.NoError(t, err)
			require.Equal(t, c.text, v.Text())
			require.Equal(t, c.list, v.List())
			require.Equal(t, c.in == nil, v.IsZero())

			b, err := json.Marshal(v)
			require.NoError(t, err)
			require.Equal(t, c.json, string(b))
			var back Value
			require.NoError(t, json.Unmarshal(b, &back))
			require.Empty(t, cmp.Diff(v, back))
		})
	}
}

func TestValueRange(t *testing.T) {
	v, err := ValueOf(map[string]any{"from": json.Number("1.0"), "to": "x"})
	require.NoError(t, err)
	from, to, ok := v.Range()
	require.True(t, ok)
	require.Equal(t, []string{"1", "x"}, []string{from, to})

	_, _, ok = Value{"x"}.Range()
	require.False(t, ok)
}

func TestValueRefuses(t *testing.T) {
	for name, in := range map[string]any{
		"half a range":    map[string]any{"from": 1},
		"unknown key":     map[string]any{"from": 1, "to": 2, "step": 3},
		"range of lists":  map[string]any{"from": []any{1}, "to": 2},
		"list in a list":  []any{[]any{"a"}},
		"empty list item": []any{"a", nil},
		"nested value":    []Value{{[]Value{{"a"}}}},
		"channel":         make(chan int),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ValueOf(in)
			require.Error(t, err)
		})
	}
	var v Value
	require.Error(t, json.Unmarshal([]byte(`{"from":1}`), &v))
}

func TestValueOmittedInJSON(t *testing.T) {
	b, err := json.Marshal(UpdateContactField{Field: Ref{Name: "city"}, Clear: true})
	require.NoError(t, err)
	require.JSONEq(t, `{"field":{"name":"city"},"clear":true}`, string(b))
}
