package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"ucal/internal/dbtest"
)

// A run whose history grows long goes on in a fresh execution of the same id:
// nothing is lost and nothing is done twice. The server of this test suggests it
// after 60 events instead of 4,096.
func TestLongRunIsRenewed(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t), func(w *world) { w.renew = 60 })
	w.connect()
	// ask → (wrong) → sorry → ask again, ten times; each answer is a signal, a
	// timer and some local activities.
	wf := w.publish("long", `{"trigger":{"type":"conversation_opened"},"steps":[
		{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"number","save_as_variable":"n"},"arms":{"success":"thanks","failure":"sorry"}},
		{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Thanks for $n"}}},
		{"id":"sorry","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Sorry"}},"next":"again"},
		{"id":"again","type":"jump_to","config":{"step":"ask","max_jumps":10},"next":"end"}]}`)
	w.write("ida", "Hello")
	for i := range 10 {
		w.messages("ida", 1+2*i)
		w.write("ida", "wrong")
	}
	w.messages("ida", 21)
	w.write("ida", "7")
	texts := w.messages("ida", 22)
	w.eventually("the run ends", func() bool { return w.runs("ida")[0]["endedAt"] != nil })

	run := w.must("GET", fmt.Sprintf("/run/%d", id(w.runs("ida")[0])), nil)
	require.Equal(t, "completed", run["state"])
	require.Len(t, run["steps"].([]any), 32, "ten times ask, sorry, again; ask, thanks")
	require.EqualValues(t, 10, run["jumps"].(map[string]any)["again"])
	require.Equal(t, "Thanks for 7", texts[21])
	for i := range 10 {
		require.Equal(t, []string{"n?", "Sorry"}, texts[2*i:2*i+2])
	}
	wid := fmt.Sprintf("%s/contact-%d/run-%d", wf["slug"], int64(run["contactId"].(float64)), id(run))
	w.eventually("Temporal lists the executions of the run", func() bool {
		list, err := w.app.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default", Query: fmt.Sprintf("WorkflowId = '%s'", wid)})
		require.NoError(t, err)
		for _, x := range list.GetExecutions() {
			require.LessOrEqual(t, x.GetHistoryLength(), int64(60+40), "a history stays short")
		}
		return len(list.GetExecutions()) > 1
	})
}
