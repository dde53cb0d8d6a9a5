package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

var pathParameter = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// fill puts a value into every pathParameter of a path.
func fill(op operation, value string) string {
	return prefix + pathParameter.ReplaceAllStringFunc(op.path, func(name string) string {
		if name == "{identifier}" {
			return "id:" + value
		}
		return value
	})
}

// humaOperation is an operation as the document has it.
func (w *world) humaOperation(op operation) *huma.Operation {
	w.t.Helper()
	item := w.server.api.OpenAPI().Paths[prefix+op.path]
	for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
		if o != nil && o.Method == op.method {
			return o
		}
	}
	require.Fail(w.t, "not in the document", "%s %s", op.method, op.path)
	return nil
}

// takesBody reports whether an operation reads a JSON body.
func (w *world) takesBody(op operation) bool {
	body := w.humaOperation(op).RequestBody
	return body != nil && body.Content["application/json"] != nil
}

// TestEveryOperationRefusesBadCalls walks the list of operations: what is bad
// for every endpoint is refused in the error shape, and stores nothing.
func TestEveryOperationRefusesBadCalls(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot()
	for _, op := range w.server.ops {
		t.Run(op.method+op.path, func(t *testing.T) {
			w.t = t
			url := fill(op, "1")
			w.call(op.method, url, nil, as("wrong")).refused(401, "unauthorized")
			w.call(op.method, url, nil, with("Authorization", "Basic x")).refused(401, "unauthorized")
			w.call(op.method, url, nil, with("X-Acting-User", "999")).refused(400, "invalid_argument")
			if !w.takesBody(op) {
				return
			}
			bad := w.call(op.method, url, `{"name":`).refused(400, "invalid_json")
			require.Contains(t, bad.Message, "JSON")
			w.call(op.method, url, `5`).refused(400, "invalid_argument")
			w.call(op.method, url, `"text"`).refused(400, "invalid_argument")
			w.call(op.method, url, strings.Repeat(" ", 2<<20)).refused(413, "too_large")
			w.call(op.method, url, `{}`, with("Content-Type", "text/plain")).refused(415, "unsupported_media_type")
			if op.method == http.MethodPost {
				key := with("Idempotency-Key", "k"+op.path)
				w.call(op.method, url, strings.Repeat(" ", 2<<20), key).refused(413, "too_large")
				w.call(op.method, url, nil, with("Idempotency-Key", strings.Repeat("k", 101))).refused(400, "invalid_argument")
			}
			if !op.compatible && !strings.HasSuffix(op.path, "/filter") {
				e := w.call(op.method, url, `{"surprise":1}`)
				if e.status != 400 {
					t.Fatalf("an unknown field was taken: %d %s", e.status, e.text)
				}
				require.Contains(t, e.text, `"unknown_field"`)
				require.Contains(t, e.text, `"surprise"`)
			}
		})
	}
	w.t = t
	require.Equal(t, before, w.snapshot())
}

