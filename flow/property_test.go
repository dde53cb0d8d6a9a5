package flow

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sapling draws a small valid definition: a tree of steps, and jumps to anywhere.
type sapling struct {
	t     *rapid.T
	steps []Step
	most  int
}

func drawDefinition(t *rapid.T) *Definition {
	g := &sapling{t: t, most: rapid.IntRange(1, 12).Draw(t, "steps")}
	g.grow()
	for i := range g.steps {
		if j, ok := g.steps[i].Config.(*JumpTo); ok {
			j.Step = g.steps[rapid.IntRange(0, len(g.steps)-1).Draw(t, "target")].ID
		}
	}
	return steps(g.steps...)
}

// grow adds a step with what lies behind it and returns its id; End when the
// tree is full.
func (g *sapling) grow() string {
	if len(g.steps) >= g.most {
		return rapid.SampledFrom([]string{End, ""}).Draw(g.t, "end")
	}
	i := len(g.steps)
	k := rapid.SampledFrom(Kinds()).Draw(g.t, "kind")
	g.steps = append(g.steps, Step{ID: fmt.Sprintf("s%d", i), Config: g.config(k)})
	arms := append(append([]Arm{}, k.Arms...), k.Optional...)
	if b, ok := g.steps[i].Config.(*Branch); ok {
		for _, arm := range b.Branches {
			arms = append(arms, Arm(arm.Name))
		}
	}
	on := map[Arm]string{}
	for _, a := range arms {
		if rapid.Bool().Draw(g.t, string(a)) {
			if next := g.grow(); next != "" {
				on[a] = next
			}
		}
	}
	next := ""
	if k.Next {
		next = g.grow()
	}
	g.steps[i].Arms, g.steps[i].Next = on, next
	return g.steps[i].ID
}

func (g *sapling) config(k Kind) Config {
	switch c := k.New().(type) {
	case *AskQuestion:
		c.QuestionType = AskNumber
		c.Retries = rapid.IntRange(0, 5).Draw(g.t, "retries")
		c.SaveAsVariable = rapid.SampledFrom([]string{"", "x", "y"}).Draw(g.t, "variable")
		c.SaveAsTag = rapid.Bool().Draw(g.t, "tag")
		return c
	case *Branch:
		c.Branches = []BranchArm{{Name: "first"}, {Name: "second"}}
		return c
	case *JumpTo:
		c.MaxJumps = rapid.IntRange(1, 3).Draw(g.t, "jumps")
		return c
	case *WaitStep:
		c.WaitFor = Duration(time.Minute)
		return c
	default:
		return c
	}
}

// drawResult draws what a host may say to an effect.
func drawResult(t *rapid.T, e Effect, now time.Time) Result {
	r := Result{Outcome: Done}
	due := now.Add(time.Hour)
	switch e := e.(type) {
	case Ask:
		r = Result{Outcome: Waiting, DueAt: due}
	case Sleep:
		return Result{Outcome: Waiting, DueAt: due}
	case Assign:
		r = rapid.SampledFrom([]Result{r, {Outcome: Waiting, DueAt: due}}).Draw(t, "assigned")
	case Evaluate:
		names := []Arm{ArmElse}
		for _, b := range e.Branches {
			names = append(names, Arm(b.Name))
		}
		return Result{Outcome: Done, Arm: rapid.SampledFrom(names).Draw(t, "branch")}
	}
	return rapid.SampledFrom([]Result{r, r, refused("no")}).Draw(t, "outcome")
}

func drawWait(t *rapid.T, w Wait) Result {
	switch w.Kind {
	case WaitTimer:
		return Result{Outcome: Done}
	case WaitAssignment:
		return rapid.SampledFrom([]Result{{Outcome: Done}, {Outcome: TimedOut}, refused("gone")}).Draw(t, "queue")
	}
	text := rapid.SampledFrom([]string{"7", "x", ""}).Draw(t, "answer")
	if text == "" {
		return Result{Outcome: TimedOut}
	}
	return Result{Outcome: Answered, Answer: &Answer{Type: "text", Text: text}}
}

// TestRunProperties: whatever the definition and whatever the world says, a run
// terminates, within its jumps, and the same answers replay to the same state
// and step log. The world itself checks effect numbers, log and state.
func TestRunProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		def := drawDefinition(t)
		var answers []Result
		end := rapid.IntRange(0, 30).Draw(t, "ended at call") // 0: never
		play := func(next func(draw func() Result) Result) (*world, Ending) {
			w := newWorld(t)
			w.endAt = end
			w.script = func(_ Call, e Effect) (Result, bool) {
				return next(func() Result { return drawResult(t, e, w.now) }), true
			}
			w.awaits = func(wait Wait) (Result, bool) {
				w.now = w.now.Add(time.Minute)
				return next(func() Result { return drawWait(t, wait) }), true
			}
			return w, w.run(def)
		}
		first, ending := play(func(draw func() Result) Result {
			answers = append(answers, draw())
			return answers[len(answers)-1]
		})

		jumps, allowed := 0, 0
		for _, s := range def.Steps {
			if j, ok := s.Config.(*JumpTo); ok {
				require.LessOrEqual(t, first.st.Jumps[s.ID], j.MaxJumps)
				jumps, allowed = jumps+first.st.Jumps[s.ID], allowed+j.MaxJumps
			}
		}
		require.LessOrEqual(t, first.st.Seq, (jumps+1)*len(def.Steps), "no step twice without a jump")
		require.LessOrEqual(t, jumps, allowed)
		require.NotEqual(t, RunFailed, ending.State)
		require.Equal(t, len(first.calls), first.st.Effects)
		if end > 0 && end <= len(first.calls) {
			require.Equal(t, Ending{RunExited, EndStoppedByUser}, ending)
		}

		i := -1
		second, again := play(func(func() Result) Result {
			i++
			return answers[i]
		})
		require.Equal(t, ending, again)
		require.Empty(t, cmp.Diff(first.st, second.st))
		require.Empty(t, cmp.Diff(first.log, second.log))
		require.Empty(t, cmp.Diff(first.calls, second.calls))
	})
}
