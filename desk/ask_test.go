package desk

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// askingOnce is a workflow with one question; success and failure lead to comments
// that show the answer.
func askingOnce(settings, arms string) string {
	return manualOr("conversation_opened", "asking") + "  - {id: ask, type: ask_question, config: {" + settings + "}, arms: {success: good, failure: bad" + arms + "}}\n" +
		"  - {id: good, type: add_comment, config: {text: 'good: $answer'}}\n  - {id: bad, type: add_comment, config: {text: 'bad: $answer'}}\n"
}

const colours = "question: 'Which, $contact.firstname?', question_type: multiple_choice, options: [Red, '2', Blue], save_as_variable: answer"

// pressed is a button or a row of a list, as WhatsApp tells of it.
func pressed(id, title string) channel.Message {
	body, err := json.Marshal(channel.Choice{Kind: "button", ID: id, Title: title})
	if err != nil {
		panic(err)
	}
	return channel.Message{Type: channel.TypeWhatsAppInteractive, Text: title, Interactive: body}
}

// reaction lets a new contact open a conversation, get the question and answer
// it; answer gets the key of the question's message.
func (w *world) reaction(who string, answer func(key string) channel.Message) string {
	w.Helper()
	w.sends(who, "hi-"+who, channel.Text("hi"))
	c := w.sends(who, "answer-"+who, answer(w.sent[len(w.sent)-1].Key))
	notes := w.comments(c)
	require.Len(w, notes, 1)
	return notes[0]
}

func TestAnAnswerByLabelButtonOrNumber(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(askingOnce(colours, ""))
		typed := func(text string) func(string) channel.Message {
			return func(string) channel.Message { return channel.Text(text) }
		}
		button := func(n int, title string) func(string) channel.Message {
			return func(key string) channel.Message { return pressed(channel.ButtonID(key, n), title) }
		}
		n := 0
		for _, x := range []struct {
			source channel.Source
			answer func(string) channel.Message
			want   string
		}{
			{whatsApp, typed(" rEd "), "good: Red"},
			{whatsApp, typed("2"), "good: 2"}, // a label
			{whatsApp, typed("3"), "bad: "},   // there were buttons
			{whatsApp, button(3, "Blue"), "good: Blue"},
			{whatsApp, button(1, "shortened"), "good: Red"},
			{whatsApp, button(4, "Green"), "bad: "},
			{whatsApp, func(string) channel.Message { return pressed("msg-1-1", "Yes") }, "bad: "}, // of another question
			{whatsApp, func(string) channel.Message { return pressed("msg-1-1", "Red") }, "good: Red"},
			{whatsApp, func(string) channel.Message { return channel.Message{Type: channel.TypeUnsupported, Kind: "sticker"} }, "bad: "},
			{sms, typed("3"), "good: Blue"},
			{sms, typed("2"), "good: 2"}, // the label before the number
			{sms, typed("1"), "good: Red"},
			{sms, typed("4"), "bad: "},
		} {
			n++
			w.connect(x.source, fmt.Sprintf("C%d", n))
			who := fmt.Sprintf("+60123%05d", n)
			require.Equal(w, x.want, w.reaction(who, x.answer), "answer %d", n)
			asked := w.sent[len(w.sent)-1].Message
			if x.source == sms {
				require.Equal(w, channel.Text("Which, "+who+"?\n\n1. Red\n2. 2\n3. Blue"), asked)
			} else {
				require.Equal(w, channel.QuickReply("Which, "+who+"?", "Red", "2", "Blue"), asked)
			}
		}
	})
}

