package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const formWorkflow = `{"name":"Call back","definition":{"trigger":{"type":"shortcut","config":{"icon":"📞","description":"Ask for a call","form":[
	{"label":"Why","type":"text","variable":"reason","required":true},{"label":"When","type":"list","variable":"slot","options":["Today","Tomorrow"]},
	{"label":"How many","type":"number","variable":"count"},{"label":"Urgent","type":"checkbox","variable":"urgent"}]}},
	"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"}}]}}`

func (w *world) callBack() {
	w.t.Helper()
	w.call("POST", "/v2/contact/email:zoe@example.com", `{"firstName":"Zoe"}`).into(200, nil)
	w.call("POST", "/v2/workflow", formWorkflow).into(201, nil)
	w.call("POST", "/v2/workflow/call-back/publish", nil).into(200, nil)
}

// 21, 22
func TestShortcuts(t *testing.T) {
	w := newWorld(t)
	w.callBack()
	ann := w.user("Ann", "agent")
	agent := w.tokenOf(ann)
	url := "/v2/contact/id:1/shortcut"
	list := func() map[string]any {
		items := w.itemsAs(agent, "GET", url)
		require.Len(t, items, 1)
		return items[0].(map[string]any)
	}
	require.JSONEq(t, `{"workflowId":1,"name":"Call back","icon":"📞","description":"Ask for a call","enabled":true,"disabledReason":null,"form":[
		{"label":"Why","type":"text","variable":"reason","required":true,"options":[]},{"label":"When","type":"list","variable":"slot","required":false,"options":["Today","Tomorrow"]},
		{"label":"How many","type":"number","variable":"count","required":false,"options":[]},{"label":"Urgent","type":"checkbox","variable":"urgent","required":false,"options":[]}]}`,
		text(t, list()))

	for _, body := range []string{``, `{}`, `{"form":{}}`, `{"form":{"reason":""}}`, `{"form":{"reason":null}}`} {
		e := w.call("POST", url+"/1", body, as(agent)).refused(400, "invalid_argument")
		require.Equal(t, "form.reason", e.Details[0].Path)
	}
	e := w.call("POST", url+"/1", `{"form":{"reason":"x","slot":"Never","count":"many","urgent":"?","colour":null}}`, as(agent)).refused(400, "unknown_field")
	require.Len(t, e.Details, 4)
	w.call("POST", url+"/1", `{"form":{"reason":["x"]}}`, as(agent)).refused(400, "invalid_argument")
	w.call("POST", url+"/1", `{"form":[]}`, as(agent)).refused(400, "invalid_argument")
	require.Zero(t, w.rows("runs"))

	out := w.call("POST", url+"/1", `{"form":{"reason":"late","slot":"today","count":1.50,"urgent":true}}`, as(agent)).object(202)
	require.Equal(t, map[string]any{"runId": 1.0}, out)
	run := w.call("GET", "/v2/run/1", nil).object(200)
	vars := run["variables"].(map[string]any)
	require.Equal(t, []any{"late", "Today", "1.5", "true", itoa(ann), "ann@example.com"},
		[]any{vars["reason"], vars["slot"], vars["count"], vars["urgent"], vars["trigger.user.id"], vars["trigger.user.email"]})
	trigger := run["trigger"].(map[string]any)
	require.Equal(t, []any{"shortcut", "user"}, []any{trigger["type"], trigger["source"]})
	require.Equal(t, []any{false, "already_enrolled"}, []any{list()["enabled"], list()["disabledReason"]})
	w.call("POST", url+"/1", `{"form":{"reason":"late"}}`, as(agent)).refused(409, "already_enrolled")
	seen := w.items("/v2/contact/id:1/trigger-decision?workflowId=1")
	require.Len(t, seen, 2)
	require.Equal(t, []any{"already_enrolled", "matched"}, []any{seen[0]["reason"], seen[1]["reason"]})

	at := int64(seen[1]["at"].(float64))
	for query, n := range map[string]int{
		"workflowId=2": 0, fmt.Sprint("from=", at): 2, fmt.Sprint("from=", at/1000): 2, fmt.Sprint("from=", at+1): 0, fmt.Sprint("to=", at): 2, fmt.Sprint("to=", at-1): 0,
	} {
		require.Len(t, w.items("/v2/contact/id:1/trigger-decision?"+query), n, query)
	}

	w.call("POST", url+"/99", `{}`, as(agent)).refused(404, "not_found")
	w.call("POST", "/v2/workflow/1/stop", nil).into(200, nil)
	w.call("POST", url+"/1", `{"form":{"reason":"late"}}`, as(agent)).refused(409, "not_published")
}

