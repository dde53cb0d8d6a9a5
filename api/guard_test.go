package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/desk"
)

// C3: six calls of one endpoint in half a second.
func TestRateLimit(t *testing.T) {
	w := newWorld(t)
	w.server = New(Options{Desk: w.desk})
	for i := range 5 {
		a := w.call("GET", "/v2/space/user", nil)
		a.into(200, nil)
		require.Equal(t, "5", a.header.Get("X-RateLimit-Limit"))
		require.Equal(t, fmt.Sprint(4-i), a.header.Get("X-RateLimit-Remaining"))
		w.sleep(100 * time.Millisecond)
	}
	sixth := w.call("GET", "/v2/space/user", nil)
	sixth.refused(429, "rate_limited")
	require.Equal(t, "1", sixth.header.Get("Retry-After"))
	require.Equal(t, "0", sixth.header.Get("X-RateLimit-Remaining"))
	w.call("GET", "/v2/space/team", nil).into(200, nil)
	w.call("GET", "/v2/space/user/1", nil).into(200, nil)
	w.sleep(500 * time.Millisecond) // the first of the five is a second old; the refused one does not count
	w.call("GET", "/v2/space/user", nil).into(200, nil)
	w.call("GET", "/v2/space/user", nil).refused(429, "rate_limited")

	two, none := 2, 0
	for limit, allowed := range map[*int]int{&two: 2, &none: 20} {
		_, token, err := w.desk.CreateToken(t.Context(), w.owner(), desk.TokenInput{Name: "x", RateLimit: limit})
		require.NoError(t, err)
		for range allowed {
			w.call("GET", "/v2/space/user", nil, as(token)).into(200, nil)
		}
		if allowed == 2 {
			w.call("GET", "/v2/space/user", nil, as(token)).refused(429, "rate_limited")
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	key := with("Idempotency-Key", "once")
	first := w.call("POST", "/v2/space/team", `{"name":"A"}`, key)
	first.into(201, nil)
	again := w.call("POST", "/v2/space/team", `{"name":"A"}`, key)
	require.Equal(t, first.text, again.text)
	require.Equal(t, 201, again.status)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.EqualValues(t, 1, w.rows("teams"))
	w.call("POST", "/v2/space/team", `{"name":"B"}`, key).refused(409, "idempotency_mismatch")
	w.call("POST", "/v2/space/closing_note", `{"category":"A"}`, key).id(201)

	bad := w.call("POST", "/v2/space/team", `{"name":""}`, with("Idempotency-Key", "bad"))
	bad.refused(400, "invalid_argument")
	require.Equal(t, bad.text, w.call("POST", "/v2/space/team", `{"name":""}`, with("Idempotency-Key", "bad")).text, "a refusal is an answer too")

	w.sleep(24 * time.Hour)
	w.call("POST", "/v2/space/team", `{"name":"B"}`, key).id(201)
}

func TestIdempotencyKeyInParallel(t *testing.T) {
	w := newWorld(t)
	var created, busy atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			switch a := w.call("POST", "/v2/space/team", `{"name":"A"}`, with("Idempotency-Key", "k")); a.status {
			case 201:
				created.Add(1)
			case 409:
				busy.Add(1)
				if !strings.Contains(a.text, "in_progress") {
					t.Error(a.text)
				}
			default:
				t.Error(a.text)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, created.Load()+busy.Load())
	require.EqualValues(t, 1, w.rows("teams"))
}

// Check 9: tokens of another workspace, revoked tokens.
func TestRevokedToken(t *testing.T) {
	w := newWorld(t)
	tok, text, err := w.desk.CreateToken(t.Context(), w.owner(), desk.TokenInput{Name: "x"})
	require.NoError(t, err)
	w.call("GET", "/v2/space/user", nil, as(text)).into(200, nil)
	require.NoError(t, w.desk.RevokeToken(t.Context(), w.owner(), tok.ID))
	w.call("GET", "/v2/space/user", nil, as(text)).refused(401, "unauthorized")
}

// Check 11 and the table of powers.
func TestPowers(t *testing.T) {
	w := newWorld(t)
	mia, ann := w.user("Mia", "manager"), w.user("Ann", "agent")
	manager, agent := w.tokenOf(mia), w.tokenOf(ann)
	w.call("POST", "/v2/space/user", `{"email":"a@x.io","firstName":"A","role":"agent"}`, as(manager)).id(201)
	w.call("POST", "/v2/space/user", `{"email":"b@x.io","firstName":"B","role":"owner"}`, as(manager)).refused(403, "forbidden")
	for _, path := range []string{"/space/team/1", "/space/channel/1", "/space/custom_field/1"} {
		e := w.call("DELETE", prefix+path, nil, as(manager)).refused(403, "forbidden")
		require.Contains(t, e.Message, "delete")
	}
	w.call("PUT", urlf("/space/user/%d/status", ann), `{"status":"busy"}`, as(agent)).into(200, nil)
	w.call("PUT", urlf("/space/user/%d/status", mia), `{"status":"busy"}`, as(agent)).refused(403, "forbidden")

	for _, op := range w.server.ops {
		url := fill(op, "1")
		if !op.power.agent {
			w.call(op.method, url, nil, as(agent)).refused(403, "forbidden")
		}
		if !op.power.manager {
			w.call(op.method, url, nil, as(manager)).refused(403, "forbidden")
		}
	}
	w.call("PUT", urlf("/space/user/%d", mia), `{"restrictions":["restrict_space_setting"]}`).into(200, nil)
	for _, op := range w.server.ops {
		if len(op.power.unless) > 0 && op.power.unless[0] == desk.RestrictSpaceSetting {
			w.call(op.method, fill(op, "1"), nil, as(manager)).refused(403, "forbidden")
		}
	}
	w.call("GET", "/v2/space/team", nil, as(manager)).into(200, nil)
}

// Checks 12 and 13 over HTTP, and that calls for a user are activity.
func TestPresence(t *testing.T) {
	w := newWorld(t)
	ann := w.user("Ann", "agent")
	url := urlf("/space/user/%d", ann)
	require.Equal(t, "offline", w.call("GET", url+"/status", nil).object(200)["effective"])
	w.call("PUT", url+"/status", `{"status":"busy"}`).into(200, nil)
	w.sleep(15 * time.Minute)
	require.Equal(t, "offline", w.call("GET", url+"/status", nil).object(200)["effective"])
	require.Equal(t, "busy", w.call("POST", url+"/activity", `{}`).object(200)["effective"])
	require.Equal(t, "offline", w.call("DELETE", url+"/activity", nil).object(200)["effective"])

	w.call("GET", "/v2/space/team", nil, with("X-Acting-User", "ann@example.com")).into(200, nil)
	require.Equal(t, "busy", w.call("GET", url, nil).object(200)["status"], "any call made for a user is activity")
	out := w.call("DELETE", url+"/activity", nil, with("X-Acting-User", itoa(ann))).object(200)
	require.Equal(t, "offline", out["effective"])
	require.Nil(t, out["offlineAt"])
	w.sleep(time.Minute)
	before := w.rows("events")
	w.call("DELETE", url+"/activity", nil, as(w.tokenOf(ann))).into(200, nil)
	require.Equal(t, before, w.rows("events"), "logging out is no activity")
}

// C4: 25 items, by tens.
func TestPagination(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.call("POST", "/v2/space/tag", fmt.Sprintf(`{"name":"tag %02d"}`, i)).into(200, nil)
	}
	w.call("POST", "/v2/space/tag", `{"name":"vip"}`).into(200, nil)
	type tags struct {
		Items      []struct{ ID int64 }
		Pagination struct{ Next, Previous string }
	}
	get := func(url string) (p tags) {
		w.call("GET", strings.TrimPrefix(url, "http://example.com"), nil).into(200, &p)
		return p
	}
	var pages []tags
	seen := map[int64]bool{}
	for url := "/v2/space/tag?limit=10&search=TAG"; url != ""; url = pages[len(pages)-1].Pagination.Next {
		p := get(url)
		pages = append(pages, p)
		for _, x := range p.Items {
			require.False(t, seen[x.ID])
			seen[x.ID] = true
		}
	}
	require.Len(t, pages, 3)
	require.Len(t, seen, 25)
	require.Len(t, pages[2].Items, 5)
	require.Empty(t, pages[0].Pagination.Previous)
	require.True(t, strings.HasPrefix(pages[0].Pagination.Next, "http://example.com/v2/space/tag?"))
	require.Contains(t, pages[0].Pagination.Next, "search=TAG")
	back := get(pages[2].Pagination.Previous)
	require.Equal(t, pages[1].Items, back.Items)
	require.NotEmpty(t, back.Pagination.Next)
	back = get(back.Pagination.Previous)
	require.Equal(t, pages[0].Items, back.Items)
	require.Empty(t, back.Pagination.Previous)
	require.Len(t, get("/v2/space/tag").Items, 10)
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, `{"status":"ok"}`, w.call("GET", "/healthz", nil).text)
	var down error
	w.server.Ready = func(context.Context) map[string]error { return map[string]error{"database": nil, "temporal": down} }
	require.Equal(t, map[string]any{"status": "ready", "checks": map[string]any{"database": "ok", "temporal": "ok"}}, w.call("GET", "/readyz", nil).object(200))
	down = errors.New("not reachable")
	require.Equal(t, "not reachable", w.call("GET", "/readyz", nil).object(503)["checks"].(map[string]any)["temporal"])
}

// Panics and broken databases show nothing of the inside.
func TestBrokenInside(t *testing.T) {
	w := newWorld(t)
	w.server.add("Test", []operation{
		extension(http.MethodGet, "/test/panic", 200, readSpace(), "", func(_ context.Context, _ desk.Principal, _ *struct{}) (*deleted, error) {
			panic("the secret is 42")
		}),
	})
	require.NotContains(t, w.call("GET", "/v2/test/panic", nil).refused(500, "internal").Message, "42")
	require.NotContains(t, w.server.toError(t.Context(), errors.New("secret")).Message, "secret")

	require.NoError(t, w.db.Close())
	a := w.call("GET", "/v2/space/user", nil, as("other"))
	a.refused(503, "unavailable")
	require.Equal(t, "5", a.header.Get("Retry-After"))
}
