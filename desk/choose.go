package desk

import (
	"slices"

	"gorm.io/gorm/clause"

	"ucal/flow"
)

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
// status; countOpen adds their open contacts.
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
	out := make([]candidate, len(users))
	for i, u := range users {
		joined := u.TeamJoinedAt
		if team == 0 {
			joined = u.CreatedAt
		}
		out[i] = candidate{id: u.ID, name: u.FirstName, joinedAt: joined, status: u.Effective(t.at, ws.UserInactivityTimeout)}
	}
	return out, nil
}

// countOpen fills in how many open contacts the members have now.
func (t *txn) countOpen(members []candidate) error {
	ids := make([]int64, len(members))
	for i, m := range members {
		ids[i] = m.id
	}
	var counts []struct{ AssigneeID, N int64 }
	err := t.db.Model(&Contact{}).Select("assignee_id, count(*) AS n").
		Where("workspace_id = ? AND conversation_id > 0 AND NOT is_blocked AND assignee_id IN ?", t.wsID, ids).Group("assignee_id").Scan(&counts).Error
	if err != nil {
		return err
	}
	open := make(map[int64]int64, len(counts))
	for _, n := range counts {
		open[n.AssigneeID] = n.N
	}
	for i := range members {
		members[i].open = open[members[i].id]
	}
	return nil
}