// How a question went out is known from its row: not from a channel that has
// changed since, nor from a process that has died.
func TestHowAQuestionWentOutIsRemembered(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connect(whatsApp, "WhatsApp")
		s := w.sending()
		ask := flow.Ask{Question: "Which?", Type: flow.AskChoice, Options: []string{"Red", "$contact.lastname", "$contact.firstname is a long name"}, Timeout: time.Hour}
		dl, err := w.d.PrepareAsk(w.Context(), s.call, ask)
		require.NoError(w, err)
		require.Equal(w, []string{"Red", "zoe is a long name"}, dl.Outgoing.Message.Replies, "a blank option is nothing to choose")
		w.exec("UPDATE messages SET status = 'delivered', provider_id = 'out-1' WHERE status = 'sending'") // the receipt was faster; the process died
		w.d.Channels = channel.New(adapter{}, capable{source: whatsApp, caps: channel.Capabilities{Types: []channel.MessageType{channel.TypeText}}})
		dl, err = w.d.PrepareAsk(w.Context(), s.call, ask)
		require.NoError(w, err)
		require.Equal(w, flow.Waiting, dl.Final.Outcome)
		require.Equal(w, []string{"Red", "zoe is a long name"}, dl.Final.Options)
		require.True(w, dl.Final.Buttons)
	})
}

func TestARatingIsAnsweredByItsStars(t *testing.T) { // 43
	eachWorld(t, func(w *world) {
		w.publish(askingOnce("question: How was it?, question_type: rating, save_as_variable: answer", ""))
		w.connect(whatsApp, "WhatsApp")
		require.Equal(w, "good: 4", w.reaction("+601111111", func(key string) channel.Message { return pressed(channel.ButtonID(key, 4), "4") }))
		require.Equal(w, channel.QuickReply("How was it?", "1", "2", "3", "4", "5"), w.sent[0].Message)
		w.connect(sms, "SMS")
		require.Equal(w, "good: 5", w.reaction("+601111112", func(string) channel.Message { return channel.Text("5") }))
		require.Equal(w, "bad: ", w.reaction("+601111113", func(string) channel.Message { return channel.Text("6") }))
	})
}

// MM/DD is in the year that it is where the workspace is.
func TestADateWithoutAYear(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.exec("UPDATE workspaces SET timezone = 'Pacific/Auckland'")
		w.publish(askingOnce("question: When?, question_type: date, save_as_variable: answer", ""))
		w.clock.Store(time.Date(2026, 12, 31, 10, 59, 0, 0, time.UTC).UnixMilli()) // 23:59 there
		typed := func(string) channel.Message { return channel.Text("1/2") }
		require.Equal(w, "good: 2026-01-02", w.reaction("zoe", typed))
		w.advance(time.Minute)
		require.Equal(w, "good: 2027-01-02", w.reaction("ann", typed))
	})
}

func TestALocationByMessageOrText(t *testing.T) { // 44
	eachWorld(t, func(w *world) {
		w.publish(askingOnce("question: Where?, question_type: location, save_as_variable: answer", ""))
		w.connect(sms, "SMS")
		require.Equal(w, "good: 3.1545313,101.7151839", w.reaction("+601111111", func(string) channel.Message { return channel.Text("(3.1545313, 101.7151839)") }))
		w.connect(whatsApp, "WhatsApp")
		require.Equal(w, "good: 52.5,-13.4", w.reaction("+601111112", func(string) channel.Message { return channel.Location(52.5, -13.4, "Berlin") }))
		require.Equal(w, "bad: ", w.reaction("+601111113", func(string) channel.Message { return channel.Text("(91, 0)") }))
	})
}

