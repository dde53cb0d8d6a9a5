package flow

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sapling draws a valid definition: a tree of steps of every type, and jumps to
// anywhere.
type sapling struct {
	t     *rapid.T
	steps []Step
	most  int
}

// drawDefinition draws a definition in which Check finds nothing wrong.
func drawDefinition(t *rapid.T) *Definition {
	g := &sapling{t: t, most: rapid.IntRange(1, 12).Draw(t, "steps")}
	g.grow()
	g.steps = g.jumps()
	def := steps(g.steps...)
	require.Empty(t, problemsOf(def), "the generator makes valid definitions")
	return def
}

// problemsOf are the errors that Check reports.
func problemsOf(def *Definition) (list []string) {
	for _, p := range Check(def, nil, Publish) {
		if p.Severity == SeverityError {
			list = append(list, p.Path+": "+p.Code+": "+p.Message)
		}
	}
	return list
}

// jumps gives every Jump To a target; one that has no other step to go to
// becomes a Wait.
func (g *sapling) jumps() []Step {
	for i := range g.steps {
		j, ok := g.steps[i].Config.(*JumpTo)
		if !ok {
			continue
		}
		if len(g.steps) == 1 {
			g.steps[i].Config = &WaitStep{WaitFor: Duration(time.Minute)}
			continue
		}
		to := rapid.IntRange(0, len(g.steps)-2).Draw(g.t, "target")
		if to >= i {
			to++
		}
		j.Step = g.steps[to].ID
	}
	return g.steps
}

