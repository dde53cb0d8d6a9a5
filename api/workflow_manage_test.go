package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/flow"
)

func TestCloneAndRestore(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/workflow", `{"name":"First","definition":`+definition+`}`).into(201, nil)
	w.call("POST", "/v2/workflow/first/publish", nil).into(200, nil)
	clone := w.call("POST", "/v2/workflow/first/clone", nil).object(201)
	require.Equal(t, []any{"Copy of First", "copy-of-first", "draft", nil}, []any{clone["name"], clone["slug"], clone["state"], clone["version"]})
	require.JSONEq(t, definition, text(t, clone["definition"]))
	require.Equal(t, "Copy of First (2)", w.call("POST", "/v2/workflow/1/clone", `{}`).object(201)["name"])
	require.Equal(t, "Mine", w.call("POST", "/v2/workflow/1/clone", `{"name":"Mine"}`).object(201)["name"])
	w.call("POST", "/v2/workflow/1/clone", `{"name":"`+strings.Repeat("x", 101)+`"}`).refused(400, "invalid_argument")
	w.call("POST", "/v2/workflow/99/clone", nil).refused(404, "not_found")

	w.call("PUT", "/v2/workflow/1", `{"definition":`+strings.Replace(definition, "hi", "two", 1)+`,"revision":1}`).into(200, nil)
	w.call("POST", "/v2/workflow/1/publish", nil).into(200, nil)
	w.call("POST", "/v2/workflow/1/version/1/restore", `{"revision":1}`).refused(409, "stale_revision")
	w.call("POST", "/v2/workflow/1/version/7/restore", nil).refused(404, "not_found")
	w.call("POST", "/v2/workflow/1/version/x/restore", nil).refused(400, "invalid_argument")
	back := w.call("POST", "/v2/workflow/1/version/1/restore", `{"revision":2}`).object(200)
	require.Equal(t, []any{3.0, true, 2.0}, []any{back["revision"], back["hasUnpublishedChanges"], back["version"]})
	require.JSONEq(t, definition, text(t, back["definition"]))
	first := w.call("GET", "/v2/workflow/1/export?version=1", nil).text
	require.Equal(t, first, w.call("GET", "/v2/workflow/1/export", nil).text)
	require.NotEqual(t, first, w.call("GET", "/v2/workflow/1/export?version=2", nil).text)
}

func TestTheSchemaIsPublic(t *testing.T) {
	w := newWorld(t)
	public := w.call("GET", "/schema/workflow.json", nil, as("wrong"))
	require.Equal(t, 200, public.status)
	require.Equal(t, "application/schema+json", public.header.Get("Content-Type"))
	require.Equal(t, string(flow.Schema()), public.text)
	own := w.call("GET", "/v2/workflow/schema", nil)
	require.Equal(t, public.text, own.text)
	require.Equal(t, "application/schema+json", own.header.Get("Content-Type"))
	require.Empty(t, own.header.Get("Content-Disposition"))
}

