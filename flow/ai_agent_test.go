package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// equipped is a workspace with or without a language model, and nothing else.
type equipped bool

func (equipped) Find(RefKind, Ref) []Ref           { return nil }
func (equipped) Field(string) (FieldInfo, bool)    { return FieldInfo{}, false }
func (equipped) Channel(int64) (ChannelInfo, bool) { return ChannelInfo{}, false }
func (e equipped) Connected(s Service) bool        { return bool(e) && s == ServiceModel }

func TestCheckAIAgent(t *testing.T) {
	item := func(question, variable string) CollectItem {
		return CollectItem{Question: question, Variable: variable}
	}
	many := make([]CollectItem, 21)
	for i := range many {
		many[i] = item("Which?", "v"+strings.Repeat("x", i+1))
	}
	hours := func(n int) Duration { return Duration(time.Duration(n) * time.Hour) }
	for name, tc := range map[string]struct {
		agent AIAgent
		arms  []string
		want  []string // code and path below steps[0]
	}{
		"answers":                    {AIAgent{Objective: AnswerQuestions, Instructions: "Be kind to $contact.firstname.", IdleTimeout: hours(1)}, []string{"unable_to_answer", "speak_to_human", "idle"}, nil},
		"collects":                   {AIAgent{Objective: CollectInformation, Collect: []CollectItem{item("Name of $contact.name?", "who"), item("Why?", "why")}}, nil, nil},
		"no objective":               {AIAgent{}, nil, []string{"step.config.missing config.objective"}},
		"unknown objective":          {AIAgent{Objective: "sell"}, nil, []string{"step.config.invalid config.objective"}},
		"nothing to collect":         {AIAgent{Objective: CollectInformation}, nil, []string{"step.config.missing config.collect"}},
		"answers and collects":       {AIAgent{Objective: AnswerQuestions, Collect: []CollectItem{item("Who?", "who")}}, nil, []string{"step.config.not_allowed config.collect"}},
		"too much to collect":        {AIAgent{Objective: CollectInformation, Collect: many}, nil, []string{"step.config.invalid config.collect"}},
		"collects, cannot answer":    {AIAgent{Objective: CollectInformation, Collect: many[:1]}, []string{"unable_to_answer"}, []string{"step.arm.unknown arms.unable_to_answer"}},
		"no question, no variable":   {AIAgent{Objective: CollectInformation, Collect: []CollectItem{{}}}, nil, []string{"step.config.missing config.collect[0].question", "step.config.missing config.collect[0].variable"}},
		"bad names":                  {AIAgent{Objective: CollectInformation, Collect: []CollectItem{item("A?", "Name"), item("B?", "contact")}}, nil, []string{"variable.name.invalid config.collect[0].variable", "variable.name.reserved config.collect[1].variable"}},
		"one variable twice":         {AIAgent{Objective: CollectInformation, Collect: []CollectItem{item("A?", "who"), item("B?", "who")}}, nil, []string{"step.config.invalid config.collect[1].variable"}},
		"long texts":                 {AIAgent{Objective: CollectInformation, Instructions: strings.Repeat("x", 10_001), Collect: []CollectItem{item(strings.Repeat("x", 2_001), "who")}}, nil, []string{"step.config.invalid config.instructions", "message.text.limit config.collect[0].question"}},
		"a secret":                   {AIAgent{Objective: AnswerQuestions, Instructions: "The key is $secret.key"}, nil, []string{"variable.secret.not_allowed config.instructions"}},
		"unknown variable":           {AIAgent{Objective: AnswerQuestions, Instructions: "Hello $nobody"}, nil, []string{"variable.unknown config.instructions"}},
		"a source that is not there": {AIAgent{Objective: AnswerQuestions, KnowledgeSources: []Ref{{Name: "Prices"}}}, nil, []string{"reference.unknown config.knowledge_sources[0]"}},
		"waits too long":             {AIAgent{Objective: AnswerQuestions, IdleTimeout: hours(24*7 + 1)}, nil, []string{"duration.limit config.idle_timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			def := steps(Step{ID: "it", Config: &tc.agent, Arms: map[Arm]string{}})
			for _, arm := range tc.arms {
				def.Steps[0].Arms[Arm(arm)] = End
			}
			var got []string
			for _, p := range Check(def, equipped(true), Publish) {
				require.Equal(t, "it", p.StepID)
				got = append(got, p.Code+" "+strings.TrimPrefix(p.Path, "steps[0]."))
			}
			slices.Sort(got)
			slices.Sort(tc.want)
			require.Equal(t, tc.want, got)
		})
	}
	problems := Check(steps(Step{ID: "it", Config: &AIAgent{Objective: AnswerQuestions}}), equipped(false), Publish)
	require.Len(t, problems, 1)
	require.Equal(t, []any{"ai.not_configured", SeverityWarning}, []any{problems[0].Code, problems[0].Severity})
}

