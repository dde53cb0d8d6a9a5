package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm/llmtest"
)

// slow waits for everything that there is to wait for, each for long.
const slow = `{"trigger":{"type":"incoming_webhook","config":{"identifier_type":"email","identifier_path":"$.email","variables":{"order":"$.order"}}},"steps":[
	{"id":"pause","name":"Sleep on it","type":"wait","config":{"wait_for":"1h"},"next":"ask"},
	{"id":"ask","name":"How was it","type":"ask_question","config":{"question":"How was $order?","question_type":"text","timeout":"1h"},"arms":{"success":"end","failure":"end","timeout":"team"}},
	{"id":"team","name":"To the team","type":"assign_to","config":{"action":"user_in_team","team":"Support","logic":"round_robin","only_online":true,"timeout":"1h"},"arms":{"timeout":"survey"}},
	{"id":"survey","name":"Survey first","type":"trigger_another_workflow","config":{"target":"survey"},"next":"agent"},
	{"id":"agent","name":"The agent","type":"ai_agent","config":{"objective":"answer_questions"},"arms":{"success":"end","failure":"end","idle":"bye"}},
	{"id":"bye","name":"Say goodbye","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Bye, $order"}}}]}`

// A test run of a draft is taken through all its waits in no time; Temporal
// shows what it waits for, and what each event belongs to.
func TestWaitsOfTestRunsAreSkipped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		for _, user := range w.staff() {
			w.status(user, "busy")
		}
		w.model(llmtest.OpenAI).Push(turn("What is it?", "continue"))
		w.publish("Survey", survey)
		wf := w.must("POST", "/workflow", map[string]any{"name": "Slow", "definition": json.RawMessage(slow)})
		w.write("tess", "Hello") // makes the contact, and starts nothing
		w.must("POST", fmt.Sprintf("/workflow/%d/test", id(wf)), map[string]any{"contact": "email:tess@contacts.example", "variables": map[string]any{"order": "A-7"}})
		run := w.run("tess")
		require.Equal(t, []any{true, 0.0, "test"}, []any{run["test"], run["version"], run["trigger"].(map[string]any)["type"]})
		require.Empty(t, w.decisions("tess"), "nothing triggered the run")

		w.eventually("the pause", func() bool { return w.attribute(run, "UcalWaiting") == "timer" })
		w.skip(run)
		w.eventually("the question", func() bool { return w.attribute(run, "UcalWaiting") == "answer" })
		w.skip(run)
		w.eventually("the queue", func() bool { return w.attribute(run, "UcalWaiting") == "assignment" })
		w.skip(run)
		w.eventually("the child", func() bool { return w.attribute(run, "UcalWaiting") == "child" && len(w.runs("tess")) == 2 })
		require.Equal(t, true, w.runs("tess")[0]["test"], "the child of a test run is one too")
		w.skip(run)
		w.must("POST", fmt.Sprintf("/run/%d/stop", id(w.runs("tess")[0])), map[string]any{}) // it lives on without its caller, and would take the answers
		w.eventually("the agent", func() bool { return w.attribute(run, "UcalWaiting") == "ai" })
		w.skip(run)
		require.Equal(t, []string{"How was A-7?", "How was it?", "What is it?", "Bye, A-7"}, w.messages("tess", 4))

		require.NoError(t, w.app.Temporal.GetWorkflow(t.Context(), temporalID(run), "").Get(t.Context(), nil))
		require.Empty(t, w.attribute(run, "UcalWaiting"))
		run = w.must("GET", "/run/"+text(run["id"]), nil)
		require.Equal(t, []string{"pause ok next", "ask ok timeout", "team ok timeout", "survey ok next", "agent ok idle", "bye ok next"}, stepLog(run))
		w.named(run)
	})
}

// skip skips the wait of a test run.
func (w *world) skip(run map[string]any) {
	w.t.Helper()
	w.must("POST", fmt.Sprintf("/run/%d/skip-wait", id(run)), nil)
}

// decisions are why workflows started, or did not, for a contact: the newest first.
func (w *world) decisions(contact string) (list []string) {
	w.t.Helper()
	for _, d := range w.must("GET", "/contact/email:"+contact+"@contacts.example/trigger-decision", nil)["items"].([]any) {
		d := d.(map[string]any)
		list = append(list, fmt.Sprintf("%s: %s %s", d["event"].(map[string]any)["type"], d["decision"], d["reason"]))
	}
	return list
}

// A live test run keeps the contact out of the workflow; one that has ended does
// not count for once per contact.
func TestTestRunAndTriggers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		wf := w.must("POST", "/workflow", map[string]any{"name": "Once", "definition": json.RawMessage(`{
			"trigger":{"type":"message_received","once_per_contact":true,"conditions":[{"category":"message_text","operator":"is_equal_to","value":"go"}]},
			"steps":[{"id":"pause","type":"wait","config":{"wait_for":"1h"}}]}`)})
		w.write("tess", "Hello")
		w.must("POST", fmt.Sprintf("/workflow/%d/test", id(wf)), map[string]any{"contact": "email:tess@contacts.example"})
		run := w.waits("tess", "timer")
		w.must("POST", fmt.Sprintf("/workflow/%d/publish", id(wf)), map[string]any{})
		w.write("tess", "go")
		w.skip(run)
		w.ends("tess")
		w.write("tess", "go")
		w.write("tess", "go")
		require.Equal(t, []string{"message.received: not_started once_per_contact", "message.received: started matched", "message.received: not_started already_enrolled"}, w.decisions("tess"))
		require.Len(t, w.runs("tess"), 2)
	})
}

// An outside system starts a run, for a contact that it makes; when it repeats
// its call, the first answer is repeated.
func TestIncomingWebhook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		wf := w.publish("Orders", `{"trigger":{"type":"incoming_webhook","config":{"identifier_type":"email","identifier_path":"$.customer.email","create_contact":true,
			"variables":{"order":"$.order.id"}}},"steps":[{"id":"note","type":"add_comment","config":{"text":"Order $order"}}]}`)
		_, path, ok := strings.Cut(w.must("GET", "/workflow/"+text(wf["id"]), nil)["hookUrl"].(string), "http://localhost")
		require.True(t, ok)
		var first string
		for n := range 3 {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+w.app.Addr()+path, bytes.NewReader([]byte(`{"customer":{"email":"ida@contacts.example"},"order":{"id":4711}}`)))
			require.NoError(t, err)
			req.Header.Set("Idempotency-Key", "order-4711")
			resp, err := w.http.Do(req)
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusAccepted, resp.StatusCode, "%s", answer)
			if n == 0 {
				first = string(answer)
			}
			require.JSONEq(t, first, string(answer))
		}
		run := w.ends("ida")
		require.Equal(t, map[string]any{"order": "4711"}, run["variables"])
		require.Equal(t, []string{"note ok next"}, stepLog(run))
		require.Equal(t, []string{"incoming_webhook: started matched"}, w.decisions("ida"))
	})
}
