package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const definition = `{"trigger":{"type":"conversation_opened"},"steps":[{"id":"note","type":"add_comment","config":{"text":"hi"}}]}`

func TestWorkflowLife(t *testing.T) {
	w := newWorld(t)
	made := w.call("POST", "/v2/workflow", `{"name":"My First!","definition":`+definition+`}`).object(201)
	require.Equal(t, []any{"my-first", "draft", 1.0, nil, true}, []any{made["slug"], made["state"], made["revision"], made["version"], made["hasUnpublishedChanges"]})
	require.JSONEq(t, definition, text(t, made["definition"]))
	require.Equal(t, map[string]any{"allow_manual_stop": false, "exit_on_incoming_message": false, "exit_on_manual_assignment": false, "exit_on_outgoing_message": false}, made["settings"])

	out := w.call("POST", "/v2/workflow/my-first/publish", nil).object(200)
	require.Equal(t, []any{"published", 1.0}, []any{out["state"], out["version"]})
	out = w.call("POST", "/v2/workflow/1/publish", `{"revision":1}`).object(200)
	require.Equal(t, 1.0, out["version"], "an unchanged draft makes no new version")
	w.call("POST", "/v2/workflow/1/publish", `{"revision":7}`).refused(409, "stale_revision")

	changed := w.call("PUT", "/v2/workflow/1", `{"settings":{"allow_manual_stop":true},"revision":1}`).object(200)
	require.Equal(t, []any{2.0, true, "published"}, []any{changed["revision"], changed["hasUnpublishedChanges"], changed["state"]})
	w.call("PUT", "/v2/workflow/1", `{"name":"X","revision":1}`).refused(409, "stale_revision")
	require.Equal(t, 2.0, w.call("POST", "/v2/workflow/1/publish", `{}`).object(200)["version"])
	versions := w.items("/v2/workflow/1/version")
	require.Len(t, versions, 2)
	full := w.call("GET", "/v2/workflow/1/version/1", nil).object(200)
	require.Equal(t, false, full["settings"].(map[string]any)["allow_manual_stop"])
	w.call("GET", "/v2/workflow/1/version/3", nil).refused(404, "not_found")

	require.Len(t, w.items("/v2/workflow?state=published&triggerType=conversation_opened&search=FIRST"), 1)
	require.Empty(t, w.items("/v2/workflow?search=second"))
	require.Equal(t, 0.0, w.call("POST", "/v2/workflow/1/stop", `{}`).object(200)["endedRuns"])
	w.call("POST", "/v2/workflow/1/stop", nil).refused(409, "invalid_state")
	w.call("DELETE", "/v2/workflow/1", nil).into(200, nil)
	w.call("GET", "/v2/workflow/1", nil).refused(404, "not_found")
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func TestWorkflowsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/workflow", `{"name":"A","slug":"taken","definition":`+definition+`}`).into(201, nil)
	before := w.snapshot()
	for name, tc := range map[string]struct{ body, code string }{
		"no step":       {`{"name":"A","definition":{"trigger":{"type":"conversation_opened"},"steps":[]}}`, "workflow.steps.missing"},
		"no trigger":    {`{"name":"A","definition":{"steps":[{"id":"a","type":"open_conversation"}]}}`, "trigger.missing"},
		"no name":       {`{"name":" ","definition":` + definition + `}`, "workflow.name.missing"},
		"empty setting": {`{"name":"A","definition":{"trigger":{"type":"conversation_opened"},"steps":[{"id":"a","type":"add_comment"}]}}`, "step.config.missing"},
		"unknown team":  {`{"name":"A","definition":{"trigger":{"type":"conversation_opened"},"steps":[{"id":"a","type":"assign_to","config":{"action":"user_in_team","team":"None","logic":"round_robin"}}]}}`, "reference.unknown"},
		"a text":        {`{"name":"A","definition":"hello"}`, "file.syntax"},
		"settings":      {`{"name":"A","settings":{"fly":true},"definition":` + definition + `}`, "file.key.unknown"},
		"taken slug":    {`{"name":"A","slug":"taken","definition":` + definition + `}`, "workflow.id.taken"},
		"bad slug":      {`{"name":"A","slug":"Not A Slug","definition":` + definition + `}`, "workflow.id.invalid"},
		"number slug":   {`{"name":"A","slug":"12","definition":` + definition + `}`, "workflow.id.invalid"},
		"refused slug":  {`{"name":"A","slug":"validate","definition":` + definition + `}`, "workflow.id.invalid"},
	} {
		e := w.call("POST", "/v2/workflow", tc.body).refused(400, "workflow_invalid")
		var codes []string
		for _, p := range e.Problems {
			codes = append(codes, p.Code)
		}
		require.Contains(t, codes, tc.code, name)
	}
	w.call("PUT", "/v2/workflow/1", `{"definition":{"trigger":{"type":"x"},"steps":[]},"revision":1}`).refused(400, "workflow_invalid")
	w.call("PUT", "/v2/workflow/1", `{"name":"x"}`).refused(400, "invalid_argument")
	require.Equal(t, before, w.snapshot())
}

