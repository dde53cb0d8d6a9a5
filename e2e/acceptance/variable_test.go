package acceptance

import (
	"time"

	"github.com/stretchr/testify/require"
)

// says publishes a workflow that answers every message with a text.
func (w *world) answersWith(text string) {
	w.Helper()
	w.publishes(flowFile("echo", onMessage, send("hello", text, "")))
}

// variableScenarios are 80 to 83: variables.
func variableScenarios() []scenario {
	return []scenario{
		{80, "given Hi $contact.firstname and name Ana when sent then Hi Ana", false, func(w *world) {
			w.answersWith("Hi $contact.firstname")
			w.writes("Ana", "hi")
			require.Equal(w, []string{"Hi Ana"}, w.said("Ana"))
		}},
		{81, "given From $contact.country. and no country when sent then empty, with a fallback the fallback, and with strictEmptyVariables the literal text", true, func(w *world) {
			w.answersWith("From $contact.country.")
			w.writes("ana", "hi")
			w.answersWith("From $contact.country|abroad.")
			w.writes("ana", "hi")
			w.settings(object{"strictEmptyVariables": true}).ok()
			w.writes("ana", "hi")
			w.answersWith("From $contact.country.")
			w.writes("ana", "hi")
			require.Equal(w, []string{"From .", "From abroad.", "From abroad.", "From $contact.country."}, w.said("ana"))
		}},
		{82, "given $system.current_date and workspace zone Asia/Tokyo when 23:30 UTC then the next day's date", true, func(w *world) {
			w.settings(object{"timezone": "Asia/Tokyo"}).ok()
			w.answersWith("$system.current_date")
			w.clock.Store(time.Date(2026, 3, 10, 23, 30, 0, 0, time.UTC).UnixMilli())
			w.writes("ana", "hi")
			require.Equal(w, []string{"2026-03-11"}, w.said("ana"))
		}},
		{83, "given a variable set in run 1 when the contact enters again then it is empty", true, func(w *world) {
			w.publishes(flowFile("asking", byContact, note2("before", "was '$name'", "next: ask"), step("ask", "ask_question", "{question: Name?, question_type: text, save_as_variable: name}", "arms: {success: after}"), note("after", "is '$name'")))
			for range 2 {
				w.writes("ana", "hi")
				w.writes("ana", "Ana")
				w.closes("", "ana")
			}
			require.Equal(w, []string{"was ''", "is 'Ana'", "was ''", "is 'Ana'"}, w.comments("ana"))
		}},
	}
}

// textScenarios are 128 to 130: more of variables.
func textScenarios() []scenario {
	return []scenario{
		{128, "given {{$contact.lastname|dear customer}} and no last name when sent then dear customer", false, func(w *world) {
			w.answersWith("Hello {{$contact.lastname|dear customer}}!")
			w.writes("ana", "hi")
			require.Equal(w, []string{"Hello dear customer!"}, w.said("ana"))
		}},
		{129, "given $5 off, US$100, $foo when sent then unchanged", false, func(w *world) {
			w.answersWith("$5 off, US$100, $foo")
			w.writes("ana", "hi")
			require.Equal(w, []string{"$5 off, US$100, $foo"}, w.said("ana"))
		}},
		{130, "given first name $contact.email when Hi $contact.firstname is sent then the text shows $contact.email", false, func(w *world) {
			w.answersWith("Hi $contact.firstname")
			w.writes("ana", "hi")
			w.sets("ana", object{"firstName": "$contact.email", "email": "ana@example.com"})
			w.writes("ana", "hi")
			require.Equal(w, []string{"Hi ana", "Hi $contact.email"}, w.said("ana"))
		}},
	}
}

// note2 is an Add Comment step with more keys.
func note2(id, text, rest string) string {
	return step(id, "add_comment", `{text: "`+text+`"}`, rest)
}
