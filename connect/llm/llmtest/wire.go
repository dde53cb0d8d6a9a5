package llmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ucal/connect/llm"
)

// ServeHTTP is the provider's side: POST /v1/chat/completions and POST /v1/messages.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	provider, read := OpenAI, readOpenAI
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/chat/completions":
	case "POST /v1/messages":
		provider, read = Anthropic, readAnthropic
	default:
		s.problem(r.Method + " " + r.URL.Path + " is no path of a language model")
		fail(w, provider, Answer{Status: http.StatusNotFound, Message: "unknown path"})
		return
	}
	if credential(provider, r.Header) != Key {
		fail(w, provider, Answer{Status: http.StatusUnauthorized, Kind: "authentication_error", Message: "Incorrect API key provided: " + credential(provider, r.Header)})
		return
	}
	call, err := read(r.Header, body)
	if err != nil {
		s.problem(string(provider) + ": " + err.Error())
		fail(w, provider, Answer{Status: http.StatusBadRequest, Kind: "invalid_request_error", Message: err.Error()})
		return
	}
	call.Provider, call.Header, call.Body = provider, r.Header.Clone(), body
	s.mu.Lock()
	noFormat := s.noFormat
	s.mu.Unlock()
	if noFormat && provider == OpenAI && call.Schema != nil {
		fail(w, provider, Answer{Status: http.StatusBadRequest, Message: "json: unknown field \"response_format\""})
		return
	}
	s.answer(w, r, call, s.take(call))
}

func credential(p Provider, h http.Header) string {
	if p == Anthropic {
		return h.Get("X-Api-Key")
	}
	return strings.TrimPrefix(h.Get("Authorization"), "Bearer ")
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, call Call, a Answer) {
	if a.Delay > 0 {
		timer := time.NewTimer(a.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case a.Hang:
		<-r.Context().Done()
	case a.Reset:
		panic(http.ErrAbortHandler)
	case a.Status != 0:
		fail(w, call.Provider, a)
	case a.Body != "":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, a.Body)
	default:
		write(w, http.StatusOK, success(call, a))
	}
}

func fail(w http.ResponseWriter, p Provider, a Answer) {
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(a.RetryAfter/time.Second)))
	}
	if a.Body != "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Body)
		return
	}
	reason := map[string]any{"type": a.Kind, "message": a.Message}
	if p == Anthropic {
		write(w, a.Status, map[string]any{"type": "error", "error": reason})
		return
	}
	reason["code"], reason["param"] = a.Kind, nil
	write(w, a.Status, map[string]any{"error": reason})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone; then nobody is left to tell
}

