package custom_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/channel/custom"
	"ucal/internal/httpx"
)

func TestCheckConfig(t *testing.T) {
	tests := []struct {
		name, raw string
		policy    httpx.Policy
		want      string // the stored form
		problems  []string
	}{
		{name: "phone", raw: `{"apiBaseUrl":" https://chat.example.com/api// ","idType":"phone"}`, want: `{"apiBaseUrl":"https://chat.example.com/api","idType":"phone"}`},
		{name: "custom with rate", raw: `{"apiBaseUrl":"http://x.io:8080","idType":"custom","rateLimit":0.5}`, want: `{"apiBaseUrl":"http://x.io:8080","idType":"custom","rateLimit":0.5}`},
		{name: "unlimited", raw: `{"apiBaseUrl":"http://x.io","idType":"custom","rateLimit":0}`, want: `{"apiBaseUrl":"http://x.io","idType":"custom","rateLimit":0}`},
		{name: "null is like nothing", raw: `{"apiBaseUrl":"http://x.io","idType":"custom","rateLimit":null}`, want: `{"apiBaseUrl":"http://x.io","idType":"custom"}`},
		{name: "nothing", raw: `{}`, problems: []string{"apiBaseUrl", "idType"}},
		{name: "no object", raw: `[]`, problems: []string{""}},
		{name: "wrong types", raw: `{"apiBaseUrl":1,"idType":{},"rateLimit":"5"}`, problems: []string{"apiBaseUrl", "idType", "rateLimit"}},
		{name: "wrong values", raw: `{"apiBaseUrl":"ftp://x.io","idType":"email","rateLimit":-1}`, problems: []string{"apiBaseUrl", "idType", "rateLimit"}},
		{name: "rate too high", raw: `{"apiBaseUrl":"http://x.io","idType":"custom","rateLimit":10001}`, problems: []string{"rateLimit"}},
		{name: "unknown setting", raw: `{"apiBaseUrl":"http://x.io","idType":"custom","token":"x"}`, problems: []string{"token"}},
		{name: "no host", raw: `{"apiBaseUrl":"https://","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "query", raw: `{"apiBaseUrl":"https://x.io/?a=1","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "password", raw: `{"apiBaseUrl":"https://u:hunter2@x.io","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "unreadable", raw: `{"apiBaseUrl":"https://u:hunter2@x.io:port","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "too long", raw: `{"apiBaseUrl":"https://x.io/` + strings.Repeat("a", 2000) + `","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "loopback", raw: `{"apiBaseUrl":"http://127.0.0.1:9","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "localhost", raw: `{"apiBaseUrl":"http://localhost:9","idType":"custom"}`, problems: []string{"apiBaseUrl"}},
		{name: "private", raw: `{"apiBaseUrl":"http://10.1.2.3","idType":"custom"}`, policy: httpx.Policy{AllowLoopback: true}, problems: []string{"apiBaseUrl"}},
		{name: "loopback in development", raw: `{"apiBaseUrl":"http://localhost:9","idType":"custom"}`, policy: httpx.Policy{AllowLoopback: true}, want: `{"apiBaseUrl":"http://localhost:9","idType":"custom"}`},
		{name: "private and configured", raw: `{"apiBaseUrl":"http://10.1.2.3","idType":"custom"}`, policy: httpx.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}, want: `{"apiBaseUrl":"http://10.1.2.3","idType":"custom"}`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			a := custom.New(custom.Options{HTTP: httpx.New(tc.policy)})
			stored, problems := a.CheckConfig(json.RawMessage(tc.raw))
			var paths []string
			for _, p := range problems {
				paths = append(paths, p.Path)
				require.NotContains(t, p.Message, "hunter2")
			}
			require.Equal(t, tc.problems, paths, "%v", problems)
			if tc.want != "" {
				require.JSONEq(t, tc.want, string(stored))
			}
		})
	}
}

func TestCapabilities(t *testing.T) {
	a := adapter()
	caps := func(raw string) channel.Capabilities { return a.Capabilities(json.RawMessage(raw)) }
	require.Equal(t, channel.FirstYes, caps(`{"idType":"phone"}`).First)
	require.Equal(t, channel.FirstNo, caps(`{"idType":"custom"}`).First)
	require.EqualValues(t, custom.DefaultRate, caps(`{}`).RatePerSecond)
	require.Zero(t, caps(`{"rateLimit":0}`).RatePerSecond)
	require.EqualValues(t, 5, caps(`{"rateLimit":5}`).InboundRate)

	shown, err := json.Marshal(caps(`{"idType":"phone"}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(`{"first":"yes","externalId":"phone","windowDuration":0,"statuses":["sent","delivered","read","failed"],"broadcast":true,`+
		`"types":["text","attachment","quick_reply","location","custom_payload"],"attachments":["image","video","audio","file"],`+
		`"quickReplies":{"max":10,"maxLabel":0},"textLimit":{"max":7000,"bytes":false},"ratePerSecond":20,"idempotencyKey":true,"inboundRatePerSecond":20}`, string(shown)))
}
