package app

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"ucal/activities"
	"ucal/connect/llm"
	"ucal/connect/llm/anthropic"
	"ucal/connect/llm/openai"
	"ucal/desk"
	"ucal/internal/config"
	"ucal/internal/httpx"
)

const (
	// modelTimeout is how long a language model may take for one answer.
	modelTimeout = 120 * time.Second
	// maxModels is how many models are kept.
	maxModels = 1_000
	// probeTokens is the answer's length in a test: models that think first need some for it.
	probeTokens = 256
)

// models makes the language models of configurations and keeps them: an adapter
// remembers what its server does not take. The operator's own may lie in a
// private network, those of workspaces only where the policy allows it.
func (a *App) models(policy httpx.Policy) activities.Models {
	policy.Timeout = modelTimeout
	workspaces := httpx.New(policy)
	policy.AllowPrivate = true
	operator := httpx.New(policy)
	a.push(func(context.Context) error { workspaces.Close(); operator.Close(); return nil })
	own := operatorModel(a.o.Config)
	var mu sync.Mutex
	made := map[desk.ModelConfig]llm.Model{}
	return func(c desk.ModelConfig) llm.Model {
		mu.Lock()
		defer mu.Unlock()
		if m, ok := made[c]; ok {
			return m
		}
		if len(made) >= maxModels {
			clear(made)
		}
		client := workspaces
		if c == own {
			client = operator
		}
		m := model(c, client)
		made[c] = m
		return m
	}
}

// operatorModel is the model for workspaces that have connected none.
func operatorModel(c config.Config) desk.ModelConfig {
	return desk.ModelConfig{Provider: c.AIProvider, BaseURL: c.AIBaseURL, APIKey: c.AIAPIKey, Model: c.AIModel}
}

// agents are the settings of the AI Agent step.
func agents(c config.Config) desk.AIOptions {
	return desk.AIOptions{Model: operatorModel(c), MaxTurns: c.AIMaxTurns, MaxTokens: c.AIMaxTokens, MaxTime: c.AIMaxTime}
}

// probeModel asks for one word.
func probeModel(ctx context.Context, models activities.Models, raw json.RawMessage) desk.Probe {
	var c desk.ModelConfig
	if json.Unmarshal(raw, &c) != nil { // the cause would show it
		return desk.Probe{Refused: true, Message: "The stored configuration cannot be read. Connect the language model anew."}
	}
	m := models(c)
	if m == nil {
		return desk.Probe{Refused: true, Message: "There is no such provider. Connect the language model anew."}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	reply, err := m.Complete(ctx, llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Answer with the word OK."}}, MaxTokens: probeTokens})
	if err != nil {
		e := llm.AsError(err)
		return desk.Probe{Refused: e.Class == llm.Credentials || e.Class == llm.Quota, Message: e.Error()}
	}
	return desk.Probe{OK: true, Message: "The language model " + reply.Model + " answers."}
}

// model is the adapter for a configuration; nil when there is no such provider.
func model(c desk.ModelConfig, client *httpx.Client) llm.Model {
	switch c.Provider {
	case desk.ProviderOpenAI, desk.ProviderCompatible:
		return openai.New(openai.Options{BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, Compatible: c.Provider == desk.ProviderCompatible, HTTP: client})
	case desk.ProviderAnthropic:
		return anthropic.New(anthropic.Options{BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, HTTP: client})
	}
	return nil
}
