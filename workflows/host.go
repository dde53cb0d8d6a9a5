package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"ucal/flow"
)

// host is the interpreter's world on Temporal.
type host struct {
	ctx     workflow.Context
	run     int64
	wake    workflow.ReceiveChannel
	version workflow.Version
	path    []flow.Entry // the steps before the present one, for people
	waits   string       // what the search attribute shows; "" = unset
}

// Renew reports whether the history has become so long that the run should go
// on in a fresh execution.
func (h *host) Renew() bool {
	return h.version >= renews && workflow.GetInfo(h.ctx).GetContinueAsNewSuggested()
}

// Now is the time of the run, the same in every replay.
func (h *host) Now() time.Time { return workflow.Now(h.ctx).UTC() }

// Do carries out an effect. The switch is written out so that workflowcheck
// sees every call.
func (h *host) Do(call flow.Call, e flow.Effect) (flow.Result, error) {
	call.RunID = h.run
	h.show(call, nil)
	switch e := e.(type) {
	case flow.Send:
		return h.send(call, SendMessage, e)
	case flow.Ask:
		return h.send(call, AskQuestion, e)
	case flow.SaveAnswer:
		return h.effect(call, SaveAnswer, e)
	case flow.Assign:
		return h.effect(call, AssignTo, e)
	case flow.Evaluate:
		return h.effect(call, Branch, e)
	case flow.UpdateTag:
		return h.effect(call, UpdateContactTag, e)
	case flow.UpdateField:
		return h.effect(call, UpdateContactField, e)
	case flow.Open:
		return h.effect(call, OpenConversation, e)
	case flow.Close:
		return h.effect(call, CloseConversation, e)
	case flow.Comment:
		return h.effect(call, AddComment, e)
	case flow.Sleep:
		return h.effect(call, StartWait, e)
	case flow.CheckTime:
		return h.effect(call, CheckDateTime, e)
	case flow.StartChild:
		return h.effect(call, TriggerWorkflow, e)
	case flow.Request:
		return h.outside(call, HTTPRequest, e)
	case flow.AppendRow:
		return h.outside(call, AddSheetsRow, e)
	case flow.Think:
		return h.outside(call, AIThink, e)
	case flow.Say:
		return h.send(call, AISay, e)
	}
	return flow.Result{}, fmt.Errorf("run %d: no activity carries out the effect %T", h.run, e)
}

// effect is a short change in the database: a local activity, no round trip
// through the server.
func (h *host) effect(call flow.Call, name string, e flow.Effect) (flow.Result, error) {
	var r flow.Result
	err := h.local(call.Step().Name, name, &r, call, e)
	return r, err
}

// send tries the message at once. A channel that is busy, slow or failing is
// tried on as an ordinary activity, which does not hold up the run's worker.
func (h *host) send(call flow.Call, name string, e flow.Effect) (flow.Result, error) {
	r, err := h.effect(call, name, e)
	if err != nil || r.Outcome != flow.Retry {
		return r, err
	}
	if err := h.waiting(string(flow.WaitRetry)); err != nil {
		return r, err
	}
	ctx := workflow.WithActivityOptions(h.ctx, sendLater(call.Step().Name))
	if err := workflow.ExecuteActivity(ctx, name, call, e).Get(h.ctx, &r); err != nil {
		return r, err
	}
	return r, h.waiting("")
}

// outside calls a system that is not ours: an ordinary activity, whose attempts
// show in the UI. The database says when it is tried again and when it has
// failed for good.
func (h *host) outside(call flow.Call, name string, e flow.Effect) (flow.Result, error) {
	var r flow.Result
	ctx := workflow.WithActivityOptions(h.ctx, callOptions(call.Step().Name))
	err := workflow.ExecuteActivity(ctx, name, call, e).Get(h.ctx, &r)
	return r, err
}

// Await sleeps until the wait's timer fires or something wakes the run, and
// then asks the database who won: an answer or a grant that came in time wins
// over the timer that fired meanwhile.
func (h *host) Await(call flow.Call, w flow.Wait) (flow.Result, error) {
	call.RunID = h.run
	name := call.Step().Name
	if err := h.waiting(string(w.Kind)); err != nil {
		return flow.Result{}, err
	}
	h.show(call, &w)
	timerCtx, cancel := workflow.WithCancel(h.ctx)
	defer cancel()
	var timer workflow.Future
	if !w.DueAt.IsZero() {
		timer = workflow.NewTimerWithOptions(timerCtx, max(w.DueAt.Sub(h.Now()), 0), workflow.TimerOptions{Summary: name})
	}
	for {
		fired := false
		var timerErr error
		sel := workflow.NewSelector(h.ctx)
		if timer != nil {
			sel.AddFuture(timer, func(f workflow.Future) { fired, timerErr = true, f.Get(h.ctx, nil) })
		}
		sel.AddReceive(h.ctx.Done(), func(workflow.ReceiveChannel, bool) { timerErr = h.ctx.Err() })
		sel.AddReceive(h.wake, func(c workflow.ReceiveChannel, _ bool) { drain(c) })
		sel.Select(h.ctx)
		if timerErr != nil {
			return flow.Result{}, timerErr
		}
		var r flow.Result
		if err := h.local(name, EndWait, &r, call, w, fired); err != nil {
			return r, err
		}
		if r.Outcome != "" {
			return r, h.waiting("")
		}
	}
}

// drain empties the signal channel: one question to the database answers them all.
func drain(c workflow.ReceiveChannel) {
	var w Wake
	for c.ReceiveAsync(&w) {
	}
}

// waiting shows in the search attributes what the run waits for.
func (h *host) waiting(kind string) error {
	h.waits = kind
	if kind == "" {
		return workflow.UpsertTypedSearchAttributes(h.ctx, waitingKey().ValueUnset())
	}
	return workflow.UpsertTypedSearchAttributes(h.ctx, waitingKey().ValueSet(kind))
}

// local runs a local activity. A database that does not answer is tried again
// for a day; refusals by the desk are final.
func (h *host) local(summary, name string, result any, args ...any) error {
	ctx := workflow.WithLocalActivityOptions(h.ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    20 * time.Second,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
		Summary:                summary,
	})
	return workflow.ExecuteLocalActivity(ctx, name, args...).Get(h.ctx, result)
}

// callOptions are the options of a call to an outside system.
func callOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              CallQueue,
		StartToCloseTimeout:    5 * time.Minute,
		HeartbeatTimeout:       15 * time.Second,
		ScheduleToCloseTimeout: 8 * 24 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:                summary,
	}
}

// sendLater are the options of a send that goes on as an ordinary activity. The
// database says when it is tried again and when it has failed for good.
func sendLater(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              SendQueue,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 8 * 24 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:                summary,
	}
}
