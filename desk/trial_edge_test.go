package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// What is typed for a test comes into every text that a step stores.
func TestTypedVariablesAreCleaned(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.saved("format: 1\nid: w\nname: W\ntrigger: {type: message_received}\nsteps:\n  - {id: note, type: add_comment, config: {text: \"They wrote $trigger.text\"}}\n")
		require.Equal(w, flow.RunCompleted, w.tested("w", c, map[string]string{"trigger.text": " a\x00b\r\nc "}).State)
		require.Equal(w, "They wrote ab\nc", w.said(c))
	})
}

// A test that fails is told by its run: the published workflow works as before.
func TestATestWarnsNobody(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.saved(agentFlow(answers))
		r := w.tested("helper", c, nil)
		require.True(w, r.Test)
		require.NotZero(w, w.count(&RunStep{}, "run_id = ? AND code = ?", r.ID, aiNotConfigured))
		require.Zero(w, w.count(&WorkflowWarning{}, "1 = 1"))

		wf, err := w.d.Workflow(w.Context(), w.p, "helper")
		require.NoError(w, err)
		require.NoError(w, w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) error { return t.warnWorkflow(wf.ID, "agent", aiProvider, "as it was") }))
		w.connectModel()
		w.thinks(AIDone, "Bye.")
		w.tested("helper", c, nil)
		require.EqualValues(w, 1, w.count(&WorkflowWarning{}, "code = ?", aiProvider), "and a test that works takes nothing back")
	})
}
