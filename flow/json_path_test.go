package flow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const pathDocument = `{"a": {"b": 1.50, "a b": "x", "": "empty", "ünï": true, "_1": 12345678901234567890, "it's": "quote", "tab\t": "tab", "😀": "smile"},
	"items": [{"id": 7, "tags": ["<x>", "y"]}, {"id": 8}], "none": null, "no": false, "zero": 0, "big": 1e3, "length": 2}`

func TestPath(t *testing.T) {
	for text, want := range map[string]string{
		"$.a.b": "1.5", "$['a']['b']": "1.5", `$["a"].b`: "1.5", "$.a['a b']": "x", "$.a['']": "empty", "$.a.ünï": "true", "$.a._1": "12345678901234567890",
		`$.a['it\'s']`: "quote", `$.a["it's"]`: "quote", `$.a['tab\t']`: "tab", `$.a['tab\u0009']`: "tab", `$.a['\uD83D\uDE00']`: "smile", "$.a.😀": "smile",
		"$.items[0].id": "7", "$.items[-1].id": "8", "$.items[1]": `{"id":8}`, "$.items[0].tags": `["<x>","y"]`, "$ .items [ 0 ] . id": "", "$ .items [ 0 ] .id": "7",
		"$.none": "", "$.no": "false", "$.zero": "0", "$.big": "1000", "$.items[2]": "", "$.items[-3]": "", "$.items.length": "", "$.length": "2", "$.a[0]": "", "$.zero.x": "", "$.missing": "",
	} {
		doc, err := DecodeJSON([]byte(pathDocument))
		require.NoError(t, err)
		p, err := ParsePath(text)
		if want == "" && err != nil {
			require.Equal(t, "$ .items [ 0 ] . id", text, "%v", err)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, p.FindText(doc), text)
	}
	whole, err := ParsePath("$")
	require.NoError(t, err)
	require.Equal(t, "5", whole.FindText(mustJSON(t, " 5 ")))
	_, found := whole.Find(mustJSON(t, "null"))
	require.True(t, found)
}

func mustJSON(t *testing.T, text string) any {
	t.Helper()
	doc, err := DecodeJSON([]byte(text))
	require.NoError(t, err)
	return doc
}

func TestPathsThatAreNone(t *testing.T) {
	for text, why := range map[string]string{
		"": "begin with $", "a.b": "begin with $", "@.a": "begin with $", " $.a": "begin with $", "$a": "does not go on", "$.": "name is missing", "$.a.": "name is missing", "$..a": "several",
		"$.*": "several", "$[*]": "only an index", "$[0,1]": "several", "$['a','b']": "several", "$[0:2]": "several", "$[?@.a]": "only an index", "$[": "] is missing", "$[0": "] is missing", "$['a'": "] is missing",
		"$['a": "not closed", "$[]": "only an index", "$[01]": "zero", "$[-0]": "zero", "$[-]": "only an index", "$[9007199254740992]": "too large", "$[99999999999999999999]": "too large",
		"$.1a": "name is missing", "$.a b": "does not go on", "$.a ": "blanks", "$.a-b": "does not go on", `$['\x']`: "no escape", `$['\"']`: "no escape", `$['\uD83D']`: "other half", `$['\uDE00\uD83D']`: "other half",
		`$['\uZZZZ']`: "four digits", `$['\u12']`: "four digits", "$['\n']": "control character", "$['\xff']": "control character", "$.\xff": "name is missing", "$.a['b']c": "does not go on", `$['\`: "not closed",
	} {
		_, err := ParsePath(text)
		require.ErrorContains(t, err, why, text)
	}
}

func TestDecodeJSON(t *testing.T) {
	require.Equal(t, "7", JSONText(mustJSON(t, "\ufeff7")), "a byte order mark")
	for _, bad := range []string{"", "<html></html>", "{} {}", `{"a":}`, "{}x"} {
		_, err := DecodeJSON([]byte(bad))
		require.Error(t, err, bad)
	}
}

// FuzzParsePath: no text makes the parser panic, and what it takes can be
// looked up in any document.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"$.a.b", "$['a b']", `$["\uD83D\uDE00"]`, "$.items[-1].id", "$[", "$..x", "$[0:1]", "$\xff"} {
		f.Add(s, pathDocument)
	}
	f.Fuzz(func(t *testing.T, text, document string) {
		p, err := ParsePath(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, byte('$'), text[0])
		if doc, err := DecodeJSON([]byte(document)); err == nil {
			p.FindText(doc)
		}
		// The path made of its own names finds the same as it was written.
		var nested any = "found"
		for i := len(p.steps) - 1; i >= 0; i-- {
			if p.steps[i].item {
				if p.steps[i].index != 0 && p.steps[i].index != -1 {
					return
				}
				nested = []any{nested}
				continue
			}
			nested = map[string]any{p.steps[i].name: nested}
		}
		require.Equal(t, "found", p.FindText(nested))
	})
}
