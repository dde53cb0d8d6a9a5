package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"ucal/flow"
)

// endBatch is how many runs one transaction ends: whoever assigns contacts in
// the workspace waits for it.
const endBatch = 200

// ending is the end of all live runs of a workflow that there are at a moment.
// The first batch is part of the transaction that decides it, the others follow
// in transactions of their own. What a process that dies leaves behind is found
// by SweepStopped.
type ending struct {
	wf     *Workflow
	reason flow.EndReason
	upTo   int64 // newest run that it concerns: later ones belong to a workflow that was published again
	ended  int
	more   bool
}

// endAll ends the first batch of a workflow's live runs. The caller holds the
// assignment lock, because it locks many contacts, as a drain does.
func (t *txn) endAll(wf *Workflow, reason flow.EndReason) (*ending, error) {
	e := &ending{wf: wf, reason: reason}
	err := t.db.Model(&Run{}).Where("workflow_id = ?", wf.ID).Select("coalesce(max(id), 0)").Scan(&e.upTo).Error
	if err != nil {
		return nil, err
	}
	return e, e.batch(t)
}

// batch ends the next runs, contacts in the order of their ids.
func (e *ending) batch(t *txn) error {
	var runs []Run
	err := t.db.Select("id", "contact_id").Where("workflow_id = ? AND id <= ? AND "+isLive, e.wf.ID, e.upTo).Order("id").Limit(endBatch).Find(&runs).Error
	if err != nil {
		return err
	}
	e.more = len(runs) == endBatch
	slices.SortFunc(runs, func(a, b Run) int { return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), cmp.Compare(a.ID, b.ID)) })
	n, err := t.endRuns(runs, e.reason)
	e.ended += n
	return err
}

// finish ends the rest, batch after batch, and returns how many runs ended in all.
func (e *ending) finish(ctx context.Context, d *Desk, wsID int64, by Actor) (int, error) {
	for e.more {
		before := *e
		err := d.write(ctx, wsID, by, func(t *txn) error {
			*e = before // a transaction may begin anew
			if err := t.lockAssignments(); err != nil {
				return err
			}
			return e.batch(t)
		})
		if err != nil {
			return before.ended, fmt.Errorf("end the runs of workflow %s: %w", e.wf.Slug, err)
		}
	}
	return e.ended, nil
}

// orphaned narrows workflows to those that are stopped or deleted and have live
// runs all the same. A test run lives on a stopped workflow as on any draft.
func orphaned(q *gorm.DB) *gorm.DB {
	return q.Where("(state = ? OR deleted_at > 0) AND EXISTS (SELECT 1 FROM runs r WHERE r.workflow_id = workflows.id AND r."+isLive+
		" AND (workflows.deleted_at > 0 OR NOT r.test))", Stopped)
}

// SweepStopped ends the live runs of workflows that were stopped or deleted by a
// process that died before it had ended them all, and returns how many there were.
func (d *Desk) SweepStopped(ctx context.Context) (int, error) {
	var wfs []Workflow
	if err := orphaned(d.db.Read(ctx).Select("id", "workspace_id")).Order("id").Find(&wfs).Error; err != nil {
		return 0, fmt.Errorf("look for runs of stopped workflows: %w", err)
	}
	ended := 0
	for _, wf := range wfs {
		for more := true; more; {
			n := 0
			err := d.write(ctx, wf.WorkspaceID, system(), func(t *txn) (err error) {
				if err = t.lockAssignments(); err != nil {
					return err
				}
				n, more, err = t.endOrphans(wf.ID)
				return err
			})
			if err != nil {
				return ended, fmt.Errorf("end the runs of workflow %d: %w", wf.ID, err)
			}
			ended += n
		}
	}
	return ended, nil
}

// endOrphans ends a batch of the runs that a workflow, which is not published,
// should not have any more.
func (t *txn) endOrphans(workflowID int64) (ended int, more bool, err error) {
	wf, err := first[Workflow](orphaned(t.db.Where("id = ?", workflowID)))
	if err != nil || wf == nil {
		return 0, false, err
	}
	reason, q := flow.EndWorkflowStopped, t.db.Where("NOT test")
	if wf.DeletedAt != 0 {
		reason, q = flow.EndWorkflowDeleted, t.db
	}
	var runs []Run
	if err := q.Select("id", "contact_id").Where("workflow_id = ? AND "+isLive, wf.ID).Order("contact_id, id").Limit(endBatch).Find(&runs).Error; err != nil {
		return 0, false, err
	}
	ended, err = t.endRuns(runs, reason)
	return ended, len(runs) == endBatch, err
}
