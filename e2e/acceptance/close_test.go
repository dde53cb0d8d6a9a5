package acceptance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// closeScenarios are 84 to 87: Close Conversation and the workflow settings.
func closeScenarios() []scenario {
	return []scenario{
		{84, "given close conversation with category Sales when run then the closing note has Sales", true, func(w *world) {
			w.call("POST", "/v2/space/closing_note", object{"category": "Sales"}).ok()
			w.publishes(flowFile("closer", byContact, step("close", "close_conversation", "{category: Sales, summary: '$contact.firstname bought'}", "")))
			w.writes("ana", "hi")
			closed := w.conversations("ana")[0]
			require.Equal(w, []any{"Sales", "ana bought", "workflow"}, []any{closed["category"], closed["summary"], closed["closedBySource"]})
			require.False(w, w.isOpen("ana"))
		}},
		{85, "given close conversation with nothing set and mandatory closing notes when run then it closes anyway", true, func(w *world) {
			w.settings(object{"closingNoteMode": "all_required"}).ok()
			w.publishes(flowFile("closer", says("bye"), step("close", "close_conversation", "", "next: after"), note("after", "closed")))
			w.writes("ana", "hi")
			w.writes("ana", "bye")
			require.False(w, w.isOpen("ana"))
			require.Equal(w, []string{"closed"}, w.comments("ana"))
		}},
		{86, "given allow_manual_stop when an agent stops the run during wait then no later step runs for that contact and others go on", true, func(w *world) {
			w.users("Ann")
			token := as(w.login("Ann"))
			file := flowFile("waits", byContact, "+settings: {allow_manual_stop: true}", step("pause", "wait", "{wait_for: 1h}", "next: after"), note("after", "late"))
			w.publishes(file)
			w.writes("ana", "hi")
			w.writes("bob", "hi")
			for _, who := range []string{"ana", "bob"} {
				w.assigns("Ann", who, "Ann")
			}
			run := w.call("GET", w.of("ana", "/run"), nil, token).ok()["items"].([]any)[0].(object)
			require.Equal(w, true, run["stoppable"])
			w.call("POST", w.of("ana", fmt.Sprintf("/run/%d/stop", int64(run["id"].(float64)))), object{}, token).ok()
			w.ended(w.run("ana"), "exited", "stopped_by_user")
			w.pass(2 * time.Hour)
			require.Empty(w, w.comments("ana"))
			require.Equal(w, []string{"late"}, w.comments("bob"))
			w.publishes(strings.Replace(file, "allow_manual_stop: true", "allow_manual_stop: false", 1))
			w.writes("cleo", "hi")
			w.assigns("Ann", "cleo", "Ann")
			run = w.call("GET", w.of("cleo", "/run"), nil, token).ok()["items"].([]any)[0].(object)
			require.Equal(w, false, run["stoppable"])
			w.call("POST", w.of("cleo", fmt.Sprintf("/run/%d/stop", int64(run["id"].(float64)))), object{}, token).refused(403, "forbidden")
		}},
		{87, "given exit_on_outgoing_message when a workflow message is sent then the run goes on and when an agent writes then it ends", true, func(w *world) {
			w.users("Ann")
			id := w.publishes(flowFile("waits", byContact, "+settings: {exit_on_outgoing_message: true}", step("pause", "wait", "{wait_for: 1h}", "")))
			w.publishes(flowFile("echo", onMessage, send("hello", "Hello", "")))
			w.writes("ana", "hi")
			w.assigns("Ann", "ana", "Ann")
			require.Equal(w, []string{"Hello"}, w.said("ana"))
			require.Equal(w, "waiting", w.lastRun("ana", id)["state"])
			w.replies("Ann", "ana", "I am here")
			w.ended(w.lastRun("ana", id), "exited", "outgoing_message")
		}},
	}
}

// conversations are the conversations with a contact, newest first.
func (w *world) conversations(who string) []object {
	w.Helper()
	var out []object
	for _, x := range w.call("GET", w.of(who, "/conversation"), nil).ok()["items"].([]any) {
		out = append(out, x.(object))
	}
	return out
}
