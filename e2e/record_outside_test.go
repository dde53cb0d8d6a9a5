package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm/llmtest"
	"ucal/internal/dbtest"
)

// TestRecordHistoriesOfOutsideCalls records runs that call outside systems, a
// test run that is taken through its waits, and a run that is cancelled in the
// Temporal UI.
func TestRecordHistoriesOfOutsideCalls(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	w := newWorld(t, dbtest.SQLiteURL(t))
	w.connect()
	w.must("PUT", "/space/secret/crm", map[string]any{"value": crmToken})
	w.google()
	model := w.model(llmtest.OpenAI)
	ann := w.must("POST", "/space/user", map[string]any{"email": "ann@ucal.example", "firstName": "Ann", "role": "agent"})
	draft := ""
	for _, c := range []struct {
		name, definition string
		play             func(contact string)
	}{
		{"http_request_retries", askCRM(newOutsider(t, busyCRM).URL), func(c string) {
			w.write(c, "Hello")
			w.messages(c, 1)
		}},
		{"sheets_row", `{"trigger":{"type":"message_received"},"steps":[{"id":"row","type":"add_google_sheets_row","config":{"spreadsheet":"1a2B3c","sheet":"Leads","values":{"Name":"$contact.firstname"}}}]}`,
			func(c string) { w.write(c, "Hello") }},
		{"ai_talk", lead, func(c string) {
			model.Push(turn("Who are you?", "continue"), turn("And your budget?", "continue", "who", "Ida"), turn("", "done", "budget", "5000"))
			w.write(c, "Hello")
			w.messages(c, 1)
			w.waits(c, "ai")
			w.write(c, "Ida")
			w.messages(c, 2)
			w.waits(c, "ai")
			w.write(c, "5000")
			w.messages(c, 3)
		}},
		{"ai_taken_over", lead, func(c string) {
			model.Push(llmtest.Answer{Hang: true})
			calls := len(model.Calls())
			w.write(c, "Hello")
			_, err := model.WaitCalls(t.Context(), calls+1)
			require.NoError(t, err)
			w.must("POST", "/contact/email:"+c+"@contacts.example/conversation/assignee", map[string]any{"assignee": ann["id"]})
		}},
		{"test_run_skipped", `{"trigger":{"type":"manual_trigger"},"steps":[{"id":"pause","type":"wait","config":{"wait_for":"1h"},"next":"ask"},
			{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"number","timeout":"1h"},"arms":{"success":"end","failure":"end","timeout":"late"}},
			{"id":"late","type":"add_comment","config":{"text":"too late"}}]}`, func(c string) {
			w.write(c, "Hello")
			w.must("POST", "/workflow/"+draft+"/test", map[string]any{"contact": "email:" + c + "@contacts.example"})
			w.skip(w.waits(c, "timer"))
			w.skip(w.waits(c, "answer"))
		}},
		{"cancelled", patient, func(c string) {
			w.write(c, "Hello")
			require.NoError(t, w.app.Temporal.CancelWorkflow(t.Context(), temporalID(w.waits(c, "answer")), ""))
		}},
	} {
		contact := "rec" + c.name
		wf := w.must("POST", "/workflow", map[string]any{"name": c.name, "definition": json.RawMessage(c.definition)})
		draft = text(wf["id"])
		published := c.name != "test_run_skipped"
		if published {
			w.must("POST", "/workflow/"+draft+"/publish", map[string]any{})
		}
		c.play(contact)
		w.save(temporalID(w.ends(contact)), c.name)
		if published { // the next contact is the next workflow's
			w.must("POST", "/workflow/"+draft+"/stop", map[string]any{})
		}
	}
}

// TestRecordHistoriesOfRenewals records the two executions of a run that is
// renewed in the middle of a talk.
func TestRecordHistoriesOfRenewals(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	w := newWorld(t, dbtest.SQLiteURL(t), func(w *world) { w.renew = 40 })
	w.connect()
	model := w.model(llmtest.Anthropic)
	w.publish("Lead", lead)
	for n := range 4 {
		model.Push(turn(fmt.Sprintf("Question %d?", n+1), "continue"))
		w.write("ida", fmt.Sprintf("Answer %d", n))
		w.messages("ida", n+1)
		w.waits("ida", "ai")
	}
	model.Push(turn("", "done", "who", "Ida", "budget", "5000"))
	w.write("ida", "Ida, 5000")
	w.messages("ida", 5)
	run := w.ends("ida")
	executions := w.executions(run)
	require.Len(t, executions, 2)
	for i, execution := range executions {
		w.saveExecution(temporalID(run), execution, fmt.Sprintf("renewed_%d", i+1))
	}
}
