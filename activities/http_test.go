package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"ucal/connect/web"
	"ucal/desk"
	"ucal/flow"
	"ucal/internal/httpx"
)

// crm is an office with an outside system, a real server.
type crm struct {
	*office
	url    string
	answer func(w http.ResponseWriter, r *http.Request, n int) // the nth request, from 1

	mu     sync.Mutex
	seen   []*http.Request
	bodies []string
	at     []time.Time // by the office's clock
}

func eachCRM(t *testing.T, fn func(c *crm)) {
	t.Helper()
	eachOffice(t, func(o *office) {
		c := &crm{office: o}
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			c.mu.Lock()
			c.seen, c.bodies, c.at = append(c.seen, r), append(c.bodies, string(body)), append(c.at, time.UnixMilli(o.clock.Load()))
			n := len(c.seen)
			c.mu.Unlock()
			if c.answer != nil {
				c.answer(w, r, n)
			}
		}))
		o.Cleanup(s.Close)
		c.url = s.URL
		c.reaches("127.0.0.1/32")
		fn(c)
	})
}

// reaches lets requests go to one network besides public ones.
func (c *crm) reaches(network string) {
	c.acts.Web = web.New(httpx.Policy{Allow: []netip.Prefix{netip.MustParsePrefix(network)}})
	c.Cleanup(c.acts.Web.Close)
}

func (c *crm) requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// saves makes a workflow of one HTTP Request whose failure arm is on, and a
// comment with what was mapped on either way.
func (c *crm) saves(config string) {
	c.Helper()
	file := `{"format":1,"id":"leads","name":"Leads","trigger":{"type":"manual_trigger"},"steps":[
		{"id":"call","type":"http_request","config":{` + config + `,"response_mapping":{"p":"$.custom_fields.phone"},"save_status_as":"code"},"next":"good","arms":{"failure":"bad"}},
		{"id":"good","type":"add_comment","config":{"text":"good $code <$p>"}},{"id":"bad","type":"add_comment","config":{"text":"bad $code <$p>"}}]}`
	_, err := c.desk.ImportWorkflow(c.Context(), c.p, []byte(file), desk.ImportInput{Replace: true})
	require.NoError(c, err)
	_, err = c.desk.PublishWorkflow(c.Context(), c.p, "leads", 0)
	if e := desk.AsError(err); e != nil {
		require.NoError(c, err, "%+v", e.Problems)
	}
	require.NoError(c, err)
}

// calls runs the workflow and returns the reason code of the request and the comment.
func (c *crm) calls(lastName string) (code, comment string, detail map[string]any) {
	c.Helper()
	id := c.start(lastName)
	loaded, err := c.desk.LoadRun(c.Context(), id)
	require.NoError(c, err)
	st := loaded.State
	end, err := flow.Execute(loaded.Definition, &st, &caller{c, id})
	require.NoError(c, err)
	_, err = c.desk.EndRun(c.Context(), flow.Call{RunID: id, No: st.Effects + 1, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}, end)
	require.NoError(c, err)
	var step desk.RunStep
	require.NoError(c, c.db.Read(c.Context()).Where("run_id = ? AND seq = 1", id).Take(&step).Error)
	var comments []desk.Comment
	require.NoError(c, c.db.Read(c.Context()).Where("contact_id = (SELECT contact_id FROM runs WHERE id = ?)", id).Find(&comments).Error)
	require.Len(c, comments, 1)
	return step.Code, comments[0].Text, step.Detail
}

// caller is a host that knows HTTP requests and comments.
type caller struct {
	c   *crm
	run int64
}

func (h *caller) Now() time.Time { return time.UnixMilli(h.c.clock.Load()).UTC() }

func (h *caller) Await(flow.Call, flow.Wait) (flow.Result, error) { panic("nothing waits here") }

func (h *caller) Do(call flow.Call, e flow.Effect) (flow.Result, error) {
	call.RunID = h.run
	if cm, ok := e.(flow.Comment); ok {
		return h.c.acts.AddComment(h.c.Context(), call, cm)
	}
	for {
		a, err := h.c.acts.TryHTTP(h.c.Context(), call, e.(flow.Request))
		if err != nil {
			return flow.Result{}, err
		}
		if a.Final != nil {
			return *a.Final, nil
		}
		h.c.clock.Store(max(h.c.clock.Load(), a.Until.UnixMilli()))
	}
}

func (c *crm) get(path string) string { return `"method":"GET","url":"` + c.url + path + `"` }

