package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ucal/flow"
	"ucal/store"
)

// The reasons for which a child cannot start, beside those of 2.1.
const (
	childNotPublished = "not_published" // draft, stopped, deleted, or published with another trigger
	childStepUnknown  = "step_unknown"  // the newest version has no such start step
)

// StartChild starts another workflow for the run's contact. The child's chain is
// the caller's and itself. Done: it runs, and nobody waits for it; Waiting: the
// run waits for its end; Failed: it cannot start, Code is a start reason or one
// of not_published and step_unknown.
func (d *Desk) StartChild(ctx context.Context, call flow.Call, s flow.StartChild) (flow.Result, error) {
	return d.effect(ctx, call, "start_child", false, func(e *doing) (flow.Result, error) {
		e.detail["workflow"] = s.Target.Name
		wf, err := first[Workflow](e.db.Where("workspace_id = ? AND id = ? AND deleted_at = 0", e.wsID, s.Target.ID))
		switch {
		case err != nil:
			return flow.Result{}, err
		case wf == nil:
			return e.childless(childNotPublished, "the workflow was deleted")
		case wf.State != Published:
			return e.childless(childNotPublished, "the workflow is "+string(wf.State))
		}
		def, err := e.definition(wf.VersionID)
		switch {
		case errors.Is(err, errUnreadable):
			return e.childless(reasonError, fmt.Sprintf("version %d cannot be read by this version of ucal", wf.Version))
		case err != nil:
			return flow.Result{}, err
		case def.Trigger.Type != flow.ManualTrigger:
			return e.childless(childNotPublished, fmt.Sprintf("version %d has the trigger %s", wf.Version, def.Trigger.Type))
		case s.StartFrom != "" && def.Step(s.StartFrom) == nil:
			return e.childless(childStepUnknown, fmt.Sprintf("version %d has no step %q", wf.Version, clip(s.StartFrom)))
		}
		return e.startChild(wf, def, s)
	})
}

// childless is the soft failure of a step whose child cannot start.
func (e *doing) childless(code, why string) (flow.Result, error) {
	e.detail["reason"] = why
	return flow.Result{Outcome: flow.Failed, Code: code, Detail: why}, nil
}

// startChild decides, records the decision, and starts the child and the wait
// for it. A child may end before its caller asks who won that wait: the row
// keeps the claim.
func (e *doing) startChild(wf *Workflow, def *flow.Definition, s flow.StartChild) (flow.Result, error) {
	reason, detail, err := e.decide(e.c, wf, def)
	if err != nil {
		return flow.Result{}, err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return flow.Result{}, err
	}
	dec := &TriggerDecision{WorkspaceID: e.wsID, ContactID: e.c.ID, WorkflowID: wf.ID, Version: wf.Version, Reason: reason, Detail: detail, At: e.at, Conditions: []flow.Seen{},
		Event: DecidedEvent{ID: uid.String(), Type: string(flow.ManualTrigger), Summary: fmt.Sprintf("triggered by workflow %s, run %d", e.wf.Name, e.run.ID), Actor: e.actor}}
	child := &Run{TriggerEvent: uid.String(), TriggerType: flow.ManualTrigger, TriggerSource: SourceWorkflow, TriggerActor: e.actor, StartFrom: s.StartFrom, ParentRunID: e.run.ID,
		Vars: flow.TriggerVars(def.Trigger, flow.Happening{Type: flow.ManualTrigger}, e.env(e.c, nil))}
	if s.Wait {
		child.ParentNo = e.call.No
	}
	if reason == reasonMatched {
		if err := e.start(e.c, wf, def, child); err != nil {
			return flow.Result{}, err
		}
		dec.RunID, e.detail["childRunId"] = child.ID, child.ID
	}
	if err := e.db.Create(dec).Error; err != nil {
		return flow.Result{}, err
	}
	switch {
	case reason != reasonMatched:
		return e.childless(reason, detail)
	case !s.Wait:
		return flow.Result{Outcome: flow.Done}, nil
	}
	res, due := flow.Result{Outcome: flow.Waiting}, int64(0)
	if s.Timeout > 0 {
		due = e.at + s.Timeout.Milliseconds()
		res.DueAt = timeOf(due)
	}
	return res, e.openWait(flow.WaitChild, fmt.Sprintf("workflow %s, run %d", wf.Name, child.ID), due)
}

// tellParent lets the run go on that waits for the end of this one; one whose
// patience ran out meanwhile waits for something else, or not at all.
func (t *txn) tellParent(c *Contact, r *Run, ended *Event) error {
	if r.ParentNo == 0 {
		return nil
	}
	parent, err := first[Run](store.ForUpdate(t.db).Where("id = ? AND wait_kind = ? AND wait_no = ? AND claim = '' AND "+isLive, r.ParentRunID, flow.WaitChild, r.ParentNo))
	if err != nil || parent == nil {
		return err
	}
	return t.claim(c, parent, flow.Result{Outcome: flow.Done, Detail: fmt.Sprintf("run %d %s: %s", r.ID, r.State, r.ExitReason)}, ended)
}

// endChild ends the child for which a run, which has ended, waited with its
// effect no. All runs of a family have one contact, so its lock covers them.
func (t *txn) endChild(c *Contact, r *Run, no int) error {
	child, err := first[Run](store.ForUpdate(t.db).Where("parent_run_id = ? AND parent_no = ? AND "+isLive, r.ID, no))
	if err != nil || child == nil {
		return err
	}
	return t.endRun(c, child, flow.Ending{State: flow.RunExited, Reason: flow.EndParentEnded}, true)
}

// childDetail tells the step log which child the run waited for, and how it is.
func (e *doing) childDetail(no int) error {
	child, err := first[Run](e.db.Where("parent_run_id = ? AND parent_no = ?", e.run.ID, no))
	if err != nil || child == nil {
		return err
	}
	wf, err := e.workflowOf(child)
	if err != nil {
		return err
	}
	e.detail["workflow"], e.detail["childRunId"], e.detail["childState"] = wf.Name, child.ID, child.State
	if child.ExitReason != "" {
		e.detail["childExitReason"] = child.ExitReason
	}
	return nil
}
