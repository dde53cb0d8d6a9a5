package anthropic_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
	"ucal/connect/llm/anthropic"
	"ucal/connect/llm/llmtest"
	"ucal/internal/httpx"
)

func build(baseURL, key string, timeout time.Duration) llm.Model {
	return anthropic.New(anthropic.Options{BaseURL: baseURL, APIKey: key, Model: "claude-fake",
		HTTP: httpx.New(httpx.Policy{AllowLoopback: true, Timeout: timeout})})
}

func TestConformance(t *testing.T) { llmtest.Complete(t, llmtest.Anthropic, build) }

func TestEmptyMessagesAreLeftOut(t *testing.T) {
	s := llmtest.Run(t)
	s.Push(llmtest.Answer{})
	_, err := build(s.URL(llmtest.Anthropic), llmtest.Key, time.Second).Complete(t.Context(), llm.Request{
		Messages: []llm.Message{{Role: llm.User, Text: " "}, {Role: llm.Assistant, Text: ""}, {Role: llm.User, Text: "hello"}}})
	require.NoError(t, err)
	require.Equal(t, []llm.Message{{Role: llm.User, Text: "hello"}}, s.Calls()[0].Messages)
}

func TestNothingFromTheEnvironment(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "sk-environment-123456")
	t.Setenv("ANTHROPIC_AUTH_TOKEN", "sk-environment-123456")
	t.Setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
	s := llmtest.Run(t)
	s.Push(llmtest.Answer{})
	_, err := build(s.URL(llmtest.Anthropic), llmtest.Key, time.Second).Complete(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "hello"}}})
	require.NoError(t, err)
	require.Empty(t, s.Calls()[0].Header.Get("Authorization"))
}
