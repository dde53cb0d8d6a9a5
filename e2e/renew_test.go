package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"ucal/connect/llm/llmtest"
	"ucal/internal/dbtest"
	"ucal/workflows"
)

// A run whose history grows long goes on in a fresh execution of the same id:
// nothing is lost and nothing is done twice. The server of this test suggests it
// after 60 events instead of 4,096.
func TestLongRunIsRenewed(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t), func(w *world) { w.renew = 60 })
	w.connect()
	// ask → (wrong) → sorry → ask again, ten times; each answer is a signal, a
	// timer and some local activities.
	wf := w.publish("long", `{"trigger":{"type":"conversation_opened"},"steps":[
		{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"number","save_as_variable":"n"},"arms":{"success":"thanks","failure":"sorry"}},
		{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Thanks for $n"}}},
		{"id":"sorry","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Sorry"}},"next":"again"},
		{"id":"again","type":"jump_to","config":{"step":"ask","max_jumps":10},"next":"end"}]}`)
	w.write("ida", "Hello")
	for i := range 10 {
		w.messages("ida", 1+2*i)
		w.write("ida", "wrong")
	}
	w.messages("ida", 21)
	w.write("ida", "7")
	texts := w.messages("ida", 22)
	w.eventually("the run ends", func() bool { return w.runs("ida")[0]["endedAt"] != nil })

	run := w.must("GET", fmt.Sprintf("/run/%d", id(w.runs("ida")[0])), nil)
	require.Equal(t, "completed", run["state"])
	require.Len(t, run["steps"].([]any), 32, "ten times ask, sorry, again; ask, thanks")
	require.EqualValues(t, 10, run["jumps"].(map[string]any)["again"])
	require.Equal(t, "Thanks for 7", texts[21])
	for i := range 10 {
		require.Equal(t, []string{"n?", "Sorry"}, texts[2*i:2*i+2])
	}
	wid := fmt.Sprintf("%s/contact-%d/run-%d", wf["slug"], int64(run["contactId"].(float64)), id(run))
	w.eventually("Temporal lists the executions of the run", func() bool {
		list, err := w.app.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default", Query: fmt.Sprintf("WorkflowId = '%s'", wid)})
		require.NoError(t, err)
		for _, x := range list.GetExecutions() {
			require.LessOrEqual(t, x.GetHistoryLength(), int64(60+40), "a history stays short")
		}
		return len(list.GetExecutions()) > 1
	})
}

// A long talk goes on in fresh executions too, and wake-ups that nobody has
// asked for do no harm at that moment.
func TestLongTalkIsRenewed(t *testing.T) {
	const turns = 15
	w := newWorld(t, dbtest.SQLiteURL(t), func(w *world) { w.renew = 40 })
	w.connect()
	model := w.model(llmtest.OpenAI)
	w.publish("Lead", strings.Replace(lead, `"steps":[`, `"steps":[{"id":"note","name":"First of all","type":"add_comment","config":{"text":"a lead"},"next":"agent"},`, 1))
	model.OnCall(func(c llmtest.Call) llmtest.Answer {
		if n := (len(c.Messages) + 1) / 2; n < turns {
			return turn(fmt.Sprintf("ostrich %d", n), "continue")
		}
		return turn("", "done", "who", "Ida", "budget", "5000")
	})
	var run map[string]any
	var hush context.CancelFunc
	for n := range turns {
		w.write("ida", fmt.Sprintf("heron %d", n))
		if n == 0 {
			run = w.run("ida")
			hush = w.disturb(run)
			defer hush()
		}
		w.messages("ida", n+1)
	}
	texts := w.messages("ida", turns)
	require.Contains(t, w.details(run), "- 1. First of all\n", "the way is shown over renewals")
	require.Equal(t, "Thanks Ida, 5000", texts[turns-1])
	for n, text := range texts[:turns-1] {
		require.Equal(t, fmt.Sprintf("ostrich %d", n+1), text)
	}
	hush()
	run = w.ends("ida")
	require.Equal(t, []string{"note ok next", "agent ok success", "thanks ok next"}, stepLog(run), "one talk is one execution of the step")
	require.Len(t, model.Calls(), turns)
	require.Greater(t, len(w.executions(run)), 2)
	kept := w.kept(run)
	require.NotContains(t, kept, "ostrich")
	require.NotContains(t, kept, "heron")
}

