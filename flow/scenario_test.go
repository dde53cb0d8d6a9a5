package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scenario runs one numbered scenario of the workflow specification, section
// 12. Those that need a database, a channel or the API are tested there.
func scenario(t *testing.T, number string, fn func(t *testing.T)) {
	t.Run(number, fn)
}

// asked runs one question with arms success and failure against replies.
func asked(t *testing.T, q *AskQuestion, replies ...string) *world {
	w := newWorld(t).writes(time.Minute, replies...)
	q.SaveAsVariable = "answer"
	w.run(steps(Step{ID: "ask", Config: q, Arms: leads("success", "yes", "failure", "no")},
		Step{ID: "yes", Config: &AddComment{Text: "$answer"}}, Step{ID: "no", Config: &AddComment{}}))
	return w
}

func succeeds(t *testing.T, q AskQuestion, reply, stored string) {
	w := asked(t, &q, reply)
	require.Equal(t, []string{"ask ok success", "yes ok next"}, w.path(), reply)
	require.Equal(t, stored, w.st.Vars["answer"], reply)
}

func fails(t *testing.T, q AskQuestion, reply string) {
	w := asked(t, &q, reply)
	require.Equal(t, []string{"ask failed failure answer.invalid", "no ok next"}, w.path(), reply)
	require.Empty(t, w.st.Vars["answer"], "nothing saved")
	require.Len(t, find[Ask](w), 1, "at once")
	require.Empty(t, find[SaveAnswer](w))
}

