package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// request is what the activity does, with w.crm for the outside system. Pauses
// move the clock.
func (w *world) request(call flow.Call, x flow.Request) (flow.Result, error) {
	for {
		at, err := w.d.PrepareHTTP(w.Context(), call, x)
		out := at.Attempt
		if err == nil && at.Ready {
			answer := HTTPAnswer{Status: http.StatusOK}
			if w.crm != nil {
				answer = w.crm(at)
			}
			out, err = w.d.HTTPAnswered(w.Context(), call, x, at, answer)
		}
		if err != nil {
			return flow.Result{}, err
		}
		if out.Final != nil {
			return *out.Final, nil
		}
		w.clock.Store(max(w.clock.Load(), out.Until.UnixMilli()))
	}
}

// callFlow makes one HTTP Request and says which way it went, and what it saved.
func callFlow(config string, arm bool) string {
	file := "format: 1\nid: caller\nname: Caller\ntrigger:\n  type: message_received\nsteps:\n  - id: call\n    type: http_request\n    config: {" + config +
		", response_mapping: {n: $.n}, save_status_as: code}\n    next: went-on\n"
	if arm {
		file += "    arms:\n      failure: failed\n  - id: failed\n    type: add_comment\n    config:\n      text: failure $code '$n'\n"
	}
	return file + "  - id: went-on\n    type: add_comment\n    config:\n      text: next $code '$n'\n"
}

// said is the text of the only comment on a contact.
func (w *world) said(c *Contact) string {
	w.Helper()
	var texts []string
	require.NoError(w, w.db.Read(w.Context()).Model(&Comment{}).Where("contact_id = ?", c.ID).Order("id").Pluck("text", &texts).Error)
	require.Len(w, texts, 1)
	return texts[0]
}

// called is what the step log of a contact's only run says of its first step.
func (w *world) called(c *Contact) (line string, detail map[string]any) {
	w.Helper()
	var s RunStep
	require.NoError(w, w.db.Read(w.Context()).Where("run_id = ? AND seq = 1", w.run(c).ID).Take(&s).Error)
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", s.StepID, s.Outcome, s.Arm, s.Code)), s.Detail
}

// statuses answers with one status after the other, the last one for ever, and notes the attempts.
func (w *world) statuses(statuses ...int) *[]HTTPAttempt {
	seen := &[]HTTPAttempt{}
	at := []int64{}
	w.crm = func(a HTTPAttempt) HTTPAnswer {
		*seen, at = append(*seen, a), append(at, w.clock.Load())
		n := len(*seen)
		if n > 1 {
			pause, want := time.Duration(at[n-1]-at[n-2])*time.Millisecond, httpPauses()[n-2]
			require.InDelta(w, want, pause, float64(want)/5, "pause %d", n-1)
		}
		return HTTPAnswer{Status: statuses[min(n, len(statuses))-1], Body: []byte(fmt.Sprintf(`{"n": %d}`, n)), Took: 20 * time.Millisecond}
	}
	return seen
}

