package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// A message that arrives in the instant in which its workflow is stopped may
// start a run that Stop does not see. It ends before its first step.
func TestARunThatStopDidNotSeeEndsAtItsStart(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(question("ask", ""))
		w.says("zoe", "m1", "hello") // stored, not yet told to Temporal
		w.exec("UPDATE workflows SET state = 'stopped', published_trigger = ''")
		w.pump()
		run := w.run(w.contact("zoe"))
		require.Equal(w, flow.RunExited, run.State)
		require.Equal(w, flow.EndWorkflowStopped, run.ExitReason)
		require.Zero(w, w.count(&Message{}, "traffic = ?", Outgoing))
	})
}
