package acceptance

import (
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

// says is a Message Received trigger on one word.
func says(word string) string {
	return "{type: message_received, conditions: [{category: message_text, operator: is_equal_to, value: " + word + "}]}"
}

// runScenarios are 101 to 112: runs and versions.
func runScenarios() []scenario {
	question := func(text, variable, rest string) string {
		return step("ask", "ask_question", fmt.Sprintf("{question: %s, question_type: text, save_as_variable: %s}", text, variable), "arms: {success: after}"+more(rest))
	}
	return []scenario{
		{101, "given a run waiting in version 1 when version 2 is published then the run finishes version 1's steps and the next contact gets version 2", true, func(w *world) {
			version := func(n string) string {
				return flowFile("waits", byContact, step("pause", "wait", "{wait_for: 1h}", "next: after"), note("after", "version "+n))
			}
			id := w.publishes(version("1"))
			w.writes("ana", "hi")
			w.publishes(version("2"))
			w.writes("bob", "hi")
			w.pass(time.Hour)
			require.Equal(w, []string{"version 1"}, w.comments("ana"))
			require.Equal(w, []string{"version 2"}, w.comments("bob"))
			require.EqualValues(w, 1, w.lastRun("ana", id)["version"])
			require.EqualValues(w, 2, w.lastRun("bob", id)["version"])
		}},
		{102, "given an unchanged draft when published again then no new version", true, func(w *world) {
			id := w.publishes(flowFile("welcome", byContact, send("hello", "Hello", "")))
			a := w.call("POST", fmt.Sprintf("/v2/workflow/%d/publish", id), nil).ok()
			require.EqualValues(w, 1, a["version"])
			w.stops(id)
			a = w.call("POST", fmt.Sprintf("/v2/workflow/%d/publish", id), nil).ok()
			require.Equal(w, []any{1.0, "published"}, []any{a["version"], a["state"]}, "it only re-arms")
			require.Len(w, w.call("GET", fmt.Sprintf("/v2/workflow/%d/version", id), nil).ok()["items"], 1)
		}},
		{103, "given runs X and Y both waiting for an answer, Y asked last when the contact writes then Y gets it and the next message answers X", true, func(w *world) {
			x := w.publishes(flowFile("x", says("x"), question("X?", "got", ""), note("after", "X got $got")))
			y := w.publishes(flowFile("y", byHand, question("Y?", "got", ""), note("after", "Y got $got")))
			w.writes("ana", "x")
			w.starts(y, "ana")
			w.writes("ana", "one")
			require.Equal(w, []string{"Y got one"}, w.comments("ana"))
			require.Equal(w, "waiting", w.lastRun("ana", x)["state"])
			w.writes("ana", "two")
			require.Equal(w, []string{"Y got one", "X got two"}, w.comments("ana"))
		}},
		{104, "given X with exit_on_incoming_message in a wait, Y asking when the contact answers Y then X ends with incoming_message and Y goes on", true, func(w *world) {
			x := w.publishes(flowFile("x", says("go"), "+settings: {exit_on_incoming_message: true}", step("pause", "wait", "{wait_for: 1h}", "")))
			y := w.publishes(flowFile("y", says("go"), question("Y?", "got", ""), note("after", "Y got $got")))
			w.writes("ana", "go")
			w.writes("ana", "answer")
			w.ended(w.lastRun("ana", x), "exited", "incoming_message")
			w.ended(w.lastRun("ana", y), "completed", "end_of_path")
			require.Equal(w, []string{"Y got answer"}, w.comments("ana"))
		}},
		{105, "given Y itself has exit_on_incoming_message when the contact answers Y then Y goes on", true, func(w *world) {
			w.publishes(flowFile("y", byContact, "+settings: {exit_on_incoming_message: true}", question("Y?", "got", ""), step("after", "wait", "{wait_for: 1h}", "")))
			w.writes("ana", "hi")
			w.writes("ana", "answer")
			require.Equal(w, []string{"ask→success", "after …"}, path(w.run("ana")))
			w.writes("ana", "more")
			w.ended(w.run("ana"), "exited", "incoming_message")
		}},
		{106, "given W1 (VIP added, wait, remove VIP) and W2 (VIP removed, wait, add VIP), both published when a user adds VIP then each runs once and the trace of W1 says loop_guard", true, func(w *world) {
			w.call("POST", "/v2/space/tag", object{"name": "VIP"}).ok()
			w.users("Ann")
			tagged := func(id, on, then string) int64 {
				return w.publishes(flowFile(id, "{type: contact_tag_updated, config: {action: "+on+", tags: [VIP]}}", step("pause", "wait", "{wait_for: 1m}", "next: tag"), step("tag", "update_contact_tag", "{action: "+then+", tags: [VIP]}", "")))
			}
			w1, w2 := tagged("w1", "added", "remove"), tagged("w2", "removed", "add")
			w.writes("ana", "hi")
			w.assigns("Ann", "ana", "Ann")
			w.call("POST", w.of("ana", "/tag"), []string{"VIP"}, as(w.login("Ann"))).ok()
			w.pass(10 * time.Minute)
			require.Len(w, w.runsOf("ana", w1), 1)
			require.Len(w, w.runsOf("ana", w2), 1)
			require.Contains(w, w.decisions("ana", w1), "loop_guard own_effect")
			require.Equal(w, []any{"VIP"}, w.tags("ana"))
		}},
		{107, "given a chain of 10 workflows when the 10th triggers an 11th then not started, loop_guard and the caller continues", true, func(w *world) {
			last := w.publishes(flowFile("w11", byHand, note("only", "11 ran")))
			for i := 10; i >= 1; i-- {
				trigger := byHand
				if i == 1 {
					trigger = byContact
				}
				w.publishes(flowFile(fmt.Sprintf("w%d", i), trigger, step("go", "trigger_another_workflow", fmt.Sprintf("{target: w%d}", i+1), "next: after"), note("after", fmt.Sprintf("%d went on", i))))
			}
			w.writes("ana", "hi")
			require.Empty(w, w.runsOf("ana", last))
			require.Equal(w, []string{"loop_guard depth"}, w.decisions("ana", last))
			comments := w.comments("ana")
			require.Len(w, comments, 10)
			require.Equal(w, "10 went on", comments[0])
			require.NotContains(w, comments, "11 ran")
			require.Contains(w, fmt.Sprint(path(w.runByID(w.runs("ana")[9]["id"]))), "loop_guard")
		}},
		{108, "given any event when it did not start a workflow then the trace names the check and the condition values", true, func(w *world) {
			id := w.publishes(flowFile("prices", "{type: message_received, conditions: [{category: message_text, operator: contains, value: price}, {category: channel, operator: is_equal_to, value: Telegram}]}", send("hello", "Hello", "")))
			w.writes("ana", "hello")
			d := w.trace("ana", id)[0]
			require.Equal(w, []any{"not_started", "condition_false", nil}, []any{d["decision"], d["reason"], d["runId"]})
			require.Equal(w, "message.received", d["event"].(object)["type"])
			seen := d["conditions"].([]any)
			require.Equal(w, []any{"message_text", "contains", "price", "hello", false}, see(seen[0]))
			require.Equal(w, []any{"channel", "is_equal_to", "Telegram", "Telegram", true}, see(seen[1]))
		}},
		{109, "given stop when runs are in wait, ask and queue then all end with workflow_stopped and leave the queue", true, func(w *world) {
			w.team("Sales", "Ann")
			w.status("Ann", "offline")
			id := w.publishes(flowFile("mixed", onMessage, branch("all", "arms: {wait: pause, ask: ask, else: assign}",
				"wait: {category: last_incoming_message, operator: is_equal_to, value: wait}", "ask: {category: last_incoming_message, operator: is_equal_to, value: ask}"),
				step("pause", "wait", "{wait_for: 1h}", ""), step("ask", "ask_question", "{question: Well?, question_type: text}", ""), step("assign", "assign_to", onlyOnline, "")))
			for _, who := range []string{"wait", "ask", "queue"} {
				w.writes(who, who)
			}
			require.Len(w, w.queue("Sales"), 1)
			require.EqualValues(w, 3, w.stops(id)["endedRuns"])
			for _, who := range []string{"wait", "ask", "queue"} {
				w.ended(w.run(who), "exited", "workflow_stopped")
			}
			require.Empty(w, w.queue("Sales"))
			w.pass(2 * time.Hour)
			require.Len(w, w.run("wait")["steps"], 2)
		}},
		{110, "given a contact deleted or blocked (merged away: contacts cannot be merged yet) when runs are live then they end with that reason", true, func(w *world) {
			w.publishes(flowFile("waits", byContact, step("pause", "wait", "{wait_for: 1h}", "next: after"), note("after", "late")))
			w.writes("ana", "hi")
			w.writes("bob", "hi")
			w.call("POST", w.of("ana", "/block"), object{}).ok()
			w.ended(w.run("ana"), "exited", "contact_blocked")
			run := w.run("bob")["id"]
			w.call("DELETE", w.of("bob", ""), nil).ok()
			w.ended(w.runByID(run), "exited", "contact_deleted")
			w.pass(2 * time.Hour)
			require.Empty(w, w.comments("ana"))
		}},
		{111, "given a start by API with once-per-contact and an earlier entry when called then 409 once_per_contact", true, func(w *world) {
			id := w.publishes(flowFile("welcome", "{type: conversation_opened, once_per_contact: true}", send("hello", "Hello", "")))
			w.writes("ana", "hi")
			w.call("POST", fmt.Sprintf("/v2/workflow/%d/run", id), object{"contact": fmt.Sprintf("id:%d", w.contact("ana"))}).refused(409, "once_per_contact")
			require.Equal(w, []string{"matched", "once_per_contact"}, w.decisions("ana", id))
		}},
		{112, "given message received contains price when the contact writes price? then one run and when the same text answers a waiting question then none", true, func(w *world) {
			id := w.publishes(flowFile("prices", "{type: message_received, conditions: [{category: message_text, operator: contains, value: price}]}", note("only", "matched $trigger.match")))
			w.publishes(flowFile("asking", says("ask"), question("What?", "got", ""), note("after", "answer $got")))
			w.writes("ana", "Price?")
			require.Len(w, w.runsOf("ana", id), 1)
			w.writes("ana", "ask")
			w.writes("ana", "price?")
			require.Len(w, w.runsOf("ana", id), 1)
			require.Equal(w, []string{"matched price", "answer price?"}, w.comments("ana"))
		}},
	}
}

// see is what a condition of a trace saw.
func see(x any) []any {
	c := x.(object)
	return []any{c["category"], c["operator"], c["expected"], c["actual"], c["result"]}
}

// stepScenarios are 113 to 118: steps.
func stepScenarios() []scenario {
	number := func(rest string) string {
		return flowFile("asking", byContact, step("ask", "ask_question", "{question: How many?, question_type: number, save_as_variable: n"+rest+"}", "arms: {success: good, failure: bad}"), note("good", "good $n"), note("bad", "bad"))
	}
	child := func(rest string) []string {
		return []string{flowFile("child", byHand, step("pause", "wait", "{wait_for: 1h}", "next: step-3"), step("step-3", "add_comment", "{text: child}", "")),
			flowFile("parent", byContact, step("go", "trigger_another_workflow", "{target: child"+rest+"}", "next: after"), note("after", "parent"))}
	}
	return []scenario{
		{113, "given ask number, retries 2, retry message when a, b, 7 then two retry messages and success and when a, b, c then two retry messages and failure", true, func(w *world) {
			w.publishes(number(", retries: 2, retry_message: A number please"))
			for who, last := range map[string]string{"ana": "7", "bob": "c"} {
				for _, text := range []string{"hi", "a", "b", last} {
					w.writes(who, text)
				}
				require.Equal(w, []string{"How many?", "A number please", "A number please"}, w.said(who))
			}
			require.Equal(w, []string{"good 7"}, w.comments("ana"))
			require.Equal(w, []string{"bad"}, w.comments("bob"))
		}},
		{114, "given ask timeout 1h, retries 1 when an invalid reply comes after 50 minutes then the timeout falls 1 h after the retry message", true, func(w *world) {
			w.publishes(number(", retries: 1, timeout: 1h"))
			w.writes("ana", "hi")
			w.pass(50 * time.Minute)
			w.writes("ana", "many")
			w.pass(time.Hour - time.Second)
			require.Equal(w, "waiting", w.run("ana")["state"])
			w.pass(time.Second)
			w.ended(w.run("ana"), "exited", "timeout")
		}},
		{115, "given ask without message-failure arm on a contact without channel when run then the run ends with message_failed", true, func(w *world) {
			id := w.publishes(flowFile("asking", byHand, step("ask", "ask_question", "{question: Well?, question_type: text}", "arms: {success: good}"), note("good", "good")))
			run := w.starts(id, w.newContact("Zoe"))
			w.ended(run, "exited", "message_failed")
			require.Equal(w, []string{"ask (no_last_interacted_channel)"}, path(run))
		}},
		{116, "given trigger another workflow, wait true when the child ends then the caller continues and wait false then at once", true, func(w *world) {
			for _, f := range child("") {
				w.publishes(f)
			}
			w.writes("ana", "hi")
			require.Empty(w, w.comments("ana"))
			parent := w.runs("ana")[0]
			require.Equal(w, "child", parent["waitingFor"].(object)["kind"])
			require.Equal(w, parent["id"], w.runs("ana")[1]["parentRunId"])
			w.pass(time.Hour)
			require.Equal(w, []string{"child", "parent"}, w.comments("ana"))
			for _, f := range child(", wait: false") {
				w.publishes(f)
			}
			w.writes("bob", "hi")
			require.Equal(w, []string{"parent"}, w.comments("bob"))
			w.pass(time.Hour)
			require.Equal(w, []string{"parent", "child"}, w.comments("bob"))
		}},
		{117, "given start_from: step-3 when run then the child begins there", true, func(w *world) {
			for _, f := range child(", start_from: step-3") {
				w.publishes(f)
			}
			w.writes("ana", "hi")
			require.Equal(w, []string{"child", "parent"}, w.comments("ana"))
			require.Equal(w, []string{"step-3"}, path(w.runByID(w.runs("ana")[1]["id"])))
		}},
		{118, "given a caller waiting for a child when the caller ends then the child ends with parent_ended", true, func(w *world) {
			for _, f := range child("") {
				w.publishes(f)
			}
			w.writes("ana", "hi")
			runs := w.runs("ana")
			w.call("POST", fmt.Sprintf("/v2/run/%d/stop", int64(runs[0]["id"].(float64))), object{}).ok()
			w.ended(w.runByID(runs[0]["id"]), "exited", "stopped_by_user")
			w.ended(w.runByID(runs[1]["id"]), "exited", "parent_ended")
			w.pass(2 * time.Hour)
			require.Empty(w, w.comments("ana"))
		}},
	}
}

// fileScenarios are 138 to 140: files.
func fileScenarios() []scenario {
	return []scenario{
		{138, "given an unknown key, an unknown arm, an orphan and a step with two parents when validated then all four in one answer", false, func(w *world) {
			file := flowFile("wrong", byHand, "+colour: red", send("one", "1", "next: two, arms: {sideways: two}"), send("two", "2", ""), send("lost", "3", ""))
			a := w.call("POST", "/v2/workflow/validate", file, yaml)
			require.Equal(w, false, a.ok()["valid"])
			codes := a.problems()
			for _, want := range []string{"file.key.unknown", "step.arm.unknown at one", "step.orphan at lost", "step.parent.many at two"} {
				require.Contains(w, codes, want)
			}
			for _, p := range a.ok()["problems"].([]any) {
				require.NotZero(w, p.(object)["line"], p)
				require.NotZero(w, p.(object)["column"], p)
			}
		}},
		{139, "given a workflow when exported, imported and exported again, also by way of JSON then both exports are byte-identical", true, func(w *world) {
			w.team("Sales", "Ann")
			w.field("City", "city", "text")
			w.addChannel("WhatsApp", whatsapp)
			w.imports(flowFile("child", byHand, note("only", "child"))).ok()
			id := w.imports(everything).id()
			export := func(id any, format string) string {
				return w.call("GET", fmt.Sprintf("/v2/workflow/%v/export", id), nil, header("Accept", "application/"+format)).Text
			}
			first, asJSON := export(id, "yaml"), export(id, "json")
			require.Empty(w, errorsOf(w.call("POST", "/v2/workflow/validate", first, yaml)))
			for _, file := range []string{first, asJSON} { // into a desk without the workflow: nothing of it is left to export
				w.call("DELETE", fmt.Sprintf("/v2/workflow/%d", id), nil).ok()
				made := w.call("POST", "/v2/workflow/import", file, func(r *http.Request) {
					if file == first {
						yaml(r)
					}
				}).id()
				require.NotEqual(w, id, made)
				id = made
				require.Equal(w, first, export(id, "yaml"))
				require.Equal(w, asJSON, export(id, "json"))
			}
		}},
		{140, "given a template used without its required team when saved then refused with parameter.missing on the Assign To step", true, func(w *world) {
			made := w.call("POST", "/v2/template/assignment-round-robin-online-only/use", object{"parameters": object{}}).ok()
			require.Equal(w, "draft", made["state"])
			a := w.call("PUT", fmt.Sprintf("/v2/workflow/%v", made["id"]), object{"revision": made["revision"], "definition": made["definition"]})
			a.refused(400, "workflow_invalid")
			require.Equal(w, []string{"parameter.missing at assign"}, a.problems())
			w.call("POST", fmt.Sprintf("/v2/workflow/%v/publish", made["id"]), nil).refused(400, "workflow_invalid")
		}},
	}
}

// errorsOf are the problems of a validation that are errors.
func errorsOf(a answer) []string {
	a.w.Helper()
	var out []string
	for _, p := range a.ok()["problems"].([]any) {
		if o := p.(object); o["severity"] == "error" {
			out = append(out, fmt.Sprint(o["code"], " ", o["path"], " ", o["message"]))
		}
	}
	return out
}

// everything is a workflow with every step type.
var everything = flowFile("everything", "{type: conversation_opened, once_per_contact: true, match: any, conditions: [{category: source, operator: has_any_of, value: [contact, user]}]}",
	"+description: 'All of it: quotes \" and # marks'", "+settings: {exit_on_outgoing_message: true}",
	`{id: hello, type: send_message, name: "Say: hello", config: {channel: WhatsApp, message: {type: media, file: https://example.com/a.png, caption: "Hi $contact.firstname|there"},
        channel_responses: [{channel: WhatsApp, message: {type: quick_reply, text: Pick, replies: [A, B]}}]}, next: ask, arms: {message_failure: end}}`,
	step("ask", "ask_question", "{question: \"Two\\nlines?\", question_type: number, min: 1, max: 10, save_as_variable: n, save_as_contact_field: city, timeout: 1h30m, retries: 2, retry_message: Again}", "arms: {success: branch, timeout: end}"),
	branch("any", "arms: {big: assign, else: tag}", "big: {category: variable, field: n, operator: is_between, value: {from: 5, to: 10}}"),
	step("assign", "assign_to", "{action: user_in_team, team: Sales, logic: least_open_contacts, only_online: true, open_contacts_below: 3, keep_assignee: true, timeout: 15m}", "next: hours, arms: {timeout: end, failure: end}"),
	step("hours", "date_time", "{mode: date_range, date_range: {from: '2026-12-24', to: '2026-12-26'}}", "arms: {success: call}"),
	step("call", "http_request", "{method: POST, url: https://crm.example.com, headers: {X-Z: z, X-A: a}, body: '{\"n\": $n}', response_mapping: {name: $.name, age: $.age}, save_status_as: code, timeout: 20s, retry: true}", "next: row, arms: {failure: end}"),
	step("row", "add_google_sheets_row", "{spreadsheet: abc, sheet: Leads, values: {Zip: '1', Name: $contact.name}}", "next: agent, arms: {failure: end}"),
	step("agent", "ai_agent", "{objective: collect_information, instructions: Be kind, collect: [{question: Your name?, variable: who}], idle_timeout: 30m}", "arms: {success: pause, idle: end}"),
	step("pause", "wait", "{wait_for: 1d2h}", "next: close"),
	step("close", "close_conversation", "{summary: done}", "next: open"), step("open", "open_conversation", "", "next: field"),
	step("field", "update_contact_field", "{field: city, value: Rome}", "next: note"), step("note", "add_comment", "{text: noted}", "next: go"),
	step("go", "trigger_another_workflow", "{target: child, start_from: only, timeout: 1h}", "arms: {failure: end, timeout: end}"),
	step("tag", "update_contact_tag", "{action: add, tags: [small, 'a: b']}", "next: back"), step("back", "jump_to", "{step: ask, max_jumps: 2}", ""),
)
