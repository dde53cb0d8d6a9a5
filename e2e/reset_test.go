package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"ucal/internal/dbtest"
)

// TestResetInTemporal: somebody resets an execution to its beginning in the
// Temporal UI. What the run has done is not done again, and it goes on.
func TestResetInTemporal(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t))
	w.connect()
	out := newOutsider(t, func(_ int, _ outsideCall, w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) })
	w.publish("Ask", strings.ReplaceAll(`{"trigger":{"type":"message_received"},"steps":[
		{"id":"call","type":"http_request","config":{"method":"POST","url":"BASE/order"},"next":"ask"},
		{"id":"ask","type":"ask_question","config":{"question":"How many?","question_type":"number","save_as_variable":"n"},"arms":{"success":"thanks"}},
		{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"$n it is"}}}]}`, "BASE", out.URL))
	w.write("ida", "Hello")
	run := w.waits("ida", "answer")
	first := events(w.history(run, ""), enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)[0].GetEventId()
	_, err := w.app.Temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{Namespace: "default", RequestId: "reset", Reason: "by hand",
		WorkflowExecution: &common.WorkflowExecution{WorkflowId: temporalID(run)}, WorkflowTaskFinishEventId: first})
	require.NoError(t, err)
	w.eventually("the new execution waits", func() bool { return w.attribute(run, "UcalWaiting") == "answer" })
	w.write("ida", "3")
	require.Equal(t, []string{"How many?", "3 it is"}, w.messages("ida", 2))
	require.Equal(t, []string{"call ok next", "ask ok success", "thanks ok next"}, stepLog(w.ends("ida")))
	require.Len(t, out.to("/order"), 1)
	require.Zero(t, w.sink.Repeats())
}