// success is the answer in the provider's format.
func success(call Call, a Answer) any {
	text, in, out := words(call, a), a.TokensIn, a.TokensOut
	if in == 0 {
		in = 10
	}
	if out == 0 {
		out = 5
	}
	model := call.Model + "-2026"
	if call.Provider == OpenAI {
		message := map[string]any{"role": "assistant", "content": text, "refusal": nil}
		finish := "stop"
		if a.Truncated {
			finish = "length"
		}
		if a.Refusal {
			message["content"], message["refusal"] = nil, "I cannot help with that."
		}
		return map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
			"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
			"usage":   map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}}
	}
	content, stop := []any{map[string]any{"type": "text", "text": text}}, "end_turn"
	if call.Schema != nil {
		var input map[string]any
		if json.Unmarshal([]byte(text), &input) == nil || a.Truncated { // a cut input is shown as far as it can be read
			if input == nil {
				input = map[string]any{}
			}
			content, stop = []any{map[string]any{"type": "tool_use", "id": "toolu_1", "name": call.Name, "input": input}}, "tool_use"
		}
	}
	if a.Truncated {
		stop = "max_tokens"
	}
	if a.Refusal {
		content, stop = []any{}, "refusal"
	}
	return map[string]any{"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content, "stop_reason": stop, "stop_sequence": nil,
		"usage": map[string]any{"input_tokens": in - 3, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": out}}
}

func words(call Call, a Answer) string {
	switch {
	case a.JSON != nil:
		raw, err := json.Marshal(a.JSON)
		if err != nil {
			return err.Error()
		}
		return string(raw)
	case a.Text != "":
		return a.Text
	case call.Schema != nil:
		return "{}"
	}
	return "ok"
}

func readOpenAI(_ http.Header, body []byte) (Call, error) {
	var b struct {
		Model               string
		Messages            []struct{ Role, Content string }
		MaxTokens           int `json:"max_tokens"`
		MaxCompletionTokens int `json:"max_completion_tokens"`
		ResponseFormat      *struct {
			Type       string
			JSONSchema struct {
				Name   string
				Strict bool
				Schema json.RawMessage
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	if err := strict(body, &b); err != nil {
		return Call{}, err
	}
	c := Call{Model: b.Model, MaxTokens: b.MaxTokens + b.MaxCompletionTokens}
	if f := b.ResponseFormat; f != nil {
		if f.Type != "json_schema" {
			return c, fmt.Errorf("response_format.type is %q", f.Type)
		}
		c.Schema, c.Name, c.Strict = f.JSONSchema.Schema, f.JSONSchema.Name, f.JSONSchema.Strict
		if c.Strict && !llm.Closed(c.Schema) {
			return c, errors.New("a strict schema must close all its objects")
		}
	}
	for i, m := range b.Messages {
		if m.Role == "system" && i == 0 {
			c.System = m.Content
			continue
		}
		c.Messages = append(c.Messages, llm.Message{Role: llm.Role(m.Role), Text: m.Content})
	}
	return c, c.check()
}

func readAnthropic(h http.Header, body []byte) (Call, error) {
	type block struct{ Type, Text string }
	var b struct {
		Model    string
		System   []block
		Messages []struct {
			Role    string
			Content []block
		}
		MaxTokens int `json:"max_tokens"`
		Tools     []struct {
			Name, Description string
			InputSchema       json.RawMessage `json:"input_schema"`
		}
		ToolChoice *struct {
			Type, Name string
			Only       bool `json:"disable_parallel_tool_use"`
		} `json:"tool_choice"`
	}
	if err := strict(body, &b); err != nil {
		return Call{}, err
	}
	if h.Get("Anthropic-Version") == "" {
		return Call{}, errors.New("the header anthropic-version is missing")
	}
	c := Call{Model: b.Model, MaxTokens: b.MaxTokens}
	for _, s := range b.System {
		c.System += s.Text
	}
	if len(b.Tools) > 0 {
		if b.ToolChoice == nil || b.ToolChoice.Type != "tool" || b.ToolChoice.Name != b.Tools[0].Name || !b.ToolChoice.Only {
			return c, errors.New("the tool is not forced")
		}
		c.Schema, c.Name = b.Tools[0].InputSchema, b.Tools[0].Name
	}
	for _, m := range b.Messages {
		text := ""
		for _, x := range m.Content {
			if x.Type != "text" || strings.TrimSpace(x.Text) == "" {
				return c, fmt.Errorf("a content block of type %q with the text %q", x.Type, x.Text)
			}
			text += x.Text
		}
		c.Messages = append(c.Messages, llm.Message{Role: llm.Role(m.Role), Text: text})
	}
	if len(c.Messages) > 0 && c.Messages[0].Role != llm.User {
		return c, errors.New("the first message must be the user's")
	}
	return c, c.check()
}

// check is what both providers ask of a request.
func (c Call) check() error {
	switch {
	case c.Model == "":
		return errors.New("model is missing")
	case c.MaxTokens < 1:
		return errors.New("the limit of tokens is missing")
	case len(c.Messages) == 0:
		return errors.New("messages are missing")
	case c.Schema != nil && !regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`).MatchString(c.Name):
		return fmt.Errorf("%q is no name of a schema", c.Name)
	}
	for _, m := range c.Messages {
		if m.Role != llm.User && m.Role != llm.Assistant {
			return fmt.Errorf("unknown role %q", m.Role)
		}
	}
	return nil
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("not the JSON expected: %w", err)
	}
	return nil
}
