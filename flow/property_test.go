package flow

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// renewing is a world that wants a fresh execution at some boundaries.
type renewing struct {
	*world
	asked int
	at    func(boundary int) bool
}

func (r *renewing) Renew() bool {
	r.asked++
	return r.at(r.asked)
}

// run goes on in a fresh execution, with the state as JSON leaves it, until the
// run ends.
func (r *renewing) run(def *Definition) (ending Ending, renewals int) {
	for {
		ending, err := Execute(stored(r.t, def), r.st, r)
		if !errors.Is(err, ErrRenew) {
			require.NoError(r.t, err)
			for _, e := range r.st.Trail {
				r.finished(e)
			}
			r.st.Trail = nil
			require.Nil(r.t, r.open, "the last entry is finished")
			require.Len(r.t, r.log, r.st.Seq)
			return ending, renewals
		}
		renewals++
		r.reload()
	}
}

// TestRunProperties: whatever the definition and whatever the world says, a run
// terminates, within its jumps; the same answers replay to the same state and
// step log; and so they do when the run goes on in fresh executions on the way.
// The world itself replaces the state by its JSON at every call, and checks that
// effect numbers have no gaps and no repetitions and that each log entry is
// handed over once.
func TestRunProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		def := drawDefinition(t)
		var answers []Result
		turns := 20
		end := rapid.IntRange(0, 40).Draw(t, "ended at call") // 0: never
		play := func(next func(draw func() Result) Result) *world {
			w := newWorld(t)
			w.endAt = end
			w.script = func(_ Call, e Effect) (Result, bool) {
				return next(func() Result { return drawResult(t, e, w.now, &turns) }), true
			}
			w.awaits = func(wait Wait) (Result, bool) {
				w.now = w.now.Add(time.Minute)
				return next(func() Result { return drawWait(t, wait) }), true
			}
			return w
		}
		first := play(func(draw func() Result) Result {
			answers = append(answers, draw())
			return answers[len(answers)-1]
		})
		ending := first.run(def)

		jumps := 0
		for _, s := range def.Steps {
			if j, ok := s.Config.(*JumpTo); ok {
				require.LessOrEqual(t, first.st.Jumps[s.ID], j.MaxJumps, "a jump counter holds")
				jumps += first.st.Jumps[s.ID]
			}
		}
		require.LessOrEqual(t, first.st.Seq, (jumps+1)*len(def.Steps), "no step twice without a jump")
		require.NotEqual(t, RunFailed, ending.State)
		require.Equal(t, len(first.calls), first.st.Effects)
		if end > 0 && end <= len(first.calls) {
			require.Equal(t, Ending{RunExited, EndStoppedByUser}, ending)
		}
		leadOn(t, def, first.log)

		again := func() func(func() Result) Result {
			i := -1
			return func(func() Result) Result {
				i++
				return answers[i]
			}
		}
		second := play(again())
		require.Equal(t, ending, second.run(def))
		same(t, first, second)

		third := &renewing{world: play(again())}
		every := rapid.IntRange(1, 5).Draw(t, "a fresh execution every n boundaries")
		third.at = func(boundary int) bool { return boundary%(every+1) == 0 }
		if every == 1 { // always: an execution gets somewhere all the same
			third.at = func(int) bool { return true }
		}
		renewed, renewals := third.run(def)
		require.Equal(t, ending, renewed)
		same(t, first, third.world)
		if every == 1 && first.st.Seq > 2 && end == 0 && first.st.Effects > 2 {
			require.Positive(t, renewals, "the run was renewed on its way")
		}
	})
}

// same compares two runs: state, log and calls.
func same(t *rapid.T, a, b *world) {
	require.Empty(t, cmp.Diff(a.st, b.st))
	require.Empty(t, cmp.Diff(a.log, b.log))
	require.Empty(t, cmp.Diff(a.calls, b.calls))
}

// leadOn checks that every finished entry leads to the one after it.
func leadOn(t *rapid.T, def *Definition, log []Entry) {
	for i, e := range log {
		s := def.Step(e.StepID)
		require.NotNil(t, s)
		if i == len(log)-1 {
			break
		}
		want := s.After(e.Arm)
		if j, ok := s.Config.(*JumpTo); ok && e.Arm == "" {
			want = j.Step
		}
		require.Equal(t, want, log[i+1].StepID, "entry %d leads to the next", e.Seq)
	}
}

// TestFileProperties: a drawn definition is the same after it was written as a
// file and read again, in both formats, and in the stored form.
func TestFileProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		def := drawDefinition(t)
		first, err := Encode(def, YAML)
		require.NoError(t, err)
		for _, f := range []FileFormat{YAML, JSON} {
			file, err := Encode(def, f)
			require.NoError(t, err)
			back, problems := Read(file)
			require.Empty(t, problems, "%s", file)
			again, err := Encode(back, YAML)
			require.NoError(t, err)
			require.Equal(t, string(first), string(again))
		}
		again, err := Encode(stored(t, def), YAML)
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	})
}