func TestScenario(t *testing.T) {
	low, high := 1.0, 5.0
	question := func(kind QuestionType) AskQuestion { return AskQuestion{Question: "?", QuestionType: kind} }

	scenario(t, "030", func(t *testing.T) {
		require.Equal(t, []string{"message.text.missing"}, saveCodes(steps(Step{ID: "say", Config: say(" ")})))
	})
	scenario(t, "031", func(t *testing.T) {
		require.Empty(t, saveCodes(steps(Step{ID: "say", Config: say(strings.Repeat("ä", 2000))})))
		require.Equal(t, []string{"message.text.limit"}, saveCodes(steps(Step{ID: "say", Config: say(strings.Repeat("ä", 2001))})))
	})
	scenario(t, "037", func(t *testing.T) {
		q := question(AskChoice)
		q.Options = strings.Split("a b c d e f g h i j", " ")
		q.Options[9] = strings.Repeat("ä", 20)
		require.Empty(t, saveCodes(steps(Step{ID: "ask", Config: &q})))
		q.Options = append(q.Options, "k")
		require.Equal(t, []string{"question.options.limit"}, saveCodes(steps(Step{ID: "ask", Config: &q})))
		q.Options = []string{strings.Repeat("ä", 21)}
		require.Equal(t, []string{"question.options.length"}, saveCodes(steps(Step{ID: "ask", Config: &q})))
	})
	scenario(t, "038", func(t *testing.T) {
		q := question(AskChoice)
		q.Options = []string{"Red", "Blue"}
		succeeds(t, q, "blue", "Blue")
	})
	scenario(t, "039", func(t *testing.T) {
		q := question(AskNumber)
		q.Min, q.Max = &low, &high
		q.SaveAsContactField = Ref{Name: "rooms"}
		fails(t, q, "6")
	})
	scenario(t, "040", func(t *testing.T) {
		fails(t, question(AskDate), "2024-02-30")
		succeeds(t, question(AskDate), "2024-02-29", "2024-02-29")
	})
	scenario(t, "041", func(t *testing.T) { fails(t, question(AskDate), "13/04/2024") })
	scenario(t, "042", func(t *testing.T) { succeeds(t, question(AskPhone), "+60 11-223 3455", "+60112233455") })
	scenario(t, "043", func(t *testing.T) {
		fails(t, question(AskRating), "6")
		succeeds(t, question(AskRating), "5", "5")
	})
	scenario(t, "044", func(t *testing.T) {
		succeeds(t, question(AskLocation), "(3.1545313, 101.7151839)", "3.1545313,101.7151839")
	})
	scenario(t, "046", func(t *testing.T) {
		q := question(AskEmail)
		q.SaveAsTag = true
		require.Equal(t, []string{"question.save.tag"}, saveCodes(steps(Step{ID: "ask", Config: &q})))
	})
	scenario(t, "047", scenarioSilence)
	scenario(t, "049", scenarioFourInvalidReplies)
	scenario(t, "050", func(t *testing.T) {
		def := askingThreeTimesMore()
		def.Steps[2].Config.(*JumpTo).MaxJumps = 11
		problems := Check(def, nil, Save)
		require.True(t, problems.Blocking())
		require.True(t, slices.ContainsFunc(problems, func(p Problem) bool { return p.Code == "jump.limit" && p.StepID == "again" }), problems)
	})
	scenario(t, "051", scenarioCounterStartsAtZero)
	scenario(t, "052", func(t *testing.T) {
		w := newWorld(t)
		ending := w.run(steps(Step{ID: "note", Config: &AddComment{}, Next: "back"}, Step{ID: "back", Config: &JumpTo{Step: "note", MaxJumps: 2}}))
		require.Equal(t, Ending{RunExited, EndJumpLimit}, ending)
		require.Equal(t, 3, w.st.Visits["note"])
	})
	scenario(t, "069", scenarioOnlyOneHolds)
	scenario(t, "070", scenarioBothBranchesTrue)
	scenario(t, "072", func(t *testing.T) {
		w := newWorld(t).writes(time.Minute, "hurry")
		w.run(steps(Step{ID: "wait", Config: &WaitStep{WaitFor: Duration(time.Hour)}}))
		require.Equal(t, w.start.Add(time.Hour), *w.log[0].EndedAt)
	})
	scenario(t, "080", func(t *testing.T) { require.Equal(t, "Hi Ana", Render("Hi $contact.firstname", ana())) })
	scenario(t, "081", func(t *testing.T) {
		env := ana()
		require.Equal(t, "From .", Render("From $contact.country.", env))
		require.Equal(t, "From abroad.", Render("From $contact.country|abroad.", env))
		env.strict = true
		require.Equal(t, "From $contact.country.", Render("From $contact.country.", env))
	})
	scenario(t, "082", func(t *testing.T) {
		env := ana() // 23:30 UTC on 10 March
		env.zone = "Asia/Tokyo"
		require.Equal(t, "2026-03-11", Render("$system.current_date", env))
	})
	scenario(t, "083", func(t *testing.T) {
		def := steps(Step{ID: "show", Config: say("<$x>"), Next: "ask"},
			Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskText, SaveAsVariable: "x"}})
		for range 2 {
			w := newWorld(t).writes(0, "hello")
			w.run(def)
			require.Equal(t, "<>", w.sent()[0])
			require.Equal(t, "hello", w.st.Vars["x"])
		}
	})
	scenario(t, "113", scenarioRetries)
	scenario(t, "114", scenarioTimeoutAfterRetry)
	scenario(t, "115", func(t *testing.T) {
		w := newWorld(t)
		w.script = func(Call, Effect) (Result, bool) { return refused("no_last_interacted_channel"), true }
		ending := w.run(steps(Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskText}}))
		require.Equal(t, Ending{RunExited, EndMessageFailed}, ending)
	})
	scenario(t, "128", func(t *testing.T) {
		env := ana()
		env.names["contact.firstname"] = ""
		require.Equal(t, "dear customer", Render("{{$contact.firstname|dear customer}}", env))
	})
	scenario(t, "129", func(t *testing.T) {
		require.Equal(t, "$5 off, US$100, $foo", Render("$5 off, US$100, $foo", ana()))
	})
	scenario(t, "130", func(t *testing.T) {
		env := ana()
		env.names["contact.firstname"] = "$contact.email"
		require.Equal(t, "Hi $contact.email", Render("Hi $contact.firstname", env))
	})
}

// saveCodes are the problems of a definition on Save.
func saveCodes(def *Definition) (list []string) {
	for _, p := range Check(def, nil, Save) {
		list = append(list, p.Code)
	}
	return list
}

// 47: the timeout arm after an hour of silence; a later message is no answer.
func scenarioSilence(t *testing.T) {
	w := newWorld(t).writes(61*time.Minute, "late")
	w.run(steps(
		Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskText, Timeout: Duration(time.Hour), SaveAsVariable: "x"}, Arms: leads("timeout", "late")},
		Step{ID: "late", Config: &AddComment{}}))
	require.Equal(t, []string{"ask ok timeout", "late ok next"}, w.path())
	require.Equal(t, w.start.Add(time.Hour), *w.log[0].EndedAt)
	require.Empty(t, w.st.Vars["x"])
}

