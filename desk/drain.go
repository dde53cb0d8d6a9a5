package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"ucal/flow"
)

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
	if err := t.lockAssignments(); err != nil {
		return err
	}
	var entries []QueueEntry
	if err := t.db.Where("workspace_id = ? AND team_id IN ?", t.wsID, pools).Order("id").Find(&entries).Error; err != nil || len(entries) == 0 {
		return err
	}
	d, err := t.newDraining(pools)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := d.try(&entries[i]); err != nil {
			return fmt.Errorf("queue entry of run %d: %w", entries[i].RunID, err)
		}
	}
	return d.tellReasons()
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
		var before, after int64
		err := d.write(ctx, p.WorkspaceID, system(), func(t *txn) error {
			if err := t.lockAssignments(); err != nil {
				return err
			}
			if err := t.db.Model(&QueueEntry{}).Where("workspace_id = ?", p.WorkspaceID).Count(&before).Error; err != nil {
				return err
			}
			if err := t.drain(p.TeamID); err != nil {
				return err
			}
			return t.db.Model(&QueueEntry{}).Where("workspace_id = ?", p.WorkspaceID).Count(&after).Error
		})
		if err != nil {
			return found, err
		}
		found += int(before - after)
	}
	return found, nil
}
