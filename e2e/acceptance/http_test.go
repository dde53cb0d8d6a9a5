package acceptance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// crm is an outside system that a workflow calls: a real server.
type crm struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	at       []time.Time // by the world's clock
	answer   func(w http.ResponseWriter, n int)
}

// outsider starts an outside system; answer answers the nth request, from 1.
func (w *world) outsider(answer func(w http.ResponseWriter, n int)) *crm {
	w.Helper()
	return w.outsiderAt(privateAddress, answer)
}

func (w *world) outsiderAt(address string, answer func(w http.ResponseWriter, n int)) *crm {
	w.Helper()
	c := &crm{answer: answer}
	c.Server = w.listen(address, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body := make([]byte, 1<<16)
		n, _ := r.Body.Read(body)
		c.mu.Lock()
		c.requests, c.bodies, c.at = append(c.requests, r), append(c.bodies, string(body[:n])), append(c.at, w.now())
		count := len(c.requests)
		c.mu.Unlock()
		answer(rw, count)
	}))
	return c
}

// keys are the Idempotency-Key headers of the requests, without repetition.
func (c *crm) keys() map[string]int {
	keys := map[string]int{}
	for _, r := range c.requests {
		keys[r.Header.Get("Idempotency-Key")]++
	}
	return keys
}

// jsonAnswer answers 200 with JSON.
func jsonAnswer(text string) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	}
}

// statuses answers with one status after the other, the last one for ever, and JSON.
func statuses(list ...int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, n int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(list[min(n, len(list))-1])
		fmt.Fprint(w, `{"answer": `+strconv.Itoa(n)+`}`)
	}
}

// request is a workflow with one HTTP Request and a comment behind it.
func request(config, rest, text string, steps ...string) string {
	return flowFile("caller", byContact, append([]string{step("call", "http_request", config, "next: after"+more(rest)), note("after", text)}, steps...)...)
}

// httpScenarios are 75 to 79: HTTP Request.
func httpScenarios() []scenario {
	return []scenario{
		{75, "given mapping $.custom_fields.phone to p when the response has it then $p is set", true, func(w *world) {
			c := w.outsider(jsonAnswer(`{"custom_fields": {"phone": "+4930123"}}`))
			w.publishes(request(fmt.Sprintf("{method: GET, url: '%s/customer?name=$contact.firstname', response_mapping: {p: $.custom_fields.phone}}", c.URL), "", "phone $p"))
			w.writes("Ana & Co", "hi")
			require.Equal(w, []string{"phone +4930123"}, w.comments("Ana & Co"))
			require.Equal(w, "Ana & Co", c.requests[0].URL.Query().Get("name"))
		}},
		{76, "given the response is HTML when run then mapped variables are unset and the run continues", false, func(w *world) {
			c := w.outsider(func(rw http.ResponseWriter, _ int) {
				rw.Header().Set("Content-Type", "text/html")
				fmt.Fprint(rw, "<html>{}</html>")
			})
			w.publishes(request(fmt.Sprintf("{method: GET, url: '%s', response_mapping: {p: $.phone}}", c.URL), "arms: {failure: bad}", "phone '$p'", note("bad", "failed")))
			w.writes("ana", "hi")
			require.Equal(w, []string{"phone ''"}, w.comments("ana"))
		}},
		{77, "given an 11th header or mapping when saved then refused", false, func(w *world) {
			many := func(n int, value string) string {
				var list []string
				for i := range n {
					list = append(list, fmt.Sprintf("x%d: %s", i, value))
				}
				return "{" + strings.Join(list, ", ") + "}"
			}
			call := func(rest string) string {
				return request("{method: GET, url: 'https://crm.example.com', "+rest+"}", "", "done")
			}
			require.Equal(w, []string{"http.headers.limit at call"}, w.saves(call("headers: "+many(11, "a"))).problems())
			require.Equal(w, []string{"http.mapping.limit at call"}, w.saves(call("response_mapping: "+many(11, "$.a"))).problems())
			w.saves(call("headers: " + many(10, "a") + ", response_mapping: " + many(10, "$.a"))).ok()
		}},
		{78, "given a URL on the installation's own host when saved or run then refused with http.url.refused", false, func(w *world) {
			require.Equal(w, []string{"http.url.refused at call"}, w.saves(request("{method: GET, url: '"+publicURL+"/v2/contact'}", "", "done")).problems())
			w.field("Target", "target", "text")
			w.publishes(request("{method: GET, url: $contact.target}", "arms: {failure: bad}", "done", note("bad", "refused")))
			w.writes("ana", "x")
			w.closes("", "ana")
			w.sets("ana", object{"custom_fields": []object{{"name": "Target", "value": publicURL + "/v2/contact"}}})
			w.writes("ana", "hi")
			runs := w.runs("ana")
			require.Equal(w, []string{"call→failure (http.url.refused)", "bad"}, path(w.runByID(runs[len(runs)-1]["id"])))
		}},
		{79, "given HTTP 500 on a POST and status saved as code when branch code = 500 then that branch", true, func(w *world) {
			c := w.outsider(statuses(500))
			w.publishes(flowFile("caller", byContact, step("call", "http_request", fmt.Sprintf("{method: POST, url: '%s', body: '{}', save_status_as: code}", c.URL), "next: branch"),
				branch("all", "arms: {broken: bad, else: good}", "broken: {category: variable, field: code, operator: is_equal_to, value: 500}"), note("bad", "broken"), note("good", "fine")))
			w.writes("ana", "hi")
			require.Equal(w, []string{"broken"}, w.comments("ana"))
			require.Len(w, c.requests, 1)
		}},
	}
}

