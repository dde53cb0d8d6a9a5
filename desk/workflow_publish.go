package desk

import (
	"context"

	"ucal/flow"
)

// PublishWorkflow makes a version of the draft and arms its trigger. An
// unchanged draft makes no new version: it re-arms a stopped workflow. A
// revision other than 0 must be the draft's.
func (d *Desk) PublishWorkflow(ctx context.Context, p Principal, ref string, revision int64) (*Workflow, error) {
	var wf *Workflow
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		err := t.lockAssignments() // two publishes at once could close a loop that neither sees
		if err != nil {
			return err
		}
		if wf, err = t.workflowByRef(ref, true); err != nil {
			return err
		}
		if revision != 0 && revision != wf.Revision {
			return stale(wf, revision)
		}
		return t.publish(wf)
	})
	return wf, err
}

func (t *txn) publish(wf *Workflow) error {
	def, err := decode(wf.Draft)
	if err != nil {
		return err
	}
	problems, err := t.check(def, flow.Publish)
	if err != nil {
		return err
	}
	if problems.Blocking() {
		return invalidWorkflow(problems)
	}
	published, err := t.publishedDefinitions()
	if err != nil {
		return err
	}
	loop, err := t.findLoop(def, published)
	if err != nil {
		return err
	}
	if loop != nil {
		e := refuse(Conflict, "workflow_loop", "Workflow loop detected")
		e.Problems = flow.Problems{flow.LoopProblem(loop, flow.Publish)}
		return e
	}
	if err := wf.take(def); err != nil { // references that were open are resolved by now
		return err
	}
	for more := wf.State == Stopped; more; { // what a Stop that died has left behind
		if _, more, err = t.endOrphans(wf.ID); err != nil {
			return err
		}
	}
	if wf.State == Published && !wf.Unpublished() {
		return nil
	}
	if wf.Unpublished() {
		if err := t.newVersion(wf, len(def.Steps)); err != nil {
			return err
		}
		if err := t.clearPublished(wf.ID, def); err != nil {
			return err
		}
	}
	wf.State, wf.PublishedTrigger, wf.LastPublishedAt, wf.LastPublishedBy = Published, wf.TriggerType, t.at, t.actor
	if wf.FirstPublishedAt == 0 {
		wf.FirstPublishedAt = t.at
	}
	return t.db.Model(wf).Select("state", "draft", "draft_hash", "version_id", "version", "version_hash", "published_trigger", "first_published_at",
		"last_published_at", "last_published_by").Updates(wf).Error
}

func (t *txn) newVersion(wf *Workflow, steps int) error {
	v := &WorkflowVersion{WorkspaceID: t.wsID, WorkflowID: wf.ID, Version: wf.Version + 1, Definition: wf.Draft, Hash: wf.DraftHash,
		StepCount: int64(steps), PublishedAt: t.at, PublishedBy: t.actor}
	if err := t.db.Create(v).Error; err != nil {
		return err
	}
	wf.VersionID, wf.Version, wf.VersionHash = v.ID, v.Version, v.Hash
	return nil
}

// StopWorkflow disarms a published workflow and ends its live runs.
func (d *Desk) StopWorkflow(ctx context.Context, p Principal, ref string) (wf *Workflow, ended int, err error) {
	return d.endWorkflow(ctx, p, ref, flow.EndWorkflowStopped, func(t *txn, wf *Workflow) error {
		if wf.State != Published {
			return refuse(Conflict, "invalid_state", "workflow %q is %s; only a published one can be stopped", wf.Name, wf.State)
		}
		wf.State, wf.PublishedTrigger = Stopped, ""
		return t.db.Model(wf).Select("state", "published_trigger").Updates(wf).Error
	})
}

// DeleteWorkflow ends the live runs of a workflow and removes it; its runs stay readable.
func (d *Desk) DeleteWorkflow(ctx context.Context, p Principal, ref string) (wf *Workflow, ended int, err error) {
	return d.endWorkflow(ctx, p, ref, flow.EndWorkflowDeleted, func(t *txn, wf *Workflow) error {
		wf.DeletedAt, wf.PublishedTrigger = t.at, ""
		return t.db.Model(wf).Select("deleted_at", "published_trigger").Updates(wf).Error
	})
}

// endWorkflow changes the state of a workflow and ends its live runs.
func (d *Desk) endWorkflow(ctx context.Context, p Principal, ref string, reason flow.EndReason, change func(t *txn, wf *Workflow) error) (wf *Workflow, ended int, err error) {
	var end *ending
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		if wf, err = t.workflowByRef(ref, true); err != nil {
			return err
		}
		if err := change(t, wf); err != nil {
			return err
		}
		end, err = t.endAll(wf, reason)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	ended, err = end.finish(ctx, d, p.WorkspaceID, p.Actor())
	return wf, ended, err
}
