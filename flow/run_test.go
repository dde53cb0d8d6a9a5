package flow

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// refused is what the desk says to an effect that it cannot carry out.
func refused(code string) Result { return Result{Outcome: Failed, Code: code} }

// TestWaysOut is table 4.0 of the workflow specification: every step, every
// arm, on and off. The step under test is "it"; each arm leads to a step with
// the arm's name, and an arm that is off ends the run or goes on to next.
func TestWaysOut(t *testing.T) {
	gone := refused("assign.user_gone")
	queued := Result{Outcome: Waiting, DueAt: time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)}
	type row struct {
		config Config
		arms   []string // arms that are present
		effect *Result  // what the desk says to the first effect; nil = done
		wait   *Result  // what the wait says
		want   string   // entry of "it"
		after  string   // the step after it, or the reason of the end
	}
	ask := func() *AskQuestion { return &AskQuestion{Question: "How many?", QuestionType: AskNumber} }
	assign := &AssignTo{Action: AssignTeam, Team: Ref{ID: 1}, Logic: RoundRobin}
	branch := &Branch{Branches: []BranchArm{{Name: "big", Conditions: []Condition{condition(t, "contact_field:city exists", nil)}},
		{Name: "small", Conditions: []Condition{condition(t, "contact_field:city exists", nil)}}}}
	nobody := &Branch{Branches: []BranchArm{{Name: "big", Conditions: []Condition{condition(t, "contact_field:country exists", nil)}}}}
	answer := func(text string) *Result {
		return &Result{Outcome: Answered, Answer: &Answer{Type: "text", Text: text}}
	}
	walked := map[StepType]map[Arm]bool{}
	timedOut, unsent, blocked := &Result{Outcome: TimedOut}, refused("contact_lacks_channel"), refused("conversation.contact_blocked")
	request, sheet := &HTTPRequest{Method: "GET", URL: "https://example.com"}, &AddSheetsRow{Spreadsheet: "s", Sheet: "t"}
	other, waiting := &TriggerAnother{Target: Ref{ID: 1}}, &TriggerAnother{Target: Ref{ID: 1}, Wait: true}
	talking := &Result{Outcome: Waiting, Turn: 1}
	leaves := func(a Arm) *Result { return &Result{Outcome: Done, Arm: a} }

	for name, r := range map[string]row{
		"send":                      {say("hi"), nil, nil, nil, "it ok next", "next"},
		"send fails":                {say("hi"), nil, &unsent, nil, "it failed next contact_lacks_channel", "next"},
		"send fails, arm":           {say("hi"), []string{"message_failure"}, &unsent, nil, "it failed message_failure contact_lacks_channel", "message_failure"},
		"send works, arm":           {say("hi"), []string{"message_failure"}, nil, nil, "it ok next", "next"},
		"ask":                       {ask(), []string{"success", "failure"}, nil, answer("7"), "it ok success", "success"},
		"ask, arm left out":         {ask(), nil, nil, answer("7"), "it ok success", string(EndOfPath)},
		"ask, invalid":              {ask(), []string{"success", "failure"}, nil, answer("x"), "it failed failure answer.invalid", "failure"},
		"ask, silence":              {ask(), []string{"success", "failure"}, nil, timedOut, "it ok ", string(EndTimeout)},
		"ask, silence, arm":         {ask(), []string{"timeout"}, nil, timedOut, "it ok timeout", "timeout"},
		"ask, not sent":             {ask(), []string{"success", "failure"}, &unsent, nil, "it failed  contact_lacks_channel", string(EndMessageFailed)},
		"ask, not sent, arm":        {ask(), []string{"message_failure"}, &unsent, nil, "it failed message_failure contact_lacks_channel", "message_failure"},
		"assign":                    {assign, nil, nil, nil, "it ok next", "next"},
		"assign after a wait":       {assign, []string{"timeout", "failure"}, &queued, &Result{Outcome: Done}, "it ok next", "next"},
		"assign, nobody":            {assign, nil, &queued, timedOut, "it ok ", string(EndTimeout)},
		"assign, nobody, arm":       {assign, []string{"timeout"}, &queued, timedOut, "it ok timeout", "timeout"},
		"assign, gone":              {assign, nil, &gone, nil, "it failed next assign.user_gone", "next"},
		"assign, gone, arm":         {assign, []string{"failure"}, &gone, nil, "it failed failure assign.user_gone", "failure"},
		"assign, gone while queued": {assign, []string{"timeout"}, &queued, &gone, "it failed next assign.user_gone", "next"},
		"branch":                    {branch, []string{"big", "small", "else"}, nil, nil, "it ok big", "big"},
		"branch, else":              {nobody, []string{"big", "else"}, nil, nil, "it ok else", "else"},
		"branch, else left out":     {nobody, []string{"big"}, nil, nil, "it ok else", string(EndOfPath)},
		"tag":                       {&UpdateContactTag{Action: "add", Tags: []Ref{{Name: "VIP"}}}, nil, nil, nil, "it ok next", "next"},
		"field":                     {&UpdateContactField{Field: Ref{Name: "city"}, Value: Value{"Ipoh"}}, nil, nil, nil, "it ok next", "next"},
		"field, invalid":            {&UpdateContactField{Field: Ref{Name: "city"}}, nil, ptr(refused("field.value_invalid")), nil, "it failed next field.value_invalid", "next"},
		"field, invalid, arm":       {&UpdateContactField{Field: Ref{Name: "city"}}, []string{"failure"}, ptr(refused("field.value_invalid")), nil, "it failed failure field.value_invalid", "failure"},
		"open":                      {&OpenConversation{}, nil, nil, nil, "it ok next", "next"},
		"open, blocked":             {&OpenConversation{}, nil, &blocked, nil, "it failed next conversation.contact_blocked", "next"},
		"open, blocked, arm":        {&OpenConversation{}, []string{"failure"}, &blocked, nil, "it failed failure conversation.contact_blocked", "failure"},
		"close":                     {&CloseConversation{Category: Ref{ID: 1}}, []string{"failure"}, nil, nil, "it ok next", "next"},
		"close, blocked":            {&CloseConversation{}, nil, &blocked, nil, "it failed next conversation.contact_blocked", "next"},
		"close, blocked, arm":       {&CloseConversation{}, []string{"failure"}, &blocked, nil, "it failed failure conversation.contact_blocked", "failure"},
		"comment":                   {&AddComment{Text: "note"}, nil, nil, nil, "it ok next", "next"},
		"jump":                      {&JumpTo{Step: "target", MaxJumps: 1}, nil, nil, nil, "it ok ", "target"},
		"jump used up":              {&JumpTo{Step: "target", MaxJumps: 0}, nil, nil, nil, "it skipped next", "next"},
		"wait":                      {&WaitStep{WaitFor: Duration(time.Hour)}, nil, nil, nil, "it ok next", "next"},
		"inside":                    {&DateTime{}, []string{"success", "failure"}, leaves(ArmSuccess), nil, "it ok success", "success"},
		"outside":                   {&DateTime{}, []string{"success", "failure"}, leaves(ArmFailure), nil, "it ok failure", "failure"},
		"outside, arm left out":     {&DateTime{}, []string{"success"}, leaves(ArmFailure), nil, "it ok failure", string(EndOfPath)},
		"request":                   {request, []string{"failure"}, nil, nil, "it ok next", "next"},
		"request fails":             {request, nil, ptr(refused("http.status")), nil, "it failed next http.status", "next"},
		"request fails, arm":        {request, []string{"failure"}, ptr(refused("http.status")), nil, "it failed failure http.status", "failure"},
		"child":                     {other, []string{"failure"}, nil, nil, "it ok next", "next"},
		"child cannot start":        {other, nil, ptr(refused("not_published")), nil, "it failed next not_published", "next"},
		"child cannot start, arm":   {other, []string{"failure"}, ptr(refused("not_published")), nil, "it failed failure not_published", "failure"},
		"child is awaited":          {waiting, nil, &queued, &Result{Outcome: Done}, "it ok next", "next"},
		"child ended at once":       {waiting, []string{"timeout"}, nil, nil, "it ok next", "next"},
		"child takes long, arm":     {waiting, []string{"timeout"}, &queued, timedOut, "it ok timeout", "timeout"},
		"sheet":                     {sheet, []string{"failure"}, nil, nil, "it ok next", "next"},
		"sheet is missing":          {sheet, nil, ptr(refused("sheets.missing")), nil, "it failed next sheets.missing", "next"},
		"sheet is missing, arm":     {sheet, []string{"failure"}, ptr(refused("sheets.missing")), nil, "it failed failure sheets.missing", "failure"},
		"talk":                      {&AIAgent{}, []string{"success", "failure"}, leaves(ArmSuccess), nil, "it ok success", "success"},
		"talk, arm left out":        {&AIAgent{}, nil, leaves(ArmSuccess), nil, "it ok success", string(EndOfPath)},
		"talk fails":                {&AIAgent{}, []string{"success", "failure"}, ptr(refused("ai.provider")), nil, "it failed failure ai.provider", "failure"},
		"talk, human":               {&AIAgent{}, []string{"failure"}, leaves(ArmSpeakToHuman), nil, "it failed failure speak_to_human", "failure"},
		"talk, human, arm":          {&AIAgent{}, []string{"speak_to_human"}, leaves(ArmSpeakToHuman), nil, "it ok speak_to_human", "speak_to_human"},
		"talk, unable":              {&AIAgent{}, []string{"failure"}, leaves(ArmUnableToAnswer), nil, "it failed failure unable_to_answer", "failure"},
		"talk, unable, arm":         {&AIAgent{}, []string{"unable_to_answer"}, leaves(ArmUnableToAnswer), nil, "it ok unable_to_answer", "unable_to_answer"},
		"talk, silence":             {&AIAgent{}, []string{"failure"}, talking, timedOut, "it failed failure idle", "failure"},
		"talk, silence, arm":        {&AIAgent{}, []string{"idle"}, talking, timedOut, "it ok idle", "idle"},
	} {
		t.Run(name, func(t *testing.T) {
			it := Step{ID: "it", Config: r.config}
			list := []Step{{ID: "target", Config: &AddComment{}}, {ID: "next", Config: &AddComment{}}}
			def := steps(it)
			kind, ok := KindOf(def.Steps[0].Type)
			require.True(t, ok)
			if kind.Next {
				it.Next = "next"
			}
			for _, a := range r.arms {
				if it.Arms == nil {
					it.Arms = map[Arm]string{}
				}
				it.Arms[Arm(a)] = a
				list = append(list, Step{ID: a, Config: &AddComment{}})
			}
			w := newWorld(t)
			w.script = func(c Call, _ Effect) (Result, bool) {
				if r.effect == nil || c.No > 1 {
					return Result{}, false
				}
				return *r.effect, true
			}
			w.awaits = func(Wait) (Result, bool) {
				if r.wait == nil {
					return Result{}, false
				}
				return *r.wait, true
			}
			ending := w.run(steps(append([]Step{it}, list...)...))
			require.Equal(t, r.want, w.path()[0])
			if walked[kind.Type] == nil {
				walked[kind.Type] = map[Arm]bool{}
			}
			walked[kind.Type][w.log[0].Arm] = true
			if len(w.log) == 1 {
				require.Equal(t, EndReason(r.after), ending.Reason)
				return
			}
			require.Equal(t, r.after, w.log[1].StepID)
			require.Equal(t, Ending{RunCompleted, EndOfPath}, ending)
		})
	}
	for _, k := range Kinds() {
		arms := append(slices.Clone(k.Arms), k.Optional...)
		if k.Next {
			arms = append(arms, ArmNext)
		}
		for _, a := range arms {
			require.True(t, walked[k.Type][a], "no row walks %s of %s", a, k.Type)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// Every step type of the catalogue runs, even with an empty configuration.
func TestEveryKindRuns(t *testing.T) {
	for _, k := range Kinds() {
		w := newWorld(t)
		def := steps(Step{ID: "it", Config: k.New()})
		require.Equal(t, k.Type, def.Steps[0].Type)
		w.run(def)
		require.Equal(t, k.Type, w.log[0].Type, "the log names the type")
		require.Equal(t, "it", w.log[0].Name)
	}
}

// everything walks through all step types once.
func everything(t testing.TB) *Definition {
	return steps(
		Step{ID: "welcome", Config: say("Hi $contact.firstname"), Next: "open"},
		Step{ID: "open", Config: &OpenConversation{}, Next: "ask"},
		Step{ID: "ask", Config: &AskQuestion{Question: "Which?", QuestionType: AskChoice, Options: []string{"Sales", "$contact.city"},
			SaveAsVariable: "choice", SaveAsTag: true, Retries: 1, RetryMessage: "Once more, $contact.firstname: which?"}, Arms: leads("success", "branch")},
		Step{ID: "branch", Config: &Branch{Branches: []BranchArm{{Name: "sales", Conditions: []Condition{condition(t, "variable:choice is_equal_to", "Sales")}}}}, Arms: leads("sales", "tag")},
		Step{ID: "tag", Config: &UpdateContactTag{Action: "add", Tags: []Ref{{Name: "Lead"}}}, Next: "field"},
		Step{ID: "field", Config: &UpdateContactField{Field: Ref{Name: "city"}, Value: Value{"$choice"}}, Next: "assign"},
		Step{ID: "assign", Config: &AssignTo{Action: AssignWorkspace, Logic: LeastOpen, Timeout: Duration(time.Hour)}, Next: "wait"},
		Step{ID: "wait", Config: &WaitStep{WaitFor: Duration(time.Minute)}, Next: "note"},
		Step{ID: "note", Config: &AddComment{Text: "Chose $choice"}, Next: "again"},
		Step{ID: "again", Config: &JumpTo{Step: "wait", MaxJumps: 1}, Next: "close"},
		Step{ID: "close", Config: &CloseConversation{Summary: "$choice"}},
	)
}

func (w *world) everything() *world {
	w.script = func(_ Call, e Effect) (Result, bool) {
		_, ok := e.(Assign)
		return Result{Outcome: Waiting, DueAt: w.now.Add(time.Hour)}, ok
	}
	w.awaits = func(wait Wait) (Result, bool) { return Result{Outcome: Done}, wait.Kind == WaitAssignment }
	return w.writes(time.Minute, "what?", "sales")
}

func TestRunThroughEverything(t *testing.T) {
	w := newWorld(t).everything()
	require.Equal(t, Ending{RunCompleted, EndOfPath}, w.run(everything(t)))
	require.Equal(t, []string{
		"welcome ok next", "open ok next", "ask ok success", "branch ok sales", "tag ok next", "field ok next", "assign ok next",
		"wait ok next", "note ok next", "again ok ", "wait ok next", "note ok next", "again skipped next", "close ok next",
	}, w.path())
	require.Equal(t, []string{"Hi Ana", "Which?", "Once more, Ana: which?", "Chose Sales", "Chose Sales"}, w.sent())
	require.Equal(t, "Sales", w.st.Vars["choice"])
	require.Equal(t, map[string]int{"again": 1}, w.st.Jumps)
	require.Equal(t, 2, w.st.Visits["wait"])
	require.Equal(t, 2, w.log[10].Visit)

	a := find[Assign](w)[0]
	require.Equal(t, "assign", a.WorkflowStep)
	require.Equal(t, LeastOpen, a.Logic)
	require.Equal(t, []SaveAnswer{{Value: "Sales", Tag: true}}, find[SaveAnswer](w))
	require.Equal(t, "$choice", find[UpdateField](w)[0].Value, "variables are put in where the field is written")
	require.Equal(t, MaxWait, find[Ask](w)[0].Timeout, "default timeout")
	require.Equal(t, []WaitKind{WaitAnswer, WaitAnswer, WaitAssignment, WaitTimer, WaitTimer},
		[]WaitKind{w.waits[0].Kind, w.waits[1].Kind, w.waits[2].Kind, w.waits[3].Kind, w.waits[4].Kind})
}

func TestRunReplaysToTheSame(t *testing.T) {
	a, b := newWorld(t).everything(), newWorld(t).everything()
	require.Equal(t, a.run(everything(t)), b.run(everything(t)))
	require.Empty(t, cmp.Diff(a.st, b.st))
	require.Empty(t, cmp.Diff(a.log, b.log))
}

// The world may end a run at any call. Then the step in hand is logged with the
// reason, nothing else happens, and the log that was not handed over stays.
func TestEndedAtAnyCall(t *testing.T) {
	whole := newWorld(t).everything()
	whole.run(everything(t))
	for no := 1; no <= len(whole.calls); no++ {
		w := newWorld(t).everything()
		w.endAt = no
		require.Equal(t, Ending{RunExited, EndStoppedByUser}, w.run(everything(t)))
		require.Len(t, w.calls, no, "no call after the end")
		last := w.log[len(w.log)-1]
		require.Equal(t, string(EndStoppedByUser), last.Code)
		require.Empty(t, last.Arm)
		require.Equal(t, whole.calls[no-1].Step().Seq, last.Seq)
	}
}

// An error of the host comes out as it is, and nothing of the log is lost.
func TestHostErrorAtAnyCall(t *testing.T) {
	whole := newWorld(t).everything()
	whole.run(everything(t))
	for no := 1; no <= len(whole.calls); no++ {
		w := newWorld(t).everything()
		w.failAt = no
		ending, err := Execute(stored(t, everything(t)), w.st, w)
		require.ErrorIs(t, err, errHost)
		require.Equal(t, Ending{RunFailed, EndError}, ending)
		require.Len(t, w.calls, no)
		require.Len(t, w.log, whole.calls[no-1].Step().Seq-1-len(w.st.Trail))
	}
}

func TestTrailOfCalls(t *testing.T) {
	w := newWorld(t)
	w.run(steps(
		Step{ID: "a", Config: &AddComment{}, Next: "hop"},
		Step{ID: "hop", Config: &JumpTo{Step: "wait", MaxJumps: 1}},
		Step{ID: "wait", Config: &WaitStep{WaitFor: Duration(time.Hour)}, Next: "b"},
		Step{ID: "b", Config: &AddComment{}},
	))
	var trails [][]string
	for _, c := range w.calls {
		var ids []string
		for _, e := range c.Trail {
			ids = append(ids, e.StepID)
		}
		trails = append(trails, ids)
	}
	require.Equal(t, [][]string{{"a"}, {"a", "hop", "wait"}, {"wait"}, {"wait", "b"}}, trails)
	require.Equal(t, w.start.Add(time.Hour), *w.log[2].EndedAt)
	require.Equal(t, w.start, w.log[2].StartedAt)
}

func TestWarningsAreKept(t *testing.T) {
	w := newWorld(t).writes(0, "x")
	w.script = func(c Call, e Effect) (Result, bool) {
		_, ok := e.(SaveAnswer)
		return Result{Outcome: Done, Warnings: []string{"answer.not_saved"}}, ok
	}
	ending := w.run(steps(Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskText, SaveAsContactField: Ref{Name: "city"}}}))
	require.Equal(t, Ending{RunCompleted, EndOfPath}, ending)
	require.Equal(t, []string{"answer.not_saved"}, w.log[0].Warnings)
	require.Equal(t, "ok", w.log[0].Outcome, "the answer still counts")
}