// grow adds a step with what lies behind it and returns its id; End, or nothing,
// when the tree is full.
func (g *sapling) grow() string {
	if len(g.steps) >= g.most {
		return rapid.SampledFrom([]string{End, ""}).Draw(g.t, "end")
	}
	i := len(g.steps)
	k := rapid.SampledFrom(Kinds()).Draw(g.t, "kind")
	cfg := g.config(k)
	g.steps = append(g.steps, Step{ID: fmt.Sprintf("s%d", i), Config: cfg})
	on := map[Arm]string{}
	for _, a := range g.arms(k, cfg) {
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

// arms are the arms that a step may have with its configuration.
func (g *sapling) arms(k Kind, cfg Config) []Arm {
	arms := slices.Concat(k.Arms, k.Optional)
	drop := func(a Arm) { arms = slices.DeleteFunc(arms, func(x Arm) bool { return x == a }) }
	switch c := cfg.(type) {
	case *Branch:
		for _, b := range c.Branches {
			arms = append(arms, Arm(b.Name))
		}
	case *TriggerAnother:
		if !c.Wait {
			drop(ArmTimeout)
		}
	case *AIAgent:
		if c.Objective == CollectInformation {
			drop(ArmUnableToAnswer)
		}
	}
	return arms
}

// config draws a configuration without mistakes.
func (g *sapling) config(k Kind) Config {
	draw := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(g.t, name) }
	yes := func(name string) bool { return rapid.Bool().Draw(g.t, name) }
	switch c := k.New().(type) {
	case *SendMessage:
		c.Channel.Name, c.Message = LastInteracted, Message{Type: MessageText, Text: draw("text", "Hi $x", "Hi", "{{$y|nobody}}")}
		return c
	case *AskQuestion:
		c.Question, c.QuestionType = "How many?", AskNumber
		c.Retries = rapid.IntRange(0, 5).Draw(g.t, "retries")
		c.SaveAsVariable = draw("variable", "", "x", "y")
		if yes("field") {
			c.SaveAsContactField = Ref{Name: "age"}
		}
		return c
	case *AssignTo:
		c.Action, c.Logic = AssignWorkspace, RoundRobin
		if yes("one user") {
			c.Action, c.Logic, c.User = AssignUser, "", Ref{Name: "ann@example.com"}
		}
		return c
	case *Branch:
		test := Condition{Category: CatVariable, Field: "x", Operator: OpExists}
		c.Branches = []BranchArm{{Name: "first", Conditions: []Condition{test}}, {Name: "second", Conditions: []Condition{test}}}
		return c
	case *UpdateContactTag:
		c.Action, c.Tags = draw("action", "add", "remove"), []Ref{{Name: "VIP"}}
		return c
	case *UpdateContactField:
		c.Field, c.Clear = Ref{Name: "age"}, true
		return c
	case *AddComment:
		c.Text = "noted $x"
		return c
	case *JumpTo:
		c.MaxJumps = rapid.IntRange(1, 3).Draw(g.t, "jumps")
		return c
	case *WaitStep:
		c.WaitFor = Duration(time.Minute)
		return c
	case *DateTime:
		c.Mode, c.BusinessHours.Monday = "business_hours", []string{"09:00-17:00"}
		return c
	case *HTTPRequest:
		c.Method, c.URL = draw("method", "GET", "POST"), "https://crm.example.com/?x=$x"
		c.ResponseMapping, c.SaveStatusAs = Pairs{{"y", "$.y"}}, draw("status", "", "x")
		return c
	case *TriggerAnother:
		c.Target, c.Wait = Ref{Name: "another"}, yes("wait")
		return c
	case *AddSheetsRow:
		c.Spreadsheet, c.Sheet, c.Values = "abc", "Leads", Pairs{{"Name", "$x"}}
		return c
	case *AIAgent:
		c.Objective = AnswerQuestions
		if yes("collects") {
			c.Objective, c.Collect = CollectInformation, []CollectItem{{"Your age?", "x"}}
		}
		return c
	default:
		return c
	}
}

// drawResult draws what a host may say to an effect. turns is how often an AI
// Agent may think yet; then it is through.
func drawResult(t *rapid.T, e Effect, now time.Time, turns *int) Result {
	r := Result{Outcome: Done}
	due := now.Add(time.Hour)
	value := func() map[string]string {
		return rapid.SampledFrom([]map[string]string{nil, {"x": "5"}, {"y": ""}}).Draw(t, "set")
	}
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
	case CheckTime:
		return Result{Outcome: Done, Arm: rapid.SampledFrom([]Arm{ArmSuccess, ArmFailure}).Draw(t, "inside")}
	case Request:
		r.Set = value()
	case StartChild:
		if e.Wait {
			r = rapid.SampledFrom([]Result{r, {Outcome: Waiting}, {Outcome: Waiting, DueAt: due}}).Draw(t, "child")
		}
	case Think:
		*turns--
		if *turns > 0 && rapid.Bool().Draw(t, "goes on") {
			return Result{Outcome: Waiting, Turn: rapid.IntRange(1, 9).Draw(t, "turn")}
		}
		arm := rapid.SampledFrom([]Arm{ArmSuccess, ArmFailure, ArmSpeakToHuman, ArmUnableToAnswer}).Draw(t, "arm")
		r = Result{Outcome: Done, Arm: arm, Set: value(), Turn: rapid.IntRange(0, 1).Draw(t, "last words")}
	case Say:
		if e.Wait > 0 {
			r = rapid.SampledFrom([]Result{{Outcome: Waiting, DueAt: due}, {Outcome: Waiting, DueAt: due}, {Outcome: Answered}}).Draw(t, "said")
		}
	}
	return rapid.SampledFrom([]Result{r, r, refused("no")}).Draw(t, "outcome")
}

func drawWait(t *rapid.T, w Wait) Result {
	switch w.Kind {
	case WaitTimer:
		return Result{Outcome: Done}
	case WaitAssignment:
		return rapid.SampledFrom([]Result{{Outcome: Done}, {Outcome: TimedOut}, refused("gone")}).Draw(t, "queue")
	case WaitChild:
		if w.DueAt.IsZero() {
			return Result{Outcome: Done}
		}
		return rapid.SampledFrom([]Result{{Outcome: Done}, {Outcome: TimedOut}}).Draw(t, "child ends")
	}
	text := rapid.SampledFrom([]string{"7", "x", ""}).Draw(t, "answer")
	if text == "" {
		return Result{Outcome: TimedOut}
	}
	if w.Kind == WaitAI && rapid.IntRange(0, 4).Draw(t, "taken over") == 0 {
		return refused("ai.taken_over")
	}
	return Result{Outcome: Answered, Answer: &Answer{Type: "text", Text: text}}
}
