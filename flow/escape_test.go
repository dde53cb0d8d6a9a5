package flow

import (
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestRenderIn(t *testing.T) {
	vars := map[string]string{"q": `say "hi" & <go>/é?`, "n": "12.50", "zip": "01234", "yes": "true", "obj": `{"a":1}`, "list": `["x"]`, "text": `"x"`, "null": "null",
		"none": "", "base": "https://crm.example.com/v1", "lines": "a\r\nX-Evil: 1\u2028\x00", "spaced": " 5 "}
	for name, c := range map[string]struct {
		place      Place
		text, want string
	}{
		"text as it is":                {InText, "<$q>", `<say "hi" & <go>/é?>`},
		"URL: part":                    {InURL, "https://x.io/$n?q=$q#$zip", "https://x.io/12.50?q=say%20%22hi%22%20%26%20%3Cgo%3E%2F%C3%A9%3F#01234"},
		"URL: at its start":            {InURL, "$base/a?u={{$base}}", "https://crm.example.com/v1/a?u=https%3A%2F%2Fcrm.example.com%2Fv1"},
		"URL: braces at its start":     {InURL, "{{$base}}/a", "https://crm.example.com/v1/a"},
		"URL: unknown as typed":        {InURL, "https://x.io/$nobody?a=$5", "https://x.io/$nobody?a=$5"},
		"URL: fallback is encoded":     {InURL, "https://x.io/{{$none|a b}}/{{$none}}", "https://x.io/a%20b/"},
		"JSON: inside quotes":          {InJSON, `{"a": "$q", "b": "<$n>"}`, `{"a": "say \"hi\" & <go>/é?", "b": "<12.50>"}`},
		"JSON: outside quotes":         {InJSON, `{"a": $n, "b": $zip, "c": $yes, "d": $obj, "e": $list, "f": $q}`, `{"a": 12.50, "b": "01234", "c": true, "d": {"a":1}, "e": ["x"], "f": "say \"hi\" & <go>/é?"}`},
		"JSON: empty, null and texts":  {InJSON, `[$none, $null, $text, "$none", {{$none|a "b"}}, {{$none|3}}]`, `[null, "null", "\"x\"", "", "a \"b\"", 3]`},
		"JSON: blanks around a number": {InJSON, `[$spaced]`, `[ 5 ]`},
		"JSON: escaped quotes typed":   {InJSON, `{"say \"$n\" or": $n, "\\": $zip}`, `{"say \"12.50\" or": 12.50, "\\": "01234"}`},
		"JSON: a value as a key":       {InJSON, `{$zip: 1, "$zip": 2}`, `{"01234": 1, "01234": 2}`},
		"form":                         {InForm, "a=$q&b=$none", "a=say+%22hi%22+%26+%3Cgo%3E%2F%C3%A9%3F&b="},
		"XML":                          {InXML, `<a b="$q">$obj</a>`, `<a b="say &#34;hi&#34; &amp; &lt;go&gt;/é?">{&#34;a&#34;:1}</a>`},
		"HTML":                         {InHTML, `<p>$q</p>`, `<p>say &#34;hi&#34; &amp; &lt;go&gt;/é?</p>`},
		"header":                       {InHeader, "<$lines>", "<aX-Evil: 1>"},
		"a value is not put in twice":  {InJSON, `"$twice"`, `"$n"`},
	} {
		t.Run(name, func(t *testing.T) {
			vars["twice"] = "$n"
			require.Equal(t, c.want, RenderIn(c.place, c.text, WithVars(ana(), vars)))
		})
	}
	require.Equal(t, "$secret.crm_token", RenderIn(InHeader, "$secret.crm_token", ana()), "secrets are for HTTP requests")

	strict := ana()
	strict.strict = true
	require.Equal(t, `{"a": "$contact.country", "b": "$contact.country", "c": "x"}`,
		RenderIn(InJSON, `{"a": $contact.country, "b": "$contact.country", "c": {{$contact.country|x}}}`, strict))
}

// FuzzRenderIn: whatever a value holds, the body stays what it is and says the value.
func FuzzRenderIn(f *testing.F) {
	for _, s := range []string{"", "Ana", `"`, `\`, "\n\x00\u2028", "null", "1e5", `{"a":1}`, `"x"`, "\xff\xfe", "</a>", "a&b=c", "]]>", "\xed\xa0\x80", "-", "01", " 1", "😀", "\r\nX: y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		env := WithVars(ana(), map[string]string{"v": value})
		valid := strings.ToValidUTF8(value, "\ufffd")

		var inside struct{ A string }
		require.NoError(t, json.Unmarshal([]byte(RenderIn(InJSON, `{"a": "<$v>"}`, env)), &inside))
		if valid == value {
			require.Equal(t, "<"+value+">", inside.A)
		}
		outside := RenderIn(InJSON, `{"a": $v, "b": 1}`, env)
		require.True(t, json.Valid([]byte(outside)), outside)
		var doc map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(outside), &doc))
		require.Len(t, doc, 2, "a value makes no keys")

		form, err := url.ParseQuery(RenderIn(InForm, "a=$v&b=1", env))
		require.NoError(t, err)
		require.Equal(t, url.Values{"a": {value}, "b": {"1"}}, form)

		u, err := url.Parse(RenderIn(InURL, "https://x.io/p/$v/q?a=$v&b=1", env))
		require.NoError(t, err)
		require.Equal(t, "x.io", u.Host)
		require.Equal(t, url.Values{"a": {value}, "b": {"1"}}, u.Query())
		require.Equal(t, "/p/"+value+"/q", u.Path)

		var element struct {
			A string `xml:"a,attr"`
			B string `xml:",chardata"`
		}
		require.NoError(t, xml.Unmarshal([]byte(RenderIn(InXML, `<x a="$v">$v</x>`, env)), &element))
		require.Equal(t, element.A, element.B)
		require.Equal(t, valid, strings.ToValidUTF8(html.UnescapeString(RenderIn(InHTML, "$v", env)), "\ufffd"))

		header := RenderIn(InHeader, "a $v", env)
		require.False(t, strings.ContainsFunc(header, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }), "%q", header)
	})
}