func TestLoopsAreNotPublished(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/workflow", `{"name":"A","definition":{"trigger":{"type":"conversation_opened"},"steps":[{"id":"a","type":"close_conversation"}]}}`).into(201, nil)
	w.call("POST", "/v2/workflow/a/publish", nil).into(200, nil)
	b := w.call("POST", "/v2/workflow", `{"name":"B","definition":{"trigger":{"type":"conversation_closed"},"steps":[{"id":"a","type":"open_conversation"}]}}`).object(201)
	require.Contains(t, text(t, b["problems"]), `"workflow.loop"`)
	require.Contains(t, text(t, b["problems"]), `"warning"`)
	e := w.call("POST", "/v2/workflow/b/publish", nil).refused(409, "workflow_loop")
	require.Equal(t, "Workflow loop detected", e.Message)
	require.Equal(t, "draft", w.call("GET", "/v2/workflow/b", nil).object(200)["state"])
}

func TestWorkflowFiles(t *testing.T) {
	w := newWorld(t)
	file := "format: 1\nid: hello\nname: Hello\ntrigger:\n  type: conversation_opened\nsteps:\n  - id: note\n    type: add_comment\n    config:\n      text: hi\n"
	made := w.call("POST", "/v2/workflow/import", file, with("Content-Type", "application/yaml")).object(201)
	require.Equal(t, "hello", made["slug"])
	w.call("POST", "/v2/workflow/import", file, with("Content-Type", "application/yaml")).refused(409, "already_exists")
	w.call("POST", "/v2/workflow/import?replace=true&name=Other", file, with("Content-Type", "application/yaml")).into(201, nil)
	yaml := w.call("GET", "/v2/workflow/hello/export", nil, with("Accept", "application/yaml"))
	require.Equal(t, strings.Replace(file, "name: Hello", "name: Other", 1), yaml.text)
	require.Equal(t, `attachment; filename="hello.yaml"`, yaml.header.Get("Content-Disposition"))
	asJSON := w.call("GET", "/v2/workflow/hello/export", nil)
	w.call("POST", "/v2/workflow/import?replace=true", asJSON.text).into(201, nil)
	require.Equal(t, yaml.text, w.call("GET", "/v2/workflow/hello/export", nil, with("Accept", "application/yaml")).text)
	unknown := strings.NewReplacer("add_comment", "update_contact_tag", "text: hi", "action: remove\n      tags: [gone]", "hello", "gone").Replace(file)
	w.call("POST", "/v2/workflow/import", unknown, with("Content-Type", "application/yaml")).into(201, &made)
	problem := made["problems"].([]any)[0].(map[string]any)
	require.EqualValues(t, []any{"reference.unknown", 11.0, 14.0}, []any{problem["code"], problem["line"], problem["column"]})
	w.call("POST", "/v2/workflow/import", "format: 2\n", with("Content-Type", "application/yaml")).refused(400, "workflow_invalid")

	check := func(body string) map[string]any {
		return w.call("POST", "/v2/workflow/validate", body, with("Content-Type", "application/yaml")).object(200)
	}
	require.Equal(t, true, check(file)["valid"])
	bad := check(strings.Replace(file, "      text: hi", "      txt: hi", 1))
	require.Equal(t, false, bad["valid"])
	first := bad["problems"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"step.config.unknown", 10.0}, []any{first["code"], first["line"]})
	require.Equal(t, false, check("{")["valid"])
	require.Equal(t, true, check(`{"definition":` + definition + `}`)["valid"])
	require.Equal(t, false, check(`{"definition":{"steps":[]}}`)["valid"])
}

func TestTemplates(t *testing.T) {
	w := newWorld(t)
	all := w.items("/v2/template")
	require.GreaterOrEqual(t, len(all), 5)
	require.NotEmpty(t, w.items("/v2/template?category=routing_and_assignment&search=round"))
	one := w.call("GET", "/v2/template/assignment-round-robin-online-only", nil).object(200)
	require.Contains(t, text(t, one["definition"]), "${team}")
	w.call("GET", "/v2/template/none", nil).refused(404, "not_found")
	use := "/v2/template/assignment-round-robin-online-only/use"

	before := w.snapshot()
	e := w.call("POST", use, `{"publish":true}`).refused(400, "workflow_invalid")
	require.Equal(t, "parameter.missing", e.Problems[0].Code)
	w.call("POST", use, `{"parameters":{"teem":"x"}}`).refused(400, "workflow_invalid")
	w.call("POST", use, `{"publish":true,"parameters":{"team":"Support"}}`).refused(400, "workflow_invalid")
	require.Equal(t, before, w.snapshot(), "nothing is created when anything is missing")

	open := w.call("POST", use, `{}`).object(201)
	require.Equal(t, "draft", open["state"])
	require.Contains(t, text(t, open["problems"]), "parameter.missing")
	team := w.call("POST", "/v2/space/team", `{"name":"Support"}`).id(201)
	second := w.call("POST", use, `{"parameters":{"team":"support"},"publish":true}`).object(201)
	require.Equal(t, []any{"published", "Assignment: Round Robin + Online Only (2)", "assignment-round-robin-online-only-2", []any{}},
		[]any{second["state"], second["name"], second["slug"], second["related"]})
	third := w.call("POST", use, map[string]any{"name": "Mine", "parameters": map[string]any{"team": team, "welcome_text": "Hi"}, "publish": true}).object(201)
	require.Equal(t, "Mine", third["name"])
	require.Contains(t, text(t, third["definition"]), `"team":"Support"`, "an id shows as the name")
	w.call("PUT", urlf("/space/team/%d", team), `{"name":"Helpers"}`).into(200, nil)
	renamed := w.call("GET", "/v2/workflow/3", nil).object(200)
	require.Contains(t, text(t, renamed["definition"]), `"team":"Helpers"`)
	require.Equal(t, false, renamed["hasUnpublishedChanges"], "a rename changes nothing")
	require.Equal(t, 1.0, w.call("POST", "/v2/workflow/3/publish", nil).object(200)["version"])
}

func TestRunsThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/contact/email:ann@example.com", `{"firstName":"Ann"}`).into(200, nil)
	w.call("POST", "/v2/workflow", `{"name":"A","definition":{"trigger":{"type":"manual_trigger"},"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"},"next":"note"},{"id":"note","type":"add_comment","config":{"text":"hi"}}]}}`).into(201, nil)
	start := `{"contact":"email:ann@example.com"}`
	w.call("POST", "/v2/workflow/a/run", start).refused(409, "not_published")
	w.call("POST", "/v2/workflow/a/publish", nil).into(200, nil)
	w.call("POST", "/v2/workflow/a/run", `{"contact":"id:1","startFrom":"none"}`).refused(404, "not_found")
	w.call("POST", "/v2/workflow/a/run", `{"contact":"id:9"}`).refused(404, "not_found")
	w.call("POST", "/v2/workflow/a/run", `{"contact":"ann"}`).refused(400, "invalid_argument")

	run := w.call("POST", "/v2/workflow/a/run", start).object(202)
	require.Equal(t, []any{1.0, 1.0, "running"}, []any{run["runId"], run["contactId"], run["state"]})
	w.call("POST", "/v2/workflow/a/run", start).refused(409, "already_enrolled")
	decisions := w.items("/v2/contact/id:1/trigger-decision")
	require.Equal(t, []any{"already_enrolled", "not_started"}, []any{decisions[0]["reason"], decisions[0]["decision"]})
	require.Equal(t, []any{"matched", "started", 1.0}, []any{decisions[1]["reason"], decisions[1]["decision"], decisions[1]["runId"]})

	full := w.call("GET", "/v2/run/1", nil).object(200)
	require.Equal(t, []any{"a/contact-1/run-1", []any{1.0}, []any{}, "A"}, []any{full["temporalId"], full["chain"], full["steps"], full["workflowName"]})
	require.Len(t, w.items("/v2/run?contact=id:1&state=running&stuck=false&test=false&workflowId=1&from=1"), 1)
	require.Empty(t, w.items("/v2/run?exitReason=timeout"))
	require.Equal(t, 1.0, w.call("GET", "/v2/workflow/a", nil).object(200)["counts"].(map[string]any)["running"])
	var live struct{ Items []struct{ Stoppable bool } }
	w.call("GET", "/v2/contact/id:1/run", nil).into(200, &live)
	require.True(t, live.Items[0].Stoppable)

	w.call("POST", "/v2/run/1/stop", `{"reason":"enough"}`).into(200, nil)
	w.call("POST", "/v2/run/1/stop", nil).refused(409, "invalid_state")
	ended := w.items("/v2/contact/id:1/activity?type=workflow.ended")
	require.Equal(t, "enough", ended[0]["data"].(map[string]any)["note"])
	w.call("POST", "/v2/workflow/a/run", start).into(202, nil)
	require.Equal(t, 1.0, w.call("POST", "/v2/run/stop", `{"contact":"id:1"}`).object(200)["endedRuns"])
	w.call("POST", "/v2/workflow/a/run", start).into(202, nil)
	require.Equal(t, 1.0, w.call("POST", "/v2/run/stop", `{"workflowId":1}`).object(200)["endedRuns"])
	w.call("POST", "/v2/run/stop", `{}`).refused(400, "invalid_argument")
	w.call("POST", "/v2/workflow/a/run", start).into(202, nil)
	w.call("POST", "/v2/contact/id:1/run/4/stop", nil).into(200, nil)
	require.Empty(t, w.items("/v2/queue"))
	w.call("GET", "/v2/queue?teamId=5", nil).refused(404, "not_found")
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v2/contact/id:1", nil).status)
	require.Equal(t, map[string]any{}, w.call("GET", "/v2/run/1", nil).object(200)["variables"])
}
