package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// manual is a workflow with Manual Trigger as the API takes it.
func manual(name, step string) string {
	return fmt.Sprintf(`{"name":%q,"slug":%q,"definition":%s}`, name, name, manualBody(step))
}

func manualBody(step string) string {
	return `{"trigger":{"type":"manual_trigger"},"steps":[` + step + `]}`
}

func another(target string) string {
	return fmt.Sprintf(`{"id":"call","type":"trigger_another_workflow","config":{"target":%q}}`, target)
}

func TestTriggerAnotherWorkflowThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/contact/email:ann@example.com", `{"firstName":"Ann"}`).into(200, nil)
	w.call("POST", "/v2/workflow", manual("b", `{"id":"note","type":"add_comment","config":{"text":"hi"}}`)).into(201, nil)
	w.call("POST", "/v2/workflow", manual("a", another("nobody"))).refused(400, "workflow_invalid")
	w.call("POST", "/v2/workflow", manual("a", another("b"))).into(201, nil)
	problem := w.call("POST", "/v2/workflow/a/publish", nil).refused(400, "workflow_invalid").Problems[0]
	require.Equal(t, []any{"target.not_published", "error", "steps[0].config.target"}, []any{problem.Code, string(problem.Severity), problem.Path})
	w.call("POST", "/v2/workflow/b/publish", nil).into(200, nil)
	w.call("POST", "/v2/workflow/a/publish", nil).into(200, nil)

	// 88
	w.call("PUT", "/v2/workflow/b", `{"revision":1,"definition":`+manualBody(another("a"))+`}`).into(200, nil)
	loop := w.call("POST", "/v2/workflow/b/publish", nil).refused(409, "workflow_loop")
	require.Equal(t, "Workflow loop detected", loop.Message)
	require.Equal(t, "workflow.loop", loop.Problems[0].Code)

	w.call("POST", "/v2/workflow/a/run", `{"contact":"id:1"}`).into(202, nil)
	res, err := w.desk.StartChild(t.Context(), flow.Call{RunID: 1, No: 1}, flow.StartChild{Target: flow.Ref{ID: 1, Name: "b"}, Wait: true, Timeout: time.Hour})
	require.NoError(t, err)
	require.Equal(t, flow.Waiting, res.Outcome)
	parent, child := w.call("GET", "/v2/run/1", nil).object(200), w.call("GET", "/v2/run/2", nil).object(200)
	require.Nil(t, parent["parentRunId"])
	require.Equal(t, map[string]any{"kind": "child", "reason": "workflow b, run 2"}, parent["waitingFor"])
	require.Equal(t, float64(w.now.Add(time.Hour).UnixMilli()), parent["dueAt"])
	require.Equal(t, 1.0, child["parentRunId"])
	require.Equal(t, []any{2.0, 1.0}, child["chain"])
	trigger := child["trigger"].(map[string]any)
	require.Equal(t, []any{"manual_trigger", "workflow"}, []any{trigger["type"], trigger["source"]})
	decision := w.items("/v2/contact/id:1/trigger-decision?workflowId=1")[0]
	require.Equal(t, []any{"matched", "started", 2.0}, []any{decision["reason"], decision["decision"], decision["runId"]})
	event := decision["event"].(map[string]any)
	require.Equal(t, []any{"manual_trigger", "triggered by workflow a, run 1", trigger["eventId"]}, []any{event["type"], event["summary"], event["id"]})

	w.call("POST", "/v2/run/1/stop", nil).into(200, nil)
	child = w.call("GET", "/v2/run/2", nil).object(200)
	require.Equal(t, []any{"exited", "parent_ended"}, []any{child["state"], child["exitReason"]})
	require.Len(t, w.items("/v2/run?exitReason=parent_ended"), 1)
}
