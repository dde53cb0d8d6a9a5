package activities

import (
	"context"
	"net/url"

	"ucal/connect/web"
	"ucal/desk"
	"ucal/flow"
)

// CheckDateTime decides a Date & Time step at the present moment.
func (a *Activities) CheckDateTime(ctx context.Context, call flow.Call, e flow.CheckTime) (flow.Result, error) {
	r, err := a.Desk.CheckTime(ctx, call, e)
	return r, final(err)
}

// HTTPRequest calls an outside system.
func (a *Activities) HTTPRequest(ctx context.Context, call flow.Call, e flow.Request) (flow.Result, error) {
	return outside(ctx, "HTTP request", func(ctx context.Context) (desk.Attempt, error) { return a.TryHTTP(ctx, call, e) })
}

// TryHTTP makes one attempt at the HTTP Request of a run, or says when the next
// one may be made. It needs no Temporal.
func (a *Activities) TryHTTP(ctx context.Context, call flow.Call, e flow.Request) (desk.Attempt, error) {
	at, err := a.Desk.PrepareHTTP(ctx, call, e)
	if err != nil || !at.Ready {
		return at.Attempt, err
	}
	answer := a.request(ctx, at)
	recordCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout) // what is known is kept, whatever happens to us
	defer cancel()
	return a.Desk.HTTPAnswered(recordCtx, call, e, at, answer)
}

// request makes the call. It is not cut short when the activity is cancelled: of
// a request that was, nobody would know whether it arrived.
func (a *Activities) request(ctx context.Context, at desk.HTTPAttempt) desk.HTTPAnswer {
	if a.Web == nil {
		return desk.HTTPAnswer{Failure: string(web.Network), Detail: "this worker has no client for HTTP requests"}
	}
	r := web.Request{Method: at.Sent.Method, URL: at.Sent.URL, Body: at.Sent.Body, Timeout: at.Sent.Timeout, Key: at.Key, SecretBody: at.Sent.SecretBody,
		Refuse: func(u *url.URL) error { return a.Desk.OwnURL(u) }}
	for _, h := range at.Sent.Headers {
		r.Headers = append(r.Headers, web.Header(h))
	}
	got := a.Web.Try(context.WithoutCancel(ctx), r)
	return desk.HTTPAnswer{Status: got.Status, Body: got.Body, RetryAfter: got.RetryAfter, Date: got.Date, Failure: string(got.Failure), Detail: got.Detail, Took: got.Took}
}
