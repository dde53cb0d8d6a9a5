package llmtest

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
)

// Schema is the schema of the conformance tests.
const Schema = `{"type":"object","properties":{"reply":{"type":"string"},"action":{"type":"string","enum":["continue","done"]}},"required":["reply","action"],"additionalProperties":false}`

// Complete is the test of an adapter: build gives a model that calls the server
// at baseURL with an API key and a timeout.
func Complete(t *testing.T, p Provider, build func(baseURL, key string, timeout time.Duration) llm.Model) {
	run := func(name string, fn func(t *testing.T, s *Server, m llm.Model)) {
		t.Run(name, func(t *testing.T) {
			s := Run(t)
			fn(t, s, build(s.URL(p), Key, 10*time.Second))
		})
	}
	question := llm.Request{System: "You are helpful.", MaxTokens: 300, Messages: []llm.Message{
		{Role: llm.User, Text: "hello"}, {Role: llm.Assistant, Text: "hi, how can I help?"}, {Role: llm.User, Text: "where is my parcel? 📦"}}}
	structured := question
	structured.Schema, structured.Name = json.RawMessage(Schema), "turn"

	run("text", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{Text: " On its way. ", TokensIn: 120, TokensOut: 7})
		got, err := m.Complete(t.Context(), question)
		require.NoError(t, err)
		require.Equal(t, llm.Reply{Text: "On its way.", Model: s.Calls()[0].Model + "-2026", TokensIn: 120, TokensOut: 7}, got)
		call := s.Calls()[0]
		require.Equal(t, p, call.Provider)
		require.Equal(t, question.System, call.System)
		require.Equal(t, question.Messages, call.Messages)
		require.Equal(t, 300, call.MaxTokens)
		require.Nil(t, call.Schema)
	})
	run("default limit", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{})
		_, err := m.Complete(t.Context(), llm.Request{Messages: question.Messages[:1]})
		require.NoError(t, err)
		require.Equal(t, llm.DefaultMaxTokens, s.Calls()[0].MaxTokens)
		require.Empty(t, s.Calls()[0].System)
	})
	run("schema", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{JSON: map[string]any{"reply": "On its way.", "action": "done"}})
		got, err := m.Complete(t.Context(), structured)
		require.NoError(t, err)
		require.JSONEq(t, `{"reply":"On its way.","action":"done"}`, got.Text)
		require.JSONEq(t, Schema, string(s.Calls()[0].Schema))
		require.Equal(t, "turn", s.Calls()[0].Name)
	})
	run("truncated text", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{Text: "On its", Truncated: true})
		got, err := m.Complete(t.Context(), question)
		require.NoError(t, err)
		require.Equal(t, "On its", got.Text)
		require.True(t, got.Truncated)
	})
	for name, a := range map[string]Answer{
		"truncated JSON":  {Text: `{"reply":"On its`, Truncated: true},
		"words not JSON":  {Text: "Sure! I can help."},
		"an array":        {Text: `[1]`},
		"refusal":         {Refusal: true},
		"not this format": {Body: `{"hello":"world"}`},
		"not even JSON":   {Body: `<html>` + Key},
	} {
		run("rejected: "+name, func(t *testing.T, s *Server, m llm.Model) {
			s.Push(a)
			_, err := m.Complete(t.Context(), structured)
			fails(t, err, llm.Rejected, 0)
			require.Len(t, s.Calls(), 1)
		})
	}
	run("refusal in words", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{Refusal: true})
		_, err := m.Complete(t.Context(), question)
		fails(t, err, llm.Rejected, 0)
	})
	for _, tc := range []struct {
		name  string
		a     Answer
		class llm.Class
		after time.Duration
	}{
		{"400", Answer{Status: 400, Kind: "invalid_request_error", Message: "messages: too long, " + Key + " used"}, llm.Rejected, 0},
		{"404", Answer{Status: 404, Kind: "not_found_error", Message: "model: no-such-model"}, llm.Rejected, 0},
		{"413", Answer{Status: 413, Kind: "request_too_large"}, llm.Rejected, 0},
		{"422", Answer{Status: 422}, llm.Rejected, 0},
		{"401", Answer{Status: 401, Kind: "authentication_error", Message: "invalid key " + Key[:14]}, llm.Credentials, 0},
		{"403", Answer{Status: 403, Kind: "permission_error", Message: "no"}, llm.Credentials, 0},
		{"402", Answer{Status: 402, Kind: "billing_error", Message: "pay"}, llm.Quota, 0},
		{"429 of an empty account", Answer{Status: 429, Kind: "insufficient_quota", Message: "You exceeded your current quota"}, llm.Quota, 0},
		{"400 of an empty account", Answer{Status: 400, Kind: "invalid_request_error", Message: "Your credit balance is too low"}, llm.Quota, 0},
		{"429", Answer{Status: 429, Kind: "rate_limit_error", Message: "slow down", RetryAfter: 17 * time.Second}, llm.RateLimited, 17 * time.Second},
		{"529", Answer{Status: 529, Kind: "overloaded_error", Message: "Overloaded"}, llm.RateLimited, 0},
		{"500", Answer{Status: 500, Kind: "api_error", Message: "oops"}, llm.Unavailable, 0},
		{"503 of a proxy", Answer{Status: 503, Body: "<html>" + Key + "</html>", RetryAfter: 5 * time.Second}, llm.Unavailable, 5 * time.Second},
		{"302", Answer{Status: 302, Body: "moved"}, llm.Rejected, 0},
	} {
		run(tc.name, func(t *testing.T, s *Server, m llm.Model) {
			s.Push(tc.a, Answer{Text: "a second attempt"})
			_, err := m.Complete(t.Context(), question)
			e := fails(t, err, tc.class, tc.a.Status)
			require.Equal(t, tc.after, e.RetryAfter)
			require.Len(t, s.Calls(), 1, "one call is one attempt")
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		s := Run(t)
		const wrong = "sk-wrong-9876543210"
		_, err := build(s.URL(p), wrong, 10*time.Second).Complete(t.Context(), question)
		e := fails(t, err, llm.Credentials, http.StatusUnauthorized)
		require.NotContains(t, e.Error(), wrong[:12])
		require.Empty(t, s.Calls())
	})
	run("connection cut", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{Reset: true}, Answer{Text: "a second attempt"})
		_, err := m.Complete(t.Context(), question)
		fails(t, err, llm.Unavailable, 0)
		require.Len(t, s.Calls(), 1)
	})
	run("nobody there", func(t *testing.T, s *Server, m llm.Model) {
		require.NoError(t, s.Close())
		_, err := m.Complete(t.Context(), question)
		fails(t, err, llm.Unavailable, 0)
	})
	t.Run("no answer in time", func(t *testing.T) {
		s := Run(t)
		s.Push(Answer{Hang: true})
		_, err := build(s.URL(p), Key, 100*time.Millisecond).Complete(t.Context(), question)
		fails(t, err, llm.Unavailable, 0)
	})
	run("cancelled", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{Hang: true})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := m.Complete(ctx, question)
			done <- err
		}()
		_, err := s.WaitCalls(t.Context(), 1)
		require.NoError(t, err)
		cancel()
		fails(t, <-done, llm.Unavailable, 0)
	})
	run("begins with our words", func(t *testing.T, s *Server, m llm.Model) {
		s.Push(Answer{})
		_, err := m.Complete(t.Context(), llm.Request{Messages: question.Messages[1:]})
		require.NoError(t, err)
		got := s.Calls()[0].Messages
		require.Equal(t, question.Messages[1:], got[len(got)-2:])
	})
}

// fails checks an error's class, and that it shows no key.
func fails(t *testing.T, err error, class llm.Class, status int) *llm.Error {
	t.Helper()
	require.Error(t, err)
	e, ok := err.(*llm.Error)
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, class, e.Class, e.Error())
	require.Equal(t, status, e.Status)
	require.NotEmpty(t, e.Message)
	require.NotContains(t, e.Error(), Key[:12])
	return e
}
