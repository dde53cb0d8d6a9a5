package llm_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
)

func TestRetryAfter(t *testing.T) {
	const now = "Mon, 02 Nov 2026 10:00:00 GMT"
	for _, tc := range []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "2", 2 * time.Second},
		{"Retry-After", "0.5", 500 * time.Millisecond},
		{"Retry-After-Ms", "250", 250 * time.Millisecond},
		{"Retry-After", "Mon, 02 Nov 2026 10:01:30 GMT", 90 * time.Second},
		{"Retry-After", "Mon, 02 Nov 2026 09:00:00 GMT", 0},
		{"Retry-After", "-5", 0},
		{"Retry-After", "NaN", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After", "1e300", 24 * time.Hour},
	} {
		resp := &http.Response{StatusCode: 429, Header: http.Header{"Date": {now}}, Body: io.NopCloser(strings.NewReader(""))}
		resp.Header.Set(tc.name, tc.value)
		require.Equal(t, tc.want, llm.Fail(nil, resp, "").RetryAfter, "%s: %s", tc.name, tc.value)
	}
}

func TestReasons(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":{"message":"a","type":"b"}}`: "a",
		`{"error":"model not found"}`:          "model not found",
		`{"message":"a"}`:                      "a",
		`{"detail":"a"}`:                       "a",
		`{"detail":[{"msg":"a"}]}`:             "Bad Request",
		`not json`:                             "Bad Request",
		``:                                     "Bad Request",
		`{"error":{"message":"key s3cret-key is bad"}}`:              "key *** is bad",
		`{"error":{"message":"` + strings.Repeat("ä", 1000) + `"}}`:  strings.Repeat("ä", 300) + "…",
		`{"error":{"code":7,"message":"numbers are codes as well"}}`: "numbers are codes as well",
	} {
		resp := &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		e := llm.Fail(nil, resp, "s3cret-key")
		require.Equal(t, want, e.Message, body)
		require.Equal(t, llm.Rejected, e.Class)
	}
}

func TestClosed(t *testing.T) {
	for schema, want := range map[string]bool{
		`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`:                                                                       true,
		`{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}`:                                                                          false,
		`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`:                                                                                                    false,
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}},"required":["a"],"additionalProperties":false}`:                              false,
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}}},"required":["a"],"additionalProperties":false}`: true,
		`{"type":"object","properties":{"a":{"anyOf":[{"type":"null"},{"type":"object"}]}},"required":["a"],"additionalProperties":false}`:                                           false,
		`nonsense`: false,
	} {
		require.Equal(t, want, llm.Closed(json.RawMessage(schema)), schema)
	}
}

func FuzzObject(f *testing.F) {
	for _, s := range []string{`{}`, "```json\n{}\n```", "```{}```", `[]`, ``, "```", `{"a":`, "  {\"a\":1} "} {
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, text string, truncated bool) {
		got, err := llm.Object(text, truncated)
		if err != nil {
			if llm.AsError(err).Class != llm.Rejected {
				t.Fatalf("%v", err)
			}
			return
		}
		var m map[string]json.RawMessage
		if json.Unmarshal([]byte(got), &m) != nil {
			t.Fatalf("%q is no object", got)
		}
	})
}
