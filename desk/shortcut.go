package desk

import (
	"cmp"
	"context"
	"errors"

	"ucal/channel"
	"ucal/flow"
)

// Form holds the answers to a shortcut's form, by variable, as they were typed.
type Form map[string]string

// ShortcutView is a shortcut as it stands beside a contact.
type ShortcutView struct {
	WorkflowID     int64
	Name           string
	Icon           string
	Description    string
	Form           []flow.FormField
	DisabledReason string // why it would not start for this contact: a reason of trigger decisions; "" = it would
}

// Shortcuts lists the published shortcuts for a contact, by name: those that
// would not start now are disabled and say why.
func (d *Desk) Shortcuts(ctx context.Context, p Principal, who Identifier) ([]ShortcutView, error) {
	var out []ShortcutView
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		var wfs []Workflow
		err = t.db.Select("id", "slug", "name", "version_id").Where("workspace_id = ? AND published_trigger = ?", t.wsID, flow.Shortcut).
			Order("name, id").Find(&wfs).Error
		if err != nil {
			return err
		}
		out = make([]ShortcutView, len(wfs))
		for i := range wfs {
			if out[i], err = t.shortcutView(c, &wfs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func (t *txn) shortcutView(c *Contact, wf *Workflow) (ShortcutView, error) {
	v := ShortcutView{WorkflowID: wf.ID, Name: wf.Name}
	def, err := t.definition(wf.VersionID)
	if errors.Is(err, errUnreadable) {
		v.DisabledReason = reasonError
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if cfg, ok := def.Trigger.Config.(*flow.ShortcutConfig); ok {
		v.Icon, v.Description, v.Form = cfg.Icon, cfg.Description, cfg.Form
	}
	reason, _, err := t.mayStart(c, wf, def.Trigger.OncePerContact)
	if reason != reasonMatched {
		v.DisabledReason = reason
	}
	return v, err
}

// StartShortcut starts a shortcut for a contact. The form is checked first: with
// anything wrong in it nothing starts, and all of it is named. The decision is
// recorded, also when it is a refusal.
func (d *Desk) StartShortcut(ctx context.Context, p Principal, who Identifier, workflowID int64, form Form) (*Run, error) {
	var run *Run
	var refused error
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		run, refused = nil, nil
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		wf, err := t.shortcut(workflowID)
		if err != nil {
			return err
		}
		def, err := t.definition(wf.VersionID)
		if err != nil {
			return err
		}
		s := outsideStart{kind: flow.Shortcut, summary: "shortcut picked by " + cmp.Or(t.actor.Name, string(t.actor.Kind))}
		if s.h.Vars, err = fillForm(def, form); err != nil {
			return err
		}
		if s.h.User, err = t.person(flow.Shortcut); err != nil {
			return err
		}
		var reason, detail string
		if run, reason, detail, err = t.startByCall(c, wf, def, s); err == nil && run == nil {
			refused = notStarted(wf, c, reason, detail)
		}
		return err // with a refusal the decision stays
	})
	if err == nil {
		err = refused
	}
	return run, err
}

// shortcut is a published shortcut. To those who pick shortcuts other workflows
// do not exist.
func (t *txn) shortcut(id int64) (*Workflow, error) {
	wf, err := first[Workflow](t.db.Where("workspace_id = ? AND id = ? AND deleted_at = 0 AND ? IN (published_trigger, trigger_type)", t.wsID, id, flow.Shortcut))
	switch {
	case err != nil:
		return nil, err
	case wf == nil:
		return nil, notFound("shortcut", id)
	case wf.PublishedTrigger != flow.Shortcut:
		return nil, refuse(Conflict, "not_published", "the shortcut %q is not published; ask a manager to publish it", wf.Name)
	}
	return wf, nil
}

// fillForm checks the answers to the form of a Shortcut trigger; other triggers
// have none.
func fillForm(def *flow.Definition, form Form) (map[string]string, error) {
	cfg, ok := def.Trigger.Config.(*flow.ShortcutConfig)
	if !ok {
		if len(form) > 0 {
			return nil, invalid("form", "form belongs to the trigger shortcut only, and this workflow has the trigger %s; leave it out", def.Trigger.Type)
		}
		return nil, nil
	}
	answers, wrong := cfg.Fill(form)
	var f faults
	for _, x := range wrong {
		code := channel.DetailInvalid
		if x.Unknown {
			code = channel.DetailUnknownField
		}
		f.coded(code, "form."+x.Variable, "%s", x.Message)
	}
	return answers, f.err()
}

// person is the acting user as the variables of a shortcut show it; nil when
// nobody in person acts, or the trigger is another one.
func (t *txn) person(trigger flow.TriggerType) (*flow.Person, error) {
	if trigger != flow.Shortcut || t.actor.Kind != SourceUser {
		return nil, nil
	}
	u, err := first[User](t.db.Where("workspace_id = ? AND id = ?", t.wsID, t.actor.ID))
	if err != nil || u == nil {
		return nil, err
	}
	return &flow.Person{ID: u.ID, Name: u.Name(), Email: u.Email}, nil
}