func TestAnAnswerIsSavedWhereItFits(t *testing.T) { // 42, 45
	eachWorld(t, func(w *world) {
		w.makeField("Age", flow.FieldNumber)
		w.makeField("Gone", flow.FieldText)
		ask := func(id, settings string) string {
			return manualOr("manual_trigger", id) + "  - {id: ask, type: ask_question, config: {question: Well?, save_as_variable: answer, " + settings + "}, arms: {success: good}}\n" +
				"  - {id: good, type: add_comment, config: {text: 'good: $answer'}}\n"
		}
		for id, settings := range map[string]string{
			"age": "question_type: text, save_as_contact_field: age", "gone": "question_type: text, save_as_contact_field: gone",
			"email": "question_type: email, save_as_contact_field: email", "phone": "question_type: phone, save_as_contact_field: phone",
			"plan": "question_type: multiple_choice, options: [Gold, Silver], save_as_tag: true",
		} {
			w.publish(ask(id, settings))
		}
		w.exec("DELETE FROM custom_fields WHERE slug = 'gone'")
		other := w.stranger("ann@example.com", "+601234567")
		c := w.writes("zoe", "m0", "hi")
		n := 0
		reply := func(slug, text string) Run {
			n++
			w.start(slug, c)
			w.writes("zoe", fmt.Sprintf("m%d", n), text)
			return w.runIn(c, slug)
		}
		warnings := func(run Run) []string {
			var step RunStep
			require.NoError(w, w.db.Read(w.Context()).Where("run_id = ? AND step_id = 'ask'", run.ID).Take(&step).Error)
			return step.Warnings
		}
		for _, x := range []struct {
			slug, text, saved string
			warning           bool
		}{
			{"age", "old", "old", true},
			{"age", "42", "42", false},
			{"gone", "hello", "hello", true},
			{"email", "ANN@example.com", "ann@example.com", false},
			{"phone", "60 12-345 67", "+601234567", false},
			{"plan", "gold", "Gold", false},
		} {
			run := reply(x.slug, x.text)
			require.Equal(w, []string{"ask ok success ", "good ok next "}, w.logged(run), x.slug)
			require.Equal(w, x.saved, run.Vars["answer"])
			if x.warning {
				require.Equal(w, []string{"answer.not_saved"}, warnings(run), x.slug)
			} else {
				require.Empty(w, warnings(run), x.slug)
			}
		}
		now := w.contact("zoe")
		require.Equal(w, []string{"ann@example.com", "+601234567"}, []string{now.Email, now.Phone}, "written although another contact has them")
		require.Equal(w, []string{other.Email, other.Phone}, []string{"ann@example.com", "+601234567"})
		require.EqualValues(w, 1, w.count(&Tag{}, "name = 'Gold'"))
	})
}

// 113, and 33 of the question: an invalid answer is saved nowhere, and stays
// readable as the contact's latest message.
func TestInvalidAnswersAreAskedAgain(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manualOr("conversation_opened", "asking") +
			"  - {id: ask, type: ask_question, config: {question: How many?, question_type: number, save_as_variable: answer, retries: 2, retry_message: 'A number, $contact.firstname.'}, arms: {success: good, failure: bad}}\n" +
			"  - {id: good, type: add_comment, config: {text: 'good: $answer'}}\n  - {id: bad, type: add_comment, config: {text: 'bad: <$answer> $last_incoming_message'}}\n")
		for who, x := range map[string]struct {
			replies []string
			want    string
		}{"zoe": {[]string{"a", "b", "7"}, "good: 7"}, "ann": {[]string{"a", "b", "c"}, "bad: <> c"}} {
			w.sent = nil
			w.writes(who, who, "hi")
			for i, text := range x.replies {
				require.Empty(w, w.comments(w.contact(who)))
				w.writes(who, fmt.Sprintf("%s-%d", who, i), text)
			}
			require.Equal(w, []string{x.want}, w.comments(w.contact(who)))
			require.Equal(w, []channel.Message{channel.Text("How many?"), channel.Text("A number, " + who + "."), channel.Text("A number, " + who + ".")}, w.delivered())
		}
	})
}

func TestTheTimeoutCountsFromTheLatestQuestion(t *testing.T) { // 114, 47
	eachWorld(t, func(w *world) {
		w.publish(askingOnce("question: How many?, question_type: number, timeout: 1h, retries: 1, save_as_variable: answer", ", timeout: late") + commented("late"))
		c := w.writes("zoe", "m1", "hi")
		w.advance(50 * time.Minute)
		w.writes("zoe", "m2", "many")
		require.Equal(w, w.clock.Load()+time.Hour.Milliseconds(), w.run(c).DueAt)
		w.advance(time.Hour - time.Millisecond)
		w.wake()
		require.Empty(w, w.comments(c))
		w.advance(time.Millisecond)
		w.wake()
		require.Equal(w, []string{"late"}, w.comments(c))
		w.writes("zoe", "m3", "7")
		require.Equal(w, []string{"late"}, w.comments(c), "a later message is no answer")
		require.Empty(w, w.run(c).Vars["answer"])
	})
}
