package desk

import (
	"cmp"
	"context"

	"ucal/flow"
	"ucal/store"
)

// SkipWait lets a test run that waits go on at once: a pause is over, everything
// else that it waits for times out. It does so as an answer does, by claiming
// the wait in the run's row: what came before wins.
func (d *Desk) SkipWait(ctx context.Context, p Principal, id int64) (*RunView, error) {
	var v *RunView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // the run may stand in a queue
			return err
		}
		r, err := take[Run](t, "run", id)
		if err != nil {
			return err
		}
		if !r.Test {
			return refuse(Conflict, "invalid_state", "run %d is no test run; only the waits of test runs can be skipped", id)
		}
		if r, err = t.skip(r); err != nil {
			return err
		}
		v, err = t.runView(r)
		return err
	})
	return v, err
}

// skip decides the open wait of a run as its time limit would.
func (t *txn) skip(seen *Run) (*Run, error) {
	c, err := t.contact(seen.ContactID)
	if bad := AsError(err); bad != nil && bad.Code == NotFound { // deleted: its runs ended with it
		return nil, noWait(seen)
	}
	if err != nil {
		return nil, err
	}
	r := &Run{}
	if err := store.ForUpdate(t.db).Take(r, seen.ID).Error; err != nil {
		return nil, err
	}
	if r.State != flow.RunWaiting || r.WaitKind == "" || r.WaitKind == flow.WaitRetry || r.Claim != "" {
		return nil, noWait(r)
	}
	res := flow.Result{Outcome: flow.TimedOut, Detail: "skipped by " + cmp.Or(t.actor.Name, string(t.actor.Kind))}
	switch {
	case r.WaitKind == flow.WaitTimer, r.WaitKind == flow.WaitChild && r.DueAt == 0: // nothing to run out: the caller just goes on
		res.Outcome = flow.Done
	case r.WaitKind == flow.WaitAssignment:
		if err := t.db.Where("run_id = ?", r.ID).Delete(&QueueEntry{}).Error; err != nil {
			return nil, err
		}
	}
	return r, t.claim(c, r, res, nil)
}

func noWait(r *Run) *Error {
	if !r.Live() {
		return refuse(Conflict, "invalid_state", "run %d has ended already: %s, %s", r.ID, r.State, r.ExitReason)
	}
	return refuse(Conflict, "invalid_state", "run %d does not wait for anything just now", r.ID)
}
