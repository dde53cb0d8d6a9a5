package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/flow"
	"ucal/store"
)

// RunStep is one line of a run's step log.
type RunStep struct {
	RunID     int64
	Seq       int
	StepID    string
	Visit     int
	Name      string
	Type      flow.StepType
	StartedAt int64
	EndedAt   int64 // 0 = unfinished
	Outcome   string
	Arm       flow.Arm
	Code      string
	Warnings  []string       `gorm:"serializer:json"`
	Detail    map[string]any `gorm:"serializer:json"`
}

// RunEffect is an effect that has been carried out: its key is (run, number).
type RunEffect struct {
	RunID  int64
	No     int
	Kind   string
	Result string // JSON of flow.Result
	At     int64
}

// doing is an effect being carried out: the run, its contact, and what the step
// log will say.
type doing struct {
	*txn
	call   flow.Call
	run    *Run
	c      *Contact
	wf     *Workflow
	detail map[string]any
}

// effect carries out one effect of a run exactly once. A repeated attempt finds
// the stored result; a run that has been ended from outside gets Ended. fn does
// the effect and says how it came out; results Waiting of sends are not final
// and are not stored.
func (d *Desk) effect(ctx context.Context, call flow.Call, kind string, lock bool, fn func(e *doing) (flow.Result, error)) (flow.Result, error) {
	var res flow.Result
	wsID, contactID, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return res, err
	}
	err = d.write(ctx, wsID, Actor{}, func(t *txn) error {
		e, stored, err := t.begin(call, contactID, lock)
		if err != nil || stored != nil {
			if stored != nil {
				res = *stored
			}
			return err
		}
		if res, err = fn(e); err != nil {
			return err
		}
		return e.finish(kind, res)
	})
	if err != nil {
		return flow.Result{}, fmt.Errorf("run %d, effect %d (%s): %w", call.RunID, call.No, kind, err)
	}
	return res, nil
}

// owner is whose a run is.
type owner struct{ WorkspaceID, ContactID int64 }

// runOwner finds the workspace and contact of a run; they never change.
func (d *Desk) runOwner(ctx context.Context, runID int64) (wsID, contactID int64, err error) {
	key := strconv.FormatInt(runID, 10)
	if o, ok := d.recent.owners.get(key, d.millis()); ok {
		return o.WorkspaceID, o.ContactID, nil
	}
	var o owner
	res := d.db.Read(ctx).Model(&Run{}).Select("workspace_id", "contact_id").Where("id = ?", runID).Limit(1).Scan(&o)
	if res.Error != nil {
		return 0, 0, fmt.Errorf("run %d: %w", runID, res.Error)
	}
	if res.RowsAffected == 0 {
		return 0, 0, notFound("run", runID)
	}
	d.recent.owners.put(key, o, d.millis())
	return o.WorkspaceID, o.ContactID, nil
}

