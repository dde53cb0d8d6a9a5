package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"ucal/flow"
)

// TriggerAPI is the trigger type of runs that were started by a call.
const TriggerAPI flow.TriggerType = "api"

// RunRequest starts a published workflow for one contact.
type RunRequest struct {
	Contact   Identifier
	StartFrom string // id of the step to begin with; "" = the first
	Form      Form   // of a Shortcut trigger; nil for any other
}

// StartRun is "start by API": the trigger's conditions are skipped, the other
// checks hold. The decision is recorded, also when it is a refusal.
func (d *Desk) StartRun(ctx context.Context, p Principal, ref string, in RunRequest) (*RunView, error) {
	var v *RunView
	var refused error
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		v, refused = nil, nil
		if _, err := t.workflowByRef(ref, false); err != nil { // an unknown workflow is named before an unknown contact
			return err
		}
		c, err := t.named(p, in.Contact)
		if err != nil {
			return err
		}
		wf, err := t.workflowByRef(ref, false) // as it is under the contact's lock
		if err != nil {
			return err
		}
		if wf.State != Published {
			return refuse(Conflict, "not_published", "workflow %q is %s; publish it first", wf.Name, wf.State)
		}
		def, err := t.definition(wf.VersionID)
		if err != nil {
			return err
		}
		if in.StartFrom != "" && def.Step(in.StartFrom) == nil {
			return refuse(NotFound, "not_found", "version %d of workflow %q has no step %q", wf.Version, wf.Name, clip(in.StartFrom))
		}
		h := flow.Happening{}
		if h.Vars, err = fillForm(def, in.Form); err != nil {
			return err
		}
		if h.User, err = t.person(def.Trigger.Type); err != nil {
			return err
		}
		run, reason, detail, err := t.startByCall(c, wf, def, outsideStart{TriggerAPI, in.StartFrom, "started by " + string(t.actor.Kind), h})
		if err != nil {
			return err
		}
		if run == nil {
			refused = notStarted(wf, c, reason, detail)
			return nil // the decision stays
		}
		v, err = t.runView(run)
		return err
	})
	if err == nil {
		err = refused
	}
	return v, err
}

// outsideStart is a start that no event of the contact causes: a call of the
// API, a shortcut, a webhook.
type outsideStart struct {
	kind    flow.TriggerType // TriggerAPI, flow.Shortcut or flow.IncomingWebhook
	from    string           // id of the step to begin with; "" = the first
	summary string           // for the decision
	h       flow.Happening   // what the trigger variables say
}

// startByCall decides and records; nil without error is a refusal.
func (t *txn) startByCall(c *Contact, wf *Workflow, def *flow.Definition, s outsideStart) (run *Run, reason, detail string, err error) {
	if reason, detail, err = t.decide(c, wf, def); err != nil {
		return nil, "", "", err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return nil, "", "", err
	}
	dec := &TriggerDecision{WorkspaceID: t.wsID, ContactID: c.ID, WorkflowID: wf.ID, Version: wf.Version, Reason: reason, Detail: detail, At: t.at,
		Conditions: []flow.Seen{}, Event: DecidedEvent{ID: uid.String(), Type: string(s.kind), Summary: s.summary, Actor: t.actor}}
	if reason == reasonMatched {
		s.h.Type = def.Trigger.Type
		run = &Run{TriggerEvent: uid.String(), TriggerType: s.kind, TriggerSource: t.actor.Kind, TriggerActor: t.actor, StartFrom: s.from,
			Vars: flow.TriggerVars(def.Trigger, s.h, t.env(c, nil))}
		if err := t.start(c, wf, def, run); err != nil {
			return nil, "", "", err
		}
		dec.RunID = run.ID
	}
	return run, reason, detail, t.db.Create(dec).Error
}

// hold asks a caller who starts too often, of sixty in an hour, to leave a minute.
func hold(e *Error) *Error {
	if e.Word == reasonThrottled {
		e.RetryAfter = time.Minute
	}
	return e
}

func notStarted(wf *Workflow, c *Contact, reason, detail string) *Error {
	switch reason {
	case reasonBlocked:
		return refuse(Conflict, reason, "contact %d is blocked; unblock it first", c.ID)
	case reasonOnce:
		return refuse(Conflict, reason, "contact %d has been in workflow %q already, which starts once per contact", c.ID, wf.Name)
	case reasonEnrolled:
		return refuse(Conflict, reason, "contact %d is already in workflow %q; stop that run first", c.ID, wf.Name)
	case reasonThrottled:
		return hold(refuse(RateLimited, reason, "workflow %q was started for contact %d too often: %s; try again later", wf.Name, c.ID, detail))
	}
	return refuse(Conflict, "conflict", "workflow %q was not started for contact %d: %s %s", wf.Name, c.ID, reason, detail)
}
