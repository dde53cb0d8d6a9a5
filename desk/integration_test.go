package desk

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// keyFile is a service account's key file, spoiled as the test wants it.
func keyFile(t *testing.T, spoil func(map[string]string)) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	m := map[string]string{"type": "service_account", "client_email": "robot@x.iam.gserviceaccount.com", "private_key_id": "k", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))}
	if spoil != nil {
		spoil(m)
	}
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	return string(raw)
}

func object(pairs ...any) json.RawMessage {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return raw
}

func (w *world) put(kind flow.Service, cfg json.RawMessage) *IntegrationView {
	w.Helper()
	v, err := w.d.PutIntegration(w.Context(), w.p, kind, cfg)
	require.NoError(w, err)
	return v
}

// stored is the configuration as steps read it.
func (w *world) stored(kind flow.Service, into any) bool {
	w.Helper()
	var ok bool
	require.NoError(w, w.d.read(w.Context(), w.p, func(t *txn) (err error) {
		ok, err = t.integration(kind, into)
		return err
	}))
	return ok
}

func TestIntegrations(t *testing.T) {
	eachWorld(t, func(w *world) {
		list, err := w.d.Integrations(w.Context(), w.p)
		require.NoError(w, err)
		require.Equal(w, []IntegrationView{{Kind: flow.ServiceSheets, Status: IntegrationOff}, {Kind: flow.ServiceModel, Status: IntegrationOff}}, list)
		require.False(w, w.stored(flow.ServiceSheets, &SheetsConfig{}))

		file := keyFile(w.T, nil)
		v := w.put(flow.ServiceSheets, object("serviceAccountJson", "\n "+file+" \n"))
		require.Equal(w, IntegrationView{Kind: flow.ServiceSheets, Status: IntegrationConnected, Config: json.RawMessage(`{"serviceAccountJson":"***"}`),
			Account: "robot@x.iam.gserviceaccount.com", UpdatedAt: w.clock.Load()}, *v)
		var cfg SheetsConfig
		require.True(w, w.stored(flow.ServiceSheets, &cfg))
		require.Equal(w, SheetsConfig{ServiceAccountJSON: file}, cfg)

		w.put(flow.ServiceSheets, object("serviceAccountJson", json.RawMessage(file))) // the file itself instead of its text
		again := SheetsConfig{}
		require.True(w, w.stored(flow.ServiceSheets, &again))
		require.JSONEq(w, file, again.ServiceAccountJSON)

		v = w.put(flow.ServiceModel, object("provider", "compatible", "baseUrl", "http://models.example.com:11434/v1", "model", "llama3", "maxTokensPerDay", 5000))
		require.JSONEq(w, `{"provider":"compatible","baseUrl":"http://models.example.com:11434/v1","model":"llama3","maxTokensPerDay":5000}`, string(v.Config))
		var model ModelConfig
		require.True(w, w.stored(flow.ServiceModel, &model))
		require.Equal(w, ModelConfig{Provider: ProviderCompatible, BaseURL: "http://models.example.com:11434/v1", Model: "llama3", MaxTokensPerDay: 5000}, model)

		require.NoError(w, w.d.DeleteIntegration(w.Context(), w.p, flow.ServiceModel))
		require.False(w, w.stored(flow.ServiceModel, &model))
		require.Equal(w, NotFound, AsError(w.d.DeleteIntegration(w.Context(), w.p, flow.ServiceModel)).Code)
		require.Zero(w, w.count(&Integration{}, "kind = 'llm'"), "deleted credentials are gone")
	})
}

