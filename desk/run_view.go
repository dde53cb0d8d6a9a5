package desk

import (
	"cmp"
	"context"
	"fmt"

	"gorm.io/gorm"

	"ucal/flow"
)

// RunView is a run as the API shows it.
type RunView struct {
	Run
	Slug     string
	Workflow string   // its name
	Version  int64    // 0 = a test run's snapshot of the draft
	Current  *RunStep // the step that a live run is at; nil otherwise, or before the first step
	Stuck    bool
	Retry    *RunRetry // the pause before the next attempt at a call to an outside system; nil = none
}

// RunRetry is a pause between two attempts at a call to an outside system.
type RunRetry struct {
	At     int64  // of the next attempt
	Reason string // which attempt came to nothing, and why
}

// RunDetail is a run with its step log in the order of time.
type RunDetail struct {
	RunView
	Steps []RunStep
}

// RunFilter narrows a list of runs; nil and zero values take all. Times are Unix
// milliseconds of the start, both inclusive.
type RunFilter struct {
	WorkflowID int64
	Contact    *Identifier
	State      flow.RunState
	ExitReason flow.EndReason
	Stuck      *bool
	Test       *bool
	From, To   int64
}

// Runs lists runs, newest first.
func (d *Desk) Runs(ctx context.Context, p Principal, f RunFilter, page Page) (List[RunView], error) {
	var out List[RunView]
	err := d.read(ctx, p, func(t *txn) error {
		q, err := t.ofContact(t.db.Where("workspace_id = ?", t.wsID), p, f.Contact)
		if err != nil {
			return err
		}
		l, err := list(f.narrow(q, t.stuckBefore()), page, newestFirst(), func(r *Run) int64 { return r.ID })
		if err != nil {
			return err
		}
		views, err := t.runViews(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

func (f RunFilter) narrow(q *gorm.DB, stuckBefore int64) *gorm.DB {
	if f.WorkflowID != 0 {
		q = q.Where("workflow_id = ?", f.WorkflowID)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.ExitReason != "" {
		q = q.Where("exit_reason = ?", f.ExitReason)
	}
	if f.Stuck != nil {
		const stuck = "state IN ? AND due_at > 0 AND due_at < ?"
		if *f.Stuck {
			q = q.Where(stuck, live, stuckBefore)
		} else {
			q = q.Where("NOT ("+stuck+")", live, stuckBefore)
		}
	}
	if f.Test != nil {
		q = q.Where("test = ?", *f.Test)
	}
	if f.From != 0 {
		q = q.Where("started_at >= ?", f.From)
	}
	if f.To != 0 {
		q = q.Where("started_at <= ?", f.To)
	}
	return q
}

// RunOf returns one run with its step log.
func (d *Desk) RunOf(ctx context.Context, p Principal, id int64) (*RunDetail, error) {
	var v *RunDetail
	err := d.read(ctx, p, func(t *txn) error {
		run, err := take[Run](t, "run", id)
		if err != nil {
			return err
		}
		view, err := t.runView(run)
		if err != nil {
			return err
		}
		v = &RunDetail{RunView: *view, Steps: []RunStep{}}
		return t.db.Where("run_id = ?", id).Order("seq").Find(&v.Steps).Error
	})
	return v, err
}

// LiveRun is a live run as the inbox shows it.
type LiveRun struct {
	RunView
	Stoppable bool // by the caller
}

// LiveRuns lists the live runs of a contact, oldest first.
func (d *Desk) LiveRuns(ctx context.Context, p Principal, who Identifier) ([]LiveRun, error) {
	var out []LiveRun
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		var runs []Run
		if err := t.db.Where("contact_id = ? AND "+isLive, c.ID).Order("id").Find(&runs).Error; err != nil {
			return err
		}
		views, err := t.runViews(runs)
		if err != nil {
			return err
		}
		out = make([]LiveRun, len(views))
		for i := range views {
			out[i].RunView = views[i]
			if out[i].Stoppable, err = t.mayStop(p, &views[i].Run); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func (t *txn) runView(r *Run) (*RunView, error) {
	views, err := t.runViews([]Run{*r})
	if err != nil {
		return nil, err
	}
	return &views[0], nil
}

func (t *txn) runViews(runs []Run) ([]RunView, error) {
	ids, workflows, versions := make([]int64, len(runs)), make([]int64, len(runs)), make([]int64, len(runs))
	for i, r := range runs {
		ids[i], workflows[i], versions[i] = r.ID, r.WorkflowID, r.VersionID
	}
	var names []struct {
		ID         int64
		Slug, Name string
	}
	if err := t.db.Model(&Workflow{}).Select("id", "slug", "name").Where("id IN ?", workflows).Scan(&names).Error; err != nil {
		return nil, err
	}
	var numbers []struct{ ID, Version int64 } // the snapshot of an old test run may be gone
	if err := t.db.Model(&WorkflowVersion{}).Select("id", "version").Where("id IN ?", versions).Scan(&numbers).Error; err != nil {
		return nil, err
	}
	current, err := t.currentSteps(ids)
	if err != nil {
		return nil, err
	}
	retries, err := t.retries(ids)
	if err != nil {
		return nil, err
	}
	out := make([]RunView, len(runs))
	for i, r := range runs {
		out[i] = RunView{Retry: retries[r.ID], Run: r, Stuck: r.Live() && r.DueAt > 0 && r.DueAt < t.stuckBefore()}
		if r.Live() {
			out[i].Current = current[r.ID]
		}
		for _, n := range names {
			if n.ID == r.WorkflowID {
				out[i].Slug, out[i].Workflow = n.Slug, n.Name
			}
		}
		for _, n := range numbers {
			if n.ID == r.VersionID {
				out[i].Version = n.Version
			}
		}
	}
	return out, nil
}

// currentSteps are the last entries of the runs' step logs.
func (t *txn) currentSteps(runs []int64) (map[int64]*RunStep, error) {
	var rows []RunStep
	err := t.db.Where("run_id IN ? AND seq = (SELECT max(seq) FROM run_steps s WHERE s.run_id = run_steps.run_id)", runs).Find(&rows).Error
	found := map[int64]*RunStep{}
	for i := range rows {
		found[rows[i].RunID] = &rows[i]
	}
	return found, err
}

// retries are the pauses between attempts at calls to outside systems.
func (t *txn) retries(runs []int64) (map[int64]*RunRetry, error) {
	var rows []RunCall
	err := t.db.Select("run_id", "attempts", "problem", "lease_until").Where("run_id IN ? AND calling = ? AND lease_until > ?", runs, false, t.at).Find(&rows).Error
	found := map[int64]*RunRetry{}
	for _, r := range rows {
		found[r.RunID] = &RunRetry{r.LeaseUntil, fmt.Sprintf("attempt %d: %s", r.Attempts, cmp.Or(r.Problem, "interrupted"))}
	}
	return found, err
}