// Scenarios 75 and 119: attempts with one key, and what the answer gives.
func TestRequestIsRepeated(t *testing.T) {
	eachCRM(t, func(c *crm) {
		c.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < 3 {
				w.WriteHeader(503)
				return
			}
			_, _ = io.WriteString(w, `{"custom_fields":{"phone":"+60123"}}`)
		}
		c.saves(c.get("/customers?name=$contact.lastname"))
		code, comment, detail := c.calls("Lee & Co")
		require.Empty(c, code)
		require.Equal(c, "good 200 <+60123>", comment)
		require.Len(c, c.requests(), 3)
		key := c.requests()[0].Header.Get("Idempotency-Key")
		require.Regexp(c, `^run-\d+-1$`, key)
		for _, r := range c.requests() {
			require.Equal(c, key, r.Header.Get("Idempotency-Key"))
			require.Equal(c, "Lee & Co", r.URL.Query().Get("name"))
		}
		require.InDelta(c, time.Second, c.at[1].Sub(c.at[0]), float64(time.Second)/5)
		require.InDelta(c, 4*time.Second, c.at[2].Sub(c.at[1]), float64(4*time.Second)/5)
		require.Equal(c, []any{"GET", c.url + "/customers?name=Lee%20%26%20Co", 200.0, 3.0}, []any{detail["method"], detail["url"], detail["status"], detail["attempts"]})
		require.NotContains(c, fmt.Sprint(detail), "+60123", "no body in the log")
	})
}

// Scenarios 76, 121 to 124 against a server that does them.
func TestWhatServersDo(t *testing.T) {
	eachCRM(t, func(c *crm) {
		c.answer = func(w http.ResponseWriter, r *http.Request, n int) {
			switch r.URL.Path {
			case "/html":
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<html>{}</html>")
			case "/broken":
				_, _ = io.WriteString(w, `{"custom_fields":{"phone":"+60123"}`)
			case "/missing":
				w.WriteHeader(404)
				_, _ = io.WriteString(w, `{"custom_fields":{"phone":"none"}}`)
			case "/busy":
				if n == 1 {
					w.Header().Set("Retry-After", "2")
					w.WriteHeader(429)
				}
			case "/later":
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(503)
			case "/round":
				http.Redirect(w, r, "/round", http.StatusFound)
			case "/away":
				http.Redirect(w, r, "http://127.0.0.2:9/", http.StatusFound)
			case "/big":
				_, _ = io.WriteString(w, strings.Repeat("x", 1_150_000))
			case "/reset":
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_ = conn.Close()
				}
			case "/slow":
				<-r.Context().Done()
			}
		}
		for _, tc := range []struct {
			config, code, comment string
			requests              int
		}{
			{c.get("/html"), "", "good 200 <>", 1},
			{c.get("/broken"), "", "good 200 <>", 1},
			{c.get("/empty"), "", "good 200 <>", 1},
			{c.get("/missing"), "http.status", "bad 404 <none>", 1},
			{c.get("/busy"), "", "good 200 <>", 2},
			{c.get("/later"), "http.status", "bad 503 <>", 1},
			{c.get("/round"), "http.redirects", "bad 0 <>", 4},
			{c.get("/away"), "http.url.refused", "bad 0 <>", 1},
			{c.get("/big"), "http.response.too_large", "bad 0 <>", 1},
			{c.get("/reset"), "http.network", "bad 0 <>", 4},
			{`"method":"POST","url":"` + c.url + `/reset"`, "http.network", "bad 0 <>", 1},
			{`"method":"POST","timeout":"1s","url":"` + c.url + `/slow"`, "http.timeout", "bad 0 <>", 1},
			{`"method":"GET","url":"http://10.0.0.5/"`, "http.url.refused", "bad 0 <>", 0},
			{`"method":"GET","url":"http://127.0.0.2:9/"`, "http.url.refused", "bad 0 <>", 0},
		} {
			c.mu.Lock()
			c.seen, c.bodies, c.at = nil, nil, nil
			c.mu.Unlock()
			c.saves(tc.config)
			code, comment, detail := c.calls("Lee")
			require.Equal(c, tc.code, code, tc.config)
			require.Equal(c, tc.comment, comment, tc.config)
			require.Len(c, c.requests(), tc.requests, tc.config)
			if strings.Contains(tc.config, "/busy") {
				require.GreaterOrEqual(c, c.at[1].Sub(c.at[0]), 2*time.Second)
			}
			if strings.HasPrefix(comment, "bad 0") {
				require.NotEmpty(c, detail["problem"], tc.config)
			}
		}
		c.reaches("127.0.0.0/8")
		c.saves(`"method":"POST","url":"http://127.0.0.2:9/"`)
		code, _, _ := c.calls("Lee")
		require.Equal(c, "http.network", code, "allowed: called, and nobody is there")
	})
}

// Scenario 78 at run time: the own host, straight and by a redirect.
func TestOwnHostIsNotCalled(t *testing.T) {
	eachCRM(t, func(c *crm) {
		own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.Error("the own host was called") }))
		c.Cleanup(own.Close)
		c.desk.PublicURL = own.URL
		c.answer = func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, own.URL+"/v2/contact", http.StatusFound)
		}
		for _, url := range []string{"{{$contact.lastname}}", c.url} {
			c.saves(`"method":"GET","url":"` + url + `"`)
			code, _, detail := c.calls(own.URL + "/v2/contact")
			require.Equal(c, "http.url.refused", code)
			require.Contains(c, detail["problem"], "own host")
		}
	})
}