// Everything that is wrong is said at once, by field, with the mend, and
// without the value.
func TestIntegrationsAreChecked(t *testing.T) {
	elliptical := func(m map[string]string) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		m["private_key"] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	eachWorld(t, func(w *world) {
		w.d.CheckURL = func(raw string) error {
			if strings.Contains(raw, "10.") {
				return errors.New("the address is not public")
			}
			return nil
		}
		for name, tc := range map[string]struct {
			kind  flow.Service
			cfg   json.RawMessage
			paths []string
			says  string
		}{
			"no object":      {flow.ServiceSheets, json.RawMessage(`"x"`), []string{"config"}, "no JSON object"},
			"null":           {flow.ServiceSheets, json.RawMessage(`null`), []string{"config"}, "no JSON object"},
			"nothing":        {flow.ServiceSheets, object(), []string{"config.serviceAccountJson"}, "key file"},
			"both":           {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, nil), "clientId", "x"), []string{"config"}, "service account and an OAuth client"},
			"half a person":  {flow.ServiceSheets, object("clientId", "x", "refreshToken", " "), []string{"config.clientSecret", "config.refreshToken"}, "missing"},
			"no file":        {flow.ServiceSheets, object("serviceAccountJson", "verysecret"), []string{"config.serviceAccountJson"}, "whole key file"},
			"OAuth client":   {flow.ServiceSheets, object("serviceAccountJson", `{"installed":{"client_secret":"verysecret"}}`), []string{"config.serviceAccountJson"}, `"service_account"`},
			"no address":     {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, func(m map[string]string) { delete(m, "client_email") })), []string{"config.serviceAccountJson"}, "client_email"},
			"key is no PEM":  {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, func(m map[string]string) { m["private_key"] = "verysecret" })), []string{"config.serviceAccountJson"}, "PEM"},
			"key is no RSA":  {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, elliptical)), []string{"config.serviceAccountJson"}, "no RSA key"},
			"token_uri":      {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, func(m map[string]string) { m["token_uri"] = "http://10.0.0.1/token" })), []string{"config.serviceAccountJson"}, "not public"},
			"endpoints":      {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, nil), "endpoint", "ftp://x", "tokenUrl", "https://u:verysecret@x/"), []string{"config.endpoint", "config.tokenUrl"}, ""},
			"private":        {flow.ServiceSheets, object("serviceAccountJson", keyFile(w.T, nil), "endpoint", "https://10.0.0.1"), []string{"config.endpoint"}, "not public"},
			"unknown, wrong": {flow.ServiceSheets, object("serviceAccountJson", 7, "clientid", "x", "endpoint", true), []string{"config.clientid", "config.endpoint", "config.serviceAccountJson"}, "no setting of google_sheets"},
			"*** of nothing": {flow.ServiceSheets, object("serviceAccountJson", "***"), []string{"config.serviceAccountJson"}, "none is stored"},

			"model: nothing":    {flow.ServiceModel, object(), []string{"config.provider", "config.model", "config.apiKey"}, "openai, anthropic, compatible"},
			"model: provider":   {flow.ServiceModel, object("provider", "skynet", "apiKey", "verysecret", "model", "x"), []string{"config.provider"}, "skynet"},
			"model: no address": {flow.ServiceModel, object("provider", "compatible", "model", "x"), []string{"config.baseUrl"}, "missing"},
			"model: numbers": {flow.ServiceModel, object("provider", "openai", "apiKey", "verysecret", "model", "x", "maxTokensPerDay", -1, "maxOutputTokens", 1_000_000, "baseUrl", "https://x?key=verysecret"),
				[]string{"config.baseUrl", "config.maxTokensPerDay", "config.maxOutputTokens"}, ""},
			"model: a half": {flow.ServiceModel, object("provider", "openai", "apiKey", "verysecret", "model", "x", "maxTokensPerDay", 1.5), []string{"config.maxTokensPerDay"}, "whole number"},
			"unknown kind":  {"hubspot", object(), []string{"kind"}, "google_sheets, llm"},
		} {
			_, err := w.d.PutIntegration(w.Context(), w.p, tc.kind, tc.cfg)
			e := AsError(err)
			require.NotNil(w, e, name)
			require.Equal(w, Invalid, e.Code, name)
			var paths []string
			for _, d := range e.Details {
				paths = append(paths, d.Path)
			}
			require.ElementsMatch(w, tc.paths, paths, "%s: %s", name, e.Message)
			require.Contains(w, e.Message, tc.says, name)
			require.NotContains(w, e.Message, "verysecret", name)
			require.Zero(w, w.count(&Integration{}, "1 = 1"), name)
		}
	})
}

// *** keeps a secret, at the address for which it was given.
func TestSecretsAreKept(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.put(flow.ServiceModel, object("provider", "openai", "apiKey", "sk-verysecret", "model", "small"))
		v := w.put(flow.ServiceModel, object("provider", "openai", "apiKey", "***", "model", "large"))
		require.JSONEq(w, `{"provider":"openai","apiKey":"***","model":"large"}`, string(v.Config))
		var cfg ModelConfig
		require.True(w, w.stored(flow.ServiceModel, &cfg))
		require.Equal(w, ModelConfig{Provider: "openai", APIKey: "sk-verysecret", Model: "large"}, cfg)

		for _, moved := range []json.RawMessage{object("provider", "openai", "apiKey", "***", "model", "large", "baseUrl", "https://evil.example"),
			object("provider", "anthropic", "apiKey", "***", "model", "large")} {
			_, err := w.d.PutIntegration(w.Context(), w.p, flow.ServiceModel, moved)
			require.ErrorContains(w, err, "config.apiKey is ***, but")
		}
		w.put(flow.ServiceModel, object("provider", "openai", "apiKey", "sk-other", "model", "large", "baseUrl", "https://proxy.example"))

		w.put(flow.ServiceSheets, person)
		w.put(flow.ServiceSheets, object("clientId", "client-2", "clientSecret", "***", "refreshToken", "***"))
		var sheets SheetsConfig
		require.True(w, w.stored(flow.ServiceSheets, &sheets))
		require.Equal(w, SheetsConfig{ClientID: "client-2", ClientSecret: "GOCSPX-verysecret", RefreshToken: "1//alsosecret"}, sheets)
		_, err := w.d.PutIntegration(w.Context(), w.p, flow.ServiceSheets, object("clientId", "client-2", "clientSecret", "***", "refreshToken", "***", "tokenUrl", "https://evil.example"))
		require.ErrorContains(w, err, "tokenUrl is another one")
	})
}

