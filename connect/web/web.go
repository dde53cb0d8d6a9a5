// Package web makes the requests of HTTP Request steps: one attempt, and what
// came of it. Whether and when there is another attempt is the caller's business.
//
// It imports internal/httpx and nothing else of ours. Start reading at Client.Try.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ucal/internal/httpx"
)

// The limits of a request (workflow specification 4.13).
const (
	MaxResponse  = 1 << 20 // bytes of the body, unpacked
	MaxRedirects = 3
	maxTimeout   = time.Minute
)

// Client makes requests. It is safe for concurrent use.
type Client struct{ http *httpx.Client }

// New makes a client that reaches the addresses which a policy lets it; the limits
// are its own. Close it.
func New(p httpx.Policy) *Client {
	p.Timeout, p.MaxResponse, p.MaxRedirects, p.Downgrade = 2*maxTimeout, MaxResponse, MaxRedirects, true
	return &Client{httpx.New(p)}
}

// Close drops the idle connections.
func (c *Client) Close() { c.http.Close() }

// Request is one request, the same at every attempt.
type Request struct {
	Method  string
	URL     string
	Headers []Header
	Body    string
	Timeout time.Duration // of the whole attempt, at most a minute
	Key     string        // sent as Idempotency-Key, unless a header of this name is given

	SecretBody bool                   // the body is not for another host
	Refuse     func(u *url.URL) error // a say in the URL and in every redirect; nil = none
}

// Header is one header. A secret one is not sent to another host.
type Header struct {
	Name, Value string
	Secret      bool
}

// Failure is why there was no usable answer.
type Failure string

// The failures, as workflow specification 10.3 names them. Only Network and
// Timeout may be different at the next attempt.
const (
	Network   Failure = "http.network"
	Timeout   Failure = "http.timeout"
	TooLarge  Failure = "http.response.too_large"
	Redirects Failure = "http.redirects"
	Refused   Failure = "http.url.refused"
)

// Answer is what came of an attempt. Exactly one of Status and Failure is set.
type Answer struct {
	Status     int
	Body       []byte
	RetryAfter string // header Retry-After as it was sent
	Date       string // header Date

	Failure Failure
	Detail  string // the failure in words, without credentials

	Took time.Duration
}

// errSecretBody is a redirect that would take the body to a host that it is not for.
var errSecretBody = errors.New("the redirect leads to another host, and the body holds a secret")

// Try makes one attempt.
func (c *Client) Try(ctx context.Context, r Request) Answer {
	began := time.Now()
	timeout := min(r.Timeout, maxTimeout)
	if timeout <= 0 {
		timeout = maxTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a, err := c.try(ctx, r)
	if err != nil {
		a = Answer{Failure: failureOf(err), Detail: err.Error()}
		if a.Failure == Timeout && ctx.Err() != nil {
			a.Detail = fmt.Sprintf("no complete answer within %s: %s", timeout, a.Detail)
		}
	}
	a.Took = time.Since(began)
	return a
}

func (c *Client) try(ctx context.Context, r Request) (Answer, error) {
	req, err := r.build(ctx)
	if err != nil {
		return Answer{}, err
	}
	resp, err := c.http.DoFollow(req, r.follow)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: resp.StatusCode, Body: body, RetryAfter: resp.Header.Get("Retry-After"), Date: resp.Header.Get("Date")}, nil
}

// refusedError is a URL that is not called.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

func (r *Request) build(ctx context.Context) (*http.Request, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, refusedError{errors.New("the URL cannot be read")} // the parser's error would repeat it, secrets and all
	}
	if err := r.refuses(u); err != nil {
		return nil, err
	}
	var body io.Reader
	if r.Body != "" {
		body = strings.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, refusedError{fmt.Errorf("the request cannot be made with the method %q", r.Method)}
	}
	keyed := false
	for _, h := range r.Headers {
		keyed = keyed || strings.EqualFold(h.Name, keyHeader)
		req.Header[headerKey(h.Name)] = []string{h.Value}
	}
	if !keyed && r.Key != "" {
		req.Header[keyHeader] = []string{r.Key}
	}
	return req, nil
}

// keyHeader is written in lower case: under its usual name net/http takes every
// request for one that it may send twice (Transport: "considered idempotent"),
// and attempts are counted here.
const keyHeader = "idempotency-key"

func headerKey(name string) string {
	if strings.EqualFold(name, keyHeader) {
		return keyHeader
	}
	return http.CanonicalHeaderKey(name)
}

func (r *Request) refuses(u *url.URL) error {
	if r.Refuse == nil {
		return nil
	}
	if err := r.Refuse(u); err != nil {
		return refusedError{err}
	}
	return nil
}

// follow prepares a redirect: nothing secret goes to another host.
func (r *Request) follow(req *http.Request, via []*http.Request) error {
	if err := r.refuses(req.URL); err != nil {
		return err
	}
	if !r.has("Referer") {
		req.Header.Del("Referer") // net/http adds the URL before, which may hold a secret
	}
	if !crossed(append(via[:len(via):len(via)], req)) {
		return nil
	}
	if r.SecretBody && req.Body != nil {
		return refusedError{errSecretBody}
	}
	for _, h := range r.Headers {
		if h.Secret || isCredential(h.Name) {
			delete(req.Header, headerKey(h.Name))
		}
	}
	return nil
}

func (r *Request) has(header string) bool {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, header) {
			return true
		}
	}
	return false
}

// crossed reports whether a chain of requests has left its first host.
func crossed(chain []*http.Request) bool {
	for i := 1; i < len(chain); i++ {
		if !sameHost(chain[i-1].URL, chain[i].URL) {
			return true
		}
	}
	return false
}

// sameHost: a different port is another host, and so is the same one without TLS.
// From http to https on their own ports it stays the same.
func sameHost(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) || from.Scheme == "https" && to.Scheme != "https" {
		return false
	}
	return port(from) == port(to) || port(from) == "80" && port(to) == "443"
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// isCredential reports whether a header is one that says who calls.
func isCredential(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "cookie", "token", "secret", "session", "passw", "api-key", "apikey", "credential", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func failureOf(err error) Failure {
	_, refused := errors.AsType[refusedError](err)
	timeout, _ := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case refused, errors.Is(err, httpx.ErrRefusedAddress), errors.Is(err, httpx.ErrRefusedURL):
		return Refused
	case errors.Is(err, httpx.ErrTooLarge):
		return TooLarge
	case errors.Is(err, httpx.ErrRedirect):
		return Redirects
	case errors.Is(err, context.DeadlineExceeded), timeout != nil && timeout.Timeout():
		return Timeout
	}
	return Network
}
