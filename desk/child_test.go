package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// manual is a workflow with Manual Trigger; its id is its name.
func manual(id, steps string) string { return starting(id, "manual_trigger", steps) }

func starting(id, trigger, steps string) string {
	return "format: 1\nid: " + id + "\nname: " + id + "\ntrigger: {type: " + trigger + "}\nsteps:\n" + steps
}

const (
	asksName   = "  - {id: ask, type: ask_question, config: {question: \"Your name?\", question_type: text, save_as_variable: answer}}\n"
	sleepsHour = "  - {id: nap, type: wait, config: {wait_for: 1h}}\n"
)

// calls is a step that triggers another workflow, and comments of which one
// tells how it came out.
func calls(target, config string, arms ...string) string {
	step := "  - {id: call, type: trigger_another_workflow, config: {target: " + target + config + "}, next: went-on"
	notes := commented("went-on")
	for i, arm := range arms {
		step += []string{", arms: {", ", "}[min(i, 1)] + arm + ": by-" + arm
		notes += commented("by-" + arm)
	}
	if len(arms) > 0 {
		step += "}"
	}
	return step + "}\n" + notes
}

func commented(id string) string {
	return "  - {id: " + id + ", type: add_comment, config: {text: " + id + "}}\n"
}

// comments are the texts of a contact's comments, oldest first.
func (w *world) comments(c *Contact) []string {
	w.Helper()
	var texts []string
	require.NoError(w, w.db.Read(w.Context()).Model(&Comment{}).Where("contact_id = ?", c.ID).Order("id").Pluck("text", &texts).Error)
	return texts
}

// runIn is the newest run of a contact in a workflow.
func (w *world) runIn(c *Contact, slug string) Run {
	w.Helper()
	r, err := first[Run](w.db.Read(w.Context()).Where("contact_id = ? AND workflow_id IN (SELECT id FROM workflows WHERE slug = ?)", c.ID, slug).Order("id DESC"))
	require.NoError(w, err)
	require.NotNil(w, r, "a run of %s", slug)
	return *r
}

// logged is a run's step log: step, outcome, arm and code.
func (w *world) logged(run Run) []string {
	w.Helper()
	v, err := w.d.RunOf(w.Context(), w.p, run.ID)
	require.NoError(w, err)
	lines := make([]string, len(v.Steps))
	for i, s := range v.Steps {
		lines[i] = fmt.Sprintf("%s %s %s %s", s.StepID, s.Outcome, s.Arm, s.Code)
	}
	return lines
}

func TestACallerWaitsForItsChild(t *testing.T) { // 116
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", calls("survey", "")))
		c := w.writes("zoe", "m1", "hello")
		parent, child := w.runIn(c, "hello"), w.runIn(c, "survey")
		require.Equal(w, parent.ID, child.ParentRunID)
		require.Equal(w, []int64{parent.WorkflowID, child.WorkflowID}, child.Chain)
		require.Equal(w, flow.ManualTrigger, child.TriggerType)
		require.Equal(w, Actor{Kind: SourceWorkflow, ID: parent.WorkflowID, Name: "hello"}, child.TriggerActor)
		require.Equal(w, flow.RunWaiting, parent.State)
		require.Equal(w, flow.WaitChild, parent.WaitKind)
		require.Equal(w, fmt.Sprintf("workflow survey, run %d", child.ID), parent.WaitReason)
		require.Zero(w, parent.DueAt, "however long it takes")
		require.Empty(w, w.comments(c))
		require.Equal(w, []string{"matched", "matched"}, w.reasons(c, DecisionFilter{}))

		w.advance(6 * 24 * time.Hour)
		w.drive(parent.ID)
		require.Empty(w, w.comments(c), "a wake-up without a cause ends no wait")
		res, err := w.d.EndWait(w.Context(), flow.Call{RunID: parent.ID, No: parent.WaitNo + 1}, flow.Wait{No: parent.WaitNo, Kind: flow.WaitChild}, true)
		require.NoError(w, err)
		require.Empty(w, res.Outcome, "without a deadline no timer ends it either")
		w.writes("zoe", "m2", "Zoe")
		require.Equal(w, []string{"went-on"}, w.comments(c))
		parent, child = w.runIn(c, "hello"), w.runIn(c, "survey")
		require.Equal(w, flow.RunCompleted, parent.State)
		require.Equal(w, flow.RunCompleted, child.State)
		require.Equal(w, []string{"call ok next ", "went-on ok next "}, w.logged(parent))
		v, err := w.d.RunOf(w.Context(), w.p, parent.ID)
		require.NoError(w, err)
		require.Equal(w, map[string]any{"workflow": "survey", "childRunId": float64(child.ID), "childState": "completed", "childExitReason": "end_of_path",
			"reason": fmt.Sprintf("run %d completed: end_of_path", child.ID)}, v.Steps[0].Detail)
	})
}

func TestACallerDoesNotWait(t *testing.T) { // 116
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", calls("survey", ", wait: false")))
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, []string{"went-on"}, w.comments(c))
		require.Equal(w, flow.RunCompleted, w.runIn(c, "hello").State)
		child := w.runIn(c, "survey")
		require.Equal(w, flow.RunWaiting, child.State, "it is independent")
		require.NotZero(w, child.ParentRunID)
		w.writes("zoe", "m2", "Zoe")
		require.Equal(w, "Zoe", w.runIn(c, "survey").Vars["answer"])
	})
}

