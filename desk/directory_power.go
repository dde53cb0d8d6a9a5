package desk

import (
	"errors"

	"gorm.io/gorm"

	"ucal/flow"
)

// Target tells Trigger Another Workflow what it must know of a workflow.
func (d *directory) Target(id int64) (flow.Target, bool) {
	wf, err := first[Workflow](d.t.db.Where("workspace_id = ? AND id = ? AND deleted_at = 0", d.t.wsID, id))
	if err != nil || wf == nil {
		d.note(err)
		return flow.Target{}, false
	}
	draft, err := decode(wf.Draft)
	if err != nil {
		d.note(err)
		return flow.Target{}, false
	}
	target := flow.Target{Trigger: draft.Trigger.Type}
	steps := draft.Steps
	if wf.VersionID != 0 {
		def, err := d.t.definition(wf.VersionID)
		if errors.Is(err, errUnreadable) {
			return target, true // it cannot start: not published
		}
		if err != nil {
			d.note(err)
			return flow.Target{}, false
		}
		steps = def.Steps
		if def.Trigger.Type == flow.ManualTrigger { // a draft that is to become something else does not count yet
			target.Trigger, target.Published = flow.ManualTrigger, wf.State == Published
		}
	}
	for _, s := range steps {
		target.Steps = append(target.Steps, s.ID)
	}
	return target, true
}

// HasSecret reports whether the workspace has a secret of the name.
func (d *directory) HasSecret(name string) bool {
	return d.any(d.t.db.Table("secrets").Where("name = ?", name))
}

// Connected reports whether the workspace, or the operator, has connected a
// service.
func (d *directory) Connected(s flow.Service) bool {
	if s == flow.ServiceModel && d.t.AI.Model.Provider != "" {
		return true
	}
	return d.any(d.t.db.Table("integrations").Where("kind = ? AND status <> 'off'", s))
}

func (d *directory) any(q *gorm.DB) bool {
	var n int64
	d.note(q.Where("workspace_id = ?", d.t.wsID).Count(&n).Error)
	return n > 0
}

func (d *directory) note(err error) {
	if err != nil {
		d.err = err
	}
}
