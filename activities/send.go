package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"ucal/channel"
	"ucal/desk"
	"ucal/flow"
)

const (
	// localBudget is how long a send is tried inside the run's own workflow task.
	localBudget = 3 * time.Second
	// laterBudget is how long one attempt of the ordinary activity may wait for its turn.
	laterBudget = 20 * time.Second
	// callTimeout is how long a provider may take where an attempt must not be cut short.
	callTimeout = 10 * time.Second
	// recordTimeout is how long recording an outcome may take.
	recordTimeout = 10 * time.Second
)

// SendMessage sends the message of a run. As a local activity it gives up after
// a short budget with the outcome retry; as an ordinary activity it goes on.
func (a *Activities) SendMessage(ctx context.Context, call flow.Call, e flow.Send) (flow.Result, error) {
	return a.send(ctx, func() (desk.Delivery, error) { return a.Desk.PrepareSend(ctx, call, e) })
}

// AskQuestion sends a question of a run and opens the wait for its answer.
func (a *Activities) AskQuestion(ctx context.Context, call flow.Call, e flow.Ask) (flow.Result, error) {
	return a.send(ctx, func() (desk.Delivery, error) { return a.Desk.PrepareAsk(ctx, call, e) })
}

// DeliverMessage sends a stored message of a user or the API.
func (a *Activities) DeliverMessage(ctx context.Context, messageID int64) (flow.Result, error) {
	return a.send(ctx, func() (desk.Delivery, error) { return a.Desk.ClaimMessage(ctx, messageID) })
}

// send claims the message, hands it over and records the outcome, until it is
// final or its next attempt lies beyond the budget.
func (a *Activities) send(ctx context.Context, claim func() (desk.Delivery, error)) (flow.Result, error) {
	local := activity.GetInfo(ctx).IsLocalActivity
	budget := laterBudget
	if local {
		budget = localBudget
	}
	deadline := time.Now().Add(budget)
	for {
		dl, err := claim()
		if err == nil && dl.Ready {
			dl, err = a.hand(ctx, dl, deadline)
		}
		if err != nil {
			return flow.Result{}, final(err)
		}
		if dl.Final != nil {
			return *dl.Final, nil
		}
		if dl.Until.After(deadline) {
			return postpone(local, dl)
		}
		if err := pause(ctx, time.Until(dl.Until)); err != nil {
			return flow.Result{}, err
		}
	}
}

// postpone gives the message back until its next attempt.
func postpone(local bool, dl desk.Delivery) (flow.Result, error) {
	if local {
		return flow.Result{Outcome: flow.Retry, Code: dl.Reason, DueAt: dl.Until}, nil
	}
	return flow.Result{}, temporal.NewApplicationErrorWithOptions(fmt.Sprintf("message %d waits: %s", dl.MessageID, dl.Reason), "send.wait",
		pauseUntil(dl.Until))
}

// hand makes one attempt at the provider. The outcome is recorded even when the
// activity is cancelled meanwhile.
func (a *Activities) hand(ctx context.Context, dl desk.Delivery, deadline time.Time) (desk.Delivery, error) {
	adapter, ok := a.Channels.Adapter(dl.Source)
	if !ok {
		return dl, fmt.Errorf("message %d: no adapter for channels of source %q", dl.MessageID, dl.Source)
	}
	timeout, attempt := callTimeout, context.WithoutCancel(ctx) // cut short, its outcome would be unknown for ever
	if dl.Idempotent {                                          // the next attempt carries the same key
		timeout, attempt = min(timeout, max(time.Until(deadline), time.Second)), ctx
	}
	callCtx, cancel := context.WithTimeout(attempt, timeout)
	sent, err := adapter.Send(callCtx, dl.Account, dl.Outgoing)
	cancel()
	recordCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return a.Desk.Delivered(recordCtx, dl, sent, channel.AsSendError(err))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
