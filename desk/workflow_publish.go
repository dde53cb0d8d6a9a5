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
	if loop := flow.FindLoop(def, published); loop != nil {
		e := refuse(Conflict, "workflow_loop", "Workflow loop detected")
		e.Problems = flow.Problems{flow.LoopProblem(loop, flow.Publish)}
		return e
	}
	if err := wf.take(def); err != nil { // references that were open are resolved by now
		return err
	}
	if wf.State == Published && !wf.Unpublished() {
		return nil
	}
	if wf.Unpublished() {
		if err := t.newVersion(wf, len(def.Steps)); err != nil {
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
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // it locks many contacts, as a drain does: one after the other
			return err
		}
		if wf, err = t.workflowByRef(ref, true); err != nil {
			return err
		}
		if wf.State != Published {
			return refuse(Conflict, "invalid_state", "workflow %q is %s; only a published one can be stopped", wf.Name, wf.State)
		}
		wf.State, wf.PublishedTrigger = Stopped, ""
		if err := t.db.Model(wf).Select("state", "published_trigger").Updates(wf).Error; err != nil {
			return err
		}
		ended, err = t.endRunsOf(wf, flow.EndWorkflowStopped)
		return err
	})
	return wf, ended, err
}

// DeleteWorkflow ends the live runs of a workflow and removes it; its runs stay readable.
func (d *Desk) DeleteWorkflow(ctx context.Context, p Principal, ref string) (wf *Workflow, ended int, err error) {
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // it locks many contacts, as a drain does: one after the other
			return err
		}
		if wf, err = t.workflowByRef(ref, true); err != nil {
			return err
		}
		wf.DeletedAt, wf.PublishedTrigger = t.at, ""
		if err := t.db.Model(wf).Select("deleted_at", "published_trigger").Updates(wf).Error; err != nil {
			return err
		}
		ended, err = t.endRunsOf(wf, flow.EndWorkflowDeleted)
		return err
	})
	return wf, ended, err
}

// endRunsOf ends the live runs of a workflow, contacts in the order of their ids.
func (t *txn) endRunsOf(wf *Workflow, reason flow.EndReason) (int, error) {
	var runs []Run
	if err := t.db.Where("workflow_id = ? AND "+isLive, wf.ID).Order("contact_id, id").Find(&runs).Error; err != nil {
		return 0, err
	}
	return t.endRuns(runs, reason)
}
