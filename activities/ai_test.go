package activities_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"ucal/connect/llm"
	"ucal/connect/llm/anthropic"
	"ucal/connect/llm/llmtest"
	"ucal/connect/llm/openai"
	"ucal/desk"
	"ucal/flow"
	"ucal/internal/httpx"
)

// talker is an office with a fake language model and a run at its AI Agent.
type talker struct {
	*office
	model *llmtest.Server
	call  flow.Call
}

// eachTalker runs a test on both databases; the model speaks one wire format on
// the one and the other on the other.
func eachTalker(t *testing.T, fn func(k *talker)) {
	t.Helper()
	providers := []llmtest.Provider{llmtest.OpenAI, llmtest.Anthropic}
	eachOffice(t, func(o *office) {
		k := &talker{office: o, model: llmtest.Run(o)}
		p := providers[0]
		providers = append(providers[1:], p)
		config, err := json.Marshal(desk.ModelConfig{Provider: string(p), BaseURL: k.model.URL(p), APIKey: llmtest.Key, Model: "wise", MaxOutputTokens: 400})
		require.NoError(o, err)
		_, err = o.desk.PutIntegration(o.Context(), o.p, flow.ServiceModel, config)
		require.NoError(o, err)
		client := httpx.New(httpx.Policy{AllowLoopback: true, Timeout: 10 * time.Second})
		o.Cleanup(client.Close)
		o.acts.Models = func(c desk.ModelConfig) llm.Model {
			switch c.Provider {
			case desk.ProviderOpenAI:
				return openai.New(openai.Options{BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, HTTP: client})
			case desk.ProviderAnthropic:
				return anthropic.New(anthropic.Options{BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, HTTP: client})
			}
			return nil
		}
		k.begin()
		fn(k)
	})
}

// begin starts the workflow for a contact; call is its first Think.
func (k *talker) begin() {
	k.Helper()
	file := `{"format":1,"id":"leads","name":"Leads","trigger":{"type":"manual_trigger"},"steps":[{"id":"agent","type":"ai_agent","config":{"objective":"collect_information",
		"instructions":"Be kind.","collect":[{"question":"Your name?","variable":"who"}]},"arms":{"success":"end","failure":"end"}}]}`
	_, err := k.desk.ImportWorkflow(k.Context(), k.p, []byte(file), desk.ImportInput{Replace: true})
	require.NoError(k, err)
	_, err = k.desk.PublishWorkflow(k.Context(), k.p, "leads", 0)
	require.NoError(k, err)
	entry := flow.Entry{Seq: 1, StepID: "agent", Name: "Agent", Type: flow.TypeAIAgent, Visit: 1, StartedAt: time.UnixMilli(k.clock.Load())}
	k.call = flow.Call{RunID: k.start("Zimt"), No: 1, Trail: []flow.Entry{entry}, Vars: map[string]string{"who": ""}}
}

// think tries the turn until it is final; the clock goes on by the pauses, which
// are returned in seconds.
func (k *talker) think() (flow.Result, []float64) {
	k.Helper()
	var pauses []float64
	for {
		a, err := k.acts.TryThink(k.Context(), k.call)
		require.NoError(k, err)
		if a.Final != nil {
			return *a.Final, pauses
		}
		require.Less(k, len(pauses), 10)
		pause := a.Until.Sub(time.UnixMilli(k.clock.Load()))
		pauses = append(pauses, pause.Seconds())
		k.clock.Add(pause.Milliseconds())
	}
}

func turn(reply, action string, pairs ...string) llmtest.Answer {
	collected := []any{}
	for i := 0; i < len(pairs); i += 2 {
		collected = append(collected, map[string]string{"variable": pairs[i], "value": pairs[i+1]})
	}
	return llmtest.Answer{JSON: map[string]any{"reply": reply, "action": action, "collected": collected}, TokensIn: 100, TokensOut: 20}
}

// tokens are those of the workspace's day.
func (k *talker) tokens() int64 {
	var row desk.ModelUsage
	require.NoError(k, k.db.Read(k.Context()).Limit(1).Find(&row).Error)
	return row.Tokens
}

// hides looks for the key and for a text in everything that is kept.
func (k *talker) hides(texts ...string) {
	k.Helper()
	kept := k.log.String() + k.everything()
	for _, s := range append(texts, llmtest.Key, llmtest.Key[:12]) {
		require.NotContains(k, kept, s)
	}
}