// agentRun drives an AI Agent whose turns and waits are scripted.
func agentRun(t *testing.T, agent *AIAgent, arms []string, thoughts, says, waits []Result) *world {
	t.Helper()
	list := []Step{{ID: "it", Config: agent, Arms: map[Arm]string{}}}
	for _, arm := range arms {
		list[0].Arms[Arm(arm)] = strings.ReplaceAll(arm, "_", "-")
		list = append(list, Step{ID: strings.ReplaceAll(arm, "_", "-"), Config: &AddComment{Text: arm + " $who"}})
	}
	w := newWorld(t)
	take := func(from *[]Result) Result {
		require.NotEmpty(t, *from)
		r := (*from)[0]
		*from = (*from)[1:]
		return r
	}
	w.script = func(call Call, e Effect) (Result, bool) {
		switch e.(type) {
		case Think:
			return take(&thoughts), true
		case Say:
			return take(&says), true
		}
		return Result{}, false
	}
	w.awaits = func(Wait) (Result, bool) { return take(&waits), true }
	w.run(steps(list...))
	require.Empty(t, thoughts)
	require.Empty(t, says)
	require.Empty(t, waits)
	return w
}

func TestAIAgentTurns(t *testing.T) {
	goesOn := func(turn int, pairs ...string) Result {
		r := Result{Outcome: Waiting, Turn: turn, Set: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			r.Set[pairs[i]] = pairs[i+1]
		}
		return r
	}
	said, answered := Result{Outcome: Waiting, DueAt: time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)}, Result{Outcome: Answered}
	over := func(arm Arm, turn int) Result { return Result{Outcome: Done, Arm: arm, Turn: turn} }
	failed := func(code string) Result { return Result{Outcome: Failed, Code: code} }
	all := []string{"success", "failure", "speak_to_human", "unable_to_answer", "idle"}
	for name, tc := range map[string]struct {
		arms     []string
		thoughts []Result
		says     []Result
		waits    []Result
		want     string
		note     string
	}{
		"a talk":                 {all, []Result{goesOn(1, "who", "Ann"), over(ArmSuccess, 4)}, []Result{said, {Outcome: Done}}, []Result{answered}, "it ok success", "success Ann"},
		"nothing to say":         {all, []Result{over(ArmUnableToAnswer, 0)}, nil, nil, "it ok unable_to_answer", "unable_to_answer "},
		"arm off":                {all[:2], []Result{over(ArmSpeakToHuman, 0)}, nil, nil, "it failed failure speak_to_human", "failure "},
		"stale":                  {all, []Result{goesOn(1), over(ArmSuccess, 3), over(ArmSuccess, 0)}, []Result{answered, answered}, nil, "it ok success", "success "},
		"silence":                {all, []Result{goesOn(1)}, []Result{said}, []Result{{Outcome: TimedOut}}, "it ok idle", "idle "},
		"silence, arm off":       {all[:2], []Result{goesOn(1)}, []Result{said}, []Result{{Outcome: TimedOut}}, "it failed failure idle", "failure "},
		"cannot think":           {all, []Result{failed("ai.budget")}, nil, nil, "it failed failure ai.budget", "failure "},
		"cannot speak":           {all, []Result{goesOn(1)}, []Result{failed("ai.channel")}, nil, "it failed failure ai.channel", "failure "},
		"cannot speak its last":  {all, []Result{over(ArmSuccess, 1)}, []Result{failed("ai.channel")}, nil, "it failed failure ai.channel", "failure "},
		"taken over in the wait": {all, []Result{goesOn(1)}, []Result{said}, []Result{failed("ai.taken_over")}, "it failed failure ai.taken_over", "failure "},
	} {
		t.Run(name, func(t *testing.T) {
			agent := &AIAgent{Objective: CollectInformation, Collect: []CollectItem{{"Who?", "who"}}}
			w := agentRun(t, agent, tc.arms, tc.thoughts, tc.says, tc.waits)
			require.Equal(t, tc.want, w.path()[0])
			require.Equal(t, []string{tc.note}, w.sent())
			for _, s := range find[Say](w) {
				require.Contains(t, []time.Duration{0, map[bool]time.Duration{true: time.Hour, false: MaxWait}[slices.Contains(tc.arms, "idle")]}, s.Wait)
			}
		})
	}
}

// The time that an AI Agent waits counts for the messages behind it; the one
// that it spends talking does not.
func TestWindowBehindAIAgent(t *testing.T) {
	for name, tc := range map[string]struct {
		arms []string
		want []string
	}{
		"idle arm":    {[]string{"success", "failure", "idle"}, []string{"steps[3].config.message"}},
		"no idle arm": {[]string{"success", "failure"}, []string{"steps[2].config.message"}},
	} {
		t.Run(name, func(t *testing.T) {
			list := []Step{{ID: "it", Config: &AIAgent{Objective: AnswerQuestions, IdleTimeout: Duration(25 * time.Hour)}, Arms: map[Arm]string{}}}
			for _, arm := range tc.arms {
				list[0].Arms[Arm(arm)] = arm
				list = append(list, Step{ID: arm, Config: say("hi")})
			}
			var got []string
			for _, p := range Check(steps(list...), equipped(true), Publish) {
				if p.Code == "message.window.risk" {
					got = append(got, p.Path)
				}
			}
			require.Equal(t, tc.want, got)
		})
	}
	late := steps(Step{ID: "wait", Config: &WaitStep{WaitFor: Duration(48 * time.Hour)}, Next: "it"}, Step{ID: "it", Config: &AIAgent{Objective: AnswerQuestions}})
	require.Equal(t, "message.window.risk", Check(late, equipped(true), Publish)[0].Code)
}
