package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ucal/channel"
	"ucal/flow"
)

// TriggerTest is the trigger type of test runs.
const TriggerTest flow.TriggerType = "test"

// TrialRequest starts a test run for one contact.
type TrialRequest struct {
	Contact   Identifier
	Variables map[string]string // the trigger's variables, without $; those that are not given are empty
}

// TestRun runs a snapshot of the saved draft on one contact, published or not.
// The trigger's conditions are skipped and once per contact does not count it;
// a blocked contact, one that is in the workflow already, and a draft with
// errors are refused. Its messages are really sent.
func (d *Desk) TestRun(ctx context.Context, p Principal, ref string, in TrialRequest) (*RunView, error) {
	var v *RunView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
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
		run, err := t.startTrial(c, wf, in.Variables)
		if err != nil {
			return err
		}
		v, err = t.runView(run)
		return err
	})
	return v, err
}

func (t *txn) startTrial(c *Contact, wf *Workflow, typed map[string]string) (*Run, error) {
	def, err := decode(wf.Draft)
	if err != nil {
		return nil, err
	}
	problems, err := t.check(def, flow.Save)
	if err != nil {
		return nil, err
	}
	if problems.Blocking() {
		return nil, invalidWorkflow(problems)
	}
	vars, err := typedVariables(def, typed)
	if err != nil {
		return nil, err
	}
	reason, detail, err := t.mayStart(c, wf, false)
	if err != nil {
		return nil, err
	}
	if reason != reasonMatched {
		return nil, notStarted(wf, c, reason, detail)
	}
	shot, err := t.snapshot(wf, def)
	if err != nil {
		return nil, err
	}
	uid, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	run := &Run{Test: true, TriggerEvent: uid.String(), TriggerType: TriggerTest, TriggerSource: t.actor.Kind, TriggerActor: t.actor,
		Vars: flow.TriggerVars(def.Trigger, flow.Happening{Type: def.Trigger.Type, Vars: vars}, t.env(c, nil))}
	return run, t.start(c, shot, def, run)
}

// typedVariables refuses names that the trigger does not have, and cleans the
// values as those of an event are.
func typedVariables(def *flow.Definition, typed map[string]string) (map[string]string, error) {
	known := (&flow.Definition{Trigger: def.Trigger}).Variables()
	var bad faults
	vars := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		if slices.Contains(known, name) {
			vars[name] = channel.CleanText(typed[name])
			continue
		}
		hint := "has no variables"
		if len(known) > 0 {
			hint = "has " + strings.Join(known, ", ")
		}
		bad.bad("variables."+clip(name), "is no variable of this trigger, which %s", hint)
	}
	return vars, bad.err()
}

// snapshot stores a draft for a test run and returns the workflow as the run
// sees it: its version has the number 0.
func (t *txn) snapshot(wf *Workflow, def *flow.Definition) (*Workflow, error) {
	shot := *wf
	if err := shot.take(def); err != nil { // references that were open are resolved by now
		return nil, err
	}
	v := &WorkflowVersion{WorkspaceID: t.wsID, WorkflowID: wf.ID, Definition: shot.Draft, Hash: shot.DraftHash, StepCount: int64(len(def.Steps)),
		PublishedAt: t.at, PublishedBy: t.actor}
	if err := t.db.Create(v).Error; err != nil {
		return nil, fmt.Errorf("snapshot of workflow %d: %w", wf.ID, err)
	}
	shot.VersionID, shot.Version, shot.VersionHash = v.ID, 0, v.Hash
	return &shot, nil
}
