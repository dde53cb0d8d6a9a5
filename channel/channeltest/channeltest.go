// Package channeltest is what channel adapters are tested with: Run, the conformance harness that every adapter must pass, and Sink,
// a fake custom-channel integration for end-to-end tests and benchmarks.
//
// The harness puts a gate in front of the adapter's fake provider: the gate makes the troubles that every provider has (errors, silence,
// resets, redirects), the fake provider checks each request as strictly as the real one. Everything happens on loopback.
package channeltest

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/internal/httpx"
)

// Provider fakes a provider's HTTP API. As a handler it takes a request or refuses it as the real provider would; it refuses whatever is not
// exactly as documented.
type Provider interface {
	http.Handler
	Taken() []Taken                                   // what it took, in order, repeats included
	Reject(w http.ResponseWriter, reason string)      // refuses a message for good, in the provider's words
	Limit(w http.ResponseWriter, after time.Duration) // asks to be left alone for a while
}

// Taken is a message that a fake provider took, read back from its wire form.
type Taken struct {
	Key        string // the idempotency key, "" if the provider takes none
	To         string
	ProviderID string // what the provider answered
	Message    channel.Message
}

// Case is one adapter under test. The functions are called for each sub-test anew.
type Case struct {
	New      func(*httpx.Client) channel.Adapter
	Account  func(baseURL string) channel.Account // an account whose provider is at the address
	Provider func() Provider
	To       string   // the external id of a contact
	Secrets  []string // must show in no error, beside the account's token

	// For adapters that are a channel.Parser. Each status of the capabilities except sent must come up.
	Inbound   []InboundCase
	Malformed []MalformedCase
}

// InboundCase is a webhook call and what it says.
type InboundCase struct {
	Name    string
	Request channel.Request
	Want    []channel.Inbound
}

// MalformedCase is a webhook call that must be refused with a *channel.ParseError.
type MalformedCase struct {
	Name    string
	Request channel.Request
	Path    string // of one of the details
}

// Run runs every conformance test.
func Run(t *testing.T, c Case) {
	t.Run("config", c.testConfig)
	t.Run("capabilities", c.testCapabilities)
	t.Run("send", c.testSend)
	t.Run("trouble", c.testTrouble)
	if _, ok := c.adapter(t).(channel.Parser); ok {
		t.Run("inbound", c.testInbound)
		t.Run("malformed", c.testMalformed)
		t.Run("statuses", c.testStatuses)
	}
}

func (c Case) adapter(t *testing.T) channel.Adapter {
	t.Helper()
	client := httpx.New(httpx.Policy{AllowLoopback: true})
	t.Cleanup(client.Close)
	return c.New(client)
}

func (c Case) testConfig(t *testing.T) {
	a := c.adapter(t)
	raw := c.Account("http://127.0.0.1:9").Config
	once, problems := a.CheckConfig(raw)
	require.Empty(t, problems, "the account's own configuration")
	twice, problems := a.CheckConfig(once)
	require.Empty(t, problems)
	require.JSONEq(t, string(once), string(twice), "a stored configuration stays as it is")

	for _, bad := range []string{``, `null`, `[]`, `"x"`, `{}`, `{"noSuchSetting": 1}`, `{`} {
		_, problems := a.CheckConfig(json.RawMessage(bad))
		require.NotEmpty(t, problems, "configuration %q", bad)
		for _, p := range problems {
			require.NotEmpty(t, p.Error)
			require.NotEmpty(t, p.Message)
		}
	}
}

func (c Case) testCapabilities(t *testing.T) {
	a := c.adapter(t)
	caps := a.Capabilities(c.Account("http://127.0.0.1:9").Config)
	require.True(t, caps.Carries(channel.TypeText), "every channel carries text")
	require.Contains(t, caps.Statuses, channel.StatusSent)
	require.Contains(t, caps.Statuses, channel.StatusFailed)
	require.Contains(t, []channel.First{channel.FirstYes, channel.FirstNo, channel.FirstTemplate}, caps.First)
	require.Contains(t, []channel.IDKind{channel.IDPhone, channel.IDEmail, channel.IDOwn}, caps.ExternalID)
	require.Positive(t, caps.TextLimit.Max)
	require.NotPanics(t, func() { a.Capabilities(nil) }, "a configuration that cannot be read")
}

// noSecrets checks an error's text and keeps the test going.
func (c Case) noSecrets(t *testing.T, acc channel.Account, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range append([]string{acc.Token}, c.Secrets...) {
			if secret != "" {
				require.NotContains(t, text, secret)
			}
		}
	}
}
