package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm/llmtest"
	"ucal/internal/dbtest"
)

// lead is a workflow whose AI Agent finds out two things. It answers anybody who
// opens a conversation.
const lead = `{"trigger":{"type":"conversation_opened"},"steps":[
	{"id":"agent","name":"Find out","type":"ai_agent","config":{"objective":"collect_information","instructions":"You sell unicycles.",
		"collect":[{"question":"What is your name?","variable":"who"},{"question":"What is your budget?","variable":"budget"}]},"arms":{"success":"thanks","failure":"person"}},
	{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Thanks $who, $budget"}}},
	{"id":"person","type":"add_comment","config":{"text":"over to a person"}}]}`

// eachModel is each with a language model: the one database with the one wire
// format, the other with the other.
func eachModel(t *testing.T, fn func(t *testing.T, w *world, model *llmtest.Server)) {
	for name, c := range map[string]struct {
		url func(testing.TB) string
		as  llmtest.Provider
	}{"sqlite, openai": {dbtest.SQLiteURL, llmtest.OpenAI}, "postgres, anthropic": {dbtest.PostgresURL, llmtest.Anthropic}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.url(t))
			w.connect()
			fn(t, w, w.model(c.as))
		})
	}
}

// model connects the workspace with a fake language model.
func (w *world) model(as llmtest.Provider) *llmtest.Server {
	w.t.Helper()
	s := llmtest.Run(w.t)
	w.must("PUT", "/space/integration/llm", map[string]any{"config": map[string]any{"provider": as, "baseUrl": s.URL(as), "apiKey": llmtest.Key, "model": "wise"}})
	return s
}

// turn is what a model answers: what it says, what it does, and the variables
// that it has found values for.
func turn(reply, action string, pairs ...string) llmtest.Answer {
	collected := []any{}
	for i := 0; i < len(pairs); i += 2 {
		collected = append(collected, map[string]string{"variable": pairs[i], "value": pairs[i+1]})
	}
	return llmtest.Answer{JSON: map[string]any{"reply": reply, "action": action, "collected": collected}}
}

// A talk of several turns over a restart: values are collected, the way out is
// success, and no word of the talk is in Temporal. Scenario 97.
func TestAIAgent(t *testing.T) {
	eachModel(t, func(t *testing.T, w *world, model *llmtest.Server) {
		w.publish("Lead", lead)
		model.Push(turn("Good day, zebra! Who are you?", "continue"))
		w.write("ida", "Hello giraffe")
		require.Equal(t, []string{"Good day, zebra! Who are you?"}, w.messages("ida", 1))
		run := w.waits("ida", "ai")
		require.Contains(t, w.details(run), "Waits for **ai**")
		w.stop()
		w.start()

		model.Push(turn("And your okapi budget?", "continue", "who", "Ida"))
		w.write("ida", "I am Ida the lemur")
		require.Equal(t, "And your okapi budget?", w.messages("ida", 2)[1])
		require.Contains(t, w.details(w.waits("ida", "ai")), "| `who` | Ida |")
		model.Push(turn("", "done", "budget", "5000"))
		w.write("ida", "some wombats, 5000")
		require.Equal(t, "Thanks Ida, 5000", w.messages("ida", 3)[2])

		run = w.ends("ida")
		require.Equal(t, []string{"agent ok success", "thanks ok next"}, stepLog(run))
		require.Equal(t, map[string]any{"who": "Ida", "budget": "5000"}, run["variables"])
		require.EqualValues(t, 3, run["steps"].([]any)[0].(map[string]any)["detail"].(map[string]any)["turns"])
		last := model.Calls()[2].Messages
		require.Len(t, last, 5, "every turn sees the whole talk")
		kept := w.kept(run)
		require.Contains(t, kept, "unicycles", "the search would find it")
		for _, word := range []string{"zebra", "giraffe", "okapi", "lemur", "wombat", llmtest.Key} {
			require.NotContains(t, kept, word)
		}
	})
}

// A person takes the conversation over: the AI Agent is out of it at once, even
// while the model thinks, and says nothing more.
func TestAIAgentTakenOver(t *testing.T) {
	eachModel(t, func(t *testing.T, w *world, model *llmtest.Server) {
		w.publish("Lead", lead)
		ann := w.must("POST", "/space/user", map[string]any{"email": "ann@ucal.example", "firstName": "Ann", "role": "agent"})
		over := func(contact string, began time.Time) {
			run := w.ends(contact)
			require.Less(t, time.Since(began), 5*time.Second)
			require.Equal(t, []string{"agent failed failure ai.taken_over", "person ok next"}, stepLog(run))
		}

		model.Push(llmtest.Answer{Hang: true})
		w.write("ida", "Hello")
		_, err := model.WaitCalls(t.Context(), 1)
		require.NoError(t, err)
		began := time.Now()
		w.must("POST", "/contact/email:ida@contacts.example/conversation/assignee", map[string]any{"assignee": ann["id"]})
		over("ida", began)
		require.Empty(t, w.sink.Received("ida"))

		model.Push(turn("Who are you?", "continue"))
		w.write("jon", "Hello")
		w.messages("jon", 1)
		w.waits("jon", "ai")
		began = time.Now()
		w.as(ann, "POST", "/contact/email:jon@contacts.example/message", map[string]any{"message": map[string]any{"type": "text", "text": "Ann here"}})
		over("jon", began)
		w.write("jon", "Hello Ann")
		require.Equal(t, []string{"Who are you?", "Ann here"}, w.messages("jon", 2))
		require.Len(t, model.Calls(), 2)
	})
}

// as makes an API call that has to succeed, on behalf of a user.
func (w *world) as(user map[string]any, method, path string, in any) {
	w.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.app.Addr()+"/v2"+path, bytes.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Acting-User", text(user["id"]))
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
}

// The contact does not answer: the arm idle.
func TestAIAgentIdle(t *testing.T) {
	eachModel(t, func(t *testing.T, w *world, model *llmtest.Server) {
		w.publish("Help", `{"trigger":{"type":"conversation_opened"},"steps":[
			{"id":"agent","type":"ai_agent","config":{"objective":"answer_questions","reply_outside_knowledge":true,"idle_timeout":"1s"},"arms":{"success":"end","failure":"end","idle":"late"}},
			{"id":"late","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Write when you like."}}}]}`)
		model.Push(turn("What would you like to know?", "continue"))
		w.write("ida", "Hello")
		require.Equal(t, []string{"What would you like to know?", "Write when you like."}, w.messages("ida", 2))
		require.Equal(t, []string{"agent ok idle", "late ok next"}, stepLog(w.ends("ida")))
	})
}

// The process is stopped while the model thinks: the next one asks it again at
// once, without waiting for the dead attempt.
func TestAIAgentRestart(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t))
	w.connect()
	model := w.model(llmtest.OpenAI)
	w.publish("Lead", lead)
	model.Push(llmtest.Answer{Hang: true})
	w.write("ida", "Hello")
	_, err := model.WaitCalls(t.Context(), 1)
	require.NoError(t, err)
	model.Push(turn("Who are you?", "continue"))
	w.stop()
	w.start()
	require.Equal(t, []string{"Who are you?"}, w.messages("ida", 1))
	require.Len(t, model.Calls(), 2)
	step := w.waits("ida", "ai")["steps"].([]any)[0].(map[string]any)
	require.EqualValues(t, 1, step["detail"].(map[string]any)["turns"])
}
