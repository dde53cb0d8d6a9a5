// Package anthropic calls language models by Anthropic's messages API
// (https://docs.claude.com/en/api/messages, November 2026). An answer in JSON is
// the input of a tool that the model is made to call.
//
// It imports connect/llm and internal/httpx. One call is one attempt: the SDK's
// retries are off. Start reading at New.
package anthropic

import (
	"context"
	"net/http"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"ucal/connect/llm"
	"ucal/internal/httpx"
)

// DefaultBaseURL is Anthropic's own.
const DefaultBaseURL = "https://api.anthropic.com"

// Options of a Model.
type Options struct {
	BaseURL string // without /v1; "" = DefaultBaseURL
	APIKey  string
	Model   string
	HTTP    *httpx.Client // its timeout is that of a call
}

// Model is one model of one server. It is safe for concurrent use.
type Model struct {
	o        Options
	messages anthropic.MessageService
}

var _ llm.Model = (*Model)(nil)

// New makes a model. It reads nothing from the environment, whatever the SDK's
// client would do.
func New(o Options) *Model {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	return &Model{o: o, messages: anthropic.NewMessageService(option.WithBaseURL(o.BaseURL), option.WithHTTPClient(o.HTTP), option.WithMaxRetries(0),
		option.WithAPIKey(o.APIKey), option.WithoutOpenTelemetry())}
}

// Complete makes one attempt.
func (m *Model) Complete(ctx context.Context, r llm.Request) (llm.Reply, error) {
	var resp *http.Response
	got, err := m.messages.New(ctx, m.params(r), option.WithResponseInto(&resp))
	if err != nil || resp == nil || resp.StatusCode >= 300 {
		return llm.Reply{}, llm.Fail(err, resp, m.o.APIKey)
	}
	reply := llm.Reply{Model: got.Model, TokensOut: int(got.Usage.OutputTokens), Truncated: got.StopReason == anthropic.StopReasonMaxTokens,
		TokensIn: int(got.Usage.InputTokens + got.Usage.CacheCreationInputTokens + got.Usage.CacheReadInputTokens)}
	if got.StopReason == anthropic.StopReasonRefusal {
		return reply, llm.Reject("the language model refused to answer")
	}
	var text strings.Builder
	for _, block := range got.Content {
		switch {
		case len(r.Schema) > 0 && block.Type == "tool_use" && block.Name == r.Name:
			text.Reset()
			text.Write(block.Input)
		case len(r.Schema) == 0 && block.Type == "text":
			text.WriteString(block.Text)
		}
	}
	reply.Text = strings.TrimSpace(text.String())
	switch {
	case len(r.Schema) > 0 && reply.Truncated: // a tool's input that was cut may look whole
		_, err = llm.Object("", true)
	case len(r.Schema) > 0:
		reply.Text, err = llm.Object(reply.Text, false)
	case reply.Text == "" && !reply.Truncated:
		err = llm.Reject("the answer of the language model is empty")
	}
	if err != nil {
		reply.Text = ""
	}
	return reply, err
}

func (m *Model) params(r llm.Request) anthropic.MessageNewParams {
	p := anthropic.MessageNewParams{Model: m.o.Model, MaxTokens: llm.DefaultMaxTokens}
	if r.MaxTokens > 0 {
		p.MaxTokens = int64(r.MaxTokens)
	}
	if r.System != "" {
		p.System = []anthropic.TextBlockParam{{Text: r.System}}
	}
	for _, msg := range r.Messages {
		if strings.TrimSpace(msg.Text) == "" {
			continue // an empty block is refused
		}
		block := anthropic.NewTextBlock(msg.Text)
		if msg.Role == llm.Assistant {
			if len(p.Messages) == 0 { // the first turn must be the user's
				p.Messages = append(p.Messages, anthropic.NewUserMessage(anthropic.NewTextBlock("…")))
			}
			p.Messages = append(p.Messages, anthropic.NewAssistantMessage(block))
		} else {
			p.Messages = append(p.Messages, anthropic.NewUserMessage(block))
		}
	}
	if len(r.Schema) > 0 {
		tool := anthropic.ToolParam{Name: r.Name, Description: anthropic.String("Gives the answer. Call it exactly once."),
			InputSchema: param.Override[anthropic.ToolInputSchemaParam](r.Schema)}
		p.Tools = []anthropic.ToolUnionParam{{OfTool: &tool}}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfTool: &anthropic.ToolChoiceToolParam{Name: r.Name, DisableParallelToolUse: anthropic.Bool(true)}}
	}
	return p
}
