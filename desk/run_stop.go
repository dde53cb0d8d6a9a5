package desk

import (
	"context"
	"errors"
	"strings"

	"ucal/flow"
)

// maxNote is the length of the note on a stopped run in characters.
const maxNote = 255

// StopRun ends a live run; the note goes to the contact's timeline. An agent may
// stop what the workflow's settings allow.
func (d *Desk) StopRun(ctx context.Context, p Principal, id int64, note string) (*Run, error) {
	return d.stopRun(ctx, p, nil, id, note)
}

// StopRunOf is StopRun for a run of one contact.
func (d *Desk) StopRunOf(ctx context.Context, p Principal, who Identifier, id int64) (*Run, error) {
	return d.stopRun(ctx, p, &who, id, "")
}

func (d *Desk) stopRun(ctx context.Context, p Principal, who *Identifier, id int64, note string) (*Run, error) {
	if note = strings.TrimSpace(note); tooLong(note, maxNote) {
		return nil, invalid("reason", "reason has more than %d characters; shorten it", maxNote)
	}
	var run *Run
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		r, err := take[Run](t, "run", id)
		if err != nil {
			return err
		}
		if who != nil {
			c, err := t.find(p, *who)
			if err != nil {
				return err
			}
			if c.ID != r.ContactID {
				return notFound("run", id)
			}
		}
		if may, err := t.mayStop(p, r); err != nil {
			return err
		} else if !may {
			return refuse(Forbidden, "forbidden", "run %d cannot be stopped by agents: its workflow does not allow it", id)
		}
		ended := 0
		if r.Live() {
			if ended, err = t.endRuns([]Run{*r}, flow.EndStoppedByUser); err != nil {
				return err
			}
		}
		if run, err = take[Run](t, "run", id); err != nil {
			return err
		}
		if ended == 0 {
			return refuse(Conflict, "invalid_state", "run %d has ended already: %s, %s", id, run.State, run.ExitReason)
		}
		t.noteOn(id, note)
		return nil
	})
	return run, err
}

// noteOn adds a person's note to the end of a run that has just been told.
func (t *txn) noteOn(run int64, note string) {
	for _, ev := range t.events {
		if note != "" && ev.Type == WorkflowEnded && ev.Data["runId"] == run {
			ev.Data["note"] = note
		}
	}
}

// mayStop reports whether the caller may stop a run: owners and managers always,
// agents when its version's settings allow it.
func (t *txn) mayStop(p Principal, r *Run) (bool, error) {
	if p.Role != Agent || !r.Live() { // of an ended one, whose version may be gone, that is what is said
		return true, nil
	}
	def, err := t.definition(r.VersionID)
	if errors.Is(err, errUnreadable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return def.Settings.AllowManualStop, nil
}

// StopRunsOfWorkflow ends every live run of a workflow.
func (d *Desk) StopRunsOfWorkflow(ctx context.Context, p Principal, id int64) (ended int, err error) {
	var end *ending
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		wf, err := take[Workflow](t, "workflow", id)
		if err != nil {
			return err
		}
		end, err = t.endAll(wf, flow.EndStoppedByUser)
		return err
	})
	if err != nil {
		return 0, err
	}
	return end.finish(ctx, d, p.WorkspaceID, p.Actor())
}

// StopRunsOfContact ends every live run of a contact.
func (d *Desk) StopRunsOfContact(ctx context.Context, p Principal, who Identifier) (ended int, err error) {
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		runs, err := t.liveRuns(c)
		if err != nil {
			return err
		}
		ended, err = t.endRuns(runs, flow.EndStoppedByUser)
		return err
	})
	return ended, err
}
