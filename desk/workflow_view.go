package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"ucal/flow"
)

// WorkflowView is a workflow as the API shows it.
type WorkflowView struct {
	Workflow
	StepCount  int
	Counts     RunCounts
	Problems   flow.Problems   // of the draft, as Save sees them, and warnings of what goes wrong while it runs
	Hook       string          // token of the Incoming Webhook address; "" = it has none
	Settings   json.RawMessage // these two in full views only
	Definition json.RawMessage
}

// Unpublished reports whether the draft differs from the newest version.
func (w *Workflow) Unpublished() bool { return w.VersionID == 0 || w.DraftHash != w.VersionHash }

// RunCounts are the live runs of a workflow; stuck ones are waiting too.
type RunCounts struct{ Running, Waiting, Stuck int64 }

// stuckAfter is how long after its due time a run counts as stuck.
const stuckAfter = 5 * time.Minute

// WorkflowFilter narrows a list of workflows; zero values take all.
type WorkflowFilter struct {
	State       WorkflowState
	TriggerType flow.TriggerType
	Search      string // part of the name
}

// Workflows lists the workflows of a workspace.
func (d *Desk) Workflows(ctx context.Context, p Principal, f WorkflowFilter, page Page) (List[WorkflowView], error) {
	var out List[WorkflowView]
	err := d.read(ctx, p, func(t *txn) error {
		q := t.db.Where("workspace_id = ? AND deleted_at = 0", t.wsID)
		if f.State != "" {
			q = q.Where("state = ?", f.State)
		}
		if f.TriggerType != "" {
			q = q.Where("trigger_type = ?", f.TriggerType)
		}
		if f.Search != "" {
			q = q.Where(`lower(name) LIKE ? ESCAPE '\'`, like(f.Search))
		}
		l, err := list(q, page, oldestFirst(), func(w *Workflow) int64 { return w.ID })
		if err != nil {
			return err
		}
		views, err := t.workflowViews(l.Items, false)
		out = convert(l, views)
		return err
	})
	return out, err
}

// Workflow returns one workflow with its draft.
func (d *Desk) Workflow(ctx context.Context, p Principal, ref string) (*WorkflowView, error) {
	var v *WorkflowView
	err := d.read(ctx, p, func(t *txn) error {
		wf, err := t.workflowByRef(ref, false)
		if err != nil {
			return err
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}

func (t *txn) fullView(wf *Workflow) (*WorkflowView, error) {
	views, err := t.workflowViews([]Workflow{*wf}, true)
	if err != nil {
		return nil, err
	}
	return &views[0], nil
}

func (t *txn) workflowViews(wfs []Workflow, full bool) ([]WorkflowView, error) {
	counts, err := t.runCounts(wfs)
	if err != nil {
		return nil, err
	}
	published, err := t.publishedDefinitions()
	if err != nil {
		return nil, err
	}
	warnings, err := t.warningsOf(wfs)
	if err != nil {
		return nil, err
	}
	out := make([]WorkflowView, len(wfs))
	for i, wf := range wfs {
		v := WorkflowView{Workflow: wf, Counts: counts[wf.ID]}
		def, err := decode(wf.Draft)
		if err != nil {
			return nil, err
		}
		if v.Problems, err = t.check(def, flow.Save); err != nil {
			return nil, err
		}
		loop, err := t.findLoop(def, published)
		if err != nil {
			return nil, err
		}
		if loop != nil {
			v.Problems = append(v.Problems, flow.LoopProblem(loop, flow.Save))
		}
		gone, err := t.goneFromVersion(&wf, def, v.Problems)
		if err != nil {
			return nil, err
		}
		v.Problems = append(v.Problems, gone...)
		if v.Hook, err = t.hookOf(&v.Workflow); err != nil {
			return nil, err
		}
		for _, w := range warnings[wf.ID] {
			v.Problems = append(v.Problems, w.problem(def))
		}
		v.StepCount = len(def.Steps)
		if full {
			v.Settings = flow.EncodeSettings(def)
			if v.Definition, err = flow.EncodeBody(def); err != nil {
				return nil, err
			}
		}
		out[i] = v
	}
	return out, nil
}

func (t *txn) runCounts(wfs []Workflow) (map[int64]RunCounts, error) {
	ids := make([]int64, len(wfs))
	for i, w := range wfs {
		ids[i] = w.ID
	}
	var rows []struct {
		WorkflowID int64
		RunCounts
	}
	err := t.db.Model(&Run{}).Where("workflow_id IN ? AND state IN ?", ids, live).Group("workflow_id").
		Select("workflow_id, sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS running, sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS waiting, "+
			"sum(CASE WHEN due_at > 0 AND due_at < ? THEN 1 ELSE 0 END) AS stuck", flow.RunRunning, flow.RunWaiting, t.stuckBefore()).Scan(&rows).Error
	counts := map[int64]RunCounts{}
	for _, r := range rows {
		counts[r.WorkflowID] = r.RunCounts
	}
	return counts, err
}

func (t *txn) stuckBefore() int64 { return t.at - stuckAfter.Milliseconds() }

// findLoop returns the names of the workflows of the cycle that a definition
// would close; nil when there is none.
func (t *txn) findLoop(def *flow.Definition, published []*flow.Definition) ([]string, error) {
	dir := &directory{t: t}
	return flow.FindLoop(def, published, dir), dir.err
}

// publishedDefinitions are the newest versions of all published workflows.
func (t *txn) publishedDefinitions() ([]*flow.Definition, error) {
	var wfs []Workflow
	if err := t.db.Select("id", "version_id").Where("workspace_id = ? AND published_trigger <> ''", t.wsID).Find(&wfs).Error; err != nil {
		return nil, err
	}
	var defs []*flow.Definition
	for _, w := range wfs {
		def, err := t.definition(w.VersionID)
		if errors.Is(err, errUnreadable) {
			continue // it starts nothing, and must not keep others from being published
		}
		if err != nil {
			return nil, err
		}
		defs = append(defs, def)
	}
	return defs, nil
}