func TestStepLimit(t *testing.T) {
	w := newWorld(t)
	w.st.Seq = MaxSteps - 1
	w.log = make([]Entry, MaxSteps-1)
	ending := w.run(steps(Step{ID: "a", Config: &AddComment{}, Next: "b"}, Step{ID: "b", Config: &AddComment{}}))
	require.Equal(t, Ending{RunFailed, EndStepLimit}, ending)
	require.Equal(t, "b", w.st.At)
	require.Equal(t, MaxSteps, w.st.Seq)
}

func TestRunWithoutSteps(t *testing.T) {
	require.Equal(t, Ending{RunCompleted, EndOfPath}, newWorld(t).run(steps()))
}

func TestRunAtUnknownStep(t *testing.T) {
	ending, err := Execute(steps(), &State{At: "gone"}, newWorld(t))
	require.NoError(t, err)
	require.Equal(t, Ending{RunFailed, EndError}, ending)
}

// A run may start at a given step, as a start by API does.
func TestRunStartsAtStep(t *testing.T) {
	w := newWorld(t)
	w.st.At = "b"
	w.run(steps(Step{ID: "a", Config: &AddComment{}, Next: "b"}, Step{ID: "b", Config: &AddComment{}}))
	require.Equal(t, []string{"b ok next"}, w.path())
}

func TestVariablesOfRun(t *testing.T) {
	long := make([]byte, MaxVariable+1)
	for i := range long {
		long[i] = 'x'
	}
	w := newWorld(t).writes(time.Minute, string(long))
	def := steps(
		Step{ID: "early", Config: say("<$answer> <$trigger.text> <$other>"), Next: "ask"},
		Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskText, SaveAsVariable: "answer"}},
	)
	def.Trigger.Type = MessageReceived
	w.run(def)
	require.Equal(t, "<> <> <$other>", w.sent()[0], "declared variables are empty, not unknown")
	require.Len(t, w.st.Vars["answer"], MaxVariable)
}
