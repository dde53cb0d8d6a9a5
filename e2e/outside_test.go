package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflow/v1"

	"ucal/connect/sheets/sheetstest"
)

const crmToken = "token-of-the-crm-0815"

// askCRM is a workflow with a GET that is worth repeating.
func askCRM(base string) string {
	return strings.ReplaceAll(`{"trigger":{"type":"message_received"},"steps":[
		{"id":"crm","name":"Ask the CRM","type":"http_request","config":{"method":"GET","url":"BASE/customer?email=$contact.email","headers":{"Authorization":"Bearer $secret.crm"},
			"response_mapping":{"plan":"$.plan","echo":"$.authorization"},"save_status_as":"status"},"next":"tell"},
		{"id":"tell","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"$plan ($status)"}}}]}`, "BASE", base)
}

// busyCRM answers 503 twice and then what it knows, the caller's token included.
func busyCRM(n int, c outsideCall, w http.ResponseWriter) {
	switch n {
	case 1:
		w.WriteHeader(http.StatusServiceUnavailable)
	case 2:
		w.Header().Set("Retry-After", "2") // long enough for a restart
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		fmt.Fprintf(w, `{"plan":"gold","authorization":%q}`, c.Authorization)
	}
}

// An HTTP Request whose server is busy: Temporal shows the attempts, a restart
// between two of them does no harm, every attempt has the same key, and the
// secret of the request is kept nowhere.
func TestHTTPRequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		w.must("PUT", "/space/secret/crm", map[string]any{"value": crmToken})
		crm := newOutsider(t, busyCRM)
		w.publish("CRM", askCRM(crm.URL))
		w.write("ida", "Hello")

		pending := w.attempt("ida", 2)
		require.Equal(t, "HTTPRequest", pending.GetActivityType().GetName())
		require.Contains(t, pending.GetLastFailure().GetMessage(), "HTTP request: next attempt at ")
		w.attempt("ida", 3)
		waiting := w.run("ida")["waitingFor"].(map[string]any)
		require.Equal(t, "retry", waiting["kind"])
		require.Contains(t, waiting["reason"], "503")
		w.stop()
		w.start()
		require.Equal(t, []string{"gold (200)"}, w.messages("ida", 1))

		run := w.ends("ida")
		calls := crm.to("/customer")
		require.Len(t, calls, 3)
		for _, c := range calls {
			require.Equal(t, fmt.Sprintf("run-%d-1", id(run)), c.Key)
			require.Equal(t, "Bearer "+crmToken, c.Authorization)
		}
		step := run["steps"].([]any)[0].(map[string]any)
		require.Equal(t, []any{"ok", "next"}, []any{step["outcome"], step["arm"]})
		require.EqualValues(t, 3, step["detail"].(map[string]any)["attempts"])
		require.Equal(t, "Bearer ***", run["variables"].(map[string]any)["echo"])
		require.NotContains(t, fmt.Sprint(run), crmToken)
		require.NotContains(t, w.kept(run), crmToken)
		require.Contains(t, w.kept(run), "$secret.crm", "the search would find it")

		h := w.history(run, "")
		started := events(h, enums.EVENT_TYPE_ACTIVITY_TASK_STARTED)
		require.Len(t, started, 1, "the attempts of one call are one activity")
		require.EqualValues(t, 3, started[0].GetActivityTaskStartedEventAttributes().GetAttempt())
		require.Contains(t, summaries(t, h), "Ask the CRM")
	})
}

// attempt waits until a contact's run waits for this attempt at its call.
func (w *world) attempt(contact string, number int32) (a *workflow.PendingActivityInfo) {
	w.t.Helper()
	run := w.run(contact)
	w.eventually(fmt.Sprintf("the pause before attempt %d", number), func() bool {
		list := w.describe(run).GetPendingActivities()
		if len(list) == 1 {
			a = list[0]
		}
		return a.GetAttempt() == number && a.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED
	})
	require.True(w.t, a.GetScheduledTime().AsTime().After(a.GetLastStartedTime().AsTime()), "Temporal knows when the next attempt is")
	return a
}

func events(h *history.History, kind enums.EventType) (list []*history.HistoryEvent) {
	for _, ev := range h.GetEvents() {
		if ev.GetEventType() == kind {
			list = append(list, ev)
		}
	}
	return list
}

// callOut writes a row, and calls two addresses that refuse it: one where the
// step has an arm for that, and one where it has none.
func callOut(base string) string {
	return strings.ReplaceAll(`{"trigger":{"type":"message_received"},"steps":[
		{"id":"row","name":"Write it down","type":"add_google_sheets_row","config":{"spreadsheet":"1a2B3c","sheet":"Leads","values":{"Name":"$contact.firstname","Run":"$run.id"}},
			"arms":{"failure":"no-row"},"next":"soft"},
		{"id":"soft","type":"http_request","config":{"method":"GET","url":"BASE/gone"},"next":"hard"},
		{"id":"hard","type":"http_request","config":{"method":"GET","url":"BASE/gone","save_status_as":"status"},"arms":{"failure":"sorry"}},
		{"id":"sorry","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Sorry, $status"}}},
		{"id":"no-row","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Sorry, no row"}}}]}`, "BASE", base)
}

// google connects the workspace with a fake of Google and makes the sheet.
func (w *world) google() *sheetstest.Server {
	w.t.Helper()
	g := sheetstest.New(w.t)
	g.AddSheet("1a2B3c", "Leads", "Name", "Run")
	w.must("PUT", "/space/integration/google_sheets", map[string]any{"config": map[string]any{"serviceAccountJson": g.ServiceAccount(), "endpoint": g.URL}})
	return g
}

// A row is written once, and the ways out of steps that fail are taken.
func TestOutsideFailures(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connect()
		g := w.google()
		gone := newOutsider(t, func(_ int, _ outsideCall, w http.ResponseWriter) { w.WriteHeader(http.StatusGone) })
		wf := w.publish("Outside", callOut(gone.URL))

		w.write("ida", "Hello")
		require.Equal(t, []string{"Sorry, 410"}, w.messages("ida", 1))
		run := w.ends("ida")
		require.Equal(t, []string{"row ok next", "soft failed next http.status", "hard failed failure http.status", "sorry ok next"}, stepLog(run))
		require.Equal(t, [][]string{{"Ida", text(run["id"])}}, g.Texts("1a2B3c", "Leads"))
		require.Len(t, gone.to("/gone"), 2)
		for _, s := range g.Secrets() {
			require.NotContains(t, w.kept(run), s)
		}
		problems := w.must("GET", "/workflow/"+text(wf["id"]), nil)["problems"].([]any)
		require.Len(t, problems, 1, "a failure that no arm heeds is shown on the workflow")
		require.Equal(t, "soft", problems[0].(map[string]any)["stepId"])

		g.Delete("1a2B3c", "Leads")
		w.write("jon", "Hello")
		require.Equal(t, []string{"Sorry, no row"}, w.messages("jon", 1))
		require.Equal(t, []string{"row failed failure sheets.missing", "no-row ok next"}, stepLog(w.ends("jon")))
	})
}

// stepLog is the step log of a run in short: step, outcome, arm, code.
func stepLog(run map[string]any) (lines []string) {
	for _, s := range run["steps"].([]any) {
		s := s.(map[string]any)
		line := fmt.Sprintf("%s %s %s", s["stepId"], s["outcome"], s["arm"])
		if s["code"] != nil {
			line += " " + s["code"].(string)
		}
		lines = append(lines, line)
	}
	return lines
}
