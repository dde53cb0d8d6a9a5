package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// A workflow whose version this program cannot read starts nothing and says so;
// the message and the other workflows are not held up by it.
func TestAVersionThatCannotBeRead(t *testing.T) {
	eachWorld(t, func(w *world) {
		broken := w.publish(noting("broken", "{type: message_received}", "broken"))
		whole := w.publish(noting("whole", "{type: message_received}", "whole"))
		w.exec("UPDATE workflow_versions SET definition = ? WHERE id = ?", `{"trigger":{"type":"message_received"},"steps":[{"id":"a","type":"teleport"}]}`, broken.VersionID)
		w.d.versions = map[int64]*flow.Definition{} // as another process
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, []string{"whole"}, w.notes(c))
		require.Equal(w, whole.ID, w.run(c).WorkflowID)
		require.Equal(w, []string{"matched", "error"}, w.reasons(c, DecisionFilter{}), "newest first")
		w.says("zoe", "m2", "again")
		require.EqualValues(w, 1, w.count(&WorkflowWarning{}, "workflow_id = ? AND code = 'error' AND count = 2", broken.ID))

		w.publish(noting("broken", "{type: message_received}", "mended"))
		w.writes("zoe", "m3", "and now")
		require.Contains(w, w.notes(c), "mended")
	})
}

// To a workflow that triggers it, it is one that cannot start; to the inbox it is
// a shortcut that is disabled.
func TestAChildOrShortcutThatCannotBeRead(t *testing.T) {
	eachWorld(t, func(w *world) {
		child := w.publish(noting("child", "{type: manual_trigger}", "child"))
		pick := w.publish(noting("pick", "{type: shortcut}", "picked"))
		w.publish(manualOr("message_received", "caller") + "  - {id: go, type: trigger_another_workflow, config: {target: child}, next: after}\n  - {id: after, type: add_comment, config: {text: went on}}\n")
		w.exec("UPDATE workflow_versions SET definition = ? WHERE id IN ?", `{"steps":[{"id":"a","type":"teleport"}]}`, []int64{child.VersionID, pick.VersionID})
		delete(w.d.versions, child.VersionID)
		delete(w.d.versions, pick.VersionID)
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, []string{"went on"}, w.notes(c))
		require.Equal(w, []string{"go failed next error", "after ok next "}, w.logged(w.runIn(c, "caller")))
		list, err := w.d.Shortcuts(w.Context(), w.p, ByID(c.ID))
		require.NoError(w, err)
		require.Len(w, list, 1)
		require.Equal(w, reasonError, list[0].DisabledReason)
	})
}
