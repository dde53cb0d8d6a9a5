package desk

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"ucal/flow"
	"ucal/store"
)

// Run is one contact's passage through one version of a workflow.
type Run struct {
	ID               int64
	WorkspaceID      int64
	WorkflowID       int64
	VersionID        int64
	ContactID        int64
	ConversationID   int64
	State            flow.RunState
	ExitReason       flow.EndReason
	Test             bool
	ExitOnIncoming   bool
	ExitOnOutgoing   bool
	ExitOnAssignment bool
	TriggerEvent     string
	TriggerType      flow.TriggerType
	TriggerSource    Source
	TriggerActor     Actor `gorm:"serializer:json"`
	TriggerAt        int64
	StartFrom        string
	ParentRunID      int64             // the run that started this one; 0 = none
	ParentNo         int               // the parent's effect that waits for this run's end; 0 = nobody waits
	TalkSeq          int               // step execution of the AI Agent that holds the conversation; 0 = none
	Chain            []int64           `gorm:"serializer:json"` // the event's chain and this workflow
	Vars             map[string]string `gorm:"serializer:json"`
	Jumps            map[string]int    `gorm:"serializer:json"`
	WaitKind         flow.WaitKind
	WaitNo           int // effect number that opened the wait
	WaitReason       string
	AskedAt          int64  // id of the question's message: the run that asked last answers first
	Claim            string // JSON of the flow.Result that won the wait; "" = open
	DueAt            int64
	StartedAt        int64
	EndedAt          int64
}

// Live reports whether the run is running or waiting.
func (r *Run) Live() bool { return r.State == flow.RunRunning || r.State == flow.RunWaiting }

var live = []flow.RunState{flow.RunRunning, flow.RunWaiting}

// isLive is Live in SQL. The states stand in the text, not beside it: only then
// does a database that plans without the values find the partial indexes.
const isLive = "state IN ('running', 'waiting')"

// liveRuns are the live runs of a contact, locked, the youngest first: who ends
// several ends a child, for its own reason, before the run that waits for it.
func (t *txn) liveRuns(c *Contact) ([]Run, error) {
	if t.fresh[c.ID] {
		return nil, nil
	}
	var runs []Run
	err := store.ForUpdate(t.db).Where("contact_id = ? AND "+isLive, c.ID).Order("id DESC").Find(&runs).Error
	return runs, err
}

// answering is the one of a contact's live runs with an open question that
// asked last; nil when none asks. An AI Agent that holds the conversation takes
// every message, also while it thinks.
func answering(runs []Run) *Run {
	var last *Run
	for i := range runs {
		r := &runs[i]
		if !r.Live() || !r.asks() && r.TalkSeq == 0 {
			continue
		}
		if last == nil || r.AskedAt > last.AskedAt || r.AskedAt == last.AskedAt && r.ID > last.ID {
			last = r
		}
	}
	return last
}

// asks reports whether a message of the contact would be taken as the answer.
func (r *Run) asks() bool {
	return r.Claim == "" && (r.WaitKind == flow.WaitAnswer || r.WaitKind == flow.WaitAI)
}

// exitOn ends the live runs of a contact whose settings name the reason.
func (t *txn) exitOn(c *Contact, reason flow.EndReason) error {
	runs, err := t.liveRuns(c)
	if err != nil {
		return err
	}
	return t.exit(c, runs, reason, nil)
}

// exit is exitOn for runs that are loaded and locked already.
func (t *txn) exit(c *Contact, runs []Run, reason flow.EndReason, except *Run) error {
	for i := range runs {
		r := &runs[i]
		ends := reason == flow.EndIncomingMessage && r.ExitOnIncoming || reason == flow.EndOutgoingMessage && r.ExitOnOutgoing ||
			reason == flow.EndManualAssignment && r.ExitOnAssignment
		if !ends || except != nil && except.ID == r.ID {
			continue
		}
		if err := t.endRun(c, r, flow.Ending{State: flow.RunExited, Reason: reason}, true); err != nil {
			return err
		}
	}
	return nil
}