// What a test finds shows in the status; a service that is not reached says
// nothing of the credentials.
func TestIntegrationIsTested(t *testing.T) {
	eachWorld(t, func(w *world) {
		var found Probe
		var given string
		w.d.Probes = map[flow.Service]func(context.Context, json.RawMessage) Probe{
			flow.ServiceSheets: func(_ context.Context, cfg json.RawMessage) Probe { given = string(cfg); return found },
		}
		test := func(p Probe) *Integration {
			found = p
			got, err := w.d.TestIntegration(w.Context(), w.p, flow.ServiceSheets)
			require.NoError(w, err)
			require.Equal(w, p, got)
			row, err := first[Integration](w.db.Read(w.Context()).Where("kind = 'google_sheets'"))
			require.NoError(w, err)
			return row
		}
		_, err := w.d.TestIntegration(w.Context(), w.p, flow.ServiceSheets)
		require.Equal(w, NotFound, AsError(err).Code)
		_, err = w.d.TestIntegration(w.Context(), w.p, "hubspot")
		require.Equal(w, Invalid, AsError(err).Code)
		w.put(flow.ServiceModel, object("provider", "openai", "apiKey", "sk-verysecret", "model", "small"))
		_, err = w.d.TestIntegration(w.Context(), w.p, flow.ServiceModel)
		require.Equal(w, Unavailable, AsError(err).Code, "nobody can test it")

		w.connectSheets()
		require.Equal(w, IntegrationConnected, test(Probe{Message: "Google does not answer."}).Status)
		require.JSONEq(w, string(person), given)
		row := test(Probe{Refused: true, Message: "Revoked."})
		require.Equal(w, IntegrationError, row.Status)
		require.Equal(w, "Revoked.", row.StatusReason)
		require.Equal(w, IntegrationError, test(Probe{Message: "Google does not answer."}).Status)
		require.True(w, w.stored(flow.ServiceSheets, &SheetsConfig{}), "it is tried on")
		row = test(Probe{OK: true, Message: "Fine."})
		require.Equal(w, IntegrationConnected, row.Status)
		require.Empty(w, row.StatusReason)

		// New credentials that came while the old ones were tested are not judged.
		w.d.Probes[flow.ServiceSheets] = func(context.Context, json.RawMessage) Probe {
			w.put(flow.ServiceSheets, object("clientId", "client-2", "clientSecret", "x", "refreshToken", "y"))
			return Probe{Refused: true, Message: "Revoked."}
		}
		_, err = w.d.TestIntegration(w.Context(), w.p, flow.ServiceSheets)
		require.NoError(w, err)
		list, err := w.d.Integrations(w.Context(), w.p)
		require.NoError(w, err)
		require.Equal(w, IntegrationConnected, list[0].Status)
	})
}

// Credentials sealed with a key that is gone do no harm and say what to do.
func TestIntegrationWithoutItsKey(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		w.exec("UPDATE integrations SET config = ?", "AAAA")
		list, err := w.d.Integrations(w.Context(), w.p)
		require.NoError(w, err)
		require.Equal(w, IntegrationError, list[0].Status)
		require.Contains(w, list[0].StatusReason, "UCAL_ENCRYPTION_KEY")
		found, err := w.d.TestIntegration(w.Context(), w.p, flow.ServiceSheets)
		require.NoError(w, err)
		require.False(w, found.OK)

		w.publish(rowFlow(true))
		lines, detail := w.rowSteps(w.run(w.writes("Ann", "m1", "hi")))
		require.Equal(w, "row failed failure "+SheetsNotConnected, lines[0])
		require.Contains(w, detail["problem"], "UCAL_ENCRYPTION_KEY")

		_, err = w.d.PutIntegration(w.Context(), w.p, flow.ServiceSheets, object("clientId", "client-2", "clientSecret", "***", "refreshToken", "y"))
		require.ErrorContains(w, err, "none is stored")
		w.put(flow.ServiceSheets, person)
	})
}

// A step that needs a connection warns until there is one, of the same workspace.
func TestNotConnectedIsAWarning(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(rowFlow(false))
		require.Len(w, w.problems("leads"), 1)
		require.Equal(w, flow.SeverityWarning, w.problems("leads")[0].Severity)
		other := w.p
		other.WorkspaceID++
		w.insert(&Workspace{ID: other.WorkspaceID, Name: "Other", Timezone: "UTC", ClosingNoteMode: "optional", Revision: 1})
		_, err := w.d.PutIntegration(w.Context(), other, flow.ServiceSheets, person)
		require.NoError(w, err)
		require.Len(w, w.problems("leads"), 1)
		require.False(w, w.stored(flow.ServiceSheets, &SheetsConfig{}))
		w.writes("Ann", "m1", "hi")
		require.Len(w, w.problems("leads"), 2, "and it happened")
		w.connectSheets()
		require.Empty(w, w.problems("leads"))
	})
}