func TestTestRuns(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/contact/email:ann@example.com", `{"firstName":"Ann"}`).into(200, nil)
	w.call("POST", "/v2/workflow", `{"name":"A","definition":{"trigger":{"type":"message_received"},"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"},"next":"note"},{"id":"note","type":"add_comment","config":{"text":"$trigger.text"}}]}}`).into(201, nil)
	start := `{"contact":"email:ann@example.com","variables":{"trigger.text":"hello","trigger.type":5}}`
	e := w.call("POST", "/v2/workflow/a/test", `{"contact":"id:1","variables":{"moon":"full","trigger.text":[]}}`).refused(400, "invalid_argument")
	require.NotEmpty(t, e.Details)
	e = w.call("POST", "/v2/workflow/a/test", `{"contact":"id:1","variables":{"moon":"full"}}`).refused(400, "invalid_argument")
	require.Equal(t, "variables.moon", e.Details[0].Path)
	w.call("POST", "/v2/workflow/a/test", `{"contact":"id:9"}`).refused(404, "not_found")
	w.call("POST", "/v2/workflow/b/test", start).refused(404, "not_found")
	w.call("POST", "/v2/workflow/a/test", `{"contact":"ann"}`).refused(400, "invalid_argument")
	w.call("POST", "/v2/workflow/a/test", `{}`).refused(400, "invalid_argument")

	require.Equal(t, map[string]any{"runId": 1.0}, w.call("POST", "/v2/workflow/a/test", start).object(202))
	w.call("POST", "/v2/workflow/a/test", start).refused(409, "already_enrolled")
	run := w.call("GET", "/v2/run/1", nil).object(200)
	require.Equal(t, []any{true, 0.0, "test", "A"}, []any{run["test"], run["version"], run["trigger"].(map[string]any)["type"], run["workflowName"]})
	require.Equal(t, "hello", run["variables"].(map[string]any)["trigger.text"])
	require.Equal(t, "5", run["variables"].(map[string]any)["trigger.type"])
	require.Len(t, w.items("/v2/run?test=true"), 1)
	require.Empty(t, w.items("/v2/run?test=false"))
	require.Empty(t, w.items("/v2/workflow/a/version"))
	w.call("GET", "/v2/workflow/a/version/0", nil).refused(404, "not_found")
	w.call("POST", "/v2/run/1/skip-wait", nil).refused(409, "invalid_state") // it has not begun to wait
	w.call("POST", "/v2/run/9/skip-wait", `{}`).refused(404, "not_found")
	require.NoError(t, w.db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE runs SET state = 'waiting', wait_kind = 'timer', wait_no = 1, due_at = 1900000000000").Error
	}))
	skipped := w.call("POST", "/v2/run/1/skip-wait", `{}`).object(200)
	require.Equal(t, []any{1.0, "waiting", true}, []any{skipped["id"], skipped["state"], skipped["test"]})
	w.call("POST", "/v2/run/1/skip-wait", `{}`).refused(409, "invalid_state")
}

// Scenario 138: an unknown key, an unknown arm, an orphan and a step with two
// parents, all in one answer, each with its place.
func TestEverythingIsSaidAtOnce(t *testing.T) {
	w := newWorld(t)
	note := "  - id: %s\n    type: add_comment\n    config: {text: hi}\n"
	file := "format: 1\nid: x\nname: X\ntrigger: {type: conversation_opened}\nsteps:\n" +
		fmt.Sprintf(note, "a") + "    next: c\n    colour: red\n    arms: {sideways: c}\n" + fmt.Sprintf(note, "b") + fmt.Sprintf(note, "c")
	var out struct {
		Valid    bool
		Problems flow.Problems
	}
	w.call("POST", "/v2/workflow/validate", file, with("Content-Type", "application/yaml")).into(200, &out)
	require.False(t, out.Valid)
	places := map[string][2]int{}
	for _, p := range out.Problems {
		require.Equal(t, flow.SeverityError, p.Severity)
		require.NotEmpty(t, p.StepID)
		places[p.Code] = [2]int{p.Line, p.Column}
	}
	require.Equal(t, map[string][2]int{"file.key.unknown": {10, 5}, "step.arm.unknown": {11, 12}, "step.orphan": {12, 5}, "step.parent.many": {15, 5}}, places)
	e := w.call("POST", "/v2/workflow/import", file, with("Content-Type", "application/yaml")).refused(400, "workflow_invalid")
	require.Len(t, e.Problems, 4)
}

