package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEndedInTemporal: somebody cancels or terminates executions in the
// Temporal UI. The runs end too, and their contacts may enter again.
func TestEndedInTemporal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		w.publish("Ask", `{"trigger":{"type":"message_received"},"steps":[
			{"id":"ask","type":"ask_question","config":{"question":"How many?","question_type":"number"}}]}`)
		execution := map[string]string{}
		for _, c := range []string{"cem", "tess", "tom"} {
			w.write(c, "Hello")
			w.messages(c, 1)
			w.eventually("waiting", func() bool { return w.runs(c)[0]["state"] == "waiting" })
			run := w.runs(c)[0]
			execution[c] = fmt.Sprintf("ask/contact-%d/run-%d", int64(run["contactId"].(float64)), id(run))
		}
		stopped := func(c string) func() bool {
			return func() bool {
				run := w.runs(c)[0]
				return run["state"] == "exited" && run["exitReason"] == "stopped_by_user"
			}
		}
		require.NoError(t, w.app.Temporal.CancelWorkflow(t.Context(), execution["cem"], ""))
		w.eventually("a cancelled execution records its end itself", stopped("cem"))

		for _, c := range []string{"tess", "tom"} {
			require.NoError(t, w.app.Temporal.TerminateWorkflow(t.Context(), execution[c], "", "by hand"))
		}
		w.write("tess", "5")
		w.eventually("found when an answer wakes it", stopped("tess"))
		w.stop()
		w.start()
		w.eventually("found by the sweep", stopped("tom"))
		w.write("tom", "Hello again")
		w.messages("tom", 2)
	})
}
