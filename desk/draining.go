package desk

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"ucal/flow"
)

// draining is one pass over the queues of some pools.
type draining struct {
	*txn
	pools    map[int64]*pool
	hopeless map[string]string  // pool and rule → reason: nobody is eligible, whoever asks
	held     map[int64]bool     // open contacts that have an assignee: a limit does not count them for their own
	reasons  map[string][]int64 // runs whose reason for waiting has changed
}

// pool is the members of a pool, with their open contacts once a rule has asked
// for them.
type pool struct {
	members []candidate
	counted bool
}

func (t *txn) newDraining(pools []int64) (*draining, error) {
	d := &draining{txn: t, pools: map[int64]*pool{}, hopeless: map[string]string{}, held: map[int64]bool{}, reasons: map[string][]int64{}}
	var held []int64
	err := t.db.Model(&QueueEntry{}).Joins("JOIN contacts c ON c.id = contact_id AND c.assignee_id > 0 AND c.conversation_id > 0").
		Where("assignment_queue.workspace_id = ? AND team_id IN ?", t.wsID, pools).Pluck("contact_id", &held).Error
	for _, id := range held {
		d.held[id] = true
	}
	return d, err
}

// try gives one entry to a user, or notes why it goes on waiting.
func (d *draining) try(q *QueueEntry) error {
	rule, err := json.Marshal(q.Rule.AssignTo)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%d %s", q.TeamID, rule)
	own := d.held[q.ContactID] && q.Rule.OpenContactsBelow > 0 // its own assignee may be eligible for it alone
	mine := d.here
	if mine != nil && mine.runID != q.RunID {
		mine = nil
	}
	if why, ok := d.hopeless[key]; ok && mine == nil && !own {
		d.goesOn(q, why)
		return nil
	}
	c, err := d.contact(q.ContactID)
	if AsError(err) != nil {
		return d.db.Delete(q).Error // the contact is gone
	}
	if err != nil {
		return err
	}
	still, err := first[QueueEntry](d.db.Where("id = ?", q.ID)) // again, under the contact's lock
	if err != nil || still == nil {
		return err
	}
	members, err := d.members(q)
	if err != nil {
		return err
	}
	chosen, reason, err := d.choose(q, c, members)
	if err != nil {
		return err
	}
	if chosen == nil {
		if q.Rule.OpenContactsBelow == 0 || c.AssigneeID == 0 || !c.Open() {
			d.hopeless[key] = reason
		}
		if mine != nil {
			mine.reason = reason
		}
		d.goesOn(q, reason)
		return nil
	}
	old := c.AssigneeID
	if err := d.grantEntry(q, c, chosen.id, reason, mine); err != nil {
		return err
	}
	d.shift(c, old, chosen.id)
	return nil
}

// members are the users whom an entry may get.
func (d *draining) members(q *QueueEntry) ([]candidate, error) {
	p := d.pools[q.TeamID]
	if p == nil {
		members, err := d.txn.members(q.TeamID)
		if err != nil {
			return nil, err
		}
		p = &pool{members: members}
		d.pools[q.TeamID] = p
	}
	if p.counted || q.Rule.Logic != flow.LeastOpen && q.Rule.OpenContactsBelow == 0 {
		return p.members, nil
	}
	p.counted = true
	return p.members, d.countOpen(p.members)
}

// shift keeps the open counts of the members in step with an assignment.
func (d *draining) shift(c *Contact, from, to int64) {
	if !c.Open() || c.IsBlocked {
		return
	}
	for _, p := range d.pools {
		for i := range p.members {
			if p.members[i].id == from {
				p.members[i].open--
			}
			if p.members[i].id == to {
				p.members[i].open++
			}
		}
	}
}

// goesOn notes why an entry waits, if that has changed.
func (d *draining) goesOn(q *QueueEntry, reason string) {
	if q.Reason != reason {
		d.reasons[reason] = append(d.reasons[reason], q.RunID)
	}
}

// tellReasons stores the changed reasons: after a change of one user's status
// they are often the same for the whole queue.
func (d *draining) tellReasons() error {
	for _, reason := range slices.Sorted(maps.Keys(d.reasons)) {
		for runs := range slices.Chunk(d.reasons[reason], 1000) {
			if err := d.db.Model(&QueueEntry{}).Where("run_id IN ?", runs).UpdateColumn("reason", reason).Error; err != nil {
				return err
			}
			err := d.db.Model(&Run{}).Where("id IN ? AND wait_kind = ?", runs, flow.WaitAssignment).UpdateColumn("wait_reason", reason).Error
			if err != nil {
				return err
			}
		}
	}
	return nil
}
