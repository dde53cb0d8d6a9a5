package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"ucal/connect/llm"
	"ucal/desk"
	"ucal/flow"
)

// Models gives the model that a configuration names; nil when there is no such
// provider. It is asked at every turn.
type Models func(c desk.ModelConfig) llm.Model

const (
	// thinkBudget is how long one attempt at a turn may take; the desk takes it for dead a little later.
	thinkBudget = 150 * time.Second
	// lookEvery is how often a call looks whether its answer is still wanted.
	lookEvery = 500 * time.Millisecond
	// pauseLook is the same for the pauses between attempts.
	pauseLook = 2 * time.Second
	// maxThinkAttempts is how often a turn is tried at a provider that cannot answer now.
	maxThinkAttempts = 4
	// replyTokens is how long an answer may be where the configuration does not say: models that think first need some for it.
	replyTokens = 4_096
	// maxRetryAfter is the longest pause that a provider may ask for: the contact waits.
	maxRetryAfter = 2 * time.Minute
)

// thinkPauses are the pauses between the attempts at a turn.
func thinkPauses() [maxThinkAttempts - 1]time.Duration {
	return [...]time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second}
}

// AIThink makes one turn of an AI Agent: what the model wants to say is stored,
// and the history gets a reference to it. Pauses are cut short, so that a person
// who takes the conversation over is noticed in them.
func (a *Activities) AIThink(ctx context.Context, call flow.Call, _ flow.Think) (flow.Result, error) {
	return outside(ctx, "language model", func(ctx context.Context) (desk.Attempt, error) {
		at, err := a.TryThink(ctx, call)
		if look := time.Now().Add(pauseLook); at.Until.After(look) {
			at.Until = look
		}
		return at, err
	})
}

// AISay sends what a turn of an AI Agent wants to say, and opens the wait for
// the contact.
func (a *Activities) AISay(ctx context.Context, call flow.Call, e flow.Say) (flow.Result, error) {
	return a.send(ctx, func() (desk.Delivery, error) { return a.Desk.PrepareSay(ctx, call, e) })
}

// TryThink makes one attempt at a turn of an AI Agent, or says when the next one
// may be made. It needs no Temporal.
func (a *Activities) TryThink(ctx context.Context, call flow.Call) (desk.Attempt, error) {
	th, err := a.Desk.PrepareThink(ctx, call)
	if err != nil || !th.Ready {
		return th.Attempt, err
	}
	if th.Number > maxThinkAttempts { // the ones before died without a word
		return a.thought(ctx, call, th, desk.Thought{Problem: fmt.Sprintf("%d attempts were cut off before the language model answered", th.Number-1)})
	}
	got, failure, wanted := a.think(ctx, call, th)
	switch {
	case !wanted:
		again, err := a.Desk.PrepareThink(context.WithoutCancel(ctx), call) // the desk has the result already
		return again.Attempt, err
	case failure == nil:
		return a.thought(ctx, call, th, got)
	case ctx.Err() != nil: // the worker stops: the next one begins anew at once
		if _, err := a.Desk.RetryCall(context.WithoutCancel(ctx), call, th.Number, 0, ""); err != nil {
			return desk.Attempt{}, err
		}
		return desk.Attempt{}, ctx.Err()
	}
	if pause, ok := pauseAfter(failure, th.Number); ok {
		until, err := a.Desk.RetryCall(context.WithoutCancel(ctx), call, th.Number, pause, problem(failure))
		return desk.Attempt{Until: until}, err
	}
	got.Problem, got.Refused = problem(failure), failure.Class == llm.Credentials || failure.Class == llm.Quota
	return a.thought(ctx, call, th, got)
}

// thought records how a turn came out, also when the activity is cancelled.
func (a *Activities) thought(ctx context.Context, call flow.Call, th desk.Thinking, got desk.Thought) (desk.Attempt, error) {
	recordCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	res, err := a.Desk.FinishThink(recordCtx, call, th, got)
	return desk.Attempt{Final: &res}, err
}