// Scenario 125: secrets reach the server and nobody else, whatever it answers.
func TestSecretsStaySecret(t *testing.T) {
	const value, pasted = `s3cr3t/"t0ken`, `s3cr3t/"t0ken` + "\n"
	eachCRM(t, func(c *crm) {
		require.NoError(c, c.desk.PutSecret(c.Context(), c.p, "crm_token", pasted))
		c.answer = func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 { // not HTTP at all: the client's error quotes it
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_, _ = fmt.Fprintf(conn, "%s %s\r\n\r\n", r.Header.Get("Authorization"), r.URL)
					_ = conn.Close()
				}
				return
			}
			_, _ = fmt.Fprintf(w, `{"custom_fields":{"phone":%q}}`, r.Header.Get("Authorization")+" "+r.URL.String()+" "+c.bodies[n-1])
		}
		c.saves(`"method":"POST","retry":true,"url":"` + c.url + `/?key=$secret.crm_token","headers":{"Authorization":"Bearer $secret.crm_token"},"body":"{\"t\":\"$secret.crm_token\"}"`)
		_, comment, detail := c.calls("Lee")
		require.Equal(c, `good 200 <Bearer *** /?key=*** {"t":"***"}>`, comment)
		require.Equal(c, c.url+"/?key=***", detail["url"])
		require.Len(c, c.requests(), 2)
		for i, r := range c.requests() {
			require.Equal(c, "Bearer "+value, r.Header.Get("Authorization"))
			require.Equal(c, value, r.URL.Query().Get("key"))
			require.JSONEq(c, `{"t":"s3cr3t/\"t0ken"}`, c.bodies[i])
		}
		_, export, err := c.desk.ExportWorkflow(c.Context(), c.p, "leads", 0, flow.YAML)
		require.NoError(c, err)
		kept := c.log.String() + c.everything() + string(export)
		for _, form := range []string{"s3cr3t", "t0ken"} {
			require.False(c, strings.Contains(kept, form), form)
		}
	})
}

// waiting is a run that has come to its HTTP Request.
func (c *crm) waiting(config string) (flow.Call, flow.Request) {
	c.Helper()
	c.saves(config)
	id := c.start("Lee")
	loaded, err := c.desk.LoadRun(c.Context(), id)
	require.NoError(c, err)
	step := loaded.Definition.Steps[0]
	call := flow.Call{RunID: id, No: 1, Trail: []flow.Entry{{Seq: 1, StepID: step.ID, Name: step.Name, Type: step.Type, Visit: 1, StartedAt: time.UnixMilli(c.clock.Load())}}}
	return call, flow.Request{HTTPRequest: *step.Config.(*flow.HTTPRequest)}
}

// An activity that is cancelled during a call lets it come to its end: what the
// server did counts.
func TestCancelledActivityKeepsItsAnswer(t *testing.T) {
	eachCRM(t, func(c *crm) {
		call, r := c.waiting(`"method":"POST","url":"` + c.url + `"`)
		ctx, cancel := context.WithCancel(c.Context())
		c.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
			cancel()
			_, _ = io.WriteString(w, `{"custom_fields":{"phone":"1"}}`)
		}
		a, err := c.acts.TryHTTP(ctx, call, r)
		require.NoError(c, err)
		require.Equal(c, map[string]string{"p": "1", "code": "200"}, a.Final.Set)
		again, err := c.acts.TryHTTP(c.Context(), call, r)
		require.NoError(c, err)
		require.Equal(c, a.Final, again.Final)
		require.Len(c, c.requests(), 1)
	})
}

// As an activity: the pause before the next attempt is Temporal's.
func TestHTTPRequestActivity(t *testing.T) {
	eachCRM(t, func(c *crm) {
		c.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(503)
			}
		}
		call, r := c.waiting(c.get("/"))
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		env.RegisterActivity(c.acts)
		_, err := env.ExecuteActivity("HTTPRequest", call, r)
		var later *temporal.ApplicationError
		require.True(c, errors.As(err, &later), "%v", err)
		require.Equal(c, "call.wait", later.Type())
		require.Contains(c, later.Error(), "next attempt at 2026-03-02T09:00:30Z")
		c.clock.Add(30_000)
		got, err := env.ExecuteActivity("HTTPRequest", call, r)
		require.NoError(c, err)
		var res flow.Result
		require.NoError(c, got.Get(&res))
		require.Equal(c, flow.Result{Outcome: flow.Done, Set: map[string]string{"p": "", "code": "200"}}, res)
	})
}