// begin takes the locks in their order and looks for a stored result.
func (t *txn) begin(call flow.Call, contactID int64, lock bool) (*doing, *flow.Result, error) {
	if lock {
		if err := t.lockAssignments(); err != nil {
			return nil, nil, err
		}
	}
	c, err := t.contact(contactID)
	if AsError(err) != nil && AsError(err).Code == NotFound {
		return nil, &flow.Result{Outcome: flow.Ended, Code: string(flow.EndContactDeleted)}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	run := &Run{}
	if err := store.ForUpdate(t.db).Take(run, call.RunID).Error; err != nil {
		return nil, nil, err
	}
	done, err := first[RunEffect](t.db.Where("run_id = ? AND no = ?", run.ID, call.No))
	if err != nil {
		return nil, nil, err
	}
	if done != nil {
		res := &flow.Result{}
		return nil, res, json.Unmarshal([]byte(done.Result), res)
	}
	if !run.Live() {
		return nil, &flow.Result{Outcome: flow.Ended, Code: string(run.ExitReason)}, nil
	}
	wf, err := t.workflowOf(run)
	if err != nil {
		return nil, nil, err
	}
	t.actor = Actor{Kind: SourceWorkflow, ID: run.WorkflowID, Name: wf.Name}
	t.cause = cause{chain: run.Chain, run: run}
	if run.TriggerEvent != "" {
		t.cause.events = []string{run.TriggerEvent}
	}
	if run.TalkSeq != 0 && run.TalkSeq != call.Step().Seq { // the step of the AI Agent is over, however it came to its end
		if err := t.endTalk(run, run.TalkSeq); err != nil {
			return nil, nil, err
		}
	}
	return &doing{txn: t, call: call, run: run, c: c, wf: wf, detail: map[string]any{}}, nil, nil
}

// finish writes the step log and, when the effect is final, its row.
func (e *doing) finish(kind string, res flow.Result) error {
	if err := e.log(); err != nil {
		return err
	}
	if err := e.keep(e.run, e.call); err != nil {
		return err
	}
	if res.Outcome == "" {
		return nil // a send that goes on
	}
	text, err := json.Marshal(res)
	if err != nil {
		return err
	}
	return e.db.Create(&RunEffect{RunID: e.run.ID, No: e.call.No, Kind: kind, Result: string(text), At: e.at}).Error
}

// log writes the call's trail: entries finished since the last effect, and the
// present step with what this effect has to tell.
func (e *doing) log() error { return e.trail(e.run.ID, e.call.Trail, e.detail) }

func (t *txn) trail(runID int64, trail []flow.Entry, detail map[string]any) error {
	if len(trail) == 0 {
		return nil
	}
	rows := make([]RunStep, len(trail))
	for i, x := range trail {
		rows[i] = RunStep{RunID: runID, Seq: x.Seq, StepID: x.StepID, Visit: x.Visit, Name: x.Name, Type: x.Type, StartedAt: x.StartedAt.UnixMilli(),
			Outcome: x.Outcome, Arm: x.Arm, Code: x.Code, Warnings: notNil(x.Warnings), Detail: map[string]any{}}
		if x.EndedAt != nil {
			rows[i].EndedAt = x.EndedAt.UnixMilli()
		}
	}
	if len(detail) > 0 {
		rows[len(rows)-1].Detail = detail
	}
	update := clause.AssignmentColumns([]string{"ended_at", "outcome", "arm", "code", "warnings"})
	update = append(update, clause.Assignment{Column: clause.Column{Name: "detail"}, // what an earlier effect of the step told stays
		Value: gorm.Expr("CASE WHEN excluded.detail = '{}' THEN run_steps.detail ELSE excluded.detail END")})
	return t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "run_id"}, {Name: "seq"}}, DoUpdates: update}).Create(&rows).Error
}

// openWait notes in the run's row what it waits for; the row arbitrates.
func (e *doing) openWait(kind flow.WaitKind, reason string, due int64) error {
	r := e.run
	r.State, r.WaitKind, r.WaitNo, r.WaitReason, r.DueAt, r.Claim = flow.RunWaiting, kind, e.call.No, reason, due, ""
	return e.db.Model(r).Select("state", "wait_kind", "wait_no", "wait_reason", "due_at", "claim", "asked_at").Updates(r).Error
}

// closeWait ends the run's wait.
func (e *doing) closeWait() error {
	r := e.run
	r.State, r.WaitKind, r.WaitNo, r.WaitReason, r.DueAt, r.Claim = flow.RunRunning, "", 0, "", 0, ""
	return e.db.Model(r).Select("state", "wait_kind", "wait_no", "wait_reason", "due_at", "claim").Updates(r).Error
}

// LoadedRun is what a Temporal workflow needs to begin.
type LoadedRun struct {
	Definition *flow.Definition `json:"definition"`
	State      flow.State       `json:"state"`
}

// LoadRun returns the version's definition and the state to begin with.
func (d *Desk) LoadRun(ctx context.Context, runID int64) (LoadedRun, error) {
	var run Run
	if err := d.db.Read(ctx).Take(&run, runID).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return LoadedRun{}, notFound("run", runID)
		}
		return LoadedRun{}, fmt.Errorf("run %d: %w", runID, err)
	}
	def, err := (&txn{Desk: d, db: d.db.Read(ctx)}).definition(run.VersionID)
	if err != nil {
		return LoadedRun{}, err
	}
	if err := d.endIfStopped(ctx, &run); err != nil {
		return LoadedRun{}, err
	}
	return LoadedRun{Definition: def, State: flow.State{At: run.StartFrom, Vars: run.Vars}}, nil
}