// Scenarios 119 to 121, and 79 as far as the request goes.
func TestRetriesAreCounted(t *testing.T) {
	cases := map[string]struct {
		config   string
		arm      bool
		statuses []int
		attempts int
		want     string
		logged   string
	}{
		"GET 503, 503, 200":      {"method: GET", false, []int{503, 503, 200}, 3, "next 200 '3'", "call ok next"},
		"GET 503 for ever":       {"method: GET", false, []int{503}, 4, "next 503 '4'", "call failed next http.status"},
		"GET 503, arm":           {"method: GET", true, []int{503}, 4, "failure 503 '4'", "call failed failure http.status"},
		"PUT 429, 201":           {"method: PUT", false, []int{429, 201}, 2, "next 201 '2'", "call ok next"},
		"DELETE 500, 204":        {"method: DELETE", false, []int{500, 204}, 2, "next 204 '2'", "call ok next"},
		"GET 404":                {"method: GET", false, []int{404}, 1, "next 404 '1'", "call failed next http.status"},
		"GET 404, arm":           {"method: GET", true, []int{404}, 1, "failure 404 '1'", "call failed failure http.status"},
		"GET 302 without target": {"method: GET", true, []int{302}, 1, "next 302 '1'", "call ok next"},
		"POST 503":               {"method: POST", false, []int{503}, 1, "next 503 '1'", "call failed next http.status"},
		"PATCH 429":              {"method: PATCH", false, []int{429}, 1, "next 429 '1'", "call failed next http.status"},
		"POST 503, retry":        {"method: POST, retry: true", false, []int{503}, 4, "next 503 '4'", "call failed next http.status"},
		"POST 503, 200, retry":   {"method: POST, retry: true", true, []int{503, 200}, 2, "next 200 '2'", "call ok next"},
		"POST 200":               {"method: POST", true, []int{200}, 1, "next 200 '1'", "call ok next"},
	}
	eachWorld(t, func(w *world) {
		for name, c := range cases {
			seen := w.statuses(c.statuses...)
			w.publish(callFlow(c.config+", url: 'https://crm.example.com/$contact.firstname'", c.arm))
			contact := w.writes(name, name, "hi")
			require.Equal(w, c.want, w.said(contact), name)
			require.Len(w, *seen, c.attempts, name)
			for i, a := range *seen {
				require.Equal(w, i+1, a.Number, name)
				require.Equal(w, (*seen)[0].Key, a.Key, "%s: one key for all attempts", name)
				require.Equal(w, (*seen)[0].Sent, a.Sent, "%s: the same request", name)
			}
			require.Regexp(w, `^run-\d+-1$`, (*seen)[0].Key)
			url := "https://crm.example.com/" + strings.NewReplacer(" ", "%20", ",", "%2C").Replace(name)
			require.Equal(w, url, (*seen)[0].Sent.URL)
			line, detail := w.called(contact)
			require.Equal(w, c.logged, line, name)
			require.Equal(w, map[string]any{"method": (*seen)[0].Sent.Method, "url": url, "status": float64(c.statuses[min(c.attempts, len(c.statuses))-1]),
				"attempts": float64(c.attempts), "durationMs": float64(20), "responseBytes": float64(8)}, detail, name)
			require.Zero(w, w.count(&RunCall{}, "1 = 1"), "%s: nothing is left of the call", name)
		}
	})
}

// Answers that are none.
func TestFailuresOfCalls(t *testing.T) {
	eachWorld(t, func(w *world) {
		for failure, attempts := range map[string]int{"http.network": 4, "http.timeout": 4, "http.response.too_large": 1, "http.redirects": 1, "http.url.refused": 1} {
			calls := 0
			w.crm = func(HTTPAttempt) HTTPAnswer { calls++; return HTTPAnswer{Failure: failure, Detail: "it did not work"} }
			w.publish(callFlow("method: GET, url: https://crm.example.com", true))
			on := w.writes("on "+failure, "on "+failure, "hi")
			require.Equal(w, "failure 0 ''", w.said(on))
			require.Equal(w, attempts, calls, failure)
			line, detail := w.called(on)
			require.Equal(w, "call failed failure "+failure, line)
			require.Equal(w, "it did not work", detail["problem"])
			require.Empty(w, w.warnings("caller"), "the arm heeds it")

			w.publish(callFlow("method: POST, url: https://crm.example.com", false))
			off := w.writes("off "+failure, "off "+failure, "hi")
			require.Equal(w, "next 0 ''", w.said(off))
			require.Equal(w, attempts+1, calls, "POST is not repeated")
			require.Equal(w, []string{"call " + failure + " 1"}, w.warnings("caller"))

			w.crm = nil
			w.writes("again "+failure, "again "+failure, "hi")
			require.Empty(w, w.warnings("caller"), "it works again")
		}
	})
}

