package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
	"ucal/store"
)

// address makes a contact and a published workflow with the trigger Incoming
// Webhook, and returns the path of its address.
func (w *world) address(config string) string {
	w.t.Helper()
	w.call("POST", "/v2/contact/create_or_update/email:ann@example.com", `{"firstName":"Ann"}`).into(200, nil)
	made := w.call("POST", "/v2/workflow", `{"name":"Hook","definition":{"trigger":{"type":"incoming_webhook","config":`+config+`},
		"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"}}]}}`).object(201)
	w.call("POST", "/v2/workflow/hook/publish", nil).into(200, nil)
	return w.path(made["hookUrl"])
}

func (w *world) path(url any) string {
	w.t.Helper()
	require.Regexp(w.t, `^http://example\.com/hook/[0-9A-Za-z]{22}$`, url)
	return strings.TrimPrefix(url.(string), "http://example.com")
}

// hook calls an address as an outside system does: without a token.
func (w *world) hook(path, body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	a := w.call("POST", path, body, append([]func(*http.Request){func(r *http.Request) { r.Header.Del("Authorization") }}, change...)...)
	require.Empty(w.t, a.header.Get("Access-Control-Allow-Origin"), "no browser calls it")
	return a
}

const (
	byEmail = `{"identifier_type":"email","identifier_path":"$.email","variables":{"order":"$.order"}}`
	ofAnn   = `{"email":"ann@example.com","order":{"id":7}}`
)

// 23–26, and every row of the table of workflow specification 3.6.
func TestHook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		path := w.address(byEmail)

		w.hook(path, `{"email":`).refused(400, "invalid_json")
		w.hook(path, ``).refused(400, "invalid_json")
		w.hook(path, `{"mail":"x"}`).refused(400, "identifier_missing")
		w.hook(path, `{"email":"ben@example.com"}`).refused(422, "contact_not_found")
		w.hook("/hook/0000000000000000000000", ofAnn).refused(404, "not_found")
		w.hook("/hook/", ofAnn).refused(404, "not_found")
		w.hook(path+"/", ofAnn).refused(404, "not_found")
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			a := w.call(method, path, nil)
			a.refused(405, "method_not_allowed")
			require.Equal(t, "POST", a.header.Get("Allow"))
		}
		big := w.hook(path, `"`+strings.Repeat("x", 256<<10)+`"`)
		require.Contains(t, big.refused(413, "too_large").Message, "256 KiB")
		w.hook(path, strings.Repeat(" ", 256<<10)).refused(400, "invalid_json")
		require.Zero(t, w.rows("runs"))
		require.Zero(t, w.rows("trigger_decisions"))

		a := w.hook(path, ofAnn)
		require.Equal(t, 202, a.status, a.text)
		require.JSONEq(t, `{"status":"accepted","runId":1,"contactId":1}`, a.text)
		run := w.call("GET", "/v2/run/1", nil).object(200)
		require.Equal(t, `{"id":7}`, run["variables"].(map[string]any)["order"])
		trigger := run["trigger"].(map[string]any)
		require.Equal(t, []any{"incoming_webhook", "api"}, []any{trigger["type"], trigger["source"]})

		w.hook(path, ofAnn).refused(409, "already_enrolled")
		w.call("PUT", "/v2/workflow/hook", `{"revision":1,"definition":{"trigger":{"type":"incoming_webhook","once_per_contact":true,"config":`+byEmail+`},
			"steps":[{"id":"wait","type":"wait","config":{"wait_for":"1h"}}]}}`).into(200, nil)
		w.call("POST", "/v2/workflow/hook/publish", nil).into(200, nil)
		w.hook(path, ofAnn).refused(409, "once_per_contact")
		w.call("POST", "/v2/contact/id:1/block", nil).into(200, nil)
		w.hook(path, ofAnn).refused(409, "contact_blocked")
		w.call("POST", "/v2/workflow/hook/stop", nil).into(200, nil)
		w.hook(path, ofAnn).refused(404, "not_found")

		var reasons []any
		for _, d := range w.items("/v2/contact/id:1/trigger-decision") {
			reasons = append(reasons, d["reason"])
		}
		require.Equal(t, []any{"contact_blocked", "once_per_contact", "already_enrolled", "matched"}, reasons)
	})
}

func TestHookThrottled(t *testing.T) {
	w := newWorld(t)
	w.desk.StartsPerHour = 1
	path := w.address(byEmail)
	w.hook(path, ofAnn).into(202, nil)
	w.call("POST", "/v2/run/1/stop", nil).into(200, nil)
	a := w.hook(path, ofAnn)
	a.refused(429, "throttled")
	require.Equal(t, "60", a.header.Get("Retry-After"))
	problems := text(t, w.call("GET", "/v2/workflow/hook", nil).object(200)["problems"])
	require.Contains(t, problems, `"throttled"`)
	require.Contains(t, problems, `"warning"`)
}

// Ten a second with room for twenty at once, for each address.
func TestHookRate(t *testing.T) {
	w := newWorld(t)
	path := w.address(byEmail)
	calls := func(n int) {
		t.Helper()
		for range n {
			w.hook(path, `{}`).refused(400, "identifier_missing")
		}
		a := w.hook(path, `{}`)
		a.refused(429, "rate_limited")
		require.Equal(t, "1", a.header.Get("Retry-After"))
	}
	calls(20)
	w.sleep(500 * time.Millisecond)
	calls(5)
	w.sleep(100 * time.Millisecond)
	calls(1)
	w.sleep(time.Hour)
	calls(20)
	w.sleep(-time.Minute) // a clock that is set back
	w.hook(path, `{}`).refused(429, "rate_limited")
	w.hook("/hook/0000000000000000000000", `{}`).refused(404, "not_found")
}

