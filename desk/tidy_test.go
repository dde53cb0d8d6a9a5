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