// warnings are the warnings of a workflow: step, code and how often.
func (w *world) warnings(slug string) (lines []string) {
	w.Helper()
	var rows []WorkflowWarning
	require.NoError(w, w.db.Read(w.Context()).Where("workflow_id = (SELECT id FROM workflows WHERE slug = ?)", slug).Order("code").Find(&rows).Error)
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s %s %d", r.StepID, r.Code, r.Count))
	}
	return lines
}

func TestPauses(t *testing.T) {
	const date = "Mon, 02 Mar 2026 09:00:00 GMT"
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // three hours ahead of the server
	for name, c := range map[string]struct {
		number      int
		answer      HTTPAnswer
		least, most time.Duration
		again       bool
	}{
		"first":                     {1, HTTPAnswer{Status: 500}, 800 * time.Millisecond, 1200 * time.Millisecond, true},
		"second":                    {2, HTTPAnswer{Status: 599}, 3200 * time.Millisecond, 4800 * time.Millisecond, true},
		"third":                     {3, HTTPAnswer{Failure: httpTimeout}, 12800 * time.Millisecond, 19200 * time.Millisecond, true},
		"fourth":                    {4, HTTPAnswer{Status: 500}, 0, 0, false},
		"seconds":                   {1, HTTPAnswer{Status: 429, RetryAfter: "2"}, 2 * time.Second, 2 * time.Second, true},
		"a minute":                  {3, HTTPAnswer{Status: 503, RetryAfter: " 60 "}, time.Minute, time.Minute, true},
		"longer":                    {1, HTTPAnswer{Status: 503, RetryAfter: "61"}, 61 * time.Second, 61 * time.Second, false},
		"much longer":               {1, HTTPAnswer{Status: 503, RetryAfter: "4294967295"}, 0, 1 << 62, false},
		"at once":                   {1, HTTPAnswer{Status: 429, RetryAfter: "0"}, 0, 0, true},
		"date by the server":        {1, HTTPAnswer{Status: 429, RetryAfter: "Mon, 02 Mar 2026 09:00:07 GMT", Date: date}, 7 * time.Second, 7 * time.Second, true},
		"date by our clock":         {1, HTTPAnswer{Status: 429, RetryAfter: "Mon, 02 Mar 2026 12:00:07 GMT"}, 7 * time.Second, 7 * time.Second, true},
		"date that is over":         {1, HTTPAnswer{Status: 429, RetryAfter: "Mon, 02 Mar 2026 08:00:00 GMT", Date: date}, 0, 0, true},
		"date tomorrow":             {1, HTTPAnswer{Status: 429, RetryAfter: "Tue, 03 Mar 2026 09:00:00 GMT", Date: date}, 24 * time.Hour, 24 * time.Hour, false},
		"nonsense":                  {1, HTTPAnswer{Status: 429, RetryAfter: "soon"}, 800 * time.Millisecond, 1200 * time.Millisecond, true},
		"negative":                  {1, HTTPAnswer{Status: 429, RetryAfter: "-5"}, 800 * time.Millisecond, 1200 * time.Millisecond, true},
		"not with a final status":   {1, HTTPAnswer{Status: 404, RetryAfter: "1"}, 0, 0, false},
		"not with a good one":       {1, HTTPAnswer{Status: 200, RetryAfter: "1"}, 0, 0, false},
		"not when it was too large": {1, HTTPAnswer{Failure: "http.response.too_large"}, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 { // the pauses differ
				pause, again := c.answer.pause(HTTPAttempt{Attempt: Attempt{Number: c.number}, Sent: flow.HTTPCall{Repeat: true}}, now)
				require.Equal(t, c.again, again)
				require.GreaterOrEqual(t, pause, c.least)
				require.LessOrEqual(t, pause, c.most)
			}
			_, again := c.answer.pause(HTTPAttempt{Attempt: Attempt{Number: c.number}}, now)
			require.False(t, again, "not repeated")
		})
	}
}

