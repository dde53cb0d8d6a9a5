package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"ucal/workflows"
)

// run waits until a contact has its only run, and Temporal knows it, and returns
// it with its step log.
func (w *world) run(contact string) map[string]any {
	w.t.Helper()
	w.eventually(contact+" has one run", func() bool {
		runs := w.runs(contact)
		if len(runs) != 1 {
			return false
		}
		_, err := w.app.Temporal.DescribeWorkflowExecution(w.t.Context(), temporalID(runs[0]), "")
		return err == nil
	})
	return w.must("GET", "/run/"+text(w.runs(contact)[0]["id"]), nil)
}

// text is a value of an answer in a path or a comparison.
func text(v any) string {
	raw, _ := json.Marshal(v) // it came out of JSON
	return strings.Trim(string(raw), `"`)
}

// waits waits until a contact's only run waits for something of this kind, as
// the API and Temporal's search attribute tell it.
func (w *world) waits(contact, kind string) map[string]any {
	w.t.Helper()
	run := w.run(contact)
	w.eventually(contact+" waits for "+kind, func() bool {
		run = w.must("GET", "/run/"+text(run["id"]), nil)
		waiting, ok := run["waitingFor"].(map[string]any)
		return ok && waiting["kind"] == kind
	})
	w.eventually("the search attribute of "+contact+" is "+kind, func() bool { return w.attribute(run, workflows.AttrWaiting) == kind })
	return run
}

// ends waits until a contact's only run has ended, in ucal and on Temporal, and
// returns it.
func (w *world) ends(contact string) map[string]any {
	w.t.Helper()
	run := w.run(contact)
	w.eventually(contact+"'s run ends", func() bool {
		run = w.must("GET", "/run/"+text(run["id"]), nil)
		return run["endedAt"] != nil
	})
	require.NoError(w.t, w.app.Temporal.GetWorkflow(w.t.Context(), temporalID(run), "").Get(w.t.Context(), nil), "the execution of %s", contact)
	require.Empty(w.t, w.attribute(run, workflows.AttrWaiting), "the search attribute stays when the run has ended")
	return run
}

func temporalID(run map[string]any) string { return run["temporalId"].(string) }

func (w *world) describe(run map[string]any) *workflowservice.DescribeWorkflowExecutionResponse {
	w.t.Helper()
	d, err := w.app.Temporal.DescribeWorkflowExecution(w.t.Context(), temporalID(run), "")
	require.NoError(w.t, err)
	return d
}

// attribute is a search attribute of a run's present execution; "" = unset.
func (w *world) attribute(run map[string]any, name string) (value string) {
	w.t.Helper()
	p := w.describe(run).GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()[name]
	if len(p.GetData()) > 0 {
		require.NoError(w.t, json.Unmarshal(p.GetData(), &value))
	}
	return value
}

// history is an execution of a run; execution "" is the present one.
func (w *world) history(run map[string]any, execution string) *history.History {
	w.t.Helper()
	h := &history.History{}
	for events := w.app.Temporal.GetWorkflowHistory(w.t.Context(), temporalID(run), execution, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		ev, err := events.Next()
		require.NoError(w.t, err)
		h.Events = append(h.Events, ev)
	}
	return h
}

// executions are the ids of all executions of a run, the oldest first.
func (w *world) executions(run map[string]any) (ids []string) {
	w.t.Helper()
	for id := ""; ; {
		first := w.history(run, id).GetEvents()[0]
		before := first.GetWorkflowExecutionStartedEventAttributes()
		ids = append([]string{before.GetOriginalExecutionRunId()}, ids...)
		if id = before.GetContinuedExecutionRunId(); id == "" {
			return ids
		}
	}
}

// kept is everything that the executions of a run keep, payloads included, as
// one text to search in.
func (w *world) kept(run map[string]any) string {
	w.t.Helper()
	var b strings.Builder
	for _, id := range w.executions(run) {
		raw, err := proto.Marshal(w.history(run, id)) // payloads are plain bytes in it, not Base64
		require.NoError(w.t, err)
		b.Write(raw)
	}
	return b.String()
}

// summaries are the names that the event list of a run shows, in order.
func summaries(t *testing.T, h *history.History) (names []string) {
	t.Helper()
	for _, ev := range h.GetEvents() {
		if name := summary(t, ev); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func summary(t *testing.T, ev *history.HistoryEvent) (name string) {
	t.Helper()
	if data := ev.GetUserMetadata().GetSummary().GetData(); len(data) > 0 {
		require.NoError(t, json.Unmarshal(data, &name))
	}
	return name
}

// metadataQuery is the query that the Temporal UI makes for a run's details.
const metadataQuery = "__temporal_workflow_metadata"

// details is what the Temporal UI shows on the run's page of details.
func (w *world) details(run map[string]any) string {
	w.t.Helper()
	answer, err := w.app.Temporal.QueryWorkflow(w.t.Context(), temporalID(run), "", metadataQuery)
	require.NoError(w.t, err)
	var meta sdkpb.WorkflowMetadata
	require.NoError(w.t, answer.Get(&meta))
	return meta.GetCurrentDetails()
}

// outsider is a system that ucal calls: it keeps what it was sent, and answers
// as the test says.
type outsider struct {
	*httptest.Server
	answer func(n int, c outsideCall, w http.ResponseWriter) // n counts the calls of this path, from 1

	mu    sync.Mutex
	calls []outsideCall
}

type outsideCall struct {
	Method, Path, Key, Authorization string
	Gone                             <-chan struct{} // closed when the caller goes away
	At                               time.Time
}

func newOutsider(t *testing.T, answer func(n int, c outsideCall, w http.ResponseWriter)) *outsider {
	t.Helper()
	o := &outsider{answer: answer}
	o.Server = httptest.NewServer(o)
	t.Cleanup(func() {
		o.CloseClientConnections() // a call that hangs ends
		o.Close()
	})
	return o
}

func (o *outsider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the caller goes away
	c := outsideCall{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), r.Context().Done(), time.Now()}
	o.mu.Lock()
	o.calls = append(o.calls, c)
	o.mu.Unlock()
	o.answer(len(o.to(c.Path)), c, w)
}

// to are the calls of a path so far.
func (o *outsider) to(path string) (calls []outsideCall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.calls {
		if c.Path == path {
			calls = append(calls, c)
		}
	}
	return calls
}
