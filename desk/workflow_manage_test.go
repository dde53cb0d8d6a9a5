package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

func (w *world) file(ref string, f flow.FileFormat) string {
	w.Helper()
	_, text, err := w.d.ExportWorkflow(w.Context(), w.p, ref, 0, f)
	require.NoError(w, err)
	return string(text)
}

func TestClone(t *testing.T) { // 9
	eachWorld(t, func(w *world) {
		w.publish("format: 1\nid: hook\nname: Hook\ndescription: Orders\ntrigger:\n  type: incoming_webhook\n  once_per_contact: true\n  config: {identifier_type: email, identifier_path: $.email}\n" +
			"settings: {allow_manual_stop: true}\nsteps: [{id: a, type: add_comment, config: {text: hi}}]\n")
		original, err := w.d.Workflow(w.Context(), w.p, "hook")
		require.NoError(w, err)
		for i, want := range []string{"Copy of Hook", "Copy of Hook (2)"} {
			clone, err := w.d.CloneWorkflow(w.Context(), w.p, "hook", "")
			require.NoError(w, err)
			require.Equal(w, want, clone.Name)
			require.Equal(w, []string{"copy-of-hook", "copy-of-hook-2"}[i], clone.Slug)
			require.Equal(w, Draft, clone.State)
			require.Zero(w, clone.Version)
			require.Equal(w, original.DraftHash, clone.DraftHash)
			require.Equal(w, original.Description, clone.Description)
			require.JSONEq(w, string(original.Definition), string(clone.Definition))
			require.JSONEq(w, string(original.Settings), string(clone.Settings))
			require.NotEmpty(w, clone.HookHash)
			require.NotEqual(w, original.HookHash, clone.HookHash, "its own address")
		}
		_, err = w.d.UpdateWorkflow(w.Context(), w.p, "copy-of-hook", WorkflowInput{Settings: []byte(`{}`), Revision: 1})
		require.NoError(w, err)
		again, err := w.d.Workflow(w.Context(), w.p, "hook")
		require.NoError(w, err)
		require.Equal(w, original.DraftHash, again.DraftHash, "the original stays")

		named, err := w.d.CloneWorkflow(w.Context(), w.p, "hook", " Mine ")
		require.NoError(w, err)
		require.Equal(w, []string{"Mine", "mine"}, []string{named.Name, named.Slug})
		_, err = w.d.CloneWorkflow(w.Context(), w.p, "hook", strings.Repeat("ä", 101))
		w.requireCode(err, Invalid, "invalid_argument")
		_, err = w.d.CloneWorkflow(w.Context(), w.p, "none", "")
		w.requireCode(err, NotFound, "not_found")

		long := strings.Repeat("ä", 100)
		_, err = w.d.UpdateWorkflow(w.Context(), w.p, "hook", WorkflowInput{Name: &long, Revision: original.Revision})
		require.NoError(w, err)
		for range 2 {
			clone, err := w.d.CloneWorkflow(w.Context(), w.p, "hook", "")
			require.NoError(w, err)
			require.LessOrEqual(w, len([]rune(clone.Name)), 100)
		}
	})
}

// A draft that still has errors is cloned with them.
func TestCloneOfAnIncompleteDraft(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(assigning("a", roundRobin(""), "")), ImportInput{})
		require.NoError(w, err)
		clone, err := w.d.CloneWorkflow(w.Context(), w.p, "a", "")
		require.NoError(w, err)
		require.Equal(w, "reference.unknown", clone.Problems[0].Code)
	})
}

func TestClonesAtOnceGetTheirOwnNames(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(note("w", "trigger: {type: manual_trigger}"))
		names := make(chan string, 4)
		for range 4 {
			go func() {
				clone, err := w.d.CloneWorkflow(w.Context(), w.p, "w", "")
				if err != nil {
					names <- err.Error()
					return
				}
				names <- clone.Name
			}()
		}
		var got []string
		for range 4 {
			got = append(got, <-names)
		}
		slices.Sort(got)
		require.Equal(w, []string{"Copy of w", "Copy of w (2)", "Copy of w (3)", "Copy of w (4)"}, got)
	})
}