// parked starts a run and leaves it before its HTTP Request.
func (w *world) parked(config string) (Run, flow.Call, flow.Request) {
	w.Helper()
	w.publish(callFlow(config+", url: https://crm.example.com", false))
	w.says("ana", "m1", "hi")
	run := w.run(w.contact("ana"))
	loaded, err := w.d.LoadRun(w.Context(), run.ID)
	require.NoError(w, err)
	step := loaded.Definition.Steps[0]
	call := flow.Call{RunID: run.ID, No: 1, Trail: []flow.Entry{{Seq: 1, StepID: step.ID, Name: step.Name, Type: step.Type, Visit: 1, StartedAt: timeOf(w.clock.Load())}}}
	return run, call, flow.Request{HTTPRequest: *step.Config.(*flow.HTTPRequest)}
}

func (w *world) prepare(call flow.Call, r flow.Request) HTTPAttempt {
	w.Helper()
	at, err := w.d.PrepareHTTP(w.Context(), call, r)
	require.NoError(w, err)
	return at
}

// A process that dies during a call leaves a row that says so.
func TestDeadCalls(t *testing.T) {
	t.Run("repeated", func(t *testing.T) {
		eachWorld(t, func(w *world) {
			_, call, r := w.parked("method: GET, timeout: 20s")
			first := w.prepare(call, r)
			require.True(w, first.Ready)
			w.advance(49 * time.Second)
			require.Equal(w, timeOf(first.FirstAt.UnixMilli()+50_000), w.prepare(call, r).Until, "it may still be going on")
			for n := 2; n <= 4; n++ {
				w.advance(50 * time.Second)
				again := w.prepare(call, r)
				require.True(w, again.Ready)
				require.Equal(w, n, again.Number)
				require.Equal(w, first.Sent, again.Sent)
				require.Equal(w, first.Key, again.Key)
			}
			w.advance(50 * time.Second)
			over := w.prepare(call, r)
			require.NotNil(w, over.Final)
			require.Equal(w, "http.network", over.Final.Code)
			require.Equal(w, over, w.prepare(call, r), "the result stays")
		})
	})
	t.Run("not repeated", func(t *testing.T) {
		eachWorld(t, func(w *world) {
			_, call, r := w.parked("method: POST")
			first := w.prepare(call, r)
			require.True(w, first.Ready)
			w.advance(39 * time.Second)
			require.False(w, w.prepare(call, r).Until.IsZero())
			w.advance(time.Second)
			dead := w.prepare(call, r)
			require.Equal(w, &flow.Result{Outcome: flow.Failed, Code: "http.network", Detail: "the process died during the call; whether it arrived is not known",
				Set: map[string]string{"n": "", "code": "0"}}, dead.Final)
			require.Zero(w, w.count(&RunCall{}, "1 = 1"))
			late, err := w.d.HTTPAnswered(w.Context(), call, r, first, HTTPAnswer{Status: 200, Body: []byte(`{"n": 1}`)})
			require.NoError(w, err)
			require.Equal(w, dead.Final, late.Final, "an answer that comes too late changes nothing")
			w.pump()
			require.Equal(w, "next 0 ''", w.said(w.contact("ana")))
		})
	})
	t.Run("between two attempts", func(t *testing.T) {
		eachWorld(t, func(w *world) {
			_, call, r := w.parked("method: GET")
			out, err := w.d.HTTPAnswered(w.Context(), call, r, w.prepare(call, r), HTTPAnswer{Status: 503, RetryAfter: "10"})
			require.NoError(w, err)
			require.Equal(w, timeOf(w.clock.Load()+10_000), out.Until)
			require.Equal(w, out.Until, w.prepare(call, r).Until, "another process waits as long")
			w.advance(10 * time.Second)
			again := w.prepare(call, r)
			require.True(w, again.Ready)
			require.Equal(w, 2, again.Number)
		})
	})
	t.Run("of a run that ends", func(t *testing.T) {
		eachWorld(t, func(w *world) {
			run, call, r := w.parked("method: GET")
			at := w.prepare(call, r)
			_, err := w.d.StopRun(w.Context(), w.p, run.ID, "")
			require.NoError(w, err)
			out, err := w.d.HTTPAnswered(w.Context(), call, r, at, HTTPAnswer{Status: 200})
			require.NoError(w, err)
			require.Equal(w, flow.Result{Outcome: flow.Ended, Code: "stopped_by_user"}, *out.Final)
			require.Zero(w, w.count(&RunCall{}, "1 = 1"), "what was sealed is gone")
		})
	})
}

