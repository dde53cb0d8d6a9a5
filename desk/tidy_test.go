package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOldStepLogsAreTidiedUp(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(welcome)
		old := w.run(w.writes("zoe", "m1", "hello"))
		w.advance(keepSteps + time.Hour)
		young := w.run(w.writes("ida", "m2", "hello"))
		for range 2 {
			require.NoError(w, w.d.Tidy(w.Context()))
			for _, log := range []any{&RunStep{}, &RunEffect{}} {
				require.Zero(w, w.count(log, "run_id = ?", old.ID))
				require.EqualValues(w, 1, w.count(log, "run_id = ?", young.ID))
			}
			require.EqualValues(w, 2, w.count(&Run{}, "1 = 1"), "once per contact needs the rows")
			require.EqualValues(w, 1, w.count(&TriggerDecision{}, "1 = 1"))
		}
	})
}

// How long logs are kept is the operator's to say.
func TestTheOperatorSaysHowLongLogsAreKept(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.KeepSteps, w.d.KeepDecisions = 48*time.Hour, 24*time.Hour
		w.publish(welcome)
		run := w.run(w.writes("zoe", "m1", "hello"))
		left := func() []int64 {
			require.NoError(w, w.d.Tidy(w.Context()))
			return []int64{w.count(&RunStep{}, "run_id = ?", run.ID), w.count(&TriggerDecision{}, "run_id = ?", run.ID)}
		}
		w.advance(23 * time.Hour)
		require.Equal(w, []int64{1, 1}, left())
		w.advance(2 * time.Hour)
		require.Equal(w, []int64{1, 0}, left())
		w.advance(24 * time.Hour)
		require.Equal(w, []int64{0, 0}, left())
	})
}