// TestUnknownObjects: an id that does not exist, and one of another workspace,
// are the same 404.
func TestUnknownObjects(t *testing.T) {
	w := newWorld(t)
	foreign := map[string]int64{
		"user": w.user("Ann", "agent"),
		"team": w.call("POST", "/v2/space/team", `{"name":"Support"}`).id(201),
		"channel": w.call("POST", "/v2/space/channel",
			`{"source":"custom_channel","name":"Shop","config":{"apiBaseUrl":"http://127.0.0.1:1","idType":"custom"}}`).id(201),
		"custom_field": w.call("POST", "/v2/space/custom_field", `{"name":"plan","dataType":"text"}`).id(200),
		"closing_note": w.call("POST", "/v2/space/closing_note", `{"category":"Solved"}`).id(201),
		"snippet":      w.call("POST", "/v2/space/snippet", `{"name":"Hi","text":"Hello"}`).id(201),
		"knowledge":    w.call("POST", "/v2/ai/knowledge", `{"kind":"text","name":"Help","text":"Hello"}`).id(201),
	}
	w.call("POST", "/v2/space/tag", `{"name":"vip"}`).into(200, nil)
	_, stranger, err := w.desk.CreateWorkspace(t.Context(), "Other", "other@example.com")
	require.NoError(t, err)
	before := w.snapshot()

	for _, tc := range []struct{ method, path, kind, body string }{
		{"GET", "/space/user/{id}", "user", ""}, {"PUT", "/space/user/{id}", "user", `{"firstName":"X"}`}, {"DELETE", "/space/user/{id}", "user", ""},
		{"GET", "/space/user/{id}/status", "user", ""}, {"PUT", "/space/user/{id}/status", "user", `{"status":"busy"}`},
		{"POST", "/space/user/{id}/activity", "user", `{}`}, {"DELETE", "/space/user/{id}/activity", "user", ""},
		{"GET", "/space/team/{id}", "team", ""}, {"PUT", "/space/team/{id}", "team", `{"name":"X"}`},
		{"PUT", "/space/team/{id}/member", "team", `{"userIds":[]}`}, {"DELETE", "/space/team/{id}", "team", ""},
		{"GET", "/space/channel/{id}", "channel", ""}, {"PUT", "/space/channel/{id}", "channel", `{"name":"X"}`}, {"DELETE", "/space/channel/{id}", "channel", ""},
		{"POST", "/space/channel/{id}/test", "channel", ""}, {"POST", "/space/channel/{id}/token", "channel", ""},
		{"GET", "/space/custom_field/{id}", "custom_field", ""}, {"PUT", "/space/custom_field/{id}", "custom_field", `{"name":"X"}`},
		{"DELETE", "/space/custom_field/{id}", "custom_field", ""},
		{"PUT", "/space/closing_note/{id}", "closing_note", `{"category":"X"}`}, {"DELETE", "/space/closing_note/{id}", "closing_note", ""},
		{"GET", "/space/snippet/{id}", "snippet", ""}, {"PUT", "/space/snippet/{id}", "snippet", `{"name":"X"}`}, {"DELETE", "/space/snippet/{id}", "snippet", ""},
		{"DELETE", "/ai/knowledge/{id}", "knowledge", ""},
		{"PUT", "/space/tag", "", `{"currentName":"vip","name":"X"}`}, {"DELETE", "/space/tag", "", `{"name":"vip"}`},
	} {
		t.Run(tc.method+tc.path, func(t *testing.T) {
			w.t = t
			url := func(id int64) string { return strings.ReplaceAll(prefix+tc.path, "{id}", itoa(id)) }
			w.call(tc.method, url(foreign[tc.kind]), tc.body, as(stranger)).refused(404, "not_found")
			if tc.kind != "" {
				w.call(tc.method, url(987654), tc.body).refused(404, "not_found")
				w.call(tc.method, url(-1), tc.body).refused(404, "not_found")
				w.call(tc.method, strings.ReplaceAll(prefix+tc.path, "{id}", "abc"), tc.body).refused(400, "invalid_argument")
			}
		})
	}
	w.t = t
	require.Equal(t, before, w.snapshot())
}

