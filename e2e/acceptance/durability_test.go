package acceptance

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
)

// durabilityScenarios are 93 to 100: durability and the rest.
func durabilityScenarios() []scenario {
	return []scenario{
		{93, "given a server restart during wait, ask and queue when back then due times hold and nothing is sent twice", true, func(w *world) {
			w.team("Sales", "Ann")
			w.status("Ann", "offline")
			w.publishes(flowFile("waits", says("wait"), send("hello", "Wait", "next: pause"), step("pause", "wait", "{wait_for: 1h}", "next: after"), note("after", "waited")))
			w.publishes(flowFile("asks", says("ask"), step("ask", "ask_question", "{question: Well?, question_type: text, timeout: 1h, save_as_variable: got}", "arms: {success: good, timeout: late}"), note("good", "got $got"), note("late", "late")))
			w.publishes(flowFile("queues", says("queue"), send("hello", "Queue", "next: assign"), step("assign", "assign_to", onlyOnline, "next: after"), note("after", "assigned")))
			for who, text := range map[string]string{"w": "wait", "a": "ask", "b": "ask", "q": "queue"} {
				w.writes(who, text)
			}
			w.pass(50 * time.Minute)
			w.restart()
			w.writes("a", "here")
			w.status("Ann", "online")
			w.pass(10*time.Minute - time.Second)
			require.Empty(w, append(w.comments("w"), w.comments("b")...))
			w.restart()
			w.pass(time.Second)
			for who, want := range map[string]string{"w": "waited", "a": "got here", "b": "late", "q": "assigned"} {
				require.Equal(w, []string{want}, w.comments(who), who)
			}
			require.Len(w, w.sent, 4, "each message once")
		}},
		{94, "given the same channel webhook delivered twice when processed then one run and one answer", true, func(w *world) {
			w.publishes(flowFile("asks", byContact, step("ask", "ask_question", "{question: Well?, question_type: text, save_as_variable: got}", "arms: {success: good}"), step("good", "ask_question", "{question: And?, question_type: text}", "")))
			for range 2 {
				w.receive("Telegram", "ana", "m-1", channel.Text("hi"))
			}
			for range 2 {
				w.receive("Telegram", "ana", "m-2", channel.Text("one"))
			}
			require.Equal(w, []string{"ask→success", "good …"}, path(w.run("ana")))
			require.Equal(w, []string{"Well?", "And?"}, w.said("ana"))
		}},
		{95, "given auto-close 24 h and only workflow messages sent when 24 h pass then the conversation is not closed", true, func(w *world) {
			w.settings(object{"autoClose": object{"enabled": true, "afterMinutes": 24 * 60}}).ok()
			w.publishes(flowFile("welcome", byContact, send("hello", "Hello", "")))
			w.users("Ann")
			w.writes("ana", "hi")
			w.writes("bob", "hi")
			w.assigns("Ann", "bob", "Ann")
			w.replies("Ann", "bob", "Hello from Ann")
			w.pass(24*time.Hour + time.Minute)
			require.True(w, w.isOpen("ana"))
			require.False(w, w.isOpen("bob"), "a user's message starts the timer")
		}},
		{96, "given AI step with idle arm and default timeout when the contact is silent for 60 minutes then idle arm", true, func(w *world) {
			w.model(say("Hello, what is your name?"))
			w.publishes(collecting("arms: {success: good, idle: silent}"))
			w.writes("ana", "hi")
			require.Equal(w, []string{"Hello, what is your name?"}, w.said("ana"))
			w.pass(time.Hour - time.Second)
			require.Equal(w, "ai", w.run("ana")["waitingFor"].(object)["kind"])
			w.pass(time.Second)
			require.Equal(w, []string{"silent"}, w.comments("ana"))
		}},
		{97, "given AI step answer questions, speak-to-human on when the contact asks for a person then that arm and with it off then failure", true, func(w *world) {
			w.model(decide("speak_to_human"), decide("speak_to_human"))
			answering := func(arms string) string {
				return flowFile("agent", byContact, step("agent", "ai_agent", "{objective: answer_questions}", "arms: {success: good, failure: bad"+arms+"}"), note("good", "good"), note("bad", "failure"), note("human", "human"))
			}
			w.publishes(answering(", speak_to_human: human"))
			w.writes("ana", "I want a person")
			require.Equal(w, []string{"human"}, w.comments("ana"))
			w.publishes(strings.Replace(answering(""), "  - "+note("human", "human")+"\n", "", 1))
			w.writes("bob", "I want a person")
			require.Equal(w, []string{"failure"}, w.comments("bob"))
		}},
		{98, "given the language routing and a contact without language when a conversation opens then the ask-language workflow starts", true, func(w *world) {
			w.publishes(flowFile("ask-language-preference", byHand, step("ask", "ask_question", "{question: Which language?, question_type: multiple_choice, options: [English, Deutsch], save_as_variable: language}", "")))
			w.publishes(flowFile("by-language", byContact, step("route", "branch", "{branches: [{name: English, conditions: [{category: contact_field, field: language, operator: is_equal_to, value: en}]}, "+
				"{name: No Language Info, conditions: [{category: contact_field, field: language, operator: does_not_exist}]}]}", "arms: {English: english, No Language Info: ask-first, else: ask-next}"),
				note("english", "english"), step("ask-first", "trigger_another_workflow", "{target: ask-language-preference}", ""), step("ask-next", "trigger_another_workflow", "{target: ask-language-preference}", "")))
			w.writes("ana", "hi")
			require.Equal(w, []string{"Which language?"}, w.said("ana"))
			w.writes("bob", "x")
			w.closes("", "bob")
			w.call("POST", "/v2/run/stop", object{"contact": fmt.Sprintf("id:%d", w.contact("bob"))}).ok()
			w.sets("bob", object{"language": "en"})
			w.writes("bob", "hi")
			require.Equal(w, []string{"english"}, w.comments("bob"))
		}},
		{99, "given a JSON export of workflow A when imported in another workspace then a draft with unresolved references marked red", true, func(w *world) {
			w.team("Sales", "Ann")
			id := w.publishes(assignTo(roundRobin, ""))
			export := w.call("GET", fmt.Sprintf("/v2/workflow/%d/export", id), nil, header("Accept", "application/json")).Text
			require.True(w, json.Valid([]byte(export)))
			_, other, err := w.desk.CreateWorkspace(w.Context(), "Other", "other@example.com")
			require.NoError(w, err)
			made := w.call("POST", "/v2/workflow/import", export, as(other))
			require.Equal(w, "draft", made.ok()["state"])
			require.Equal(w, []string{"reference.unknown at assign"}, made.problems())
			w.call("POST", fmt.Sprintf("/v2/workflow/%v/publish", made.ok()["id"]), nil, as(other)).refused(400, "workflow_invalid")
		}},
		{100, "given prompt transfer (assign A, wait 15m, branch, assign B) when A replies after 5 minutes then B is not assigned and when nobody replies then B is", true, func(w *world) {
			w.users("A", "B")
			w.publishes(flowFile("prompt-transfer", byContact, step("first", "assign_to", "{action: specific_user, user: a@example.com}", "next: pause"), step("pause", "wait", "{wait_for: 15m}", "next: branch"),
				branch("all", "arms: {silent: second}", "silent: {category: contact_field, field: status, operator: is_equal_to, value: open}, {category: variable, field: conversation.first_response_at, operator: does_not_exist}"),
				step("second", "assign_to", "{action: specific_user, user: b@example.com}", "")))
			w.writes("ana", "hi")
			w.writes("bob", "hi")
			w.pass(5 * time.Minute)
			w.replies("A", "ana", "Hello")
			w.pass(10 * time.Minute)
			require.Equal(w, []string{"A", "B"}, []string{w.assignee("ana"), w.assignee("bob")})
		}},
	}
}

// collecting is a workflow whose AI Agent asks for a name.
func collecting(arms string) string {
	return flowFile("agent", byContact, step("agent", "ai_agent", "{objective: collect_information, collect: [{question: The contact's name, variable: who}]}", arms),
		note("good", "good $who"), note("silent", "silent"))
}
