package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ucal/flow"
)

// HTTPAttempt is one attempt at an HTTP Request. With Ready, send Sent under Key
// and tell HTTPAnswered what came of it.
type HTTPAttempt struct {
	Attempt
	Sent flow.HTTPCall // holds secrets in clear
}

// HTTPAnswer is what came of an attempt. Exactly one of Status and Failure is set.
type HTTPAnswer struct {
	Status     int
	Body       []byte
	RetryAfter string // header as it was sent
	Date       string // header Date

	Failure string // a reason code of the workflow specification 10.3: http.…
	Detail  string // the failure in words

	Took time.Duration
}

// The reason codes of HTTP Request that decide about another attempt.
const (
	httpNetwork = "http.network"
	httpTimeout = "http.timeout"
	httpStatus  = "http.status"
)

const (
	// httpLease is how much longer than its timeout an attempt may take before it is
	// taken for dead.
	httpLease = 30 * time.Second
	// httpMaxWait is how long a server may make us wait; after that it has failed.
	httpMaxWait = time.Minute
)

// httpPauses come before the second, third and fourth attempt, give or take a fifth.
func httpPauses() []time.Duration {
	return []time.Duration{time.Second, 4 * time.Second, 16 * time.Second}
}

// httpAttempts is how many attempts one step execution makes at most.
func httpAttempts() int { return 1 + len(httpPauses()) }

// PrepareHTTP notes the next attempt at the HTTP Request of a run. Variables and
// secrets are put in once, before the first attempt. Of an attempt that died it is
// not known whether it arrived: it is repeated where the step may be.
func (d *Desk) PrepareHTTP(ctx context.Context, call flow.Call, r flow.Request) (HTTPAttempt, error) {
	dead := deadCall{repeat: r.Repeats(), most: httpAttempts(), result: flow.Result{Outcome: flow.Failed, Code: httpNetwork,
		Detail: "the process died during the call; whether it arrived is not known", Set: r.Answer(&flow.HTTPCall{}, 0, nil)}}
	a, err := d.attempt(ctx, call, CallHTTP, r.Patience()+httpLease, dead, func(e *doing) (string, *flow.Result, error) {
		secrets, broken := e.secrets()
		sent := r.Call(e.vars(), secrets)
		if err := broken(); err != nil {
			return "", nil, err
		}
		e.detail["method"], e.detail["url"] = sent.Method, sent.Shown
		text, err := json.Marshal(sent)
		return string(text), nil, err
	})
	out := HTTPAttempt{Attempt: a}
	if err != nil || !a.Ready {
		return out, err
	}
	if err := json.Unmarshal([]byte(a.Request), &out.Sent); err != nil {
		return out, fmt.Errorf("HTTP request of run %d, effect %d: %w", call.RunID, call.No, err)
	}
	return out, nil
}

// problem is why an answer is none, in a sentence without secrets.
func (ans HTTPAnswer) problem(sent *flow.HTTPCall) string {
	if ans.Failure != "" {
		return sent.Mask(ans.Detail)
	}
	return strings.TrimSpace(fmt.Sprintf("the answer has the status %d %s", ans.Status, http.StatusText(ans.Status)))
}

// HTTPAnswered stores what came of an attempt: the request is sent again, at most
// three times, or the step is over.
func (d *Desk) HTTPAnswered(ctx context.Context, call flow.Call, r flow.Request, a HTTPAttempt, ans HTTPAnswer) (Attempt, error) {
	if pause, again := ans.pause(a, d.Now()); again {
		until, err := d.RetryCall(ctx, call, a.Number, pause, ans.problem(&a.Sent))
		return Attempt{Until: until, Number: a.Number}, err
	}
	res, err := d.finishCall(ctx, call, CallHTTP, func(e *doing) (flow.Result, error) {
		res := flow.Result{Outcome: flow.Done, Set: r.Answer(&a.Sent, ans.Status, ans.Body)}
		e.detail["method"], e.detail["url"], e.detail["attempts"], e.detail["durationMs"] = a.Sent.Method, a.Sent.Shown, a.Number, ans.Took.Milliseconds()
		switch {
		case ans.Failure != "":
			res.Outcome, res.Code, res.Detail = flow.Failed, ans.Failure, ans.problem(&a.Sent)
			e.detail["problem"] = res.Detail
		case ans.Status >= http.StatusBadRequest:
			res.Outcome, res.Code, res.Detail = flow.Failed, httpStatus, ans.problem(&a.Sent)
		}
		if ans.Failure == "" {
			e.detail["status"], e.detail["responseBytes"] = ans.Status, len(ans.Body)
		}
		for _, name := range a.Sent.Missing {
			res.Warnings = append(res.Warnings, fmt.Sprintf("the secret %s does not exist any more; $secret.%s was sent as typed", name, name))
		}
		return res, e.notice(res, r.SaveStatusAs != "" && res.Code == httpStatus)
	})
	return Attempt{Final: &res, Number: a.Number}, err
}

// notice puts a warning on the workflow when a call to the outside failed and
// neither an arm nor anything else of the step heeds it, and takes it back when
// the step works again.
func (e *doing) notice(res flow.Result, heeded bool) error {
	id := e.call.Step().StepID
	switch {
	case e.run.Test:
		return nil
	case res.Outcome == flow.Done:
		return e.clearWarnings(e.run.WorkflowID, id)
	}
	def, err := e.definition(e.run.VersionID)
	if err != nil {
		return err
	}
	if step := def.Step(id); heeded || step != nil && step.On(flow.ArmFailure) {
		return nil
	}
	return e.warnWorkflow(e.run.WorkflowID, id, res.Code, "The HTTP request failed: "+res.Detail+".")
}

// pause is how long to wait for the next attempt; again is false when there is none.
func (ans *HTTPAnswer) pause(a HTTPAttempt, now time.Time) (pause time.Duration, again bool) {
	passing := ans.Failure == httpNetwork || ans.Failure == httpTimeout || ans.Status == http.StatusTooManyRequests || ans.Status >= http.StatusInternalServerError
	if !a.Sent.Repeat || !passing || a.Number >= httpAttempts() {
		return 0, false
	}
	if asked, ok := ans.retryAfter(now); ok {
		return asked, asked <= httpMaxWait
	}
	return jitter(httpPauses()[a.Number-1]), true
}

// retryAfter reads the header Retry-After: seconds, or a date by the server's own
// clock (RFC 9110, 10.2.3).
func (ans *HTTPAnswer) retryAfter(now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(ans.RetryAfter)
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if there, err := http.ParseTime(ans.Date); err == nil {
		now = there
	}
	return max(at.Sub(now), 0), true
}