// Scenario 125: a secret is sent, and is in clear nowhere.
func TestSecretsInRequests(t *testing.T) {
	const value = `s3cr3t "t0ken"/é`
	eachWorld(t, func(w *world) {
		require.NoError(w, w.d.PutSecret(w.Context(), w.p, "crm_token", value+"\n"))
		var sent flow.HTTPCall
		w.crm = func(a HTTPAttempt) HTTPAnswer {
			sent = a.Sent
			echo, err := json.Marshal(map[string]string{"n": a.Sent.Headers[0].Value + " " + a.Sent.URL})
			require.NoError(w, err)
			if a.Number == 1 {
				return HTTPAnswer{Failure: "http.network", Detail: "malformed answer: " + value}
			}
			return HTTPAnswer{Status: 500, Body: echo}
		}
		wf := w.publish(callFlow("method: POST, retry: true, url: 'https://crm.example.com/?key=$secret.crm_token', headers: {Authorization: Bearer $secret.crm_token}, body: '{\"t\": \"$secret.crm_token\"}'", true))
		c := w.writes("ana", "m1", "hi")
		require.Equal(w, "Bearer "+value, sent.Headers[0].Value)
		require.Equal(w, `{"t": "s3cr3t \"t0ken\"/é"}`, sent.Body)
		require.Equal(w, "https://crm.example.com/?key=s3cr3t%20%22t0ken%22%2F%C3%A9", sent.URL)
		require.Equal(w, "failure 500 'Bearer *** https://crm.example.com/?key=***'", w.said(c))
		_, detail := w.called(c)
		require.Equal(w, "https://crm.example.com/?key=***", detail["url"])

		_, export, err := w.d.ExportWorkflow(w.Context(), w.p, wf.Slug, 0, flow.YAML)
		require.NoError(w, err)
		require.Contains(w, string(export), "$secret.crm_token")
		for _, form := range []string{value, "s3cr3t", "t0ken"} {
			require.NotContains(w, string(export), form)
			w.holdsNowhere(form)
		}

		w.crm = nil
		require.NoError(w, w.d.DeleteSecret(w.Context(), w.p, "crm_token"))
		gone := w.writes("ben", "m2", "hi")
		var step RunStep
		require.NoError(w, w.db.Read(w.Context()).Where("run_id = ? AND seq = 1", w.run(gone).ID).Take(&step).Error)
		require.Equal(w, []string{"the secret crm_token does not exist any more; $secret.crm_token was sent as typed"}, step.Warnings)
	})
}

// holdsNowhere looks for a text in every row of the database.
func (w *world) holdsNowhere(text string) {
	w.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'knowledge_search%'"
	if w.db.Read(w.Context()).Name() == "postgres" {
		list = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	}
	var tables []string
	require.NoError(w, w.db.Read(w.Context()).Raw(list).Scan(&tables).Error)
	require.Contains(w, tables, "run_calls")
	for _, table := range tables {
		var rows []map[string]any
		require.NoError(w, w.db.Read(w.Context()).Table(table).Find(&rows).Error)
		require.False(w, strings.Contains(fmt.Sprint(rows), text), "%s holds %q", table, text)
	}
}