func TestHookSecret(t *testing.T) {
	w := newWorld(t)
	first := w.address(byEmail)
	url := "/v2/workflow/hook/hook"
	fresh := w.call("POST", url, `{"secret":"s3cret"}`).object(200)
	require.Equal(t, "***", fresh["hookSecret"])
	path := w.path(fresh["hookUrl"])
	require.NotEqual(t, first, path)
	w.hook(first, ofAnn).refused(404, "not_found")

	for _, wrong := range []string{"", "s3cre", "s3cret2", "S3CRET"} {
		w.hook(path, `no JSON`, with("X-Hook-Secret", wrong)).refused(401, "unauthorized")
	}
	w.hook(path, ofAnn, with("X-Hook-Secret", "s3cret")).into(202, nil)

	seen := w.call("GET", "/v2/workflow/hook", nil)
	require.Equal(t, []any{"http://example.com" + path, "***"}, []any{seen.object(200)["hookUrl"], seen.object(200)["hookSecret"]})
	require.NotContains(t, seen.text, "s3cret")
	require.Equal(t, "http://example.com"+path, w.items("/v2/workflow")[0]["hookUrl"])

	path = w.path(w.call("POST", url, `{}`).object(200)["hookUrl"])
	w.hook(path, ofAnn).refused(401, "unauthorized")
	open := w.call("POST", url, `{"secret":null}`).object(200)
	require.NotContains(t, open, "hookSecret")
	w.hook(w.path(open["hookUrl"]), ofAnn).refused(409, "already_enrolled")
	w.call("POST", url, `{"secret":""}`).refused(400, "invalid_argument")
	w.call("POST", url, `{"secret":7}`).refused(400, "invalid_argument")

	w.call("POST", "/v2/workflow", `{"name":"A","definition":`+definition+`}`).into(201, nil)
	require.NotContains(t, w.call("GET", "/v2/workflow/a", nil).object(200), "hookUrl")
	w.call("POST", "/v2/workflow/a/hook", nil).refused(409, "invalid_state")
	agent := w.tokenOf(w.user("Ann", "agent"))
	w.call("POST", url, `{}`, as(agent)).refused(403, "forbidden")
	_, stranger, err := w.desk.CreateWorkspace(t.Context(), "Other", "other@example.com")
	require.NoError(t, err)
	w.call("POST", url, `{}`, as(stranger)).refused(404, "not_found")
}

func TestHookIdempotency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		path := w.address(byEmail)
		key := with("Idempotency-Key", "order-7")
		first := w.hook(path, ofAnn, key)
		first.into(202, nil)
		require.Empty(t, first.header.Get("Idempotency-Replayed"))
		again := w.hook(path, ofAnn, key)
		require.Equal(t, []any{202, first.text, "true"}, []any{again.status, again.text, again.header.Get("Idempotency-Replayed")})

		ben := `{"email":"ben@example.com"}`
		w.hook(path, ben, with("Idempotency-Key", "ben")).refused(422, "contact_not_found")
		w.call("POST", "/v2/contact/email:ben@example.com", `{"firstName":"Ben"}`).into(200, nil)
		w.hook(path, ben, with("Idempotency-Key", "ben")).refused(422, "contact_not_found")
		w.hook(path, ben, with("Idempotency-Key", strings.Repeat("k", 101))).refused(400, "invalid_argument")

		var wg sync.WaitGroup
		answers := make([]answer, 10)
		for i := range answers {
			wg.Go(func() { answers[i] = w.hook(path, ben, with("Idempotency-Key", "again")) })
		}
		wg.Wait()
		for _, a := range answers {
			require.Equal(t, 202, a.status, a.text)
			require.Equal(t, answers[0].text, a.text)
		}
		require.EqualValues(t, 2, w.rows("runs"))

		var stored []string
		require.NoError(t, db.Read(t.Context()).Table("idempotency_keys").Pluck("response", &stored).Error)
		for _, text := range stored {
			require.NotContains(t, text, "contact_not_found", "answers are sealed")
		}
	})
}

// The answer to a create shows the new address: it is not stored readable.
func TestKeptAnswersAreSealed(t *testing.T) {
	w := newWorld(t)
	w.address(byEmail)
	key := with("Idempotency-Key", "once")
	a := w.call("POST", "/v2/workflow/hook/hook", `{"secret":"x"}`, key)
	require.Equal(t, a.text, w.call("POST", "/v2/workflow/hook/hook", `{"secret":"x"}`, key).text)
	token := strings.TrimPrefix(w.path(a.object(200)["hookUrl"]), "/hook/")
	for _, table := range []string{"idempotency_keys", "workflows"} {
		var rows []map[string]any
		require.NoError(t, w.db.Read(t.Context()).Table(table).Find(&rows).Error)
		require.NotContains(t, fmt.Sprint(rows), token, table)
	}
}

func TestHookWithoutDatabase(t *testing.T) {
	w := newWorld(t)
	path := w.address(byEmail)
	require.NoError(t, w.db.Close())
	a := w.hook(path, ofAnn)
	a.refused(503, "unavailable")
	require.Equal(t, "5", a.header.Get("Retry-After"))
}
