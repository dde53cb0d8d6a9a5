package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// An attempt that was taken for dead and fails after all says nothing about the
// one that has followed it.
func TestALateFailureDoesNotFreeTheNextAttempt(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, call, r := w.parked("method: GET, timeout: 20s")
		late := w.prepare(call, r)
		w.advance(50 * time.Second)
		present := w.prepare(call, r)
		require.True(w, present.Ready)
		over := w.clock.Load() + 50_000

		w.advance(time.Second)
		out, err := w.d.HTTPAnswered(w.Context(), call, r, late, HTTPAnswer{Failure: "http.timeout"})
		require.NoError(w, err)
		require.Nil(w, out.Final)
		w.advance(5 * time.Second)
		require.Equal(w, timeOf(over), w.prepare(call, r).Until, "the second attempt may still be going on: no third one beside it")

		done, err := w.d.HTTPAnswered(w.Context(), call, r, present, HTTPAnswer{Status: 200, Body: []byte(`{"n": 2}`)})
		require.NoError(w, err)
		require.Equal(w, "2", done.Final.Set["n"])
		again, err := w.d.HTTPAnswered(w.Context(), call, r, late, HTTPAnswer{Status: 200, Body: []byte(`{"n": 1}`)})
		require.NoError(w, err)
		require.Equal(w, done.Final, again.Final, "the first answer stands")
	})
}

// Who ends runs has read them without their contacts' locks: one may have been
// deleted by then, and its runs ended with it.
func TestRunsOfADeletedContactAreLeftAlone(t *testing.T) {
	eachWorld(t, func(w *world) {
		wf := w.publish(manual("w", sleepsHour))
		w.crowd(wf, 2)
		var runs []Run
		require.NoError(w, w.db.Read(w.Context()).Order("contact_id").Find(&runs).Error)
		require.Len(w, runs, 2)
		w.during(func(t *txn) error { // what DeleteContact does, at the moment at which it matters
			if err := t.lockAssignments(); err != nil {
				return err
			}
			c, err := t.contact(runs[0].ContactID)
			if err != nil {
				return err
			}
			of, err := t.liveRuns(c)
			if err != nil {
				return err
			}
			if _, err := t.endRuns(of, flow.EndContactDeleted); err != nil {
				return err
			}
			return t.erase(c.ID)
		}, func() error {
			return w.d.write(w.Context(), w.p.WorkspaceID, w.p.Actor(), func(t *txn) error {
				n, err := t.endRuns(runs, flow.EndStoppedByUser)
				require.LessOrEqual(w, n, 1)
				return err
			})
		})
		require.EqualValues(w, 1, w.count(&Run{}, "exit_reason = ?", flow.EndContactDeleted))
		require.EqualValues(w, 1, w.count(&Run{}, "exit_reason = ?", flow.EndStoppedByUser))
	})
}
