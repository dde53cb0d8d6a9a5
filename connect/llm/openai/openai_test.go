package openai_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
	"ucal/connect/llm/llmtest"
	"ucal/connect/llm/openai"
	"ucal/internal/httpx"
)

func build(compatible bool) func(baseURL, key string, timeout time.Duration) llm.Model {
	return func(baseURL, key string, timeout time.Duration) llm.Model {
		return openai.New(openai.Options{BaseURL: baseURL, APIKey: key, Model: "gpt-fake", Compatible: compatible,
			HTTP: httpx.New(httpx.Policy{AllowLoopback: true, Timeout: timeout})})
	}
}

func TestConformance(t *testing.T) {
	for name, compatible := range map[string]bool{"openai": false, "compatible": true} {
		t.Run(name, func(t *testing.T) { llmtest.Complete(t, llmtest.OpenAI, build(compatible)) })
	}
}

func question(schema string) llm.Request {
	r := llm.Request{System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "hello"}}, MaxTokens: 9}
	if schema != "" {
		r.Schema, r.Name = json.RawMessage(schema), "turn"
	}
	return r
}

func TestWhatOpenAIAndOthersGet(t *testing.T) {
	for _, tc := range []struct {
		name       string
		compatible bool
		schema     string
		strict     bool
		limit      string
	}{
		{"closed schema", false, llmtest.Schema, true, "max_completion_tokens"},
		{"open schema", false, `{"type":"object","properties":{"a":{"type":"string"}}}`, false, "max_completion_tokens"},
		{"another server", true, llmtest.Schema, false, "max_tokens"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := llmtest.Run(t)
			s.Push(llmtest.Answer{})
			_, err := build(tc.compatible)(s.URL(llmtest.OpenAI), llmtest.Key, time.Second).Complete(t.Context(), question(tc.schema))
			require.NoError(t, err)
			require.Equal(t, tc.strict, s.Calls()[0].Strict)
			var body map[string]any
			require.NoError(t, json.Unmarshal(s.Calls()[0].Body, &body))
			require.EqualValues(t, 9, body[tc.limit])
		})
	}
}

// A server that refuses response_format is asked in words: once with the
// refusal, then at once.
func TestServerWithoutResponseFormat(t *testing.T) {
	s := llmtest.Run(t)
	s.RefuseFormat()
	m := build(true)(s.URL(llmtest.OpenAI), llmtest.Key, time.Second)
	for i, text := range []string{`{"reply":"hi"}`, "```json\n{\"reply\":\"hi\"}\n```"} {
		s.Push(llmtest.Answer{Text: text})
		got, err := m.Complete(t.Context(), question(llmtest.Schema))
		require.NoError(t, err)
		require.JSONEq(t, `{"reply":"hi"}`, got.Text)
		require.Len(t, s.Calls(), i+1)
		call := s.Calls()[i]
		require.Nil(t, call.Schema)
		require.Contains(t, call.System, "Be brief.")
		require.Contains(t, call.System, llmtest.Schema)
	}
	s.Push(llmtest.Answer{Text: "no JSON"})
	_, err := m.Complete(t.Context(), question(llmtest.Schema))
	require.Equal(t, llm.Rejected, llm.AsError(err).Class)
}

// Ollama needs no key, and the SDK's environment variables change nothing.
func TestNothingFromTheEnvironment(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-environment-123456")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
	s := llmtest.Run(t)
	_, err := build(true)(s.URL(llmtest.OpenAI), "", time.Second).Complete(t.Context(), question(""))
	require.Equal(t, llm.Credentials, llm.AsError(err).Class, "the fake server demands a key")
	require.Empty(t, s.Problems())
}

func TestPrivateAddressIsRefused(t *testing.T) {
	s := llmtest.Run(t)
	m := openai.New(openai.Options{BaseURL: s.URL(llmtest.OpenAI), APIKey: llmtest.Key, Model: "m", HTTP: httpx.New(httpx.Policy{})})
	_, err := m.Complete(t.Context(), question(""))
	e := llm.AsError(err)
	require.Equal(t, llm.Rejected, e.Class)
	require.Contains(t, e.Message, "UCAL_ALLOW_PRIVATE_NETWORKS")
	require.False(t, e.Retryable())
}
