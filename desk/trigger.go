package desk

import (
	"errors"
	"fmt"
	"time"

	"ucal/flow"
)

// TriggerDecision says for one event and one published workflow whether a run
// started, and why (not).
type TriggerDecision struct {
	ID          int64
	WorkspaceID int64
	ContactID   int64
	Event       DecidedEvent `gorm:"serializer:json"`
	WorkflowID  int64
	Version     int64
	Reason      string
	Detail      string
	RunID       int64
	Conditions  []flow.Seen `gorm:"serializer:json"`
	At          int64
}

// DecidedEvent is what a decision tells about its event.
type DecidedEvent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	Actor   Actor  `json:"actor"`
}

// The reasons of a decision (workflow specification 2.1).
const (
	reasonMatched   = "matched"
	reasonCondition = "condition_false"
	reasonBlocked   = "contact_blocked"
	reasonLoop      = "loop_guard"
	reasonOnce      = "once_per_contact"
	reasonEnrolled  = "already_enrolled"
	reasonThrottled = "throttled"
	reasonError     = "error" // the workflow itself is at fault: see offerUnreadable
)

// detailConfig tells that the trigger's configuration did not fit the event: it
// never came to the conditions.
const detailConfig = "configuration"

// maxChain is how many workflows may cause each other.
const maxChain = 10

// trigger offers an event to every published workflow with its trigger type, in
// the order (first published, id), and starts the runs.
func (t *txn) trigger(c *Contact, ev *Event, h flow.Happening) error {
	var wfs []Workflow
	err := t.db.Select("id", "slug", "name", "version", "version_id", "version_hash").
		Where("workspace_id = ? AND published_trigger = ? AND published_trigger <> ''", t.wsID, h.Type).Order("first_published_at, id").Find(&wfs).Error
	if err != nil {
		return err
	}
	for i := range wfs {
		if err := t.offer(c, ev, h, &wfs[i]); err != nil {
			return fmt.Errorf("offer %s to workflow %s: %w", ev.Type, wfs[i].Slug, err)
		}
	}
	return nil
}

// offer decides one workflow and records the decision.
func (t *txn) offer(c *Contact, ev *Event, h flow.Happening, wf *Workflow) error {
	def, err := t.definition(wf.VersionID)
	if errors.Is(err, errUnreadable) {
		return t.offerUnreadable(c, ev, h, wf, err)
	}
	if err != nil {
		return err
	}
	ok, seen := flow.MatchTrigger(def.Trigger, h, t.env(c, nil))
	dec := &TriggerDecision{WorkspaceID: t.wsID, ContactID: c.ID, WorkflowID: wf.ID, Version: wf.Version, Conditions: notNil(seen), At: t.at,
		Event: DecidedEvent{ID: ev.UID, Type: string(ev.Type), Summary: summary(h), Actor: ev.Actor}, Reason: reasonCondition}
	switch {
	case ok:
		if dec.Reason, dec.Detail, err = t.decide(c, wf, def); err != nil {
			return err
		}
	case !def.Trigger.Accepts(h):
		dec.Detail = detailConfig
	}
	if dec.Reason == reasonMatched {
		run := &Run{TriggerEvent: ev.UID, TriggerType: h.Type, TriggerSource: Source(h.Source), TriggerActor: ev.Actor,
			Vars: flow.TriggerVars(def.Trigger, h, t.env(c, nil))}
		if run.TriggerSource == "" {
			run.TriggerSource = ev.Actor.Kind
		}
		if ev.Type == ConversationOpened || ev.Type == ConversationClosed { // else $conversation is the present one
			run.ConversationID = ev.ConversationID
		}
		if err := t.start(c, wf, def, run); err != nil {
			return err
		}
		dec.RunID = run.ID
	}
	return t.db.Create(dec).Error
}

// offerUnreadable records that a workflow could not be asked. One broken workflow
// must not keep the contact's message, and all other workflows, from being
// stored: the channel would redeliver it in vain.
func (t *txn) offerUnreadable(c *Contact, ev *Event, h flow.Happening, wf *Workflow, why error) error {
	t.Log.Error("a published workflow cannot be read; nothing starts it", "workflow_id", wf.ID, "error", why)
	err := t.warnWorkflow(wf.ID, "", reasonError, fmt.Sprintf("Version %d cannot be read by this version of ucal, so nothing starts. Upgrade ucal, or publish the workflow again.", wf.Version))
	if err != nil {
		return err
	}
	return t.db.Create(&TriggerDecision{WorkspaceID: t.wsID, ContactID: c.ID, WorkflowID: wf.ID, Version: wf.Version, Conditions: []flow.Seen{}, At: t.at,
		Event: DecidedEvent{ID: ev.UID, Type: string(ev.Type), Summary: summary(h), Actor: ev.Actor}, Reason: reasonError}).Error
}