// endIfStopped ends a run whose workflow was stopped or deleted while the event
// that started it was being stored: Stop did not see it yet. Its first effect
// then finds that it has ended.
func (d *Desk) endIfStopped(ctx context.Context, run *Run) error {
	wf, err := first[Workflow](d.db.Read(ctx).Select("id", "state", "deleted_at").Where("id = ?", run.WorkflowID))
	if err != nil || wf == nil || !run.Live() || wf.DeletedAt == 0 && (run.Test || wf.State == Published) {
		return err
	}
	reason := flow.EndWorkflowStopped
	if wf.DeletedAt != 0 {
		reason = flow.EndWorkflowDeleted
	}
	return d.write(ctx, run.WorkspaceID, system(), func(t *txn) error {
		_, err := t.endRuns([]Run{*run}, reason)
		return err
	})
}

// EndWait asks who won a wait. Answered, Done, Failed or Ended: the wait is
// over. Waiting: it goes on (a wake-up without cause). When the timer fired, an
// unclaimed wait times out; a place in an assignment queue gets a last pick.
func (d *Desk) EndWait(ctx context.Context, call flow.Call, w flow.Wait, fired bool) (flow.Result, error) {
	fired = fired && !w.DueAt.IsZero()
	lock := fired && w.Kind == flow.WaitAssignment
	return d.effect(ctx, call, "end_wait", lock, func(e *doing) (flow.Result, error) {
		if lock && e.run.Claim == "" {
			if err := e.drain(e.poolOf(e.run.ID)...); err != nil {
				return flow.Result{}, err
			}
			if err := e.db.Take(e.run, e.run.ID).Error; err != nil {
				return flow.Result{}, err
			}
		}
		res := flow.Result{Outcome: flow.TimedOut}
		switch {
		case e.run.Claim != "":
			if err := json.Unmarshal([]byte(e.run.Claim), &res); err != nil {
				return res, err
			}
		case !fired:
			return flow.Result{}, nil // not final: nobody has claimed it
		case w.Kind == flow.WaitTimer:
			res.Outcome = flow.Done
		}
		if res.Detail != "" {
			e.detail["reason"] = res.Detail
		}
		if res.Answer != nil {
			e.detail["answerMessageId"] = res.Answer.MessageID
		}
		switch w.Kind {
		case flow.WaitAssignment:
			if err := e.db.Where("run_id = ?", e.run.ID).Delete(&QueueEntry{}).Error; err != nil {
				return res, err
			}
		case flow.WaitChild:
			if err := e.childDetail(w.No); err != nil {
				return res, err
			}
		case flow.WaitAI:
			if err := e.endTurn(res); err != nil {
				return res, err
			}
		}
		return res, e.closeWait()
	})
}

// EndRun stores the end of a run and the rest of its step log. When the run was
// ended from outside before, that ending stands; it is returned.
func (d *Desk) EndRun(ctx context.Context, call flow.Call, end flow.Ending) (flow.Ending, error) {
	wsID, contactID, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return end, err
	}
	err = d.write(ctx, wsID, Actor{}, func(t *txn) error {
		c, err := t.contact(contactID)
		deleted := AsError(err) != nil && AsError(err).Code == NotFound // its runs ended then, and what they knew is erased
		if err != nil && !deleted {
			return err
		}
		r := &Run{}
		if err := store.ForUpdate(t.db).Take(r, call.RunID).Error; err != nil {
			return err
		}
		if deleted {
			end = flow.Ending{State: r.State, Reason: r.ExitReason}
			return nil
		}
		if err := t.trail(r.ID, call.Trail, nil); err != nil {
			return err
		}
		if err := t.keep(r, call); err != nil {
			return err
		}
		if !r.Live() {
			end = flow.Ending{State: r.State, Reason: r.ExitReason}
			return nil
		}
		wf, err := t.workflowOf(r)
		if err != nil {
			return err
		}
		t.actor = Actor{Kind: SourceWorkflow, ID: wf.ID, Name: wf.Name}
		t.cause = cause{chain: r.Chain, run: r}
		return t.endRun(c, r, end, false)
	})
	if err != nil {
		return end, fmt.Errorf("end run %d: %w", call.RunID, err)
	}
	return end, nil
}

// Sleep opens a wait that only time ends.
func (d *Desk) Sleep(ctx context.Context, call flow.Call, s flow.Sleep) (flow.Result, error) {
	return d.effect(ctx, call, "sleep", false, func(e *doing) (flow.Result, error) {
		due := e.at + s.For.Milliseconds()
		e.detail["until"] = timeOf(due).Format(time.RFC3339)
		return flow.Result{Outcome: flow.Waiting, DueAt: timeOf(due)}, e.openWait(flow.WaitTimer, "", due)
	})
}
