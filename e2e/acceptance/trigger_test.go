package acceptance

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// triggerScenarios are 13 to 28: triggers.
func triggerScenarios() []scenario {
	hello := send("hello", "Hello", "")
	return []scenario{
		{13, "given conversation opened with source contact when a user opens the conversation then no run", true, func(w *world) {
			id := w.publishes(flowFile("welcome", byContact, hello))
			w.users("Ann")
			w.writes("ana", "hi")
			w.closes("", "ana")
			before := len(w.runs("ana"))
			w.opens("Ann", "ana")
			require.Len(w, w.runs("ana"), before)
			require.Equal(w, []string{"matched", "condition_false"}, w.decisions("ana", id))
			seen := w.trace("ana", id)[1]["conditions"].([]any)[0].(object)
			require.Equal(w, []any{"contact", "user", false}, []any{seen["expected"], seen["actual"], seen["result"]})
		}},
		{14, "given the same when a contact without an open conversation writes then one run", true, func(w *world) {
			w.publishes(flowFile("welcome", byContact, hello))
			w.writes("ana", "hi")
			w.ended(w.run("ana"), "completed", "end_of_path")
			require.Equal(w, []string{"Hello"}, w.said("ana"))
		}},
		{15, "given an already open conversation when the contact writes again then no run", true, func(w *world) {
			w.writes("ana", "hi")
			w.publishes(flowFile("welcome", byContact, hello))
			w.writes("ana", "are you there?")
			require.Empty(w, w.runs("ana"))
		}},
		{16, "given conversation closed without conditions when a user, a workflow or the API closes then each starts a run", true, func(w *world) {
			w.users("Ann")
			id := w.publishes(flowFile("after", onClose, step("note", "add_comment", "{text: closed by $conversation.closed_source}", "")))
			w.publishes(flowFile("closer", "{type: message_received, conditions: [{category: message_text, operator: is_equal_to, value: bye}]}", step("close", "close_conversation", "", "")))
			w.writes("ana", "hi")
			w.closes("Ann", "ana")
			w.writes("ana", "hi")
			w.closes("", "ana")
			w.writes("ana", "bye")
			require.Len(w, w.runsOf("ana", id), 3)
			var texts []string
			for _, x := range w.call("GET", w.of("ana", "/comment"), nil).ok()["items"].([]any) {
				texts = append(texts, x.(object)["text"].(string))
			}
			require.ElementsMatch(w, []string{"closed by user", "closed by api", "closed by workflow"}, texts)
		}},
		{17, "given conversation closed with category Refund when closed with another category then no run", true, func(w *world) {
			for _, c := range []string{"Refund", "Sales"} {
				w.call("POST", "/v2/space/closing_note", object{"category": c}).ok()
			}
			id := w.publishes(flowFile("refunds", "{type: conversation_closed, conditions: [{category: conversation_category, operator: is_equal_to, value: Refund}]}", hello))
			w.writes("ana", "hi")
			w.closes("", "ana", object{"category": "Sales"})
			require.Empty(w, w.runs("ana"))
			require.Equal(w, []string{"condition_false"}, w.decisions("ana", id))
			w.writes("ana", "hi")
			w.closes("", "ana", object{"category": "Refund"})
			require.Len(w, w.runs("ana"), 1)
		}},
		{18, "given tag updated (added, VIP) when VIP is added twice then one run only", true, func(w *world) {
			w.call("POST", "/v2/space/tag", object{"name": "VIP"}).ok()
			w.publishes(flowFile("vip", "{type: contact_tag_updated, config: {action: added, tags: [VIP]}}", step("note", "add_comment", "{text: $trigger.tag was $trigger.action}", "")))
			w.writes("ana", "hi")
			w.call("POST", w.of("ana", "/tag"), []string{"VIP"}).ok()
			w.call("POST", w.of("ana", "/tag"), []string{"vip"}).ok()
			require.Equal(w, "contact_tag_updated", w.run("ana")["trigger"].(object)["type"])
			require.Equal(w, []string{"VIP was added"}, w.comments("ana"))
		}},
		{19, "given tag updated (removed, VIP) when VIP is added then no run", true, func(w *world) {
			w.call("POST", "/v2/space/tag", object{"name": "VIP"}).ok()
			id := w.publishes(flowFile("vip", "{type: contact_tag_updated, config: {action: removed, tags: [VIP]}}", hello))
			w.writes("ana", "hi")
			w.call("POST", w.of("ana", "/tag"), []string{"VIP"}).ok()
			require.Empty(w, w.runs("ana"))
			require.Equal(w, []string{"condition_false configuration"}, w.decisions("ana", id))
			w.call("DELETE", w.of("ana", "/tag"), []string{"VIP"}).ok()
			require.Len(w, w.runs("ana"), 1)
		}},
		{20, "given field updated on City when City is saved with the same value then no run", true, func(w *world) {
			w.field("City", "city", "text")
			w.publishes(flowFile("moved", "{type: contact_field_updated, config: {field: city}}", step("note", "add_comment", "{text: '$trigger.field: $trigger.old_value to $trigger.new_value'}", "")))
			w.writes("ana", "hi")
			for _, city := range []string{"Rome", "Rome", " Rome "} {
				w.sets("ana", object{"custom_fields": []object{{"name": "City", "value": city}}})
			}
			require.Len(w, w.runs("ana"), 1)
			require.Equal(w, []string{"city:  to Rome"}, w.comments("ana"))
		}},
		{21, "given a shortcut with a required form field when submitted empty then no run and a field error", true, func(w *world) {
			id := w.publishes(flowFile("late", shortcut, step("note", "add_comment", "{text: $reason}", "")))
			w.users("Ann")
			w.writes("ana", "hi")
			a := w.call("POST", w.of("ana", fmt.Sprintf("/shortcut/%d", id)), object{"form": object{"reason": " "}}, as(w.login("Ann")))
			require.Equal(w, 400, a.Status, a.Text)
			require.Contains(w, a.Text, "form.reason")
			require.Empty(w, w.runs("ana"))
		}},
		{22, "given a shortcut form variable reason when started with late then $reason prints late in a comment", true, func(w *world) {
			id := w.publishes(flowFile("late", shortcut, step("note", "add_comment", "{text: '$reason says $trigger.user.name'}", "")))
			w.users("Ann")
			w.writes("ana", "hi")
			w.call("POST", w.of("ana", fmt.Sprintf("/shortcut/%d", id)), object{"form": object{"reason": "late"}}, as(w.login("Ann"))).ok()
			require.Equal(w, []string{"late says Ann"}, w.comments("ana"))
		}},
		{23, "given an incoming webhook with identifier e-mail at $.email when posted with a known e-mail then 202 and a run for that contact with the mapped variables", true, func(w *world) {
			url := w.hook(w.publishes(flowFile("order", webhook, step("note", "add_comment", "{text: order $order of $total}", ""))))
			w.writes("ana", "hi")
			w.sets("ana", object{"email": "ana@example.com"})
			a := w.call("POST", url, object{"email": "ANA@example.com", "order": object{"id": "A-7", "total": 12.5}}, header("Authorization", ""))
			require.Equal(w, 202, a.Status, a.Text)
			run := w.run("ana")
			require.Equal(w, object{"status": "accepted", "runId": run["id"], "contactId": run["contactId"]}, a.ok())
			require.Equal(w, []string{"order A-7 of 12.5"}, w.comments("ana"))
		}},
		{24, "given the same when the e-mail is unknown then no run and 422", true, func(w *world) {
			url := w.hook(w.publishes(flowFile("order", webhook, hello)))
			w.writes("ana", "hi")
			w.call("POST", url, object{"email": "nobody@example.com"}).refused(422, "contact_not_found")
			require.Empty(w, w.runs("ana"))
		}},
		{25, "given the same when GET instead of POST then 405 and no run", false, func(w *world) {
			url := w.hook(w.publishes(flowFile("order", webhook, hello)))
			w.writes("ana", "hi")
			w.call("GET", url, nil).refused(405, "method_not_allowed")
			require.Empty(w, w.runs("ana"))
		}},
		{26, "given the workflow is stopped when posted to its address then 404 and no run", true, func(w *world) {
			id := w.publishes(flowFile("order", webhook, hello))
			url := w.hook(id)
			w.writes("ana", "hi")
			w.sets("ana", object{"email": "ana@example.com"})
			w.stops(id)
			w.call("POST", url, object{"email": "ana@example.com"}).refused(404, "not_found")
			require.Empty(w, w.runs("ana"))
		}},
		{27, "given a contact inside workflow W when W's trigger recurs then no second run and the trace says already_enrolled", true, func(w *world) {
			id := w.publishes(flowFile("slow", onMessage, step("pause", "wait", "{wait_for: 1h}", "")))
			w.writes("ana", "one")
			w.writes("ana", "two")
			require.Len(w, w.runs("ana"), 1)
			require.Equal(w, []string{"matched", "already_enrolled"}, w.decisions("ana", id))
		}},
		{28, "given two workflows on one trigger when the event comes then both run", true, func(w *world) {
			w.publishes(flowFile("first", byContact, send("hello", "One", "")))
			w.publishes(flowFile("second", byContact, send("hello", "Two", "")))
			w.writes("ana", "hi")
			require.Len(w, w.runs("ana"), 2)
			require.Equal(w, []string{"One", "Two"}, w.said("ana"))
		}},
	}
}

const (
	shortcut = "{type: shortcut, config: {icon: '⏰', description: Note a delay, form: [{label: Why?, type: text, variable: reason, required: true}]}}"
	webhook  = "{type: incoming_webhook, config: {identifier_type: email, identifier_path: $.email, variables: {order: $.order.id, total: $.order.total}}}"
)

// hook is the path of a workflow's webhook address.
func (w *world) hook(id int64) string {
	w.Helper()
	url, _ := w.workflow(id)["hookUrl"].(string)
	require.True(w, strings.HasPrefix(url, publicURL+"/hook/"), "hookUrl %q", url)
	return strings.TrimPrefix(url, publicURL)
}

// comments are the texts of the comments on a contact, oldest first.
func (w *world) comments(who string) []string {
	w.Helper()
	texts := []string{}
	for _, x := range w.call("GET", w.of(who, "/comment?limit=100"), nil).ok()["items"].([]any) {
		texts = append([]string{x.(object)["text"].(string)}, texts...)
	}
	return texts
}
