package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// draft stores a file as a draft, published or not.
func (w *world) saved(file string) *WorkflowView {
	w.Helper()
	v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(file), ImportInput{Replace: true})
	require.NoError(w, err)
	return v
}

func (w *world) tries(slug string, c *Contact, typed map[string]string) (*RunView, error) {
	return w.d.TestRun(w.Context(), w.p, slug, TrialRequest{Contact: ByID(c.ID), Variables: typed})
}

func (w *world) tested(slug string, c *Contact, typed map[string]string) Run {
	w.Helper()
	v, err := w.tries(slug, c, typed)
	require.NoError(w, err)
	w.pump()
	r, err := w.d.RunOf(w.Context(), w.p, v.ID)
	require.NoError(w, err)
	return r.Run
}

func TestATestRunsTheSavedDraft(t *testing.T) {
	eachWorld(t, func(w *world) {
		file := func(text string) string {
			return "format: 1\nid: w\nname: W\ntrigger:\n  type: message_received\n  once_per_contact: true\n  conditions: [{category: message_text, operator: contains, value: price}]\n" +
				"steps:\n  - {id: say, type: send_message, config: {channel: last_interacted, message: {type: text, text: \"" + text + "\"}}}\n"
		}
		c := w.writes("zoe", "m1", "hello")
		v := w.saved(file("You wrote $trigger.text on {{$trigger.channel|nowhere}}"))
		r := w.tested("w", c, map[string]string{"trigger.text": "how much?"})
		require.Equal(w, flow.RunCompleted, r.State)
		require.True(w, r.Test)
		require.Equal(w, TriggerTest, r.TriggerType)
		require.Equal(w, SourceAPI, r.TriggerSource)
		require.Equal(w, []string{"You wrote how much? on nowhere"}, w.texts(), "really sent")
		view, err := w.d.RunOf(w.Context(), w.p, r.ID)
		require.NoError(w, err)
		require.Zero(w, view.Version)
		require.Equal(w, "W", view.Workflow)
		require.Len(w, view.Steps, 1)
		wf, err := w.d.Workflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, Draft, wf.State)
		require.Equal(w, v.Revision, wf.Revision)

		w.publish(file("published"))
		w.saved(file("newer"))
		w.tested("w", c, nil)
		require.Equal(w, "newer", w.texts()[1], "the draft, not the version")
		w.writes("zoe", "m2", "price?")
		require.Equal(w, "published", w.texts()[2], "tests do not count for once per contact")
		w.tested("w", c, nil)
		require.Len(w, w.texts(), 4, "and once per contact does not hinder them")

		for test, want := range map[bool]int{true: 3, false: 1} {
			l, err := w.d.Runs(w.Context(), w.p, RunFilter{Test: &test}, Page{})
			require.NoError(w, err)
			require.Len(w, l.Items, want)
		}
		versions, err := w.d.Versions(w.Context(), w.p, "w", Page{})
		require.NoError(w, err)
		require.Len(w, versions.Items, 1, "snapshots are no versions")
		_, err = w.d.Version(w.Context(), w.p, "w", 0)
		w.requireCode(err, NotFound, "not_found")
		require.Equal(w, []string{"matched"}, w.reasons(c, DecisionFilter{WorkflowID: wf.ID}))
	})
}

