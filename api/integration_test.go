package api

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/desk"
	"ucal/flow"
)

// The whole life of an integration, without its secrets ever coming back.
func TestIntegrations(t *testing.T) {
	w := newWorld(t)
	w.desk.Probes = map[flow.Service]func(context.Context, json.RawMessage) desk.Probe{
		flow.ServiceSheets: func(_ context.Context, cfg json.RawMessage) desk.Probe {
			require.Contains(t, string(cfg), "verysecret")
			return desk.Probe{Refused: true, Message: "Google does not accept the account any more."}
		},
	}
	const list, sheets = "/v2/space/integration", "/v2/space/integration/google_sheets"
	off := `{"status":"off","statusReason":null,"config":null,"account":null,"updatedAt":null,"kind":`
	require.JSONEq(t, `{"items":[`+off+`"google_sheets"},`+off+`"llm"}]}`, w.call("GET", list, nil).text)

	a := w.call("PUT", sheets, `{"config":{"clientId":"c","clientSecret":"verysecret","refreshToken":"alsosecret"}}`)
	connected := `{"kind":"google_sheets","status":"connected","statusReason":null,"account":null,"updatedAt":1800000000000,"config":{"clientId":"c","clientSecret":"***","refreshToken":"***"}}`
	require.Equal(t, 200, a.status, a.text)
	require.JSONEq(t, connected, a.text)
	require.JSONEq(t, `{"items":[`+connected+`,`+off+`"llm"}]}`, w.call("GET", list, nil).text)
	require.JSONEq(t, connected, w.call("PUT", sheets, `{"config":{"clientId":"c","clientSecret":"***","refreshToken":"***"}}`).text, "what was read can be written")

	require.JSONEq(t, `{"ok":false,"message":"Google does not accept the account any more."}`, w.call("POST", sheets+"/test", `{}`).text)
	item := w.call("GET", list, nil).object(200)["items"].([]any)[0].(map[string]any)
	require.Equal(t, "error", item["status"])
	require.Equal(t, "Google does not accept the account any more.", item["statusReason"])

	require.JSONEq(t, `{"kind":"google_sheets"}`, w.call("DELETE", sheets, nil).text)
	w.call("DELETE", sheets, nil).refused(404, "not_found")
	w.call("POST", sheets+"/test", nil).refused(404, "not_found")
	w.call("POST", list+"/hubspot/test", nil).refused(400, "invalid_argument")

	e := w.call("PUT", list+"/hubspot", `{"config":{}}`).refused(400, "invalid_argument")
	require.Contains(t, e.Message, "google_sheets, llm")
	e = w.call("PUT", list+"/llm", `{"config":{"provider":"openai","key":"verysecret"}}`).refused(400, "unknown_field")
	require.Len(t, e.Details, 3)
	require.NotContains(t, e.Message, "verysecret")
	w.call("PUT", list+"/llm", `{}`).refused(400, "invalid_argument")
	w.call("PUT", list+"/llm", `{"config":{"provider":"openai","apiKey":"k","model":"m"},"more":1}`).refused(400, "unknown_field")
}

// Platform 3.3: owners all, managers create and edit unless a restriction takes
// it away, agents nothing.
func TestPowerOverIntegrations(t *testing.T) {
	for _, need := range []power{editIntegrations(), deleteIntegrations()} {
		owner := need.check(desk.Principal{Role: desk.Owner, Limits: []string{desk.RestrictSpaceIntegration}})
		require.NoError(t, owner)
		require.Error(t, need.check(desk.Principal{Role: desk.Agent}))
	}
	require.Error(t, deleteIntegrations().check(desk.Principal{Role: desk.Manager}))
	require.NoError(t, editIntegrations().check(desk.Principal{Role: desk.Manager}))
	for _, r := range []string{desk.RestrictSpaceIntegration, desk.RestrictSpaceSetting} {
		require.Error(t, editIntegrations().check(desk.Principal{Role: desk.Manager, Limits: []string{r}}))
	}
}