// callScenarios are 119 to 127: how calls to outside systems go.
func callScenarios() []scenario {
	return []scenario{
		{119, "given GET answering 503, 503, 200 when run then 3 attempts with one Idempotency-Key and the mapping set", true, func(w *world) {
			c := w.outsider(statuses(503, 503, 200))
			w.publishes(request(fmt.Sprintf("{method: GET, url: '%s', response_mapping: {n: $.answer}}", c.URL), "", "answer $n"))
			w.writes("ana", "hi")
			require.Equal(w, []string{"answer 3"}, w.comments("ana"))
			require.Len(w, c.requests, 3)
			require.Len(w, c.keys(), 1)
			require.NotContains(w, c.keys(), "")
		}},
		{120, "given POST answering 503 when run then 1 attempt and with retry: true then up to 4 with one Idempotency-Key", true, func(w *world) {
			c := w.outsider(statuses(503))
			config := fmt.Sprintf("{method: POST, url: '%s', body: '{}'", c.URL)
			w.publishes(request(config+"}", "", "went on"))
			w.writes("ana", "hi")
			require.Len(w, c.requests, 1)
			w.publishes(request(config+", retry: true}", "", "went on"))
			w.writes("bob", "hi")
			require.Len(w, c.requests, 1+4)
			require.Len(w, c.keys(), 2)
			require.Equal(w, []string{"went on"}, w.comments("bob"))
			for i, pause := range []time.Duration{time.Second, 4 * time.Second, 16 * time.Second} {
				require.InDelta(w, pause, c.at[i+2].Sub(c.at[i+1]), float64(pause)*0.21, "pause %d", i)
			}
		}},
		{121, "given 404 when the failure arm is on then that arm and off then next with status 404", true, func(w *world) {
			c := w.outsider(statuses(404))
			config := fmt.Sprintf("{method: GET, url: '%s', save_status_as: code}", c.URL)
			w.publishes(request(config, "arms: {failure: bad}", "next $code", note("bad", "failure $code")))
			w.writes("ana", "hi")
			require.Equal(w, []string{"failure 404"}, w.comments("ana"))
			w.publishes(request(config, "", "next $code"))
			w.writes("bob", "hi")
			require.Equal(w, []string{"next 404"}, w.comments("bob"))
			require.Len(w, c.requests, 2)
		}},
		{122, "given 429 with Retry-After 2 when GET then the next attempt is at least 2 s later", true, func(w *world) {
			c := w.outsider(func(rw http.ResponseWriter, n int) {
				if n == 1 {
					rw.Header().Set("Retry-After", "2")
					rw.WriteHeader(429)
				}
			})
			w.publishes(request(fmt.Sprintf("{method: GET, url: '%s'}", c.URL), "arms: {failure: bad}", "fine", note("bad", "failed")))
			w.paused = func() {
				run := w.run("ana")
				require.Equal(w, object{"kind": "retry", "reason": "attempt 1: the answer has the status 429 Too Many Requests"}, run["waitingFor"])
				require.EqualValues(w, w.clock.Load()+2000, run["dueAt"])
			}
			w.writes("ana", "hi")
			require.Equal(w, []string{"fine"}, w.comments("ana"))
			require.GreaterOrEqual(w, c.at[1].Sub(c.at[0]), 2*time.Second)
		}},
		{123, "given a host that resolves to a private address or a redirect to 127.0.0.1 when run then refused and when allow-listed then sent", true, func(w *world) {
			private := w.outsiderAt(privateAddress, statuses(200))
			public := w.outsiderAt(publicAddress, func(rw http.ResponseWriter, _ int) {
				rw.Header().Set("Location", private.URL)
				rw.WriteHeader(302)
			})
			calls := func(url, who string) {
				w.publishes(request(fmt.Sprintf("{method: GET, url: '%s'}", url), "arms: {failure: bad}", "sent", note("bad", "refused")))
				w.writes(who, "hi")
			}
			w.reach(publicAddress + "/32")
			calls(public.URL, "ana")
			require.Equal(w, []string{"call→failure (http.url.refused)", "bad"}, path(w.run("ana")))
			calls("http://intranet.example.com/", "bob")
			require.Equal(w, []string{"call→failure (http.url.refused)", "bad"}, path(w.run("bob")))
			require.Len(w, public.requests, 1)
			require.Empty(w, private.requests)
			w.reach(publicAddress+"/32", privateAddress+"/32")
			calls(public.URL, "cleo")
			require.Equal(w, []string{"sent"}, w.comments("cleo"))
			require.Len(w, private.requests, 1)
		}},
		{124, "given a response over 1 MiB or a 4th redirect when run then treated as failure without retry", false, func(w *world) {
			big := w.outsider(func(rw http.ResponseWriter, _ int) { fmt.Fprint(rw, strings.Repeat("x", 1<<20+1)) })
			var round *crm
			round = w.outsider(func(rw http.ResponseWriter, _ int) {
				rw.Header().Set("Location", round.URL)
				rw.WriteHeader(302)
			})
			for who, c := range map[string]*crm{"http.response.too_large": big, "http.redirects": round} {
				w.publishes(request(fmt.Sprintf("{method: GET, url: '%s'}", c.URL), "arms: {failure: bad}", "fine", note("bad", "failed")))
				w.writes(who, "hi")
				require.Equal(w, []string{"call→failure (" + who + ")", "bad"}, path(w.run(who)))
			}
			require.Len(w, big.requests, 1)
			require.Len(w, round.requests, 1+3)
		}},
		{125, "given $secret.crm_token in a header when run then sent, masked in the log and absent from the export", true, func(w *world) {
			const value = "s3cr3t-t0ken"
			w.call("PUT", "/v2/space/secret/crm_token", object{"value": value}).ok()
			c := w.outsider(statuses(200))
			id := w.publishes(request(fmt.Sprintf("{method: GET, url: '%s/?key=$secret.crm_token', headers: {Authorization: Bearer $secret.crm_token}}", c.URL), "", "done"))
			w.writes("ana", "hi")
			require.Equal(w, "Bearer "+value, c.requests[0].Header.Get("Authorization"))
			require.Equal(w, value, c.requests[0].URL.Query().Get("key"))
			export := w.call("GET", fmt.Sprintf("/v2/workflow/%d/export", id), nil)
			require.Contains(w, export.Text, "$secret.crm_token")
			run := w.run("ana")
			require.Contains(w, fmt.Sprint(w.entry(run, "call")["detail"]), "***")
			for _, text := range []string{export.Text, fmt.Sprint(run), w.call("GET", "/v2/space/secret", nil).Text, w.everything()} {
				require.NotContains(w, text, value)
			}
			require.Equal(w, []string{"variable.secret.not_allowed at hello"}, w.saves(flowFile("leak", byContact, send("hello", "It is $secret.crm_token", ""))).problems())
		}},
		{126, "given a sheet no longer shared with the workspace's account when run then logged and continued and with failure arm then that arm", true, func(w *world) {
			s := w.sheets()
			s.share(false)
			row := "{spreadsheet: abc, sheet: Leads, values: {Name: $contact.firstname}}"
			id := w.publishes(flowFile("report", byContact, step("row", "add_google_sheets_row", row, "next: after"), note("after", "went on")))
			w.writes("ana", "hi")
			require.Equal(w, []string{"row (sheets.unauthorised)", "after"}, path(w.run("ana")))
			require.Contains(w, fmt.Sprint(w.workflow(id)["problems"]), "sheets.unauthorised")
			w.publishes(flowFile("report", byContact, step("row", "add_google_sheets_row", row, "next: after, arms: {failure: bad}"), note("after", "went on"), note("bad", "failed")))
			w.writes("bob", "hi")
			require.Equal(w, []string{"failed"}, w.comments("bob"))
		}},
		{127, "given a sheet value =1+1 when appended then the cell shows the text =1+1", true, func(w *world) {
			s := w.sheets()
			w.publishes(flowFile("report", onMessage, step("row", "add_google_sheets_row", "{spreadsheet: abc, sheet: Leads, values: {Name: $contact.firstname, Note: $trigger.text}}", "")))
			w.writes("ana", "=1+1")
			w.writes("ana", "-5")
			require.Equal(w, [][]string{{"Name", "Note"}, {"ana", "=1+1"}, {"ana", "-5"}}, s.shown("abc", "Leads"))
		}},
	}
}