// summary says in words what happened.
func summary(h flow.Happening) string {
	switch {
	case h.Tag != nil:
		return "tag " + h.Tag.Name + " " + h.Tag.Action
	case h.Field != nil:
		return "contact field " + h.Field.Key + " changed"
	case h.Ad != nil:
		return "ad " + h.Ad.ID + " clicked"
	case h.Type == flow.MessageReceived:
		return "message received on " + h.Channel
	case h.Type == flow.ConversationClosed:
		return "conversation closed by " + h.Source
	}
	return "conversation opened by " + h.Source
}

// decide is mayStart; a throttled start shows on the workflow: somebody, or
// another workflow, floods it.
func (t *txn) decide(c *Contact, wf *Workflow, def *flow.Definition) (reason, detail string, err error) {
	reason, detail, err = t.mayStart(c, wf, def.Trigger.OncePerContact)
	if err == nil && reason == reasonThrottled {
		err = t.warnWorkflow(wf.ID, "", reasonThrottled, fmt.Sprintf("A contact would have started this workflow more than %d times in one hour; the start was dropped. "+
			"Make the trigger more exact, or let it start once per contact.", t.StartsPerHour))
	}
	return reason, detail, err
}

// mayStart makes the checks 2 to 7 of the workflow specification 2.1.
func (t *txn) mayStart(c *Contact, wf *Workflow, once bool) (reason, detail string, err error) {
	switch {
	case c.IsBlocked:
		return reasonBlocked, "", nil
	case t.cause.holds(wf.ID):
		return reasonLoop, "own_effect", nil
	case len(t.cause.chain) >= maxChain:
		return reasonLoop, "depth", nil
	}
	if t.fresh[c.ID] {
		return reasonMatched, "", nil
	}
	var n struct{ Entered, Live, Recent int64 }
	err = t.db.Model(&Run{}).Where("contact_id = ? AND workflow_id = ?", c.ID, wf.ID).
		Select("coalesce(sum(CASE WHEN test THEN 0 ELSE 1 END), 0) AS entered, coalesce(sum(CASE WHEN state IN ? THEN 1 ELSE 0 END), 0) AS live, "+
			"coalesce(sum(CASE WHEN started_at > ? THEN 1 ELSE 0 END), 0) AS recent", live, t.at-time.Hour.Milliseconds()).Scan(&n).Error
	switch {
	case err != nil:
		return "", "", err
	case once && n.Entered > 0:
		return reasonOnce, "", nil
	case n.Live > 0:
		return reasonEnrolled, "", nil
	case n.Recent >= int64(t.StartsPerHour):
		return reasonThrottled, fmt.Sprintf("%d starts in the last hour", n.Recent), nil
	}
	return reasonMatched, "", nil
}

// start creates a run of the newest version; the caller has filled in the
// trigger and made the checks.
func (t *txn) start(c *Contact, wf *Workflow, def *flow.Definition, r *Run) error {
	delete(t.fresh, c.ID)
	r.WorkspaceID, r.WorkflowID, r.VersionID, r.ContactID = t.wsID, wf.ID, wf.VersionID, c.ID
	r.State, r.TriggerAt, r.StartedAt = flow.RunRunning, t.at, t.at
	r.Test = r.Test || r.ParentRunID != 0 && t.cause.run != nil && t.cause.run.Test // a test tests its children too
	r.ExitOnIncoming, r.ExitOnOutgoing, r.ExitOnAssignment = def.Settings.ExitOnIncomingMessage, def.Settings.ExitOnOutgoingMessage, def.Settings.ExitOnManualAssignment
	r.Chain = append(append([]int64{}, t.cause.chain...), wf.ID)
	if r.Vars == nil {
		r.Vars = map[string]string{}
	}
	for _, name := range def.Variables() { // known from the start, empty until set
		if _, ok := r.Vars[name]; !ok {
			r.Vars[name] = ""
		}
	}
	r.Jumps = map[string]int{}
	if err := t.db.Create(r).Error; err != nil {
		return err
	}
	name, data := wf.Name, map[string]any{"runId": r.ID, "workflowId": wf.ID, "workflow": wf.Name, "version": wf.Version}
	if r.Test {
		name, data["test"] = name+" (test)", true
	}
	if err := t.emit(c, Event{Type: WorkflowStarted, Data: data}); err != nil {
		return err
	}
	return t.tell(c.ID, r.ID, StartRun, RunStart{TemporalID: TemporalID(wf.Slug, c.ID, r.ID), RunID: r.ID, WorkspaceID: t.wsID,
		ContactID: c.ID, Contact: c.Label(), WorkflowID: wf.ID, Slug: wf.Slug, Workflow: name, Version: wf.Version, Hash: wf.VersionHash})
}