func TestWhatATestRefuses(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.saved("format: 1\nid: w\nname: W\ntrigger: {type: shortcut, config: {form: [{label: Why?, type: text, variable: why}]}}\nsteps: [{id: nap, type: wait, config: {wait_for: 1h}, next: note}, {id: note, type: add_comment, config: {text: $why}}]\n")
		before := w.count(&WorkflowVersion{}, "1 = 1")
		_, err := w.tries("w", c, map[string]string{"number": "5", "contact.name": "x", "why": "late"})
		e := w.requireCode(err, Invalid, "invalid_argument")
		require.Len(w, e.Details, 2)
		require.Equal(w, "variables.contact.name", e.Details[0].Path)
		require.Contains(w, e.Message, "trigger.user.id, trigger.user.name, trigger.user.email, why")
		_, err = w.tries("none", c, nil)
		w.requireCode(err, NotFound, "not_found")
		_, err = w.d.TestRun(w.Context(), w.p, "w", TrialRequest{Contact: ByID(99)})
		w.requireCode(err, NotFound, "not_found")

		w.saved(assigning("broken", roundRobin(""), ""))
		_, err = w.tries("broken", c, nil)
		e = w.requireCode(err, Invalid, "workflow_invalid")
		require.Equal(w, "reference.unknown", e.Problems[0].Code)

		r := w.tested("w", c, map[string]string{"why": "late"})
		_, err = w.tries("w", c, nil)
		w.requireCode(err, Conflict, "already_enrolled")
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		_, err = w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID)})
		w.requireCode(err, Conflict, "already_enrolled")
		require.EqualValues(w, before+2, w.count(&WorkflowVersion{}, "1 = 1"), "what is refused leaves nothing")
		w.advance(time.Hour)
		w.wake()
		require.Equal(w, []string{"late"}, w.comments(c))
		_, err = w.d.StopRun(w.Context(), w.p, r.ID, "")
		w.requireCode(err, Conflict, "invalid_state")

		_, err = w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		_, err = w.tries("w", c, nil)
		w.requireCode(err, Conflict, "contact_blocked")
	})
}

// Settings, Stop and Delete hold for test runs; a stopped workflow can be tested.
func TestATestRunIsARun(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		waits := "format: 1\nid: w\nname: W\ntrigger: {type: manual_trigger}\nsettings: {exit_on_incoming_message: true}\nsteps: [{id: nap, type: wait, config: {wait_for: 1h}}]\n"
		w.publish(waits)
		r := w.tested("w", c, nil)
		w.writes("zoe", "m2", "me again")
		view, err := w.d.RunOf(w.Context(), w.p, r.ID)
		require.NoError(w, err)
		require.Equal(w, flow.EndIncomingMessage, view.ExitReason)

		r = w.tested("w", c, nil)
		_, ended, err := w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, 1, ended)
		r = w.tested("w", c, nil)
		require.Equal(w, flow.RunWaiting, r.State)
		n, err := w.d.SweepStopped(w.Context())
		require.NoError(w, err)
		require.Zero(w, n, "a test lives on a stopped workflow")
		_, ended, err = w.d.DeleteWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, 1, ended)

		// started while the workflow was being deleted: its first effect finds the end
		w.saved(waits)
		v, err := w.tries("w", c, nil)
		require.NoError(w, err)
		w.exec("UPDATE workflows SET deleted_at = 1 WHERE id = ?", v.WorkflowID)
		w.pump()
		view, err = w.d.RunOf(w.Context(), w.p, v.ID)
		require.NoError(w, err)
		require.Equal(w, flow.EndWorkflowDeleted, view.ExitReason)
	})
}

func TestTheChildOfATestIsATest(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.publish(manual("survey", sleepsHour))
		w.saved(manual("parent", calls("survey", "")))
		parent := w.tested("parent", c, nil)
		child := w.runIn(c, "survey")
		require.True(w, child.Test)
		require.Equal(w, parent.ID, child.ParentRunID)
		_, err := w.d.SkipWait(w.Context(), w.p, child.ID)
		require.NoError(w, err)
		w.pump()
		require.Equal(w, []string{"went-on"}, w.comments(c))
	})
}