func TestRestoreAVersion(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.team("Support", "Ann")
		w.publish(assigning("w", roundRobin(""), ""))
		first := w.file("w", flow.YAML)
		w.publish("format: 1\nid: w\nname: Other\ntrigger: {type: message_received}\nsettings: {allow_manual_stop: true}\nsteps: [{id: a, type: add_comment, config: {text: two}}]\n")
		before, err := w.d.Workflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.EqualValues(w, 2, before.Version)

		_, err = w.d.RestoreVersion(w.Context(), w.p, "w", 1, before.Revision-1)
		w.requireCode(err, Conflict, "stale_revision")
		for _, n := range []int64{0, -1, 3} {
			_, err = w.d.RestoreVersion(w.Context(), w.p, "w", n, 0)
			w.requireCode(err, NotFound, "not_found")
		}
		v, err := w.d.RestoreVersion(w.Context(), w.p, "w", 1, before.Revision)
		require.NoError(w, err)
		require.Equal(w, before.Revision+1, v.Revision)
		require.True(w, v.Unpublished())
		require.Equal(w, Published, v.State, "only the draft changes")
		require.EqualValues(w, 2, v.Version)
		require.Equal(w, strings.Replace(first, "name: Assign w", "name: Other", 1), w.file("w", flow.YAML), "the name is no part of a version")
		wf, err := w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		require.EqualValues(w, 3, wf.Version)
		v, err = w.d.RestoreVersion(w.Context(), w.p, "w", 3, 0)
		require.NoError(w, err)
		require.False(w, v.Unpublished(), "the newest one again")

		w.exec("DELETE FROM teams")
		v, err = w.d.RestoreVersion(w.Context(), w.p, "w", 1, 0)
		require.NoError(w, err)
		require.Equal(w, "reference.unknown", v.Problems[0].Code)
	})
}

// Scenario 99: what the other workspace does not have stays by its name and is
// marked.
func TestImportIntoAnotherWorkspace(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.team("Support", "Ann")
		w.publish(assigning("w", roundRobin(""), ""))
		file := w.file("w", flow.JSON)
		ws := &Workspace{Name: "Other", Timezone: "UTC", UserInactivityTimeout: 60, ClosingNoteMode: "optional", Revision: 1, CreatedAt: w.clock.Load()}
		w.insert(ws)
		w.p.WorkspaceID = ws.ID
		v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(file), ImportInput{})
		require.NoError(w, err)
		require.Equal(w, Draft, v.State)
		require.Len(w, v.Problems, 1)
		require.Equal(w, []string{"reference.unknown", "assign", "steps[0].config.team"}, []string{v.Problems[0].Code, v.Problems[0].StepID, v.Problems[0].Path})
		require.Equal(w, file, w.file("w", flow.JSON))
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		w.requireCode(err, Invalid, "workflow_invalid")
		w.team("Support", "Ben")
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err, "a team of that name is enough")
	})
}

func TestImportSaysEverythingAtOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		bad := "format: 1\nid: w\nname: W\ncolour: red\ntrigger: {type: full_moon}\nsteps:\n  - id: a\n    type: wait\n    config: {wait_for: 8d}\n  - id: b\n    type: wait\n    config: {wait_for: 1h}\n"
		_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(bad), ImportInput{})
		e := w.requireCode(err, Invalid, "workflow_invalid")
		var codes []string
		for _, p := range e.Problems {
			codes = append(codes, p.Code)
			require.Positive(w, p.Line, p.Code)
			require.Positive(w, p.Column, p.Code)
		}
		require.Equal(w, []string{"file.key.unknown", "trigger.type.unknown", "duration.limit", "step.orphan"}, codes)
		problems, err := w.d.ValidateWorkflow(w.Context(), w.p, []byte(bad))
		require.NoError(w, err)
		require.Equal(w, e.Problems, problems)

		closes := "format: 1\nid: %s\nname: A\ntrigger: {type: conversation_%sed}\nsteps: [{id: a, type: %s_conversation}]\n"
		w.publish(fmt.Sprintf(closes, "a", "open", "close"))
		for _, f := range []string{fmt.Sprintf(closes, "b", "clos", "open"), note("import", "trigger: {type: manual_trigger}")} {
			problems, err = w.d.ValidateWorkflow(w.Context(), w.p, []byte(f))
			require.NoError(w, err)
			require.Len(w, problems, 1)
			require.Positive(w, problems[0].Line, "%+v", problems)
		}
	})
}