// Who may: not those with restrict_shortcuts, and nobody for a contact that they cannot see.
func TestWhoSeesShortcuts(t *testing.T) {
	w := newWorld(t)
	w.callBack()
	url := "/v2/contact/id:1/shortcut"
	ann := w.user("Ann", "agent")
	agent := w.tokenOf(ann)
	w.call("PUT", urlf("/space/user/%d", ann), `{"restrictions":["show_only_mine"]}`).into(200, nil)
	w.call("GET", url, nil, as(agent)).refused(404, "not_found")
	w.call("POST", url+"/1", `{"form":{"reason":"x"}}`, as(agent)).refused(404, "not_found")
	w.call("POST", "/v2/contact/id:1/conversation/assignee", map[string]any{"assignee": ann}).into(200, nil)
	w.call("GET", url, nil, as(agent)).into(200, nil)
	w.call("PUT", urlf("/space/user/%d", ann), `{"restrictions":["restrict_shortcuts"]}`).into(200, nil)
	w.call("GET", url, nil, as(agent)).refused(403, "forbidden")
	w.call("POST", url+"/1", `{"form":{"reason":"x"}}`, as(agent)).refused(403, "forbidden")
	w.call("POST", "/v2/contact/id:1/run/1/stop", `{}`, as(agent)).refused(403, "forbidden")

	_, stranger, err := w.desk.CreateWorkspace(t.Context(), "Other", "other@example.com")
	require.NoError(t, err)
	w.call("GET", url, nil, as(stranger)).refused(404, "not_found")
	w.call("POST", url+"/1", `{"form":{"reason":"x"}}`, as(stranger)).refused(404, "not_found")
	w.call("POST", "/v2/contact/email:eve@example.com", `{"firstName":"Eve"}`, as(stranger)).into(200, nil)
	w.call("POST", "/v2/contact/email:eve@example.com/shortcut/1", `{"form":{"reason":"x"}}`, as(stranger)).refused(404, "not_found")
}

func TestStartingAShortcutByTheAPI(t *testing.T) { // 111
	w := newWorld(t)
	w.callBack()
	w.call("POST", "/v2/workflow/call-back/run", `{"contact":"id:1"}`).refused(400, "invalid_argument")
	w.call("POST", "/v2/workflow/call-back/run", `{"contact":"id:1","form":{"reason":"x","colour":1}}`).refused(400, "unknown_field")
	w.call("POST", "/v2/workflow/call-back/run", `{"contact":"id:1","form":{"reason":"x"}}`).into(202, nil)
	require.Equal(t, "x", w.call("GET", "/v2/run/1", nil).object(200)["variables"].(map[string]any)["reason"])

	w.call("POST", "/v2/workflow", `{"name":"Once","definition":{"trigger":{"type":"conversation_opened","once_per_contact":true},"steps":[{"id":"note","type":"add_comment","config":{"text":"hi"}}]}}`).into(201, nil)
	w.call("POST", "/v2/workflow/once/publish", nil).into(200, nil)
	e := w.call("POST", "/v2/workflow/once/run", `{"contact":"id:1","form":{"reason":"x"}}`).refused(400, "invalid_argument")
	require.Equal(t, "form", e.Details[0].Path)
	w.call("POST", "/v2/workflow/once/run", `{"contact":"id:1"}`).into(202, nil)
	w.call("POST", "/v2/workflow/once/run", `{"contact":"id:1"}`).refused(409, "once_per_contact")
}