// think calls the model; once more when it does not answer in the form that was
// asked for. wanted is false when the desk did not want the answer any more.
func (a *Activities) think(ctx context.Context, call flow.Call, th desk.Thinking) (got desk.Thought, failure *llm.Error, wanted bool) {
	model := a.Models(th.Model)
	if model == nil {
		return got, &llm.Error{Class: llm.Rejected, Message: fmt.Sprintf("there is no provider %q", th.Model.Provider)}, true
	}
	callCtx, cancel := context.WithTimeout(ctx, thinkBudget)
	defer cancel()
	var dropped atomic.Bool
	go a.watch(callCtx, call, func() { dropped.Store(true); cancel() })
	ask := request(th)
	for try := 1; ; try++ {
		reply, err := model.Complete(callCtx, ask)
		got.TokensIn, got.TokensOut = got.TokensIn+reply.TokensIn, got.TokensOut+reply.TokensOut
		if dropped.Load() {
			return got, nil, false
		}
		failure = nil
		if err != nil {
			if failure = llm.AsError(err); failure.Class != llm.Rejected || failure.Status >= 400 {
				return got, failure, true
			}
		} else if got.Reply, err = desk.ParseAIReply(reply.Text, th.Ask); err == nil {
			got.Model = reply.Model
			return got, nil, true
		}
		if failure == nil {
			failure = &llm.Error{Class: llm.Rejected, Message: err.Error()}
		}
		if try == 2 {
			return got, failure, true
		}
		ask.Messages = corrected(request(th).Messages, reply.Text, failure.Message)
	}
}

// watch calls stop when nobody wants the answer any more.
func (a *Activities) watch(ctx context.Context, call flow.Call, stop func()) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if wanted, err := a.Desk.Wanted(ctx, call); err == nil && !wanted {
				stop()
				return
			}
		}
	}
}

// request is what the desk asks, in the words of the port.
func request(th desk.Thinking) llm.Request {
	r := llm.Request{System: th.Ask.System, Schema: json.RawMessage(desk.AIReplySchema), Name: "turn", MaxTokens: cmp.Or(th.Model.MaxOutputTokens, replyTokens)}
	for _, m := range th.Ask.Messages {
		role := llm.Assistant
		if m.Contact {
			role = llm.User
		}
		r.Messages = append(r.Messages, llm.Message{Role: role, Text: m.Text})
	}
	return r
}

// corrected is a conversation with an answer in the wrong form and why it is wrong.
func corrected(list []llm.Message, answer, why string) []llm.Message {
	if answer == "" {
		answer = "(no answer)"
	}
	return append(list, llm.Message{Role: llm.Assistant, Text: answer},
		llm.Message{Role: llm.User, Text: "(Your answer cannot be used: " + why + ". Answer again with the JSON object only.)"})
}

// pauseAfter is how long to wait before the next attempt; false when there is
// none.
func pauseAfter(failure *llm.Error, attempt int) (time.Duration, bool) {
	if !failure.Retryable() || attempt >= maxThinkAttempts || failure.RetryAfter > maxRetryAfter {
		return 0, false
	}
	return max(failure.RetryAfter, thinkPauses()[attempt-1]), true
}

// problem is a failure for the step log. The port keeps credentials out of its
// errors.
func problem(failure *llm.Error) string {
	what := map[llm.Class]string{
		llm.Unavailable: "the language model cannot be reached", llm.RateLimited: "the language model's provider takes no more calls for now",
		llm.Credentials: "the language model's provider refuses the API key", llm.Quota: "the account at the language model's provider is used up",
	}[failure.Class]
	if what == "" {
		what = "the language model gave no usable answer"
	}
	if failure.Status != 0 {
		what += fmt.Sprintf(" (HTTP %d)", failure.Status)
	}
	if failure.Class == llm.Credentials || failure.Message == "" {
		return what
	}
	return what + ": " + failure.Message
}