func TestSkipAWait(t *testing.T) {
	timeout := "arms: {timeout: late}}\n" + commented("late")
	for name, tc := range map[string]struct {
		steps string
		want  flow.EndReason
		notes []string
		entry string
	}{
		"a pause":              {"  - {id: a, type: wait, config: {wait_for: 7d}, next: on}\n" + commented("on"), flow.EndOfPath, []string{"on"}, "a ok next "},
		"a question":           {"  - {id: a, type: ask_question, config: {question: ok?, question_type: text}, " + timeout, flow.EndOfPath, []string{"late"}, "a ok timeout "},
		"a question, arm off":  {"  - {id: a, type: ask_question, config: {question: ok?, question_type: text}}\n", flow.EndTimeout, []string{}, "a ok  "},
		"a queue":              {"  - {id: a, type: assign_to, config: {" + roundRobin(", only_online: true") + "}, " + timeout, flow.EndOfPath, []string{"late"}, "a ok timeout "},
		"an AI agent":          {"  - {id: a, type: ai_agent, config: {objective: answer_questions}, arms: {idle: late}}\n" + commented("late"), flow.EndOfPath, []string{"late"}, "a ok idle "},
		"a child":              {"  - {id: a, type: trigger_another_workflow, config: {target: survey}, next: on}\n" + commented("on"), flow.EndOfPath, []string{"on"}, "a ok next "},
		"a child with a limit": {"  - {id: a, type: trigger_another_workflow, config: {target: survey}, " + timeout, flow.EndOfPath, []string{"late"}, "a ok timeout "},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				team, users := w.team("Support", "Ann")
				w.status(users[0], Offline)
				w.connectModel()
				w.thinks(AIContinue, "What can I do?")
				w.publish(manual("survey", sleepsHour))
				c := w.writes("zoe", "m1", "hello")
				w.saved(manual("w", tc.steps))
				r := w.tested("w", c, nil)
				require.Equal(w, flow.RunWaiting, r.State)
				v, err := w.d.SkipWait(w.Context(), w.p, r.ID)
				require.NoError(w, err)
				require.Equal(w, r.ID, v.ID)
				require.Empty(w, w.queue(team), "left at once")
				_, err = w.d.SkipWait(w.Context(), w.p, r.ID)
				w.requireCode(err, Conflict, "invalid_state")
				w.status(users[0], Online)
				w.writes("zoe", "m2", "too late")
				w.pump()
				r = w.runIn(c, "w")
				require.Equal(w, tc.want, r.ExitReason)
				require.Equal(w, tc.notes, w.comments(c))
				require.Zero(w, w.contact("zoe").AssigneeID)
				require.Equal(w, tc.entry, w.logged(r)[0])
				_, err = w.d.SkipWait(w.Context(), w.p, r.ID)
				w.requireCode(err, Conflict, "invalid_state")
			})
		})
	}
}

func TestWhatSkipRefuses(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(starting("w", "conversation_opened", sleepsHour))
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.SkipWait(w.Context(), w.p, w.run(c).ID)
		e := w.requireCode(err, Conflict, "invalid_state")
		require.Contains(w, e.Message, "no test run")
		_, err = w.d.SkipWait(w.Context(), w.p, 999)
		w.requireCode(err, NotFound, "not_found")

		// an answer that came first wins
		w.saved(manual("asks", asksName))
		r := w.tested("asks", c, nil)
		w.says("zoe", "m2", "Zoe")
		_, err = w.d.SkipWait(w.Context(), w.p, r.ID)
		w.requireCode(err, Conflict, "invalid_state")
		w.pump()
		require.Equal(w, "Zoe", w.runIn(c, "asks").Vars["answer"])
	})
}

func TestOldSnapshotsAreTidiedUp(t *testing.T) {
	eachWorld(t, func(w *world) {
		c, ida := w.writes("zoe", "m1", "hello"), w.writes("ida", "m2", "hello")
		w.saved(manual("w", sleepsHour))
		ended := w.tested("w", c, nil)
		_, err := w.d.StopRun(w.Context(), w.p, ended.ID, "")
		require.NoError(w, err)
		live := w.tested("w", ida, nil)
		w.advance(keepSteps + time.Hour)
		for range 2 {
			require.NoError(w, w.d.Tidy(w.Context()))
			require.Zero(w, w.count(&WorkflowVersion{}, "id = ?", ended.VersionID))
			require.EqualValues(w, 1, w.count(&WorkflowVersion{}, "id = ?", live.VersionID), "a live run needs it")
		}
		v, err := w.d.RunOf(w.Context(), w.p, ended.ID)
		require.NoError(w, err)
		require.Equal(w, "w", v.Workflow)
		_, users := w.team("Support", "Ann")
		_, err = w.d.StopRunOf(w.Context(), w.as(users[0]), ByID(c.ID), ended.ID)
		w.requireCode(err, Conflict, "invalid_state")
	})
}