// disturb wakes a run for no reason, again and again, until it is hushed.
func (w *world) disturb(run map[string]any) (hush context.CancelFunc) {
	ctx, cancel := context.WithCancel(w.t.Context())
	client := w.app.Temporal
	go func() {
		for ctx.Err() == nil {
			_ = client.SignalWorkflow(ctx, temporalID(run), "", workflows.SignalWake, workflows.Wake{Why: "no reason"}) // it may have ended
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return cancel
}

// patient asks until it gets a number.
const patient = `{"trigger":{"type":"message_received"},"steps":[
	{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"number","timeout":"1h","save_as_variable":"n"},"arms":{"success":"end","failure":"again","timeout":"late"}},
	{"id":"again","type":"jump_to","config":{"step":"ask","max_jumps":10},"next":"end"},
	{"id":"late","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Too late"}}}]}`

// renewed has a contact answer wrongly until its run goes on in a fresh
// execution and waits there.
func (w *world) renewed(contact string) map[string]any {
	w.t.Helper()
	for n := 1; ; n++ {
		require.LessOrEqual(w.t, n, 10, "the run of %s is never renewed", contact)
		w.messages(contact, n)
		run := w.waits(contact, "answer")
		if len(w.executions(run)) > 1 {
			return run
		}
		w.write(contact, "wrong")
	}
}

// What people do with runs works in the second execution as in the first.
func TestRenewedRunObeys(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t), func(w *world) { w.renew = 40 })
	w.connect()
	ending := func(contact string) string { return fmt.Sprint(w.ends(contact)["exitReason"]) }

	wf := w.must("POST", "/workflow", map[string]any{"name": "patient", "definition": json.RawMessage(patient)})
	w.write("tess", "Hello")
	w.must("POST", fmt.Sprintf("/workflow/%d/test", id(wf)), map[string]any{"contact": "email:tess@contacts.example"})
	w.must("POST", fmt.Sprintf("/run/%d/skip-wait", id(w.renewed("tess"))), nil)
	w.eventually("a skipped wait times out", func() bool { return strings.Contains(fmt.Sprint(w.sink.Received("tess")), "Too late") })
	require.Equal(t, "end_of_path", ending("tess"))

	w.must("POST", fmt.Sprintf("/workflow/%d/publish", id(wf)), map[string]any{})
	for _, contact := range []string{"ida", "jon", "kim", "lea"} {
		w.write(contact, "Hello")
	}
	run := w.renewed("ida")
	for _, name := range []string{workflows.AttrWorkspace, workflows.AttrContact, workflows.AttrWorkflow} {
		require.NotEmpty(t, w.attribute(run, name), "%s of the second execution", name)
	}
	require.NotEmpty(t, w.describe(run).GetWorkflowExecutionInfo().GetMemo().GetFields()["contact"].GetData())
	require.Contains(t, w.details(run), "**Before**")
	w.must("POST", fmt.Sprintf("/run/%d/stop", id(run)), map[string]any{})
	require.Equal(t, "stopped_by_user", ending("ida"))

	require.NoError(t, w.app.Temporal.CancelWorkflow(t.Context(), temporalID(w.renewed("jon")), ""))
	require.Equal(t, "stopped_by_user", ending("jon"))

	w.renewed("kim")
	w.stop()
	w.start()
	w.write("kim", "7")
	require.Equal(t, "end_of_path", ending("kim"))

	w.renewed("lea")
	w.must("POST", fmt.Sprintf("/workflow/%d/stop", id(wf)), map[string]any{})
	require.Equal(t, "workflow_stopped", ending("lea"))
}
