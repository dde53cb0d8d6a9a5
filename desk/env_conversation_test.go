package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// conversationNames are all names of $conversation, those filled that are given
// as pairs.
func conversationNames(filled ...string) map[string]string {
	names := map[string]string{}
	for name := range emptyNames() {
		if strings.HasPrefix(name, "conversation.") {
			names[name] = ""
		}
	}
	for i := 0; i < len(filled); i += 2 {
		name := "conversation." + filled[i]
		if _, ok := names[name]; !ok {
			panic("no such name: " + name)
		}
		names[name] = filled[i+1]
	}
	return names
}

// The names of a conversation over its life.
func TestNamesOfTheConversation(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ben", "Eva")
		w.insert(&ClosingCategory{WorkspaceID: w.p.WorkspaceID, Category: "Refund", CategoryKey: "refund", CreatedAt: w.clock.Load()})
		c := w.writes("zoe", "m1", "hello")
		id := fmt.Sprint(c.ConversationID)
		fresh := []string{"id", id, "status", "open", "opened_at", "2026-03-02 09:00:00", "opened_by", "zoe", "opened_source", "contact", "is_new_contact", "true",
			"first_incoming_message", "hello", "first_incoming_channel", "Shop"}
		w.names(c, nil, conversationNames(fresh...))

		w.advance(10 * time.Second)
		w.reply(nil, c) // of the API: no human
		w.writes("zoe", "m2", "anybody?")
		w.names(c, nil, conversationNames(fresh...))
		w.gives(c, users[0])
		w.advance(50*time.Second + 999*time.Millisecond)
		w.reply(users[0], c)
		w.gives(c, users[1])
		w.advance(time.Hour)
		w.reply(users[1], c)
		answered := append(fresh, "first_response_at", "2026-03-02 09:01:00", "first_response_time", "60", "first_assignee", "Ben", "last_assignee", "Eva")
		w.names(c, nil, conversationNames(answered...))

		_, err := w.d.CloseConversation(w.Context(), w.as(users[1]), ByID(c.ID), ClosingNote{Category: "refund", Summary: "paid back"})
		require.NoError(w, err)
		closed := append(answered, "status", "close", "closed_at", "2026-03-02 10:01:00", "closed_by", "Eva", "closed_source", "user", "category", "Refund",
			"summary", "paid back", "resolution_time", "3660")
		w.names(c, nil, conversationNames(closed...))

		w.gives(c, nil)
		w.advance(time.Hour)
		_, err = w.d.OpenConversation(w.Context(), w.as(users[0]), ByID(c.ID))
		require.NoError(w, err)
		again := w.contact("zoe")
		require.NotZero(w, again.ConversationID)
		w.names(again, nil, conversationNames("id", fmt.Sprint(again.ConversationID), "status", "open", "opened_at", "2026-03-02 11:01:00", "opened_by", "Ben",
			"opened_source", "user", "is_new_contact", "false"))
	})
}

// A time of less than a second is 0 seconds, and no missing value.
func TestTimesOfNoLength(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ben")
		c := w.writes("zoe", "m1", "hello")
		w.advance(200 * time.Millisecond)
		w.reply(users[0], c)
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		require.Equal(w, "0 0", w.shows(c, nil, "$conversation.first_response_time $conversation.resolution_time"))
	})
}

// $conversation is the one whose opening or closing started the run, else the
// open one, else the latest.
func TestWhichConversation(t *testing.T) {
	eachWorld(t, func(w *world) {
		const asks = "  - {id: nap, type: wait, config: {wait_for: 1h}, next: note}\n  - {id: note, type: add_comment, config: {text: \"%s $conversation.id $conversation.status\"}}\n"
		w.publish(starting("opened", "conversation_opened", fmt.Sprintf(asks, "opened")))
		w.publish(starting("closed", "conversation_closed", fmt.Sprintf(asks, "closed")))
		w.publish(starting("message", "message_received", fmt.Sprintf(asks, "message")))
		w.publish(manual("manual", fmt.Sprintf(asks, "manual")))
		c := w.writes("zoe", "m1", "hello")
		first := c.ConversationID
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		w.start("manual", c)
		w.advance(time.Minute)
		_, err = w.d.OpenConversation(w.Context(), w.p, ByID(c.ID)) // of another one: opened is in its first still
		require.NoError(w, err)
		second := w.contact("zoe").ConversationID
		require.NotEqual(w, first, second)
		w.advance(59 * time.Minute)
		w.wake()
		require.ElementsMatch(w, []string{
			fmt.Sprintf("opened %d close", first), // live: it is closed by now
			fmt.Sprintf("closed %d close", first),
			fmt.Sprintf("message %d open", second),
			fmt.Sprintf("manual %d open", second),
		}, w.comments(c))

		_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		w.start("manual", c)
		w.advance(time.Hour)
		w.wake()
		list := w.comments(c)
		require.Contains(w, list, fmt.Sprintf("manual %d close", second), "none is open: the latest")
	})
}

// While a trigger is matched the conversation is the one that the event is about.
func TestTheConversationOfATrigger(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish("format: 1\nid: a\nname: a\ntrigger: {type: conversation_closed, conditions: [{category: conversation_category, operator: is_not_equal_to, value: \"$conversation.summary\"}]}\n" +
			"steps: [{id: note, type: add_comment, config: {text: ran}}]\n")
		w.insert(&ClosingCategory{WorkspaceID: w.p.WorkspaceID, Category: "Refund", CategoryKey: "refund", CreatedAt: w.clock.Load()})
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{Category: "Refund", Summary: "refund"})
		require.NoError(w, err)
		w.pump()
		require.Empty(w, w.comments(c))
		require.Equal(w, []string{"condition_false"}, w.reasons(c, DecisionFilter{}))
		w.writes("zoe", "m2", "again")
		_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{Category: "Refund", Summary: "something else"})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, []string{"ran"}, w.comments(c))
	})
}

// A run enters with empty variables, whatever an earlier run has saved.
func TestVariablesOfAnotherRun(t *testing.T) { // 83
	eachWorld(t, func(w *world) {
		w.publish(manual("ask", "  - {id: before, type: add_comment, config: {text: \"<$answer>\"}, next: ask}\n"+
			"  - {id: ask, type: ask_question, config: {question: Hi, question_type: text, save_as_variable: answer}, arms: {success: after}}\n"+
			"  - {id: after, type: add_comment, config: {text: \"<$answer>\"}}\n"))
		c := w.writes("zoe", "m1", "hello")
		for i := range 2 {
			w.start("ask", c)
			w.writes("zoe", fmt.Sprint("answer", i), "mine")
		}
		require.Equal(w, []string{"<>", "<mine>", "<>", "<mine>"}, w.comments(c))
		require.NoError(w, w.inEnv(c, nil, func(env flow.Env) {
			_, known := env.Lookup("answer")
			require.False(w, known)
		}))
	})
}
