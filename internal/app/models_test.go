package app

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
	"ucal/connect/llm/llmtest"
	"ucal/desk"
	"ucal/internal/config"
	"ucal/internal/httpx"
)

// The operator's model may lie in a private network; a workspace may not send
// the process there, even to the same place with a key of its own.
func TestWhoseModelMayLieWhere(t *testing.T) {
	for _, p := range []llmtest.Provider{llmtest.OpenAI, llmtest.Anthropic} {
		t.Run(string(p), func(t *testing.T) {
			server := llmtest.Run(t)
			server.OnCall(func(llmtest.Call) llmtest.Answer { return llmtest.Answer{Text: "OK"} })
			c := config.Config{AIProvider: string(p), AIBaseURL: server.URL(p), AIAPIKey: llmtest.Key, AIModel: "wise"}
			a := &App{o: Options{Config: c}}
			defer func() { require.NoError(t, a.Stop(t.Context())) }()
			models := a.models(httpx.Policy{})
			own := agents(c).Model
			require.Same(t, models(own), models(own))

			probe := func(c desk.ModelConfig) desk.Probe {
				raw, err := json.Marshal(c)
				require.NoError(t, err)
				return probeModel(t.Context(), models, raw)
			}
			require.Equal(t, desk.Probe{OK: true, Message: "The language model wise-2026 answers."}, probe(own))
			theirs := own
			theirs.MaxTokensPerDay = 1
			got := probe(theirs)
			require.False(t, got.OK)
			require.Contains(t, got.Message, "UCAL_ALLOW_PRIVATE_NETWORKS")
			require.NotContains(t, got.Message, llmtest.Key)

			wrong := a.models(httpx.Policy{AllowLoopback: true})
			theirs.APIKey = "sk-wrong"
			raw, err := json.Marshal(theirs)
			require.NoError(t, err)
			got = probeModel(t.Context(), wrong, raw)
			require.True(t, got.Refused)
		})
	}
}

func TestModelsKnowTheirProviders(t *testing.T) {
	a := &App{}
	models := a.models(httpx.Policy{})
	require.Nil(t, models(desk.ModelConfig{Provider: "oracle"}))
	require.Implements(t, (*llm.Model)(nil), models(desk.ModelConfig{Provider: desk.ProviderCompatible, BaseURL: "https://model.example/v1", Model: "wise"}))
	require.NoError(t, a.Stop(t.Context()))
}
