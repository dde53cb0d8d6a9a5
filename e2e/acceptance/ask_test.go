package acceptance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
)

// ask is a workflow that asks one question; arms lead to comments.
func ask(config, arms string) string {
	return flowFile("asking", byContact, step("ask", "ask_question", config, "arms: {success: good, failure: bad"+arms+"}"),
		step("good", "add_comment", "{text: 'good: $answer'}", ""), step("bad", "add_comment", "{text: 'bad: $answer'}", ""))
}

// answers lets a new contact get the question and answer it; the result is the
// comment that followed.
func (w *world) answers(who string, m channel.Message) string {
	w.Helper()
	w.writes(who, "hi")
	w.sends("Telegram", who, m)
	comments := w.comments(who)
	require.Len(w, comments, 1)
	return comments[0]
}

// asked runs a table of answers against one question.
func (w *world) asked(config string, answers map[string]string) {
	w.Helper()
	w.publishes(ask(config, ""))
	i := 0
	for text, want := range answers {
		i++
		require.Equal(w, want, w.answers(fmt.Sprintf("c%d", i), channel.Text(text)), "answer %q", text)
	}
}

// askScenarios are 37 to 48: Ask a Question.
func askScenarios() []scenario {
	return []scenario{
		{37, "given ask multiple choice when adding an 11th option or a 21-character option then refused", false, func(w *world) {
			eleven := "[" + strings.TrimSuffix(strings.Repeat("x%d, ", 11), ", ") + "]"
			a := w.saves(ask("{question: Which?, question_type: multiple_choice, options: "+fmt.Sprintf(eleven, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)+"}", ""))
			require.Contains(w, a.problems(), "question.options.limit at ask")
			a = w.saves(ask("{question: Which?, question_type: multiple_choice, options: ["+strings.Repeat("x", 21)+"]}", ""))
			require.Contains(w, a.problems(), "question.options.length at ask")
			w.saves(ask("{question: Which?, question_type: multiple_choice, options: ["+strings.Repeat("x", 20)+"]}", "")).ok()
		}},
		{38, "given ask multiple choice Red/Blue when reply blue then success and variable = Blue", true, func(w *world) {
			w.asked("{question: Which?, question_type: multiple_choice, options: [Red, Blue], save_as_variable: answer}", map[string]string{"blue": "good: Blue", " RED ": "good: Red", "green": "bad: "})
		}},
		{39, "given ask number min 1 max 5 when reply 6 then failure arm at once and nothing saved", true, func(w *world) {
			w.asked("{question: How many?, question_type: number, min: 1, max: 5, save_as_variable: answer}", map[string]string{"6": "bad: ", "5": "good: 5", "1": "good: 1", "0.9": "bad: "})
		}},
		{40, "given ask date when reply 2024-02-30 then failure and when 2024-02-29 then success", false, func(w *world) {
			w.asked("{question: When?, question_type: date, save_as_variable: answer}", map[string]string{"2024-02-30": "bad: ", "2024-02-29": "good: 2024-02-29"})
		}},
		{41, "given ask date when reply 13/04/2024 then failure (month first)", false, func(w *world) {
			w.asked("{question: When?, question_type: date, save_as_variable: answer}", map[string]string{"13/04/2024": "bad: ", "04/13/2024": "good: 2024-04-13"})
		}},
		{42, "given ask phone when reply +60 11-223 3455 then success and stored as +60112233455", true, func(w *world) {
			w.publishes(ask("{question: Number?, question_type: phone, save_as_variable: answer, save_as_contact_field: phone}", ""))
			require.Equal(w, "good: +60112233455", w.answers("ana", channel.Text("+60 11-223 3455")))
			require.Equal(w, "+60112233455", w.see("ana")["phone"])
		}},
		{43, "given ask rating when reply 6 then failure and 5 then success", false, func(w *world) {
			w.asked("{question: How was it?, question_type: rating, save_as_variable: answer}", map[string]string{"6": "bad: ", "5": "good: 5", "★★★★": "good: 4"})
		}},
		{44, "given ask location on a text-only channel when reply (3.1545313, 101.7151839) then success with its latitude and longitude", true, func(w *world) {
			w.addChannel("SMS", sms)
			w.publishes(ask("{question: Where?, question_type: location, save_as_variable: answer}", ""))
			w.writesOn("SMS", "ana", "hi")
			w.writesOn("SMS", "ana", "(3.1545313, 101.7151839)")
			require.Equal(w, []string{"good: 3.1545313,101.7151839"}, w.comments("ana"))
			require.Equal(w, "good: 52.5,13.4", w.answers("bob", channel.Location(52.5, 13.4, "")))
		}},
		{45, "given ask with save as tag when option Gold is chosen then the contact has tag Gold", true, func(w *world) {
			w.publishes(ask("{question: Plan?, question_type: multiple_choice, options: [Gold, Silver], save_as_tag: true}", ""))
			w.answers("ana", channel.Text("gold"))
			require.Equal(w, []any{"Gold"}, w.tags("ana"))
		}},
		{46, "given ask type e-mail when opening the save options then tag is not offered", false, func(w *world) {
			require.Equal(w, []string{"question.save.tag at ask"}, w.saves(ask("{question: Mail?, question_type: email, save_as_tag: true, save_as_variable: answer}", "")).problems())
		}},
		{47, "given ask with 1 h timeout when silent for 1 h then timeout arm and a later message does not answer it", true, func(w *world) {
			id := w.publishes(flowFile("asking", byContact, step("ask", "ask_question", "{question: Well?, question_type: text, timeout: 1h, save_as_variable: answer}", "arms: {success: good, timeout: late}"),
				step("good", "add_comment", "{text: good}", ""), step("late", "wait", "{wait_for: 1h}", "next: note"), step("note", "add_comment", "{text: 'answer: $answer'}", "")))
			w.writes("ana", "hi")
			w.pass(59*time.Minute + 59*time.Second)
			require.Equal(w, []string{"ask …"}, path(w.run("ana")))
			w.pass(time.Second)
			require.Equal(w, []string{"ask→timeout", "late …"}, path(w.run("ana")))
			w.writes("ana", "here I am")
			w.pass(time.Hour)
			require.Equal(w, []string{"answer: "}, w.comments("ana"))
			require.Len(w, w.runsOf("ana", id), 1)
		}},
		{48, "given conversation closed then ask rating when the contact replies 5 then saved and the conversation stays closed", true, func(w *world) {
			w.field("Csat", "csat", "number")
			w.publishes(flowFile("rating", onClose, step("ask", "ask_question", "{question: How was it?, question_type: rating, save_as_contact_field: csat}", "")))
			w.publishes(flowFile("welcome", byContact, step("note", "add_comment", "{text: opened}", "")))
			w.writes("ana", "hi")
			w.closes("", "ana")
			w.writes("ana", "5")
			require.EqualValues(w, 5, w.value("ana", "Csat"))
			require.False(w, w.isOpen("ana"))
			require.Equal(w, []string{"opened"}, w.comments("ana"), "the answer opened nothing")
		}},
	}
}
