package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
	}
	if !byHand {
		return nil
	}
	if err := t.exitOn(c, flow.EndManualAssignment, nil); err != nil {
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

// markUser has the pools of a user drained before the transaction commits: they
// may take one more contact.
func (t *txn) markUser(id int64) error {
	if id == 0 {
		return nil
	}
	u, err := first[User](t.db.Select("id", "team_id").Where("id = ?", id))
	if err != nil || u == nil {
		return err
	}
	t.drains[0] = true
	if u.TeamID != 0 {
		t.drains[u.TeamID] = true
	}
	return nil
}

// drainMarked drains the pools in which capacity was freed.
func (t *txn) drainMarked() error {
	for round := 0; len(t.drains) > 0 && round < 100; round++ {
		pools := slices.Sorted(maps.Keys(t.drains))
		t.drains = map[int64]bool{}
		if err := t.drain(pools...); err != nil {
			return err
		}
	}
	return nil
}

// drain tries the waiting contacts of the pools, oldest first, each with its own
// step's rules. One that nobody can take keeps its place and does not block
// those behind it.
func (t *txn) drain(pools ...int64) error {
	var entries []QueueEntry
	if err := t.db.Where("workspace_id = ? AND team_id IN ?", t.wsID, pools).Order("id").Find(&entries).Error; err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	if err := t.lockAssignments(); err != nil {
		return err
	}
	members := map[int64][]candidate{}
	hopeless := map[string]string{} // pool and rule → reason: nobody is eligible, whoever asks
	for i := range entries {
		if err := t.tryEntry(&entries[i], members, hopeless); err != nil {
			return fmt.Errorf("queue entry of run %d: %w", entries[i].RunID, err)
		}
	}
	return nil
}

func (t *txn) tryEntry(q *QueueEntry, pools map[int64][]candidate, hopeless map[string]string) error {
	rule, err := json.Marshal(q.Rule.AssignTo)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%d %s", q.TeamID, rule)
	mine := t.here
	if mine != nil && mine.runID != q.RunID {
		mine = nil
	}
	if why, ok := hopeless[key]; ok && mine == nil {
		return t.noteWaiting(q, why)
	}
	c, err := t.contact(q.ContactID)
	if AsError(err) != nil {
		return t.db.Delete(q).Error // the contact is gone
	}
	if err != nil {
		return err
	}
	still, err := first[QueueEntry](t.db.Where("id = ?", q.ID)) // again, under the contact's lock
	if err != nil || still == nil {
		return err
	}
	if _, ok := pools[q.TeamID]; !ok {
		if pools[q.TeamID], err = t.members(q.TeamID); err != nil {
			return err
		}
	}
	chosen, reason, err := t.choose(q, c, pools[q.TeamID])
	if err != nil {
		return err
	}
	if chosen == nil {
		if c.AssigneeID == 0 || !c.Open() {
			hopeless[key] = reason
		}
		if mine != nil {
			mine.reason = reason
		}
		return t.noteWaiting(q, reason)
	}
	old := c.AssigneeID
	if err := t.grantEntry(q, c, chosen.id, reason, mine); err != nil {
		return err
	}
	shift(pools, c, old, chosen.id)
	return nil
}

// shift keeps the open counts of the members in step with an assignment.
func shift(pools map[int64][]candidate, c *Contact, from, to int64) {
	if !c.Open() || c.IsBlocked {
		return
	}
	for _, ms := range pools {
		for i := range ms {
			if ms[i].id == from {
				ms[i].open--
			}
			if ms[i].id == to {
				ms[i].open++
			}
		}
	}
}

func (t *txn) noteWaiting(q *QueueEntry, reason string) error {
	if q.Reason == reason {
		return nil
	}
	q.Reason = reason
	if err := t.db.Model(q).UpdateColumn("reason", reason).Error; err != nil {
		return err
	}
	return t.db.Model(&Run{}).Where("id = ? AND wait_kind = ?", q.RunID, flow.WaitAssignment).UpdateColumn("wait_reason", reason).Error
}

// grantEntry assigns a waiting contact, as its workflow, and tells the run.
func (t *txn) grantEntry(q *QueueEntry, c *Contact, userID int64, reason string, mine *grant) error {
	u, err := take[User](t, "user", userID)
	if err != nil {
		return err
	}
	run := &Run{}
	if err := t.db.Take(run, q.RunID).Error; err != nil {
		return err
	}
	wf, err := t.workflowOf(run)
	if err != nil {
		return err
	}
	actor, because := t.actor, t.cause
	t.actor, t.cause = Actor{Kind: SourceWorkflow, ID: wf.ID, Name: wf.Name}, cause{chain: run.Chain, run: run}
	defer func() { t.actor, t.cause = actor, because }()
	if err := t.assign(c, u, reason, false); err != nil {
		return err
	}
	if err := t.db.Delete(q).Error; err != nil {
		return err
	}
	res := flow.Result{Outcome: flow.Done, Detail: reason}
	if mine != nil {
		mine.result = &res
		return nil
	}
	return t.claim(c, run, res, nil)
}

// choose picks a user for an entry and moves the step's cursor.
func (t *txn) choose(q *QueueEntry, c *Contact, members []candidate) (*candidate, string, error) {
	step := map[string]any{"workflow_id": q.WorkflowID, "step_id": q.StepID}
	ms := slices.Clone(members)
	var turns []AssignmentTurn
	if err := t.db.Where(step).Find(&turns).Error; err != nil {
		return nil, "", err
	}
	newest := int64(0)
	for _, tr := range turns {
		newest = max(newest, tr.Turn)
	}
	for i := range ms {
		if c.Open() && !c.IsBlocked && ms[i].id == c.AssigneeID {
			ms[i].open--
		}
		for _, tr := range turns {
			if tr.UserID == ms[i].id {
				ms[i].turn = tr.Turn
			}
		}
	}
	at, err := first[AssignmentCursor](t.db.Where(step))
	if err != nil {
		return nil, "", err
	}
	last, name := cursor{}, ""
	if at != nil {
		last = cursor{at.JoinedAt, at.UserID}
		if u, err := first[User](t.db.Where("id = ?", at.UserID)); err != nil {
			return nil, "", err
		} else if u != nil {
			name = u.FirstName
		}
	}
	rule := q.Rule.AssignTo
	chosen, reason := pick(rule, ms, last, name, c.AssigneeID)
	if chosen == nil || rule.KeepAssignee && chosen.id == c.AssigneeID && reason[:5] == "kept:" {
		return chosen, reason, nil
	}
	if err := t.upsert(&AssignmentTurn{q.WorkflowID, q.StepID, chosen.id, newest + 1}, "workflow_id", "step_id", "user_id"); err != nil {
		return nil, "", err
	}
	if rule.Logic == flow.LeastOpen {
		return chosen, reason, nil
	}
	return chosen, reason, t.upsert(&AssignmentCursor{q.WorkflowID, q.StepID, chosen.joinedAt, chosen.id}, "workflow_id", "step_id")
}

func (t *txn) upsert(row any, key ...string) error {
	cols := make([]clause.Column, len(key))
	for i, k := range key {
		cols[i].Name = k
	}
	return t.db.Clauses(clause.OnConflict{Columns: cols, UpdateAll: true}).Create(row).Error
}

// AssignmentCursor is the place of the user whom a round-robin step served last.
type AssignmentCursor struct {
	WorkflowID int64  `gorm:"primaryKey;autoIncrement:false"`
	StepID     string `gorm:"primaryKey"`
	JoinedAt   int64
	UserID     int64
}

// AssignmentTurn is when a step last served a user: Turn grows with each assignment of the step.
type AssignmentTurn struct {
	WorkflowID int64  `gorm:"primaryKey;autoIncrement:false"`
	StepID     string `gorm:"primaryKey"`
	UserID     int64  `gorm:"primaryKey;autoIncrement:false"`
	Turn       int64
}

// members are the active users of a pool in the order (joined, id), with their
// status and open contacts.
func (t *txn) members(team int64) ([]candidate, error) {
	ws, err := t.workspace()
	if err != nil {
		return nil, err
	}
	q := t.db.Where("workspace_id = ? AND state = ?", t.wsID, UserActive)
	order := "created_at, id"
	if team != 0 {
		q, order = q.Where("team_id = ?", team), "team_joined_at, id"
	}
	var users []User
	if err := q.Order(order).Find(&users).Error; err != nil {
		return nil, err
	}
	var counts []struct{ AssigneeID, N int64 }
	err = t.db.Model(&Contact{}).Select("assignee_id, count(*) AS n").
		Where("workspace_id = ? AND conversation_id > 0 AND NOT is_blocked AND assignee_id > 0", t.wsID).Group("assignee_id").Scan(&counts).Error
	if err != nil {
		return nil, err
	}
	open := make(map[int64]int64, len(counts))
	for _, n := range counts {
		open[n.AssigneeID] = n.N
	}
	out := make([]candidate, len(users))
	for i, u := range users {
		joined := u.TeamJoinedAt
		if team == 0 {
			joined = u.CreatedAt
		}
		out[i] = candidate{id: u.ID, name: u.FirstName, joinedAt: joined, status: u.Effective(t.at, ws.UserInactivityTimeout), open: open[u.ID]}
	}
	return out, nil
}

// poolOf is the pool in whose queue a run waits; none when it left the queue.
func (t *txn) poolOf(runID int64) []int64 {
	q, err := first[QueueEntry](t.db.Where("run_id = ?", runID))
	if err != nil || q == nil {
		return nil
	}
	return []int64{q.TeamID}
}

// SweepQueues drains every queue of the deployment and returns how many
// contacts it assigned: none, unless a drain was missed.
func (d *Desk) SweepQueues(ctx context.Context) (int, error) {
	var pools []struct{ WorkspaceID, TeamID int64 }
	if err := d.db.Read(ctx).Model(&QueueEntry{}).Distinct("workspace_id", "team_id").Scan(&pools).Error; err != nil {
		return 0, err
	}
	found := 0
	for _, p := range pools {
		err := d.write(ctx, p.WorkspaceID, system(), func(t *txn) error {
			if err := t.lockAssignments(); err != nil {
				return err
			}
			var before, after int64
			if err := t.db.Model(&QueueEntry{}).Where("workspace_id = ?", p.WorkspaceID).Count(&before).Error; err != nil {
				return err
			}
			if err := t.drain(p.TeamID); err != nil {
				return err
			}
			err := t.db.Model(&QueueEntry{}).Where("workspace_id = ?", p.WorkspaceID).Count(&after).Error
			found += int(before - after)
			return err
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}