func TestTurn(t *testing.T) {
	eachTalker(t, func(k *talker) {
		k.model.Push(turn("Hello, who are you?", "continue", "who", "Zoe", "else", "nothing"))
		res, pauses := k.think()
		require.Empty(k, pauses)
		require.Equal(k, flow.Result{Outcome: flow.Done, Arm: flow.ArmSuccess, Set: map[string]string{"who": "Zoe"}}, res)
		call := k.model.Calls()[0]
		require.JSONEq(k, desk.AIReplySchema, string(call.Schema))
		require.Contains(k, call.System, "Be kind.")
		require.Equal(k, []llm.Message{{Role: llm.User, Text: "(The contact has written nothing yet. Write the first message.)"}}, call.Messages)
		require.Equal(k, []any{"wise", 400}, []any{call.Model, call.MaxTokens})
		require.EqualValues(k, 120, k.tokens())
		k.hides()
	})
}

// One layer of retries: four attempts at a model that cannot answer now, with
// pauses that the provider may lengthen.
func TestModelThatCannotAnswerNow(t *testing.T) {
	busy, slow := llmtest.Answer{Status: 503}, llmtest.Answer{Status: 429, RetryAfter: 20 * time.Second}
	for name, tc := range map[string]struct {
		answers []llmtest.Answer
		pauses  []float64
		problem string // "" = the last answer counts
	}{
		"comes back":      {[]llmtest.Answer{busy, slow, {Reset: true}, turn("", "done", "who", "Zoe")}, []float64{2, 20, 30}, ""},
		"stays away":      {[]llmtest.Answer{busy, busy, busy, busy}, []float64{2, 8, 30}, "cannot be reached (HTTP 503)"},
		"asks too much":   {[]llmtest.Answer{{Status: 429, RetryAfter: time.Hour}}, nil, "takes no more calls"},
		"used up":         {[]llmtest.Answer{{Status: 429, Kind: "insufficient_quota", Message: "pay first"}}, nil, "used up (HTTP 429): pay first"},
		"no such model":   {[]llmtest.Answer{{Status: 404, Message: "no model wise"}}, nil, "no usable answer (HTTP 404): no model wise"},
		"refuses the key": {[]llmtest.Answer{{Status: 401, Message: "bad key " + llmtest.Key}}, nil, "refuses the API key (HTTP 401)"},
		"shows the key":   {[]llmtest.Answer{{Status: 400, Message: "what is " + llmtest.Key + "?"}}, nil, "no usable answer (HTTP 400): what is ***?"},
	} {
		t.Run(name, func(t *testing.T) {
			eachTalker(t, func(k *talker) {
				k.model.Push(tc.answers...)
				res, pauses := k.think()
				require.Equal(k, tc.pauses, pauses)
				require.Len(k, k.model.Calls(), len(tc.answers))
				k.hides()
				if tc.problem == "" {
					require.Equal(k, flow.Done, res.Outcome)
					require.Empty(k, k.warnings())
					return
				}
				require.Equal(k, []any{flow.Failed, "ai.provider"}, []any{res.Outcome, res.Code})
				require.True(k, strings.HasSuffix(res.Detail, tc.problem) || strings.Contains(res.Detail, tc.problem), res.Detail)
				require.Equal(k, []string{"warning ai.provider agent"}, k.warnings())
				again, _ := k.think()
				require.Equal(k, res, again, "it is not asked again")
			})
		})
	}
}

// A key that is refused shows on the integration until it works again.
func TestRefusedKeyShows(t *testing.T) {
	eachTalker(t, func(k *talker) {
		status := func() desk.IntegrationStatus {
			list, err := k.desk.Integrations(k.Context(), k.p)
			require.NoError(k, err)
			for _, v := range list {
				if v.Kind == flow.ServiceModel {
					return v.Status
				}
			}
			return ""
		}
		k.model.Push(llmtest.Answer{Status: 401}, turn("", "done", "who", "Zoe"))
		k.think()
		require.Equal(k, desk.IntegrationError, status())
		k.call.RunID = k.start("Zweig")
		res, _ := k.think()
		require.Equal(k, flow.Done, res.Outcome)
		require.Equal(k, desk.IntegrationConnected, status())
	})
}

