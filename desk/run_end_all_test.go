package desk

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/flow"
)

// crowd gives a workflow live runs of as many contacts.
func (w *world) crowd(wf *Workflow, n int) {
	w.Helper()
	contacts, runs := make([]Contact, n), make([]Run, n)
	for i := range contacts {
		contacts[i] = Contact{WorkspaceID: w.p.WorkspaceID, FirstName: fmt.Sprint("C", i), CreatedAt: w.clock.Load()}
	}
	require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&contacts, 100).Error }))
	for i := range runs {
		runs[i] = Run{WorkspaceID: w.p.WorkspaceID, WorkflowID: wf.ID, VersionID: wf.VersionID, ContactID: contacts[n-1-i].ID, State: flow.RunWaiting,
			WaitKind: flow.WaitTimer, TriggerType: flow.ManualTrigger, Chain: []int64{wf.ID}, Vars: map[string]string{}, Jumps: map[string]int{}, StartedAt: w.clock.Load()}
	}
	require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&runs, 100).Error }))
}

func TestManyRunsEndInBatches(t *testing.T) { // 109
	const many = 2*endBatch + 5
	eachWorld(t, func(w *world) {
		wf := w.publish(manual("w", sleepsHour))
		ended := func(reason flow.EndReason) int64 {
			return w.count(&Run{}, "workflow_id = ? AND state = 'exited' AND exit_reason = ?", wf.ID, reason)
		}
		w.crowd(wf, many)
		n, err := w.d.StopRunsOfWorkflow(w.Context(), w.p, wf.ID)
		require.NoError(w, err)
		require.Equal(w, many, n)
		require.EqualValues(w, many, ended(flow.EndStoppedByUser))

		w.crowd(wf, many)
		_, n, err = w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, many, n)
		require.EqualValues(w, many, ended(flow.EndWorkflowStopped))

		w.crowd(wf, endBatch)
		_, n, err = w.d.DeleteWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, endBatch, n)
		require.EqualValues(w, endBatch, ended(flow.EndWorkflowDeleted))
		require.Zero(w, w.count(&Run{}, isLive))
		require.EqualValues(w, 2*many+endBatch, w.count(&OutboxRow{}, "kind = ?", WakeRun), "each hears of it")
	})
}

// dies stops a workflow in a process that dies after the first batch.
func (w *world) dies(wf *Workflow, set map[string]any, reason flow.EndReason) {
	w.Helper()
	require.NoError(w, w.d.write(w.Context(), w.p.WorkspaceID, w.p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		if err := t.db.Model(&Workflow{}).Where("id = ?", wf.ID).UpdateColumns(set).Error; err != nil {
			return err
		}
		_, err := t.endAll(wf, reason)
		return err
	}))
	require.EqualValues(w, 5, w.count(&Run{}, isLive), "the first batch ended")
}

func TestWhatADeadStopLeftBehindEnds(t *testing.T) {
	stop := map[string]any{"state": Stopped, "published_trigger": ""}
	eachWorld(t, func(w *world) {
		wf := w.publish(manual("w", sleepsHour))
		other := w.publish(manual("other", sleepsHour))
		n, err := w.d.SweepStopped(w.Context())
		require.NoError(w, err)
		require.Zero(w, n)

		w.crowd(wf, endBatch+5)
		w.dies(wf, stop, flow.EndWorkflowStopped)
		w.crowd(other, 1)
		n, err = w.d.SweepStopped(w.Context())
		require.NoError(w, err)
		require.Equal(w, 5, n)
		require.EqualValues(w, endBatch+5, w.count(&Run{}, "exit_reason = ?", flow.EndWorkflowStopped))
		require.EqualValues(w, 1, w.count(&Run{}, isLive), "a published workflow keeps its runs")
		_, err = w.d.StopRunsOfWorkflow(w.Context(), w.p, other.ID)
		require.NoError(w, err)

		// published again before a sweep came: what should have ended ends first
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		w.crowd(wf, endBatch+5)
		w.dies(wf, stop, flow.EndWorkflowStopped)
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		require.Zero(w, w.count(&Run{}, isLive))

		w.crowd(wf, endBatch+5)
		w.dies(wf, map[string]any{"deleted_at": 1, "published_trigger": ""}, flow.EndWorkflowDeleted)
		n, err = w.d.SweepStopped(w.Context())
		require.NoError(w, err)
		require.Equal(w, 5, n)
		require.EqualValues(w, endBatch+5, w.count(&Run{}, "exit_reason = ?", flow.EndWorkflowDeleted))
	})
}