func TestTheHundredthWorkflowIsTheLast(t *testing.T) { // 6
	eachWorld(t, func(w *world) {
		w.publish(note("w", "trigger: {type: manual_trigger}"))
		for range w.d.MaxWorkflows - 1 {
			_, err := w.d.CloneWorkflow(w.Context(), w.p, "w", "Another")
			require.NoError(w, err)
		}
		require.EqualValues(w, 100, w.count(&Workflow{}, "deleted_at = 0"))
		for _, add := range []func() error{
			func() error { _, err := w.d.CloneWorkflow(w.Context(), w.p, "w", ""); return err },
			func() error {
				_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(note("new", "trigger: {type: manual_trigger}")), ImportInput{})
				return err
			},
			func() error {
				_, err := w.d.CreateWorkflow(w.Context(), w.p, WorkflowInput{Name: ptr("New"), Definition: []byte(`{"trigger":{"type":"manual_trigger"},"steps":[{"id":"a","type":"open_conversation"}]}`)})
				return err
			},
		} {
			e := w.requireCode(add(), Invalid, "workflow_invalid")
			require.Equal(w, "workflow.limit", e.Problems[0].Code)
		}
		_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(note("w", "trigger: {type: manual_trigger}")), ImportInput{Replace: true})
		require.NoError(w, err, "no new one")
		_, _, err = w.d.DeleteWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		w.publish(note("w", "trigger: {type: manual_trigger}"))
	})
}

func TestManualStopInTheInbox(t *testing.T) { // 86
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		wait := "format: 1\nid: %s\nname: W\ntrigger: {type: conversation_opened}\nsettings: {allow_manual_stop: %t}\nsteps: [{id: wait, type: wait, config: {wait_for: 1h}, next: note}, {id: note, type: add_comment, config: {text: late}}]\n"
		w.publish(fmt.Sprintf(wait, "may", true))
		zoe, ida := w.writes("zoe", "m1", "hello"), w.writes("ida", "m2", "hello")
		w.publish(fmt.Sprintf(wait, "may-not", false))
		yan := w.writes("yan", "m3", "hello")
		agent := w.as(users[0])
		live, err := w.d.LiveRuns(w.Context(), agent, ByID(yan.ID))
		require.NoError(w, err)
		require.Equal(w, []bool{true, false}, []bool{live[0].Stoppable, live[1].Stoppable})

		_, err = w.d.StopRunOf(w.Context(), agent, ByID(zoe.ID), w.run(zoe).ID)
		require.NoError(w, err)
		_, err = w.d.StopRunOf(w.Context(), agent, ByID(yan.ID), live[1].ID)
		w.requireCode(err, Forbidden, "forbidden")
		_, err = w.d.StopRunOf(w.Context(), agent, ByID(ida.ID), w.run(zoe).ID)
		w.requireCode(err, NotFound, "not_found")
		w.advance(time.Hour)
		w.wake()
		require.Equal(w, flow.EndStoppedByUser, w.run(zoe).ExitReason)
		require.Equal(w, flow.RunCompleted, w.run(ida).State, "others go on")
		require.Zero(w, w.count(&Comment{}, "contact_id = ?", zoe.ID))
		require.EqualValues(w, 1, w.count(&Comment{}, "contact_id = ?", ida.ID))
		_, err = w.d.StopRunOf(w.Context(), agent, ByID(zoe.ID), w.run(zoe).ID)
		w.requireCode(err, Conflict, "invalid_state")
	})
}

func TestExitOnOutgoingMessage(t *testing.T) { // 87
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.publish("format: 1\nid: w\nname: W\ntrigger: {type: conversation_opened}\nsettings: {exit_on_outgoing_message: true}\nsteps:\n" +
			"  - {id: hello, type: send_message, config: {channel: last_interacted, message: {type: text, text: Hello}}, next: wait}\n" +
			"  - {id: wait, type: wait, config: {wait_for: 1h}}\n")
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, flow.RunWaiting, w.run(c).State, "its own message does not end it")
		w.publish(strings.Replace(welcome, "conversation_opened", "message_received", 1))
		w.writes("zoe", "m2", "hello again")
		require.Len(w, w.sent, 2)
		require.Equal(w, flow.RunWaiting, w.runs(c)[0].State, "nor does another workflow's")
		_, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("from a plain token")})
		require.NoError(w, err)
		require.Equal(w, flow.RunWaiting, w.runs(c)[0].State)
		_, err = w.d.SendMessage(w.Context(), w.as(users[0]), ByID(c.ID), DraftMessage{Message: channel.Text("from Ann")})
		require.NoError(w, err)
		require.Equal(w, flow.EndOutgoingMessage, w.runs(c)[0].ExitReason)
	})
}