func TestAChildBeginsAtAStep(t *testing.T) { // 117
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", "  - {id: step-1, type: add_comment, config: {text: step-1}, next: step-2}\n"+
			"  - {id: step-2, type: add_comment, config: {text: step-2}, next: step-3}\n"+commented("step-3")))
		w.publish(starting("hello", "conversation_opened", calls("survey", ", start_from: step-3")))
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, []string{"step-3", "went-on"}, w.comments(c))
		require.Equal(w, []string{"step-3 ok next "}, w.logged(w.runIn(c, "survey")))
	})
}

func TestNeitherSeesTheOthersVariables(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", "  - {id: note, type: add_comment, config: {text: \"<$answer> <$trigger.text>\"}, next: ask}\n"+asksName))
		w.publish(starting("hello", "conversation_opened", "  - {id: ask, type: ask_question, config: {question: Hi, question_type: text, save_as_variable: answer}, arms: {success: call}}\n"+
			"  - {id: call, type: trigger_another_workflow, config: {target: survey}, next: show}\n  - {id: show, type: add_comment, config: {text: \"<$answer>\"}}\n"))
		c := w.writes("zoe", "m1", "hello")
		w.writes("zoe", "m2", "mine")
		w.writes("zoe", "m3", "the child's")
		require.Equal(w, []string{"<> <$trigger.text>", "<mine>"}, w.comments(c))
		require.Equal(w, "the child's", w.runIn(c, "survey").Vars["answer"])
	})
}

// What a child does carries the chain: it does not start the caller again, and
// what it starts carries the chain on.
func TestTheChainGoesThroughAChild(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(starting("closed", "conversation_closed", "  - {id: a, type: wait, config: {wait_for: 1m}, next: b}\n  - {id: b, type: open_conversation}\n"))
		w.publish(manual("closer", "  - {id: a, type: wait, config: {wait_for: 1m}, next: b}\n  - {id: b, type: close_conversation}\n"))
		w.publish(starting("hello", "conversation_opened", calls("closer", "")))
		c := w.writes("zoe", "m1", "hello")
		for range 3 {
			w.advance(time.Minute)
			w.wake()
		}
		hello, closer, closed := w.runIn(c, "hello"), w.runIn(c, "closer"), w.runIn(c, "closed")
		require.Len(w, w.runs(c), 3)
		require.Equal(w, []int64{hello.WorkflowID, closer.WorkflowID, closed.WorkflowID}, closed.Chain)
		require.Equal(w, []string{"loop_guard own_effect", "matched", "matched", "matched"}, w.reasons(c, DecisionFilter{}))
		require.Equal(w, []string{"loop_guard own_effect", "matched"}, w.reasons(c, DecisionFilter{WorkflowID: hello.WorkflowID}))
	})
}

func TestAChildThatCannotStart(t *testing.T) { // 89
	for name, tc := range map[string]struct {
		config    string
		meanwhile func(w *world, c *Contact)
		code      string
		decision  string // of the target, "" = none: it never came to the checks
	}{
		"stopped": {"", func(w *world, _ *Contact) {
			_, _, err := w.d.StopWorkflow(w.Context(), w.p, "survey")
			require.NoError(w, err)
		}, "not_published", ""},
		"deleted": {"", func(w *world, _ *Contact) {
			_, _, err := w.d.DeleteWorkflow(w.Context(), w.p, "survey")
			require.NoError(w, err)
		}, "not_published", ""},
		"deleted, its id taken by another": {"", func(w *world, _ *Contact) {
			_, _, err := w.d.DeleteWorkflow(w.Context(), w.p, "survey")
			require.NoError(w, err)
			w.publish(manual("survey", commented("impostor")))
		}, "not_published", ""},
		"another trigger": {"", func(w *world, _ *Contact) {
			w.publish(starting("survey", "conversation_closed", commented("ask")))
		}, "not_published", ""},
		"without the step": {", start_from: ask", func(w *world, _ *Contact) {
			w.publish(manual("survey", commented("other")))
		}, "step_unknown", ""},
		"there already": {"", func(w *world, c *Contact) {
			_, err := w.d.StartRun(w.Context(), w.p, "survey", RunRequest{Contact: ByID(c.ID)})
			require.NoError(w, err)
			w.pump()
		}, "already_enrolled", "already_enrolled"},
		"too often": {"", func(w *world, c *Contact) {
			w.d.StartsPerHour = 1
			v, err := w.d.StartRun(w.Context(), w.p, "survey", RunRequest{Contact: ByID(c.ID)})
			require.NoError(w, err)
			_, err = w.d.StopRun(w.Context(), w.p, v.ID, "")
			require.NoError(w, err)
			w.pump()
		}, "throttled", "throttled 1 starts in the last hour"},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				survey := w.publish(manual("survey", asksName))
				const nap = "  - {id: nap, type: wait, config: {wait_for: 1m}, next: call}\n"
				w.publish(starting("plain", "message_received", nap+calls("survey", tc.config)))
				w.publish(starting("armed", "message_received", nap+calls("survey", tc.config, "failure")))
				c := w.writes("zoe", "m1", "hello")
				tc.meanwhile(w, c)
				w.advance(time.Minute)
				w.wake()
				for slug, arm := range map[string]string{"plain": "next", "armed": "failure"} {
					run := w.runIn(c, slug)
					require.Equal(w, flow.RunCompleted, run.State, "the caller goes on")
					require.Equal(w, fmt.Sprintf("call failed %s %s", arm, tc.code), w.logged(run)[1])
				}
				require.ElementsMatch(w, []string{"went-on", "by-failure"}, w.comments(c))
				require.Zero(w, w.count(&Run{}, "parent_run_id > 0"))
				if reasons := w.reasons(c, DecisionFilter{WorkflowID: survey.ID}); tc.decision != "" {
					require.Equal(w, []string{tc.decision, tc.decision}, reasons[:2])
				} else {
					require.Empty(w, reasons)
				}
			})
		})
	}
}
