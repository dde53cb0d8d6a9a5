package desk

import (
	"context"
	"encoding/json"

	"ucal/flow"
)

// VersionView is a published version as the API shows it.
type VersionView struct {
	WorkflowVersion
	LiveRuns   int64
	Settings   json.RawMessage // these two in full views only
	Definition json.RawMessage
}

// Versions lists the versions of a workflow; the cursor is the version's number.
func (d *Desk) Versions(ctx context.Context, p Principal, ref string, page Page) (List[VersionView], error) {
	var out List[VersionView]
	err := d.read(ctx, p, func(t *txn) error {
		wf, err := t.workflowByRef(ref, false)
		if err != nil {
			return err
		}
		byNumber := order{"version", "version DESC", "version > ?", "version < ?"}
		l, err := list(t.db.Omit("definition").Where("workflow_id = ? AND version > 0", wf.ID), page, byNumber, func(v *WorkflowVersion) int64 { return v.Version })
		if err != nil {
			return err
		}
		items := make([]VersionView, len(l.Items))
		for i, v := range l.Items {
			items[i].WorkflowVersion = v
			if items[i].LiveRuns, err = t.liveOf(v.ID); err != nil {
				return err
			}
		}
		out = convert(l, items)
		return nil
	})
	return out, err
}

// Version returns one version with its definition.
func (d *Desk) Version(ctx context.Context, p Principal, ref string, version int64) (*VersionView, error) {
	var v *VersionView
	err := d.read(ctx, p, func(t *txn) error {
		row, def, err := t.version(ref, version)
		if err != nil {
			return err
		}
		v = &VersionView{WorkflowVersion: *row, Settings: flow.EncodeSettings(def)}
		if v.Definition, err = flow.EncodeBody(def); err != nil {
			return err
		}
		v.LiveRuns, err = t.liveOf(row.ID)
		return err
	})
	return v, err
}

// RestoreVersion makes a published version the draft again; name and description
// stay. What the version refers to may be gone by now: then the draft has
// problems. A revision other than 0 must be the draft's.
func (d *Desk) RestoreVersion(ctx context.Context, p Principal, ref string, version, revision int64) (*WorkflowView, error) {
	defer d.recent.workflows.clear()
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		wf, err := t.workflowByRef(ref, true)
		if err != nil {
			return err
		}
		if revision != 0 && revision != wf.Revision {
			return stale(wf, revision)
		}
		_, def, err := t.version(ref, version)
		if err != nil {
			return err
		}
		if err := t.saveDraft(wf, def); err != nil {
			return err
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}

// version loads a version with a copy of its definition that shows the present names.
func (t *txn) version(ref string, version int64) (*WorkflowVersion, *flow.Definition, error) {
	wf, err := t.workflowByRef(ref, false)
	if err != nil {
		return nil, nil, err
	}
	row, err := first[WorkflowVersion](t.db.Where("workflow_id = ? AND version = ? AND version > 0", wf.ID, version)) // 0 are snapshots for test runs
	if err != nil {
		return nil, nil, err
	}
	if row == nil {
		return nil, nil, notFound("version", version)
	}
	def, err := decode(row.Definition)
	if err != nil {
		return nil, nil, err
	}
	def.ID, def.Name, def.Description = wf.Slug, wf.Name, wf.Description
	return row, def, t.refresh(def)
}

// refresh puts the present names into the references of a definition.
func (t *txn) refresh(def *flow.Definition) error {
	dir := &directory{t: t}
	def.EachRef(func(kind flow.RefKind, r *flow.Ref) {
		if now := dir.Find(kind, *r); r.ID != 0 && len(now) == 1 {
			*r = now[0]
		}
	})
	return dir.err
}

func (t *txn) liveOf(versionID int64) (int64, error) {
	var n int64
	err := t.db.Model(&Run{}).Where("version_id = ? AND state IN ?", versionID, live).Count(&n).Error
	return n, err
}
