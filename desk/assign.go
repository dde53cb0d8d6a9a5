package desk

import (
	"context"
	"time"

	"gorm.io/gorm"

	"ucal/flow"
)

// Assign carries out an Assign To step: assigned, queued (Waiting) or a soft failure.
func (d *Desk) Assign(ctx context.Context, call flow.Call, a flow.Assign) (flow.Result, error) {
	return d.effect(ctx, call, "assign", true, func(e *doing) (flow.Result, error) {
		switch a.Action {
		case flow.AssignUser:
			return e.assignUser(a)
		case flow.Unassign:
			return flow.Result{Outcome: flow.Done}, e.assign(e.c, nil, "unassigned", false)
		}
		return e.enqueue(a)
	})
}

func (e *doing) assignUser(a flow.Assign) (flow.Result, error) {
	u, err := first[User](e.db.Where("id = ? AND workspace_id = ? AND state = ?", a.User.ID, e.wsID, UserActive))
	if err != nil {
		return flow.Result{}, err
	}
	if u == nil {
		return flow.Result{Outcome: flow.Failed, Code: "assign.user_gone"}, nil
	}
	e.detail["reason"], e.detail["userId"] = "specific user", u.ID
	return flow.Result{Outcome: flow.Done, Detail: "specific user"}, e.assign(e.c, u, "specific user", false)
}

// enqueue enters the pool's queue and drains it at once, so that an arrival
// never overtakes an older entry; with an eligible user the stay has no duration.
func (e *doing) enqueue(a flow.Assign) (flow.Result, error) {
	pool := int64(0)
	if a.Action == flow.AssignTeam {
		pool = a.Team.ID
		team, err := first[Team](e.db.Where("id = ? AND workspace_id = ?", pool, e.wsID))
		if err != nil {
			return flow.Result{}, err
		}
		if team == nil {
			return flow.Result{Outcome: flow.Failed, Code: "assign.team_gone"}, nil
		}
	}
	timeout := time.Duration(a.Timeout)
	if timeout == 0 {
		timeout = flow.MaxWait
	}
	due := e.at + timeout.Milliseconds()
	q := &QueueEntry{WorkspaceID: e.wsID, TeamID: pool, ContactID: e.c.ID, RunID: e.run.ID, WorkflowID: e.run.WorkflowID, StepID: a.WorkflowStep,
		Rule: a, EnteredAt: e.at, TimeoutAt: due}
	if err := e.db.Create(q).Error; err != nil {
		return flow.Result{}, err
	}
	if err := e.openWait(flow.WaitAssignment, "", due); err != nil {
		return flow.Result{}, err
	}
	e.here = &grant{runID: e.run.ID}
	if err := e.drain(pool); err != nil {
		return flow.Result{}, err
	}
	if res := e.here.result; res != nil {
		e.detail["reason"], e.detail["userId"] = res.Detail, e.c.AssigneeID
		return *res, e.closeWait()
	}
	e.detail["reason"] = e.here.reason
	return flow.Result{Outcome: flow.Waiting, DueAt: timeOf(due), Detail: e.here.reason}, nil
}

// grant is the outcome of a drain for the run that caused it: it gets its
// result directly, without a claim and a wake-up.
type grant struct {
	runID  int64
	result *flow.Result
	reason string
}

// assign gives the contact to a user, or to nobody (nil). The pools of a user
// who loses the contact are drained before the transaction commits. An
// assignment by a person ends or satisfies the contact's runs.
func (t *txn) assign(c *Contact, u *User, reason string, byHand bool) error {
	to, old := int64(0), c.AssigneeID
	if u != nil {
		to = u.ID
	}
	if to != old {
		c.AssigneeID = to
		if err := t.db.Model(c).UpdateColumn("assignee_id", to).Error; err != nil {
			return err
		}
		if err := t.countAssignment(c, to); err != nil {
			return err
		}
		data := map[string]any{"oldAssigneeId": old, "assigneeId": to, "source": t.actor.Kind, "reason": reason, "workflow": t.workflowName()}
		if u != nil {
			data["assignee"] = u.Name()
		}
		if err := t.emit(c, Event{Type: AssigneeUpdated, Data: data}); err != nil {
			return err
		}
		if err := t.markUser(old); err != nil {
			return err
		}
		if err := t.restartAutoClose(c, to); err != nil {
			return err
		}
	}
	if !byHand {
		return nil
	}
	if err := t.exitOn(c, flow.EndManualAssignment); err != nil || u == nil {
		return err // to nobody: whoever waits for a user goes on waiting
	}
	if err := t.takeOver(c); err != nil {
		return err
	}
	return t.satisfy(c)
}

// satisfy lets the runs that wait in a queue go on: a person has assigned the contact.
func (t *txn) satisfy(c *Contact) error {
	runs, err := t.queuedRuns(c)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := t.db.Where("run_id = ?", runs[i].ID).Delete(&QueueEntry{}).Error; err != nil {
			return err
		}
		if err := t.claim(c, &runs[i], flow.Result{Outcome: flow.Done, Detail: "assigned by hand"}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) countAssignment(c *Contact, to int64) error {
	if !c.Open() {
		return nil
	}
	set := map[string]any{"assignments": gorm.Expr("assignments + 1")}
	if to != 0 {
		set["last_assignee_id"], set["last_assignment_at"] = to, t.at
		set["first_assignment_source"] = gorm.Expr("CASE WHEN first_assignment_at = 0 THEN ? ELSE first_assignment_source END", string(t.actor.Kind))
		set["first_assignee_id"] = gorm.Expr("CASE WHEN first_assignment_at = 0 THEN ? ELSE first_assignee_id END", to)
		set["first_assignment_at"] = gorm.Expr("CASE WHEN first_assignment_at = 0 THEN ? ELSE first_assignment_at END", t.at)
	}
	return t.db.Model(&Conversation{}).Where("id = ?", c.ConversationID).UpdateColumns(set).Error
}
