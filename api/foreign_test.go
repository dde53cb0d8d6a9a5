package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestForeignContactsAndWorkflows: what belongs to another workspace does not
// exist, and bad fields are named; nothing is stored.
func TestForeignContactsAndWorkflows(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/contact/email:ann@example.com", `{"firstName":"Ann"}`).into(200, nil)
	w.call("POST", "/v2/contact/id:1/conversation/status", `{"status":"open"}`).into(200, nil)
	w.call("POST", "/v2/workflow", `{"name":"A","definition":{"trigger":{"type":"manual_trigger"},"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"}}]}}`).into(201, nil)
	w.call("POST", "/v2/workflow/a/publish", nil).into(200, nil)
	w.call("POST", "/v2/workflow/a/run", `{"contact":"id:1"}`).into(202, nil)
	_, stranger, err := w.desk.CreateWorkspace(t.Context(), "Other", "other@example.com")
	require.NoError(t, err)
	before := w.snapshot()

	for _, tc := range []struct{ method, path, body string }{
		{"GET", "/contact/id:1", ""}, {"PUT", "/contact/id:1", `{"firstName":"X"}`}, {"DELETE", "/contact/id:1", ""},
		{"POST", "/contact/create_or_update/id:1", `{"firstName":"X"}`},
		{"POST", "/contact/id:1/tag", `["vip"]`}, {"DELETE", "/contact/id:1/tag", `["vip"]`}, {"GET", "/contact/id:1/channels", ""},
		{"POST", "/contact/id:1/comment", `{"text":"x"}`}, {"GET", "/contact/id:1/comment", ""},
		{"POST", "/contact/id:1/conversation/assignee", `{"assignee":null}`}, {"POST", "/contact/id:1/conversation/status", `{"status":"close"}`},
		{"POST", "/contact/id:1/block", ""}, {"POST", "/contact/id:1/unblock", ""},
		{"GET", "/contact/id:1/activity", ""}, {"GET", "/contact/id:1/conversation", ""}, {"GET", "/conversation/1", ""},
		{"POST", "/contact/id:1/message", `{"message":{"type":"text","text":"x"}}`}, {"GET", "/contact/id:1/message/list", ""}, {"GET", "/contact/id:1/message/1", ""},
		{"GET", "/workflow/1", ""}, {"GET", "/workflow/a", ""}, {"PUT", "/workflow/1", `{"name":"X","revision":1}`}, {"DELETE", "/workflow/1", ""},
		{"POST", "/workflow/1/publish", ""}, {"POST", "/workflow/1/stop", ""}, {"GET", "/workflow/1/version", ""}, {"GET", "/workflow/1/version/1", ""},
		{"GET", "/workflow/1/export", ""}, {"POST", "/workflow/1/run", `{"contact":"id:1"}`},
		{"GET", "/run/1", ""}, {"POST", "/run/1/stop", ""}, {"POST", "/run/stop", `{"workflowId":1}`}, {"POST", "/run/stop", `{"contact":"id:1"}`}, {"GET", "/run?contact=id:1", ""},
		{"GET", "/contact/id:1/run", ""}, {"POST", "/contact/id:1/run/1/stop", ""}, {"GET", "/contact/id:1/trigger-decision", ""}, {"GET", "/queue?teamId=1", ""},
	} {
		t.Run(tc.method+tc.path, func(t *testing.T) {
			w.t = t
			w.call(tc.method, "/v2"+tc.path, tc.body, as(stranger)).refused(404, "not_found")
		})
	}
	w.t = t
	require.Empty(t, w.itemsAs(stranger, "POST", "/v2/contact/list"))
	require.Empty(t, w.itemsAs(stranger, "GET", "/v2/workflow"))
	require.Empty(t, w.itemsAs(stranger, "GET", "/v2/run"))

	for _, tc := range []struct{ method, path, body, word, field string }{
		{"GET", "/contact/ann", "", "invalid_argument", "identifier"},
		{"GET", "/contact/id:0", "", "invalid_argument", "identifier"},
		{"POST", "/contact/id:7", `{"firstName":"X"}`, "invalid_argument", "identifier"},
		{"POST", "/contact/email:x@example.com", `{}`, "invalid_argument", "firstName"},
		{"POST", "/contact/email:x@example.com", `{"firstName":"X","email":"y@example.com"}`, "invalid_argument", "email"},
		{"POST", "/contact/email:x@example.com", `{"firstName":"X","phone":"12"}`, "invalid_argument", "phone"},
		{"POST", "/contact/email:x@example.com", `{"firstName":5}`, "invalid_argument", "firstName"},
		{"PUT", "/contact/id:1", `{"custom_fields":[{"name":"none","value":1}]}`, "invalid_argument", "custom_fields[0].name"},
		{"PUT", "/contact/id:1", `{"custom_fields":[{"value":1}]}`, "invalid_argument", "custom_fields[0].name"},
		{"POST", "/contact/id:1/tag", `[]`, "invalid_argument", ""},
		{"POST", "/contact/id:1/tag", `[" "]`, "invalid_argument", "[0]"},
		{"POST", "/contact/id:1/tag", `["1","2","3","4","5","6","7","8","9","10","11"]`, "invalid_argument", ""},
		{"POST", "/contact/id:1/comment", `{}`, "invalid_argument", "text"},
		{"POST", "/contact/id:1/comment", `{"text":" "}`, "invalid_argument", "text"},
		{"POST", "/contact/id:1/conversation/assignee", `{}`, "invalid_argument", "assignee"},
		{"POST", "/contact/id:1/conversation/assignee", `{"assignee":99}`, "invalid_argument", "assignee"},
		{"POST", "/contact/id:1/conversation/assignee", `{"assignee":true}`, "invalid_argument", "assignee"},
		{"POST", "/contact/id:1/conversation/status", `{"status":"snooze"}`, "invalid_argument", "status"},
		{"POST", "/contact/id:1/conversation/status", `{"status":"close","category":"None"}`, "unknown_category", "category"},
		{"POST", "/contact/id:1/message", `{}`, "invalid_argument", "message"},
		{"POST", "/contact/id:1/message", `{"message":{"text":"x"}}`, "invalid_argument", "message.type"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"text"}}`, "invalid_argument", "message.text"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"email","subject":"x"}}`, "invalid_argument", "message.text"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"email","text":"x","attachments":[{"type":"file"}]}}`, "invalid_argument", "message.attachments[0].url"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"email","message":"x"}}`, "no_last_interacted_channel", "channelId"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"email","text":"x","replyToMessageId":7}}`, "invalid_argument", "message.replyToMessageId"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"whatsapp_template","template":{"languageCode":"en"}}}`, "invalid_argument", "message.template.name"},
		{"POST", "/contact/id:1/message", `{"message":{"type":"text","text":"x"}}`, "no_last_interacted_channel", "channelId"},
		{"POST", "/contact/id:1/message", `{"channelId":"x","message":{"type":"text","text":"x"}}`, "invalid_argument", "channelId"},
		{"GET", "/contact/id:1/activity?type=none", "", "invalid_argument", "type"},
		{"GET", "/contact/id:1/message/list?traffic=sideways", "", "invalid_argument", "traffic"},
		{"POST", "/workflow", `{"definition":{}}`, "invalid_argument", "name"},
		{"POST", "/workflow", `{"name":"A"}`, "invalid_argument", "definition"},
		{"POST", "/workflow/a/run", `{}`, "invalid_argument", "contact"},
		{"GET", "/run?state=lost", "", "invalid_argument", "state"},
		{"GET", "/run?contact=ann", "", "invalid_argument", "contact"},
		{"POST", "/workflow/a/run", `{"contact":"7"}`, "invalid_argument", "contact"},
		{"POST", "/run/stop", `{"workflowId":1,"contact":"id:1"}`, "invalid_argument", ""},
		{"POST", "/template/welcome-message/use", `{"parameters":[]}`, "invalid_argument", "parameters"},
	} {
		e := w.call(tc.method, "/v2"+tc.path, tc.body).refused(400, tc.word)
		if tc.field == "" {
			continue
		}
		require.NotEmpty(t, e.Details, "%s %s", tc.path, tc.body)
		require.Equal(t, tc.field, e.Details[0].Path, "%s %s", tc.path, tc.body)
	}
	require.Equal(t, before, w.snapshot())
}

func (w *world) itemsAs(token, method, path string) []any {
	w.t.Helper()
	return w.call(method, path, nil, as(token)).object(200)["items"].([]any)
}
