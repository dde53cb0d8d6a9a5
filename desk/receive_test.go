package desk

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

const welcome = `
format: 1
id: welcome
name: Welcome
trigger:
  type: conversation_opened
steps:
  - id: hello
    type: send_message
    config: {channel: last_interacted, message: {type: text, text: Hi $contact.firstname}}
`

func question(id, settings string) string {
	return `
format: 1
id: ` + id + `
name: Ask ` + id + `
trigger:
  type: conversation_opened
` + settings + `
steps:
  - id: ask
    type: ask_question
    config: {question: "How many?", question_type: number, save_as_variable: number}
`
}

func TestAnInboundMessageFromBeginningToEnd(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(welcome)
		c := w.writes("ann", "m1", "hello")

		require.Equal(w, "open", c.Status())
		require.Equal(w, "Hi ann", w.sent[0].Message.Text)
		require.Equal(w, "ann", w.sent[0].ExternalID)
		want := []EventType{ContactCreated, ConversationOpened, MessageReceived, WorkflowStarted, MessageSent, MessageStatusUpdated, WorkflowEnded}
		require.Empty(w, cmp.Diff(want, w.events(c)))

		run := w.run(c)
		require.Equal(w, flow.RunCompleted, run.State)
		require.Equal(w, flow.EndOfPath, run.ExitReason)
		detail, err := w.d.RunOf(w.Context(), w.p, run.ID)
		require.NoError(w, err)
		require.Len(w, detail.Steps, 1)
		require.Equal(w, "hello", detail.Steps[0].StepID)
		require.NotZero(w, detail.Steps[0].EndedAt)

		l, err := w.d.Messages(w.Context(), w.p, ByID(c.ID), MessageFilter{}, Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 2)
		require.Equal(w, Outgoing, l.Items[0].Traffic, "newest first")
		require.Equal(w, channel.StatusSent, l.Items[0].History[1].Value)
		require.Empty(w, l.Items[1].History)

		conv, err := w.d.Conversation(w.Context(), w.p, c.ConversationID)
		require.NoError(w, err)
		require.Equal(w, []int64{1, 1}, []int64{conv.IncomingCount, conv.OutgoingCount})
		require.Equal(w, "new", conv.ContactType)
	})
}

func TestRedeliveriesInAnyOrderChangeNothing(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(welcome)
		var calls []channel.Inbound
		for range 3 {
			calls = append(calls, w.inbound("ann", "m1", "one"), w.inbound("ann", "m2", "two"), w.inbound("ben", "m3", "three"))
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		for _, in := range calls {
			require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{in}))
			w.pump()
		}
		require.EqualValues(w, 3, w.count(&Message{}, "traffic = ?", Incoming))
		require.EqualValues(w, 2, w.count(&Contact{}, "1 = 1"))
		require.EqualValues(w, 2, w.count(&Run{}, "1 = 1"))
		require.EqualValues(w, 2, w.count(&Conversation{}, "1 = 1"))
		require.Len(w, w.sent, 2)
	})
}

func TestABlockedContactIsNotHeard(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(question("ask", ""))
		c := w.writes("ann", "m1", "hello")
		_, err := w.d.Block(w.Context(), w.p, ByID(c.ID), "spam")
		require.NoError(w, err)
		require.Equal(w, flow.EndContactBlocked, w.run(c).ExitReason)

		before := len(w.events(c))
		w.writes("ann", "m2", "5")
		require.EqualValues(w, 1, w.count(&Message{}, "traffic = ?", Incoming))
		require.Len(w, w.events(c), before)

		_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.Equal(w, "invalid_state", AsError(err).Word)
		_, err = w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("x")})
		require.Equal(w, "contact_blocked", AsError(err).Word)

		_, err = w.d.Unblock(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		w.writes("ann", "m3", "hello again")
		require.EqualValues(w, 2, w.count(&Message{}, "traffic = ?", Incoming))
	})
}

func TestTheRunThatAskedLastGetsTheAnswer(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(question("x", ""))
		w.publish(question("y", ""))
		c := w.writes("ann", "m1", "hello")
		require.Len(w, w.sent, 2)

		w.writes("ann", "m2", "5")
		runs := w.runs(c)
		require.Equal(w, flow.RunWaiting, runs[0].State)
		require.Equal(w, flow.RunCompleted, runs[1].State)
		require.Equal(w, "5", runs[1].Vars["number"])

		w.writes("ann", "m3", "7")
		runs = w.runs(c)
		require.Equal(w, flow.RunCompleted, runs[0].State)
		require.Equal(w, "7", runs[0].Vars["number"])
	})
}

func TestAnAnswerOpensNoConversationAndTriggersNothing(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(question("x", ""))
		w.publish("format: 1\nid: any\nname: Any\ntrigger: {type: message_received}\nsteps: [{id: note, type: add_comment, config: {text: wrote}}]\n")
		c := w.writes("ann", "m1", "hello")
		require.Len(w, w.runs(c), 2)
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		c = w.writes("ann", "m2", "5")
		require.Equal(w, "close", c.Status())
		require.Len(w, w.runs(c), 2)
	})
}

func TestExitOnIncomingSparesTheAnsweringRun(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish("format: 1\nid: waits\nname: Waits\ntrigger: {type: conversation_opened}\nsettings: {exit_on_incoming_message: true}\nsteps: [{id: wait, type: wait, config: {wait_for: 1h}}]\n")
		w.publish(question("asks", "settings: {exit_on_incoming_message: true}"))
		c := w.writes("ann", "m1", "hello")
		w.writes("ann", "m2", "5")
		runs := w.runs(c)
		require.Equal(w, flow.EndIncomingMessage, runs[0].ExitReason)
		require.Equal(w, flow.RunCompleted, runs[1].State)
	})
}

func TestAQuestionTimesOutOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(`
format: 1
id: ask
name: Ask
trigger: {type: conversation_opened}
steps:
  - id: ask
    type: ask_question
    config: {question: "How many?", question_type: number, save_as_variable: number, timeout: 1h}
    arms: {timeout: note}
  - {id: note, type: add_comment, config: {text: silent}}
`)
		c := w.writes("ann", "m1", "hello")
		w.advance(59 * time.Minute)
		w.wake()
		require.Equal(w, flow.RunWaiting, w.run(c).State)
		w.advance(time.Minute)
		w.wake()
		require.Equal(w, flow.RunCompleted, w.run(c).State)
		l, err := w.d.Comments(w.Context(), w.p, ByID(c.ID), Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 1)
		w.writes("ann", "m2", "5")
		require.Empty(w, w.run(c).Vars["number"])
	})
}

func TestOutgoingMessagesOfUsersAndTokens(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.publish(question("ask", "settings: {exit_on_outgoing_message: true}"))
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)

		m, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("from the API")})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, "close", w.contact("zoe").Status(), "a plain token's message opens nothing")
		require.Equal(w, flow.RunWaiting, w.run(c).State)
		view, err := w.d.MessageOf(w.Context(), w.p, ByID(c.ID), m.ID)
		require.NoError(w, err)
		require.Equal(w, channel.StatusSent, view.Status)
		require.Equal(w, SourceAPI, view.SenderSource)

		_, err = w.d.SendMessage(w.Context(), w.as(users[0]), ByID(c.ID), DraftMessage{Message: channel.Text("from Ann")})
		require.NoError(w, err)
		w.pump()
		c = w.contact("zoe")
		require.Equal(w, "open", c.Status())
		runs := w.runs(c)
		require.Equal(w, flow.EndOutgoingMessage, runs[0].ExitReason)
		require.Len(w, runs, 2, "the conversation that Ann opened triggers")
		require.Equal(w, flow.RunWaiting, runs[1].State, "the message that opened it does not end it")
		conv, err := w.d.Conversation(w.Context(), w.p, c.ConversationID)
		require.NoError(w, err)
		require.Equal(w, users[0].ID, conv.OpenedBy.ID)
	})
}

func TestAMessageThatCannotBeSentIsNotStored(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("ann", "m1", "hello")
		id, err := w.d.CreateContact(w.Context(), w.p, Identifier{Email: "new@example.com"}, ContactFields{FirstName: ptr("New")})
		require.NoError(w, err)
		long := make([]byte, 101)
		for i := range long {
			long[i] = 'x'
		}
		for name, tc := range map[string]struct {
			who  int64
			in   DraftMessage
			word string
		}{
			"no text":         {c.ID, DraftMessage{Message: channel.Text(" ")}, "invalid_argument"},
			"no type":         {c.ID, DraftMessage{}, "invalid_argument"},
			"unknown type":    {c.ID, DraftMessage{Message: channel.Message{Type: "dance"}}, "unsupported_type"},
			"too long":        {c.ID, DraftMessage{Message: channel.Text(string(long))}, "text_too_long"},
			"unknown channel": {c.ID, DraftMessage{ChannelID: 999, Message: channel.Text("x")}, "channel_not_found"},
			"no channel yet":  {id, DraftMessage{Message: channel.Text("x")}, "no_last_interacted_channel"},
			"lacks channel":   {id, DraftMessage{ChannelID: w.ch.ID, Message: channel.Text("x")}, "contact_lacks_channel"},
		} {
			_, err := w.d.SendMessage(w.Context(), w.p, ByID(tc.who), tc.in)
			require.Error(w, err, name)
			require.Equal(w, tc.word, AsError(err).Word, name)
			require.Equal(w, Invalid, AsError(err).Code, name)
		}
		require.Zero(w, w.count(&Message{}, "traffic = ?", Outgoing))
		require.Zero(w, w.count(&OutboxRow{}, "1 = 1"))
	})
}

func ptr[T any](v T) *T { return &v }

func TestRedeliveriesAtTheSameMoment(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(welcome)
		const n = 10
		var all sync.WaitGroup
		for range 3 {
			for i := range n {
				all.Go(func() { w.says(fmt.Sprintf("c%d", i%5), fmt.Sprintf("m%d", i), "hello") })
			}
		}
		all.Wait()
		w.pump()
		require.EqualValues(w, n, w.count(&Message{}, "traffic = ?", Incoming))
		require.EqualValues(w, 5, w.count(&Contact{}, "1 = 1"))
		require.EqualValues(w, 5, w.count(&Run{}, "1 = 1"))
		require.EqualValues(w, 5, w.count(&Conversation{}, "1 = 1"))
		require.Len(w, w.sent, 5)
		for i := range 5 { // the sequence of a contact's events has no gaps
			c := w.contact(fmt.Sprintf("c%d", i))
			require.EqualValues(w, c.EventSeq, w.count(&Event{}, "contact_id = ?", c.ID))
		}
	})
}

func FuzzParseIdentifier(f *testing.F) {
	for _, s := range []string{"id:1", "email:ann@example.com", "phone:+60123456789", "id:99999999999999999999", "email:@", "phone:1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseIdentifier(s)
		if err != nil {
			require.Equal(t, Invalid, AsError(err).Code)
			return
		}
		again, err := ParseIdentifier(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
	})
}