func askingThreeTimesMore() *Definition {
	return steps(
		Step{ID: "ask", Config: &AskQuestion{Question: "How many?", QuestionType: AskNumber}, Arms: leads("failure", "sorry")},
		Step{ID: "sorry", Config: say("Sorry?"), Next: "again"},
		Step{ID: "again", Config: &JumpTo{Step: "ask", MaxJumps: 3}, Next: "past"},
		Step{ID: "past", Config: &AddComment{}})
}

// 49: failure → Send sorry → Jump To Ask (3); the 4th reply goes past the jump.
func scenarioFourInvalidReplies(t *testing.T) {
	w := newWorld(t).writes(time.Minute, "a", "b", "c", "d")
	w.run(askingThreeTimesMore())
	require.Equal(t, 4, w.st.Visits["ask"])
	require.Equal(t, 3, w.st.Jumps["again"])
	require.Equal(t, "past ok next", w.path()[len(w.log)-1])
	require.Equal(t, strings.Split("How many?|Sorry?|How many?|Sorry?|How many?|Sorry?|How many?|Sorry?|", "|"), w.sent())
}

// 51: the counter belongs to the run.
func scenarioCounterStartsAtZero(t *testing.T) {
	def := askingThreeTimesMore()
	for range 2 {
		w := newWorld(t).writes(time.Minute, "a", "b", "c", "d")
		w.run(def)
		require.Equal(t, 3, w.st.Jumps["again"])
	}
}

// 69: first name = John AND last message = Doe, when only one holds.
func scenarioOnlyOneHolds(t *testing.T) {
	env := ana()
	env.incoming, env.names[NameLastIncoming] = env.now, "doe"
	both := []BranchArm{{Name: "both", Conditions: []Condition{
		condition(t, "contact_field:firstname is_equal_to", "John"),
		condition(t, "last_incoming_message is_equal_to", "Doe"),
	}}}
	arm, _ := EvaluateBranches(both, env)
	require.Equal(t, ArmElse, arm)
	env.names["contact.firstname"] = "John"
	arm, _ = EvaluateBranches(both, env)
	require.Equal(t, Arm("both"), arm)
}

// 70: two branches both true: the first one only.
func scenarioBothBranchesTrue(t *testing.T) {
	yes := []Condition{condition(t, "contact_field:firstname is_equal_to", "ana")}
	w := newWorld(t)
	w.run(steps(
		Step{ID: "which", Config: &Branch{Branches: []BranchArm{{Name: "a", Conditions: yes}, {Name: "b", Conditions: yes}}}, Arms: leads("a", "one", "b", "two")},
		Step{ID: "one", Config: &AddComment{}}, Step{ID: "two", Config: &AddComment{}}))
	require.Equal(t, []string{"which ok a", "one ok next"}, w.path())
}

// 113: retries 2 with a retry message.
func scenarioRetries(t *testing.T) {
	q := AskQuestion{Question: "How many?", QuestionType: AskNumber, Retries: 2, RetryMessage: "A number, please."}
	w := asked(t, &q, "a", "b", "7")
	require.Equal(t, []string{"How many?", "A number, please.", "A number, please.", "7"}, w.sent())
	require.Equal(t, "ask ok success", w.path()[0])

	w = asked(t, &q, "a", "b", "c")
	require.Equal(t, []string{"How many?", "A number, please.", "A number, please.", ""}, w.sent())
	require.Equal(t, "ask failed failure answer.invalid", w.path()[0])

	q.RetryMessage, q.QuestionType, q.Options = "", AskChoice, []string{"Red"}
	w = asked(t, &q, "a", "red")
	require.Equal(t, []string{"How many?", "How many?", "Red"}, w.sent(), "no retry message: the question again")
	require.Equal(t, []string{"Red"}, find[Ask](w)[1].Options, "options are attached again")
}

// 114: an invalid reply after 50 minutes; the timeout falls an hour after the
// retry message.
func scenarioTimeoutAfterRetry(t *testing.T) {
	w := newWorld(t).writes(50*time.Minute, "a")
	ending := w.run(steps(Step{ID: "ask", Config: &AskQuestion{Question: "?", QuestionType: AskNumber, Timeout: Duration(time.Hour), Retries: 1}}))
	require.Equal(t, Ending{RunExited, EndTimeout}, ending)
	require.Equal(t, w.start.Add(110*time.Minute), *w.log[0].EndedAt)
}