// TestBadFields: missing fields, wrong types and values out of range, all named at once.
func TestBadFields(t *testing.T) {
	w := newWorld(t)
	ann := w.user("Ann", "agent")
	list := w.call("POST", "/v2/space/custom_field", `{"name":"size","dataType":"list","allowedValues":["S"]}`).id(200)
	w.call("POST", "/v2/space/custom_field", `{"name":"Plan","dataType":"text"}`).into(200, nil)
	w.call("POST", "/v2/space/tag", `{"name":"vip"}`).into(200, nil)
	w.call("POST", "/v2/space/team", `{"name":"Support"}`).into(201, nil)
	w.call("POST", "/v2/space/closing_note", `{"category":"Solved"}`).into(201, nil)
	before := w.snapshot()
	long := strings.Repeat("ä", 300)
	for _, tc := range []struct {
		method, path, body, word string
		paths                    []string // of the details
	}{
		{"POST", "/space/user", `{}`, "", []string{"email", "firstName", "role"}},
		{"POST", "/space/user", `{"email":1,"firstName":true,"role":[]}`, "", []string{"email", "firstName", "role"}},
		{"POST", "/space/user", `{"email":"x","firstName":" ","role":"boss","teamId":9,"restrictions":["none"]}`, "", []string{"email", "firstName", "role", "restrictions[0]", "teamId"}},
		{"POST", "/space/user", `{"email":"x@y.io","firstName":"` + long + `","role":"owner","restrictions":["show_only_mine"]}`, "", []string{"firstName", "restrictions[0]"}},
		{"PUT", "/space/user/1", `{"firstName":"","disabled":"yes"}`, "", []string{"disabled"}},
		{"PUT", "/space/user/1", `{"firstName":"","role":"king","teamId":77}`, "", []string{"firstName", "role", "teamId"}},
		{"PUT", "/space/user/1/status", `{"status":"offline"}`, "", []string{"status"}},
		{"PUT", "/space/user/1/status", `{}`, "", []string{"status"}},
		{"POST", "/space/team", `{"name":"","description":"` + long + `","userIds":[99,1]}`, "", []string{"name", "description", "userIds[0]"}},
		{"POST", "/space/team", `{"name":"A","userIds":["1"]}`, "", []string{"userIds[0]"}},
		{"PUT", "/space/team/1/member", `{"userIds":null}`, "", []string{"userIds"}},
		{"PUT", "/space/setting", `{}`, "", []string{"revision"}},
		{"PUT", "/space/setting", `{"revision":1,"timezone":"Mars/Olympus","userInactivityTimeout":61,"closingNoteMode":"maybe","name":""}`, "",
			[]string{"name", "timezone", "userInactivityTimeout", "closingNoteMode"}},
		{"PUT", "/space/setting", `{"revision":1,"userInactivityTimeout":0}`, "", []string{"userInactivityTimeout"}},
		{"POST", "/space/channel", `{"source":"fax","name":"","config":{}}`, "", []string{"name", "source"}},
		{"POST", "/space/channel", `{"source":"custom_channel","name":"A","config":{"idType":"x","apiBaseUrl":"ftp://x","y":1}}`, "unknown_field",
			[]string{"config.apiBaseUrl", "config.idType", "config.y"}},
		{"POST", "/space/channel", `{"source":"custom_channel","name":"A","config":[]}`, "", []string{"config"}},
		{"POST", "/space/custom_field", `{"name":"Email","slug":"a-b","dataType":"text","allowedValues":["x"]}`, "", []string{"allowedValues", "name", "slug"}},
		{"POST", "/space/custom_field", `{"name":"x","dataType":"colour"}`, "", []string{"dataType"}},
		{"POST", "/space/custom_field", `{"name":"x","dataType":"list","allowedValues":["a","a",""]}`, "", []string{"allowedValues[1]", "allowedValues[2]"}},
		{"PUT", urlf("/space/custom_field/%d", list)[3:], `{"allowedValues":[]}`, "", []string{"allowedValues"}},
		{"POST", "/space/tag", `{"name":" "}`, "", []string{"name"}},
		{"PUT", "/space/tag", `{"currentName":"vip","name":"` + long + `"}`, "", []string{"name"}},
		{"POST", "/space/closing_note", `{"category":"` + long + `"}`, "", []string{"category"}},
		{"GET", "/space/user?limit=0", ``, "", []string{"limit"}},
		{"GET", "/space/user?limit=101", ``, "", []string{"limit"}},
		{"GET", "/space/user?cursorId=x", ``, "", []string{"cursorId"}},
	} {
		t.Run(tc.method+tc.path, func(t *testing.T) {
			w.t = t
			word := tc.word
			if word == "" {
				word = "invalid_argument"
			}
			e := w.call(tc.method, prefix+strings.Replace(tc.path, "/user/1", "/user/"+itoa(ann), 1), tc.body).refused(400, word)
			var paths []string
			for _, d := range e.Details {
				require.NotEmpty(t, d.Message)
				paths = append(paths, d.Path)
			}
			require.ElementsMatch(t, tc.paths, paths, "%+v", e.Details)
		})
	}
	for _, tc := range []struct{ path, body string }{
		{"/space/user", `{"email":" ANN@example.com","firstName":"A","role":"agent"}`},
		{"/space/team", `{"name":"support"}`},
		{"/space/custom_field", `{"name":"plan","dataType":"text"}`},
		{"/space/custom_field", `{"name":"other","slug":"PLAN","dataType":"text"}`},
		{"/space/tag", `{"name":"VIP"}`},
		{"/space/closing_note", `{"category":"SOLVED"}`},
	} {
		w.t = t
		w.call("POST", prefix+tc.path, tc.body).refused(409, "already_exists")
	}
	require.Equal(t, before, w.snapshot())
}

func TestUnknownRoutes(t *testing.T) {
	w := newWorld(t)
	w.call("GET", "/v2/space/nothing", nil).refused(404, "not_found")
	w.call("GET", "/", nil).refused(404, "not_found")
	w.call("PATCH", "/v2/space/user", nil).refused(405, "method_not_allowed")
	w.call("GET", "/custom/channel/webhook", nil).refused(405, "method_not_allowed")
	w.call("GET", "/v2/space/user/", nil).refused(404, "not_found")
}
