package acceptance

import (
	"strings"

	"github.com/stretchr/testify/require"

	"ucal/channel"
)

// sendScenarios are 29 to 36: Send a Message.
func sendScenarios() []scenario {
	return []scenario{
		{29, "given send with a WhatsApp channel response and a default when the last channel is WhatsApp then the response is sent and on Telegram the default", true, func(w *world) {
			w.addChannel("WhatsApp", whatsapp)
			w.publishes(flowFile("welcome", byContact, `{id: hello, type: send_message, config: {channel: last_interacted, message: {type: text, text: Default},
        channel_responses: [{channel: WhatsApp, message: {type: quick_reply, text: Pick one, replies: [A, B]}}]}}`))
			w.writesOn("WhatsApp", "ana", "hi")
			w.writes("bob", "hi")
			require.Equal(w, []string{"Pick one"}, w.said("ana"))
			require.Equal(w, []string{"A", "B"}, w.got("ana")[0].Replies)
			require.Equal(w, []string{"Default"}, w.said("bob"))
		}},
		{30, "given send with an empty default message when published then refused", false, func(w *world) {
			a := w.saves(flowFile("welcome", byContact, send("hello", "", "")))
			require.Equal(w, []string{"message.text.missing at hello"}, a.problems())
			id := w.imports(flowFile("welcome", byContact, send("hello", "", ""))).ok()["slug"]
			w.call("POST", "/v2/workflow/"+id.(string)+"/publish", nil).refused(400, "workflow_invalid")
		}},
		{31, "given send text of 2,001 characters when saved then refused with message.text.limit", false, func(w *world) {
			require.Equal(w, []string{"message.text.limit at hello"}, w.saves(flowFile("welcome", byContact, send("hello", strings.Repeat("ä", 2001), ""))).problems())
			w.saves(flowFile("fits", byContact, send("hello", strings.Repeat("ä", 2000), ""))).ok()
		}},
		{32, "given send with message-failure arm and a contact without channel when run then that arm with reason no_last_interacted_channel", true, func(w *world) {
			id := w.publishes(flowFile("notice", byHand, send("hello", "Hello", "next: thanks, arms: {message_failure: note}"),
				step("thanks", "add_comment", "{text: sent}", ""), step("note", "add_comment", "{text: not sent}", "")))
			run := w.starts(id, w.newContact("Zoe"))
			require.Equal(w, []string{"hello→message_failure (no_last_interacted_channel)", "note"}, path(run))
			w.ended(run, "completed", "end_of_path")
		}},
		{33, "given the same without the arm when run then the message is marked failed with its reason and the run goes on", true, func(w *world) {
			id := w.publishes(flowFile("notice", byHand, send("hello", "Hello", "next: thanks"), step("thanks", "add_comment", "{text: went on}", "")))
			who := w.newContact("Zoe")
			run := w.starts(id, who)
			require.Equal(w, []string{"hello (no_last_interacted_channel)", "thanks"}, path(run))
			m := w.messages(who)[0]
			last := m["status"].([]any)[len(m["status"].([]any))-1].(object)
			require.Equal(w, []any{"failed", "no_last_interacted_channel"}, []any{last["value"], last["error"]})
		}},
		{34, "given two e-mail sends with blank subject when run then same thread and blank subject", true, func(w *world) {
			w.addChannel("Mail", email)
			mail := func(id, text, rest string) string {
				return `{id: ` + id + `, type: send_message, config: {channel: last_interacted, message: {type: text, text: x},
        channel_responses: [{channel: Mail, message: {type: email, text: ` + text + `}}]}` + more(rest) + `}`
			}
			w.publishes(flowFile("mails", byContact, mail("one", "First", "next: two"), mail("two", "Second", "")))
			w.writesOn("Mail", "ana@example.com", "hi")
			got := w.got("ana@example.com")
			require.Len(w, got, 2)
			first := w.messageID("ana@example.com", "First")
			require.Zero(w, got[0].ReplyToMessageID)
			require.Equal(w, first, got[1].ReplyToMessageID)
			for _, m := range got {
				require.Equal(w, channel.MessageType("email"), m.Type)
				require.Empty(w, m.Subject)
			}
		}},
		{35, "given send without open conversation on a closed contact when run then the conversation stays closed", true, func(w *world) {
			id := w.publishes(flowFile("notice", byHand, send("hello", "Hello", "")))
			w.writes("ana", "hi")
			w.closes("", "ana")
			w.starts(id, "ana")
			require.Equal(w, []string{"Hello"}, w.said("ana"))
			require.False(w, w.isOpen("ana"))
		}},
		{36, "given open conversation then send when run then the conversation is open with an event naming the workflow", true, func(w *world) {
			id := w.publishes(flowFile("notice", byHand, step("open", "open_conversation", "", "next: hello"), send("hello", "Hello", "")))
			w.writes("ana", "hi")
			w.closes("", "ana")
			w.starts(id, "ana")
			require.True(w, w.isOpen("ana"))
			require.Equal(w, []string{"Hello"}, w.said("ana"))
			var opened object
			for _, a := range w.timeline("ana") {
				if strings.Contains(a["type"].(string), "opened") {
					opened = a
				}
			}
			require.Equal(w, []any{"workflow", "notice"}, []any{opened["actor"].(object)["kind"], opened["actor"].(object)["name"]})
		}},
	}
}

// newContact makes a contact that has no channel, by the API.
func (w *world) newContact(name string) string {
	w.Helper()
	w.call("POST", "/v2/contact/email:"+mail(name), object{"firstName": name}).ok()
	return "email:" + mail(name)
}
