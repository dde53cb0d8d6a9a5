// Package openai calls language models by OpenAI's chat completions
// (https://platform.openai.com/docs/api-reference/chat, November 2026), which
// Ollama, vLLM, LM Studio and others speak too.
//
// It imports connect/llm and internal/httpx. One call is one attempt: the SDK's
// retries are off. Start reading at New.
package openai

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"ucal/connect/llm"
	"ucal/internal/httpx"
)

// DefaultBaseURL is OpenAI's own.
const DefaultBaseURL = "https://api.openai.com/v1"

// Options of a Model.
type Options struct {
	BaseURL    string        // up to and with /v1, such as http://localhost:11434/v1 for Ollama; "" = DefaultBaseURL
	APIKey     string        // "" = none is sent
	Model      string        // as the server names it
	Compatible bool          // the server is not OpenAI's: it gets max_tokens and no strict schemas
	HTTP       *httpx.Client // its timeout is that of a call
}

// Model is one model of one server. It is safe for concurrent use.
type Model struct {
	o     Options
	chat  openai.ChatCompletionService
	plain atomic.Bool // the server refused response_format: schemas go into the system prompt
}

var _ llm.Model = (*Model)(nil)

// New makes a model. It reads nothing from the environment, whatever the SDK's
// client would do.
func New(o Options) *Model {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	opts := []option.RequestOption{option.WithBaseURL(o.BaseURL), option.WithHTTPClient(o.HTTP), option.WithMaxRetries(0)}
	if o.APIKey != "" {
		opts = append(opts, option.WithAPIKey(o.APIKey))
	}
	return &Model{o: o, chat: openai.NewChatCompletionService(opts...)}
}

// Complete makes one attempt. A server that does not know response_format gets
// the request a second time with the schema in words, and from then on at once.
func (m *Model) Complete(ctx context.Context, r llm.Request) (llm.Reply, error) {
	plain := m.plain.Load()
	reply, err := m.complete(ctx, r, plain)
	if err != nil && len(r.Schema) > 0 && !plain && refusesFormat(err) {
		m.plain.Store(true)
		reply, err = m.complete(ctx, r, true)
	}
	if err != nil {
		reply.Text = ""
	}
	return reply, err
}

// refusesFormat recognises that the response format is what a server does not
// take. There is no common code for it.
func refusesFormat(err error) bool {
	e := llm.AsError(err)
	words := strings.ToLower(e.Message)
	return (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) &&
		(strings.Contains(words, "response_format") || strings.Contains(words, "json_schema") || strings.Contains(words, "response format"))
}

func (m *Model) complete(ctx context.Context, r llm.Request, plain bool) (llm.Reply, error) {
	var resp *http.Response
	got, err := m.chat.New(ctx, m.params(r, plain), option.WithResponseInto(&resp))
	if err != nil || resp == nil || resp.StatusCode >= 300 {
		return llm.Reply{}, llm.Fail(err, resp, m.o.APIKey)
	}
	if len(got.Choices) == 0 {
		return llm.Reply{}, llm.Reject("the answer of the language model is empty")
	}
	choice := got.Choices[0]
	reply := llm.Reply{Text: strings.TrimSpace(choice.Message.Content), Model: got.Model, TokensIn: int(got.Usage.PromptTokens),
		TokensOut: int(got.Usage.CompletionTokens), Truncated: choice.FinishReason == "length"}
	switch {
	case choice.Message.Refusal != "" || choice.FinishReason == "content_filter":
		return reply, llm.Reject("the language model refused to answer")
	case len(r.Schema) > 0:
		reply.Text, err = llm.Object(reply.Text, reply.Truncated)
	case reply.Text == "" && !reply.Truncated:
		err = llm.Reject("the answer of the language model is empty")
	}
	return reply, err
}

func (m *Model) params(r llm.Request, plain bool) openai.ChatCompletionNewParams {
	system := r.System
	p := openai.ChatCompletionNewParams{Model: m.o.Model}
	if len(r.Schema) > 0 && plain {
		system += "\n\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n" + string(r.Schema)
	}
	if len(r.Schema) > 0 && !plain {
		format := shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: r.Name, Schema: r.Schema}
		if !m.o.Compatible && llm.Closed(r.Schema) {
			format.Strict = openai.Bool(true)
		}
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: format}
	}
	if system != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(system))
	}
	for _, msg := range r.Messages {
		if msg.Role == llm.Assistant {
			p.Messages = append(p.Messages, openai.AssistantMessage(msg.Text))
		} else {
			p.Messages = append(p.Messages, openai.UserMessage(msg.Text))
		}
	}
	limit := int64(llm.DefaultMaxTokens)
	if r.MaxTokens > 0 {
		limit = int64(r.MaxTokens)
	}
	// OpenAI's newer models refuse max_tokens, other servers do not know its successor.
	if m.o.Compatible {
		p.MaxTokens = openai.Int(limit)
	} else {
		p.MaxCompletionTokens = openai.Int(limit)
	}
	return p
}
