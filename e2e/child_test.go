package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
)

const (
	survey = `{"trigger":{"type":"manual_trigger"},"steps":[
		{"id":"ask","type":"ask_question","config":{"question":"How was it?","question_type":"text","save_as_variable":"answer"},"arms":{"success":"thanks"}},
		{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Thanks for $answer"}}}]}`
	caller = `{"trigger":{"type":"message_received"},"steps":[
		{"id":"call","type":"trigger_another_workflow","config":{"target":"survey"},"next":"bye"},
		{"id":"bye","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Bye"}}}]}`
	impatient = `{"trigger":{"type":"message_received"},"steps":[
		{"id":"first","type":"trigger_another_workflow","config":{"target":"survey"},"next":"second"},
		{"id":"second","type":"trigger_another_workflow","config":{"target":"survey","timeout":"1s"},"arms":{"timeout":"bye"}},
		{"id":"bye","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Bye"}}}]}`
)

// family waits until a contact's first run waits for its second, and returns both.
func (w *world) family(contact string) (parent, child map[string]any) {
	w.t.Helper()
	w.eventually("the caller waits for its child", func() bool {
		runs := w.runs(contact)
		return len(runs) == 2 && runs[0]["state"] == "waiting" && runs[1]["state"] == "waiting"
	})
	runs := w.runs(contact)
	parent, child = runs[1], runs[0]
	require.Equal(w.t, "child", parent["waitingFor"].(map[string]any)["kind"])
	require.Equal(w.t, parent["id"], child["parentRunId"])
	require.Nil(w.t, parent["parentRunId"])
	return parent, child
}

// A caller waits for its child over a restart of the process; the end of either
// is the other's.
func TestChildWorkflow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		w.publish("Survey", survey)
		w.publish("Caller", caller)
		for _, c := range []string{"ida", "jon", "kim"} {
			w.write(c, "Hello")
			require.Equal(t, "How was it?", w.messages(c, 1)[0])
			w.family(c)
		}
		w.stop()
		w.start()

		t.Run("the child ends and the caller goes on", func(t *testing.T) {
			w.write("ida", "fine")
			require.Equal(t, []string{"How was it?", "Thanks for fine", "Bye"}, w.messages("ida", 3))
			w.ended("ida", "completed end_of_path", "completed end_of_path")
		})
		t.Run("the child is stopped and the caller goes on", func(t *testing.T) {
			_, child := w.family("jon")
			w.must("POST", fmt.Sprintf("/run/%d/stop", id(child)), map[string]any{})
			require.Equal(t, []string{"How was it?", "Bye"}, w.messages("jon", 2))
			w.ended("jon", "completed end_of_path", "exited stopped_by_user")
		})
		t.Run("the caller is stopped and the child ends", func(t *testing.T) {
			parent, _ := w.family("kim")
			w.must("POST", fmt.Sprintf("/run/%d/stop", id(parent)), map[string]any{})
			w.ended("kim", "exited stopped_by_user", "exited parent_ended")
			w.write("kim", "fine") // no answer: it starts the caller anew
			require.Equal(t, []string{"How was it?", "How was it?"}, w.messages("kim", 2))
		})
	})
}

// ended waits until the oldest two runs of a contact have come to these ends,
// and their executions on Temporal with them.
func (w *world) ended(contact, parent, child string) {
	w.t.Helper()
	w.eventually("both runs end", func() bool {
		runs := w.runs(contact)
		return ending(runs[len(runs)-1]) == parent && ending(runs[len(runs)-2]) == child
	})
	runs := w.runs(contact)
	for _, run := range runs[len(runs)-2:] {
		require.NoError(w.t, w.app.Temporal.GetWorkflow(w.t.Context(), run["temporalId"].(string), "").Get(w.t.Context(), nil))
	}
}

func ending(run map[string]any) string { return fmt.Sprint(run["state"], " ", run["exitReason"]) }

// TestRecordHistoriesOfFamilies records a caller that waits for one child as
// long as it takes, and for another one too long.
func TestRecordHistoriesOfFamilies(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	w := newWorld(t, dbtest.SQLiteURL(t))
	w.connect()
	w.publish("Survey", survey)
	w.publish("Impatient", impatient)
	w.write("ida", "Hello")
	w.messages("ida", 1)
	parent, _ := w.family("ida")
	w.write("ida", "fine")
	require.Equal(t, []string{"How was it?", "Thanks for fine", "How was it?", "Bye"}, w.messages("ida", 4))
	w.eventually("the caller ends", func() bool {
		return w.must("GET", fmt.Sprintf("/run/%d", id(parent)), nil)["endedAt"] != nil
	})
	wid := parent["temporalId"].(string)
	require.NoError(t, w.app.Temporal.GetWorkflow(t.Context(), wid, "").Get(t.Context(), nil))
	w.save(wid, "child_workflow")
}
