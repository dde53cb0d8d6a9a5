package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/channel"
	"ucal/desk"
	"ucal/flow"
)

// The engine does what Temporal does: it drives runs over the same activities,
// replaying each from its beginning, and lets timers fire at their moment.

// pump does what the outbox asks for until nothing is left.
func (w *world) pump() {
	w.Helper()
	for {
		rows, err := w.desk.LeaseOutbox(w.Context(), 50, 60_000)
		require.NoError(w, err)
		if len(rows) == 0 {
			return
		}
		for _, r := range rows {
			if r.Kind == desk.Deliver {
				w.deliver(r)
			} else {
				w.drive(r.RunID)
			}
			_, err := w.desk.DoneOutbox(w.Context(), r)
			require.NoError(w, err)
		}
	}
}

func (w *world) deliver(r desk.OutboxRow) {
	w.Helper()
	var m desk.DeliverMessage
	require.NoError(w, json.Unmarshal([]byte(r.Payload), &m))
	res, err := w.send(func() (desk.Delivery, error) { return w.desk.ClaimMessage(context.Background(), m.MessageID) })
	require.NoError(w, err)
	require.NotEmpty(w, res.Outcome)
}

// passUntil moves the clock from one due run to the next.
func (w *world) passUntil(end time.Time) {
	w.Helper()
	for {
		var due []desk.Run
		require.NoError(w, w.db.Read(w.Context()).Where("state IN ('running', 'waiting') AND due_at > 0 AND due_at <= ?", end.UnixMilli()).
			Order("due_at, id").Limit(1).Find(&due).Error)
		if len(due) == 0 {
			w.clock.Store(max(w.clock.Load(), end.UnixMilli()))
			require.NoError(w, w.sweep())
			w.pump()
			return
		}
		w.clock.Store(max(w.clock.Load(), due[0].DueAt))
		w.drive(due[0].ID)
		w.pump()
	}
}

// drive executes a run from its beginning until it ends or must wait: effects
// that have been carried out give their stored results.
func (w *world) drive(id int64) {
	w.Helper()
	loaded, err := w.desk.LoadRun(w.Context(), id)
	require.NoError(w, err)
	st := loaded.State
	defer func() {
		if r := recover(); r != nil && r != suspended {
			panic(r)
		}
	}()
	end, err := flow.Execute(loaded.Definition, &st, &engine{w: w, run: id})
	require.NoError(w, err)
	call := flow.Call{RunID: id, No: st.Effects + 1, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}
	_, err = w.acts.EndRun(w.Context(), call, end)
	require.NoError(w, err)
}

const suspended = "the run waits"

// engine is a flow.Host over the activities.
type engine struct {
	w   *world
	run int64
}

func (e *engine) Now() time.Time { return e.w.now() }

func (e *engine) Do(call flow.Call, eff flow.Effect) (flow.Result, error) {
	call.RunID = e.run
	w, ctx, acts := e.w, e.w.Context(), e.w.acts
	switch x := eff.(type) {
	case flow.Send:
		return w.send(func() (desk.Delivery, error) { return w.desk.PrepareSend(ctx, call, x) })
	case flow.Ask:
		return w.send(func() (desk.Delivery, error) { return w.desk.PrepareAsk(ctx, call, x) })
	case flow.SaveAnswer:
		return acts.SaveAnswer(ctx, call, x)
	case flow.Assign:
		return acts.AssignTo(ctx, call, x)
	case flow.Evaluate:
		return acts.Branch(ctx, call, x)
	case flow.UpdateTag:
		return acts.UpdateContactTag(ctx, call, x)
	case flow.UpdateField:
		return acts.UpdateContactField(ctx, call, x)
	case flow.Open:
		return acts.OpenConversation(ctx, call, x)
	case flow.Close:
		return acts.CloseConversation(ctx, call, x)
	case flow.Comment:
		return acts.AddComment(ctx, call, x)
	case flow.Sleep:
		return acts.StartWait(ctx, call, x)
	case flow.CheckTime:
		return acts.CheckDateTime(ctx, call, x)
	case flow.StartChild:
		return acts.TriggerAnotherWorkflow(ctx, call, x)
	case flow.Request:
		return w.outside(func() (desk.Attempt, error) { return acts.TryHTTP(ctx, call, x) })
	case flow.AppendRow:
		return w.outside(func() (desk.Attempt, error) { return acts.TrySheets(ctx, call, x) })
	case flow.Think:
		return w.outside(func() (desk.Attempt, error) { return acts.TryThink(ctx, call) })
	case flow.Say:
		return w.send(func() (desk.Delivery, error) { return w.desk.PrepareSay(ctx, call, x) })
	}
	return flow.Result{}, fmt.Errorf("unknown effect %T", eff)
}

func (e *engine) Await(call flow.Call, wait flow.Wait) (flow.Result, error) {
	call.RunID = e.run
	fired := !wait.DueAt.IsZero() && !e.Now().Before(wait.DueAt)
	res, err := e.w.acts.EndWait(e.w.Context(), call, wait, fired)
	if err == nil && res.Outcome == "" {
		panic(suspended)
	}
	return res, err
}

// outside repeats the attempts at a call; its pauses move the clock.
func (w *world) outside(try func() (desk.Attempt, error)) (flow.Result, error) {
	for {
		a, err := try()
		if err != nil {
			return flow.Result{}, err
		}
		if a.Final != nil {
			return *a.Final, nil
		}
		if w.paused != nil {
			w.paused()
		}
		w.clock.Store(max(w.clock.Load(), a.Until.UnixMilli()))
	}
}

// send hands a message to the provider, which answers as w.fail says.
func (w *world) send(claim func() (desk.Delivery, error)) (flow.Result, error) {
	for {
		dl, err := claim()
		if err == nil && dl.Ready {
			dl, err = w.desk.Delivered(context.Background(), dl, channel.Sent{ProviderID: fmt.Sprintf("out-%d", dl.MessageID)}, w.provide(dl))
		}
		if err != nil {
			return flow.Result{}, err
		}
		if dl.Final != nil {
			return *dl.Final, nil
		}
		w.clock.Store(max(w.clock.Load(), dl.Until.UnixMilli()))
	}
}

// provide is the provider: it takes a message, or fails as the scenario says.
func (w *world) provide(dl desk.Delivery) *channel.SendError {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	name := ""
	for n, ch := range w.channels {
		if ch.Source == dl.Source {
			name = n
		}
	}
	w.sent = append(w.sent, sent{Channel: name, To: dl.Outgoing.ExternalID, Message: dl.Outgoing.Message})
	return nil
}

func (w *world) insert(row any) {
	w.Helper()
	require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error { return tx.Create(row).Error }))
}

// sweep is what only time changes: who has gone offline by idleness, and which
// conversations close by themselves.
func (w *world) sweep() error {
	_, err := w.desk.SweepPresence(w.Context())
	if err == nil {
		_, err = w.desk.SweepAutoClose(w.Context())
	}
	return err
}