// claim gives a wait its result and wakes the run. The first claim wins; the
// caller has seen that there is none. A run that ended since then, as the child
// of one that ended, is left alone.
func (t *txn) claim(c *Contact, r *Run, res flow.Result, why *Event) error {
	text, err := json.Marshal(res)
	if err != nil {
		return err
	}
	r.Claim = string(text)
	if set := t.db.Model(r).Where(isLive).UpdateColumn("claim", r.Claim); set.Error != nil || set.RowsAffected == 0 {
		return set.Error
	}
	return t.wake(c, r, string(res.Outcome), why)
}

// endRun ends a live run at once: it leaves the queue, the timeline tells, and,
// when the end comes from outside, Temporal is told. The run that waits for it
// goes on; the child that it waits for ends too.
func (t *txn) endRun(c *Contact, r *Run, end flow.Ending, wake bool) error {
	queued, child := r.WaitKind == flow.WaitAssignment, r.WaitKind == flow.WaitChild && r.Claim == ""
	r.State, r.ExitReason, r.EndedAt = end.State, end.Reason, t.at
	r.WaitKind, r.Claim, r.DueAt = "", "", 0
	err := t.db.Model(r).Select("state", "exit_reason", "ended_at", "wait_kind", "claim", "due_at").Updates(r).Error
	if err != nil {
		return err
	}
	if queued {
		if err := t.db.Where("run_id = ?", r.ID).Delete(&QueueEntry{}).Error; err != nil {
			return err
		}
	}
	wf, err := t.workflowOf(r)
	if err != nil {
		return err
	}
	ended, err := t.event(c, Event{Type: WorkflowEnded, Data: map[string]any{
		"runId": r.ID, "workflowId": r.WorkflowID, "workflow": wf.Name, "state": end.State, "reason": end.Reason}})
	if err != nil {
		return err
	}
	if wake {
		if err := t.wake(c, r, "exit: "+string(end.Reason), nil); err != nil {
			return err
		}
	}
	if err := t.tellParent(c, r, ended); err != nil || !child {
		return err
	}
	return t.endChild(c, r, r.WaitNo)
}

// endRuns ends several runs from outside and returns how many; those that came
// to their end before their contact was locked, or with it when it was deleted,
// are left alone.
func (t *txn) endRuns(runs []Run, reason flow.EndReason) (int, error) {
	ended := 0
	for _, r := range runs {
		c, err := t.contact(r.ContactID)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return ended, err
		}
		now := &Run{}
		if err := store.ForUpdate(t.db).Take(now, r.ID).Error; err != nil {
			return ended, err
		}
		if !now.Live() {
			continue
		}
		if err := t.endRun(c, now, flow.Ending{State: flow.RunExited, Reason: reason}, true); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// workflowOf is the run's workflow, its slug and name only. Every effect asks
// for it; a rename by another process shows a few seconds later.
func (t *txn) workflowOf(r *Run) (*Workflow, error) {
	key := strconv.FormatInt(r.WorkflowID, 10)
	if wf, ok := t.recent.workflows.get(key, t.at); ok {
		return &wf, nil
	}
	wf, err := first[Workflow](t.db.Select("id", "slug", "name").Where("id = ?", r.WorkflowID))
	if err != nil {
		return nil, err
	}
	if wf == nil {
		return nil, fmt.Errorf("run %d: workflow %d is gone", r.ID, r.WorkflowID)
	}
	t.recent.workflows.put(key, *wf, t.at)
	return wf, nil
}

// keep stores the run's variables and jumps when they changed.
func (t *txn) keep(r *Run, call flow.Call) error {
	if maps.Equal(r.Vars, call.Vars) && maps.Equal(r.Jumps, call.Jumps) {
		return nil
	}
	r.Vars, r.Jumps = filled(call.Vars), filled(call.Jumps)
	return t.db.Model(r).Select("vars", "jumps").Updates(r).Error
}

// TemporalID is the id of the run's Temporal workflow execution, readable in the UI.
func TemporalID(slug string, contactID, runID int64) string {
	return fmt.Sprintf("%s/contact-%d/run-%d", slug, contactID, runID)
}

// filled is a map that is stored as {} when it is nil.
func filled[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