// What the builder does with a mouse, as edits of the definition: scenarios 7,
// 12 and 90 to 92.
func TestEditingTheTree(t *testing.T) {
	w := newWorld(t)
	step := func(id, more string) string {
		return `{"id":"` + id + `","type":"add_comment","config":{"text":"` + id + `"}` + more + `}`
	}
	branch := func(arms string) string {
		return `{"id":"which","type":"branch","config":{"branches":[{"name":"vip","conditions":[{"category":"contact_tag","operator":"exists"}]}]},"arms":{` + arms + `}}`
	}
	def := func(trigger string, steps ...string) string {
		return `{"trigger":{` + trigger + `},"steps":[` + strings.Join(steps, ",") + `]}`
	}
	const opened = `"type":"conversation_opened"`
	w.call("POST", "/v2/workflow", `{"name":"A","definition":`+def(opened, step("a", `,"next":"which"`), branch(`"vip":"b","else":"d"`), step("b", `,"next":"c"`), step("c", ""), step("d", ""))+`}`).into(201, nil)
	save := func(revision int, definition string) answer {
		return w.call("PUT", "/v2/workflow/a", fmt.Sprintf(`{"revision":%d,"definition":%s}`, revision, definition))
	}
	codes := func(a answer) (all []string) {
		for _, p := range a.refused(400, "workflow_invalid").Problems {
			if p.Severity == flow.SeverityError {
				all = append(all, p.Code+" "+p.StepID)
			}
		}
		return all
	}
	// 90: the branch goes with everything below it; what is left behind is said
	require.Equal(t, []string{"step.target.unknown a", "step.orphan b", "step.orphan d"},
		codes(save(1, def(opened, step("a", `,"next":"which"`), step("b", `,"next":"c"`), step("c", ""), step("d", "")))))
	// 91: a step that is led to from elsewhere takes along what follows it
	moved := def(opened, step("a", `,"next":"which"`), branch(`"vip":"d"`), step("d", `,"next":"b"`), step("b", `,"next":"c"`), step("c", ""))
	save(1, moved).into(200, nil)
	save(2, def(opened, step("a", ""))).into(200, nil)
	// 92: a step of another workflow comes without its surroundings
	require.Equal(t, []string{"jump.target again"}, codes(save(3, def(opened, step("a", `,"next":"again"`), `{"id":"again","type":"jump_to","config":{"step":"which","max_jumps":1}}`))))
	// 12
	require.Equal(t, []string{"trigger.once.not_allowed "}, codes(save(3, def(`"type":"manual_trigger","once_per_contact":true`, step("a", "")))))
	// 7
	steps := make([]string, 101)
	for i := range steps {
		steps[i] = step(fmt.Sprint("s", i), fmt.Sprintf(`,"next":"s%d"`, i+1))
	}
	steps[100] = step("s100", "")
	require.Equal(t, []string{"workflow.steps.limit "}, codes(save(3, def(opened, steps...))))
	steps[99] = step("s99", "")
	save(3, def(opened, steps[:100]...)).into(200, nil)
}

// Settings change alone; those that are not named are off.
func TestSettingsChangeAlone(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/workflow", `{"name":"A","settings":{"exit_on_incoming_message":true},"definition":`+definition+`}`).into(201, nil)
	out := w.call("PUT", "/v2/workflow/1", `{"settings":{"allow_manual_stop":true,"exit_on_manual_assignment":true},"revision":1}`).object(200)
	require.Equal(t, map[string]any{"allow_manual_stop": true, "exit_on_incoming_message": false, "exit_on_manual_assignment": true, "exit_on_outgoing_message": false}, out["settings"])
	require.JSONEq(t, definition, text(t, out["definition"]))
	for body, code := range map[string]string{`{"fly":true}`: "file.key.unknown", `{"allow_manual_stop":"yes"}`: "file.value.type", `[]`: "file.syntax"} {
		e := w.call("PUT", "/v2/workflow/1", `{"settings":`+body+`,"revision":2}`).refused(400, "workflow_invalid")
		require.Equal(t, code, e.Problems[0].Code)
	}
}

// Scenario 139 through the API, with every file of package flow that stands alone.
func TestFilesGoRound(t *testing.T) {
	w := newWorld(t)
	file := "format: 1\nid: hook\nname: Hook\ntrigger:\n  type: incoming_webhook\n  once_per_contact: true\n  config:\n    identifier_type: email\n    identifier_path: $.email\n    variables:\n      order: $.order\nsettings:\n  exit_on_outgoing_message: true\nsteps:\n  - id: note\n    type: add_comment\n    config:\n      text: Order $order\n"
	made := w.call("POST", "/v2/workflow/import", file, with("Content-Type", "application/yaml")).object(201)
	require.NotEmpty(t, made["hookUrl"])
	yaml := w.call("GET", "/v2/workflow/hook/export", nil, with("Accept", "application/yaml")).text
	require.Equal(t, file, yaml, "no state, no version, no address")
	asJSON := w.call("GET", "/v2/workflow/hook/export", nil)
	require.True(t, json.Valid([]byte(asJSON.text)))
	w.call("DELETE", "/v2/workflow/hook", nil).into(200, nil)
	again := w.call("POST", "/v2/workflow/import", asJSON.text).object(201)
	require.NotEqual(t, made["hookUrl"], again["hookUrl"])
	require.Equal(t, asJSON.text, w.call("GET", "/v2/workflow/hook/export", nil).text)
	require.Equal(t, yaml, w.call("GET", "/v2/workflow/hook/export", nil, with("Accept", "application/yaml")).text)
}
