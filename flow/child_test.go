package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The arm timeout decides whether the wait for a child has a deadline.
func TestTheWaitForAChild(t *testing.T) {
	start := StartChild{Target: Ref{ID: 7, Name: "survey"}, StartFrom: "step-3", Wait: true}
	for name, tt := range map[string]struct {
		config  TriggerAnother
		arms    map[Arm]string
		timeout time.Duration
		result  Result
		path    []string
	}{
		"as long as it takes":     {TriggerAnother{Wait: true}, nil, 0, Result{Outcome: Done}, []string{"it ok next"}},
		"skipped":                 {TriggerAnother{Wait: true}, nil, 0, Result{Outcome: TimedOut}, []string{"it ok next"}},
		"at most 7 days":          {TriggerAnother{Wait: true}, leads("timeout", "end"), MaxWait, Result{Outcome: TimedOut}, []string{"it ok timeout"}},
		"at most an hour":         {TriggerAnother{Wait: true, Timeout: Duration(time.Hour)}, leads("timeout", "end"), time.Hour, Result{Outcome: TimedOut}, []string{"it ok timeout"}},
		"within the hour":         {TriggerAnother{Wait: true, Timeout: Duration(time.Hour)}, leads("timeout", "end"), time.Hour, Result{Outcome: Done}, []string{"it ok next"}},
		"the other arm is no end": {TriggerAnother{Wait: true}, leads("failure", "end"), 0, Result{Outcome: Done}, []string{"it ok next"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.script = func(_ Call, e Effect) (Result, bool) {
				r := Result{Outcome: Waiting}
				if timeout := e.(StartChild).Timeout; timeout > 0 {
					r.DueAt = w.now.Add(timeout)
				}
				return r, true
			}
			w.awaits = func(Wait) (Result, bool) { return tt.result, true }
			tt.config.Target, tt.config.StartFrom = start.Target, start.StartFrom
			w.run(steps(Step{ID: "it", Config: &tt.config, Arms: tt.arms}))
			want := start
			want.Timeout = tt.timeout
			require.Equal(t, []StartChild{want}, find[StartChild](w))
			require.Len(t, w.waits, 1)
			require.Equal(t, WaitChild, w.waits[0].Kind)
			require.Equal(t, tt.timeout == 0, w.waits[0].DueAt.IsZero())
			require.Equal(t, tt.path, w.path())
		})
	}
}