// An answer in the wrong form is asked for once more, with the reason; then the
// turn has failed. Its tokens count.
func TestAnswersInTheWrongForm(t *testing.T) {
	wrong := turn("Hi", "assign")
	for name, tc := range map[string]struct {
		answers []llmtest.Answer
		works   bool
	}{
		"once":            {[]llmtest.Answer{wrong, turn("", "done", "who", "Zoe")}, true},
		"twice":           {[]llmtest.Answer{wrong, {JSON: map[string]any{"hello": 1}, TokensIn: 100, TokensOut: 20}}, false},
		"words, then not": {[]llmtest.Answer{{Text: "Sure!", TokensIn: 100, TokensOut: 20}, turn("", "done", "who", "Zoe")}, true},
		"a refusal":       {[]llmtest.Answer{{Refusal: true, TokensIn: 100, TokensOut: 20}, {Refusal: true, TokensIn: 100, TokensOut: 20}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachTalker(t, func(k *talker) {
				k.model.Push(tc.answers...)
				res, pauses := k.think()
				require.Empty(k, pauses)
				calls := k.model.Calls()
				require.Len(k, calls, 2)
				last := calls[1].Messages[len(calls[1].Messages)-1]
				require.Equal(k, llm.User, last.Role)
				require.Contains(k, last.Text, "Your answer cannot be used: ")
				require.EqualValues(k, 240, k.tokens(), "both calls count")
				if tc.works {
					require.Equal(k, flow.Done, res.Outcome)
					return
				}
				require.Equal(k, []any{flow.Failed, "ai.provider"}, []any{res.Outcome, res.Code})
			})
		})
	}
}

// A person who takes over ends the call of the model that is going on.
func TestTakenOverWhileTheModelThinks(t *testing.T) {
	eachTalker(t, func(k *talker) {
		k.model.Push(llmtest.Answer{Hang: true})
		came := make(chan desk.Attempt, 1)
		go func() {
			a, _ := k.acts.TryThink(k.Context(), k.call)
			came <- a
		}()
		_, err := k.model.WaitCalls(k.Context(), 1)
		require.NoError(k, err)
		users, err := k.desk.Users(k.Context(), k.p, desk.Page{})
		require.NoError(k, err)
		var run desk.Run
		require.NoError(k, k.db.Read(k.Context()).Take(&run, k.call.RunID).Error)
		_, err = k.desk.SetAssignee(k.Context(), k.p, desk.ByID(run.ContactID), desk.AssigneeChoice{ID: users.Items[0].ID})
		require.NoError(k, err)
		select {
		case a := <-came:
			require.Equal(k, &flow.Result{Outcome: flow.Failed, Code: "ai.taken_over"}, a.Final)
		case <-time.After(10 * time.Second):
			require.Fail(k, "the call goes on")
		}
	})
}

// A worker that stops gives the turn back at once: the next one need not wait
// for the attempt to count as dead.
func TestWorkerStopsWhileTheModelThinks(t *testing.T) {
	eachTalker(t, func(k *talker) {
		k.model.Push(llmtest.Answer{Hang: true}, turn("", "done", "who", "Zoe"))
		ctx, stop := context.WithCancel(k.Context())
		came := make(chan error, 1)
		go func() {
			_, err := k.acts.TryThink(ctx, k.call)
			came <- err
		}()
		_, err := k.model.WaitCalls(k.Context(), 1)
		require.NoError(k, err)
		stop()
		require.ErrorIs(k, <-came, context.Canceled)
		res, pauses := k.think()
		require.Empty(k, pauses)
		require.Equal(k, flow.Done, res.Outcome)
	})
}

// A worker that dies leaves an attempt that is dead after its time; four of them
// are enough.
func TestWorkersThatDie(t *testing.T) {
	eachTalker(t, func(k *talker) {
		for n := range 4 {
			th, err := k.desk.PrepareThink(k.Context(), k.call)
			require.NoError(k, err)
			require.Equal(k, n+1, th.Number)
			a, err := k.acts.TryThink(k.Context(), k.call)
			require.NoError(k, err)
			k.clock.Store(a.Until.UnixMilli())
		}
		res, _ := k.think()
		require.Equal(k, []any{flow.Failed, "ai.provider"}, []any{res.Outcome, res.Code})
		require.Empty(k, k.model.Calls())
	})
}

// On Temporal a pause is short, so that a takeover is noticed in it.
func TestThinkOnTemporal(t *testing.T) {
	eachTalker(t, func(k *talker) {
		var s testsuite.WorkflowTestSuite
		env := s.NewTestActivityEnvironment()
		env.RegisterActivity(k.acts)
		k.model.Push(llmtest.Answer{Status: 503})
		_, err := env.ExecuteActivity("AIThink", k.call, flow.Think{})
		require.ErrorContains(k, err, "language model: next attempt at")
		k.clock.Add(time.Minute.Milliseconds())
		k.model.Push(turn("", "done", "who", "Zoe"))
		got, err := env.ExecuteActivity("AIThink", k.call, flow.Think{})
		require.NoError(k, err)
		var res flow.Result
		require.NoError(k, got.Get(&res))
		require.Equal(k, flow.ArmSuccess, res.Arm)
	})
}
