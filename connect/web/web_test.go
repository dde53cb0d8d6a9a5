package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/web"
	"ucal/internal/dnstest"
	"ucal/internal/httpx"
)

// server is an outside system on an address of its own, so that a policy can tell
// one from the other.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	said []string // the bodies of the requests
}

func serve(t *testing.T, address string, h http.HandlerFunc) *server {
	t.Helper()
	ln, err := net.Listen("tcp", address+":0")
	require.NoError(t, err)
	s := &server{}
	s.Server = &httptest.Server{Listener: ln, Config: &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen, s.said = append(s.seen, r), append(s.said, string(body))
		s.mu.Unlock()
		h(w, r)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

func (s *server) bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said
}

// client may call the given networks besides public ones.
func client(t *testing.T, networks ...string) *web.Client {
	t.Helper()
	o := httpx.Policy{}
	for _, n := range networks {
		o.Allow = append(o.Allow, netip.MustParsePrefix(n))
	}
	c := web.New(o)
	t.Cleanup(c.Close)
	return c
}

const anywhereHere = "127.0.0.0/8"

func get(t *testing.T, c *web.Client, u string) web.Answer {
	t.Helper()
	return c.Try(t.Context(), web.Request{Method: "GET", URL: u, Timeout: 5 * time.Second, Key: "run-1-1"})
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func TestAnswers(t *testing.T) {
	s := serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		switch r.URL.Path {
		case "/teapot":
			w.WriteHeader(418)
		case "/nowhere":
			w.WriteHeader(302)
		case "/unchanged":
			w.WriteHeader(304)
		case "/full":
			_, _ = io.WriteString(w, strings.Repeat("x", web.MaxResponse))
		}
	})
	c := client(t, anywhereHere)
	for path, status := range map[string]int{"/": 200, "/teapot": 418, "/nowhere": 302, "/unchanged": 304, "/full": 200} {
		a := get(t, c, s.URL+path)
		require.Equal(t, status, a.Status, "%s: %s", path, a.Detail)
		require.Empty(t, a.Failure)
		require.Equal(t, "7", a.RetryAfter)
		require.NotEmpty(t, a.Date)
		require.Positive(t, a.Took)
	}
	require.Len(t, get(t, c, s.URL+"/full").Body, web.MaxResponse)
}

func TestWhatIsSent(t *testing.T) {
	s := serve(t, "127.0.0.1", answer("{}"))
	c := client(t, anywhereHere)
	r := web.Request{Method: "PATCH", URL: s.URL + "/a%2Fb?c=%20d", Body: `{"a":1}`, Timeout: time.Second, Key: "run-7-3",
		Headers: []web.Header{{Name: "content-type", Value: "application/json"}, {Name: "x-note", Value: "grüße"}, {Name: "User-Agent", Value: "mine"}}}
	require.Equal(t, 200, c.Try(t.Context(), r).Status)
	r.Headers = []web.Header{{Name: "idempotency-KEY", Value: "the author's"}}
	require.Equal(t, 200, c.Try(t.Context(), r).Status)

	first, second := s.requests()[0], s.requests()[1]
	require.Equal(t, "PATCH", first.Method)
	require.Equal(t, "/a%2Fb", first.URL.EscapedPath())
	require.Equal(t, " d", first.URL.Query().Get("c"))
	require.Equal(t, []string{"application/json"}, first.Header["Content-Type"])
	require.Equal(t, "grüße", first.Header.Get("X-Note"))
	require.Equal(t, "mine", first.UserAgent())
	require.Equal(t, []string{"run-7-3"}, first.Header["Idempotency-Key"])
	require.Equal(t, []string{"the author's"}, second.Header["Idempotency-Key"], "an author's own header wins")
	require.Equal(t, "ucal", second.UserAgent())
	require.Equal(t, []string{`{"a":1}`, `{"a":1}`}, s.bodies())
}

// Scenario 124 and everything else that a server can do wrong.
func TestMisbehaviour(t *testing.T) {
	var s *server
	s = serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		flush := func() { _ = http.NewResponseController(w).Flush() }
		hang := func() { <-r.Context().Done() }
		cut := func() {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0) // a reset, not an end
				_ = conn.Close()
			}
		}
		switch r.URL.Path {
		case "/slow-headers":
			hang()
		case "/slow-body":
			_, _ = io.WriteString(w, "{")
			flush()
			hang()
		case "/big":
			_, _ = io.WriteString(w, strings.Repeat("x", 1_150_000))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "/reset":
			cut()
		case "/reset-body":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			flush()
			cut()
		case "/nonsense":
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = buf.WriteString("220 smtp.example.com ESMTP\r\n")
				_ = buf.Flush()
				_ = conn.Close()
			}
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/user":
			w.Header().Set("Location", strings.Replace(s.URL, "//", "//ann:pw@", 1))
			w.WriteHeader(http.StatusFound)
		}
	})
	closed := serve(t, "127.0.0.1", answer(""))
	closed.Close()
	c := client(t, anywhereHere)
	for path, want := range map[string]web.Failure{
		s.URL + "/slow-headers": web.Timeout, s.URL + "/slow-body": web.Timeout,
		s.URL + "/big": web.TooLarge, s.URL + "/endless": web.TooLarge,
		s.URL + "/reset": web.Network, s.URL + "/reset-body": web.Network, s.URL + "/nonsense": web.Network, closed.URL: web.Network, "http://no-such-host.invalid/": web.Network,
		s.URL + "/round": web.Redirects, s.URL + "/file": web.Refused, s.URL + "/user": web.Refused,
		"ftp://example.com/": web.Refused, "/path": web.Refused, "": web.Refused, "http://ann:s3cr3tpw@example.com/": web.Refused, "http://exa mple/s3cr3tpw": web.Refused,
	} {
		t.Run(path, func(t *testing.T) {
			timeout := 5 * time.Second
			if want == web.Timeout {
				timeout = 100 * time.Millisecond
			}
			before := len(s.requests())
			a := c.Try(t.Context(), web.Request{Method: "GET", URL: path, Timeout: timeout})
			require.Equal(t, want, a.Failure, a.Detail)
			require.Zero(t, a.Status)
			require.NotEmpty(t, a.Detail)
			require.NotContains(t, a.Detail, "s3cr3tpw")
			require.Equal(t, want == web.Timeout, strings.HasPrefix(a.Detail, "no complete answer within 100ms"), a.Detail)
			if want == web.Redirects {
				require.Len(t, s.requests()[before:], 1+web.MaxRedirects)
			}
		})
	}
}

// What net/http would send again by itself is sent once: attempts are counted by
// the caller.
func TestOneAttemptIsOneRequest(t *testing.T) {
	var n atomic.Int32
	s := serve(t, "127.0.0.1", func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			return // the connection stays open and is used again
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	c := client(t, anywhereHere)
	post := web.Request{Method: "POST", URL: s.URL, Body: "x", Timeout: time.Second, Key: "run-1-1"}
	require.Equal(t, 200, c.Try(t.Context(), post).Status)
	require.Equal(t, web.Network, c.Try(t.Context(), post).Failure)
	require.Len(t, s.requests(), 2)
}

// Scenario 123: what is judged is the address that is dialled.
func TestAddresses(t *testing.T) {
	inner := serve(t, "127.0.0.1", answer("inside"))
	outer := serve(t, "127.0.0.2", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			http.Redirect(w, r, inner.URL, http.StatusFound)
		}
	})
	resolver := dnstest.Resolver(t, map[string]string{"crm.example.com": "127.0.0.2", "intranet.example.com": "10.0.0.5", "loop.example.com": "127.0.0.1"})
	at := func(s *server, host string) string {
		_, port, err := net.SplitHostPort(s.Listener.Addr().String())
		require.NoError(t, err)
		return "http://" + net.JoinHostPort(host, port)
	}
	one := web.New(httpx.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Resolver: resolver})
	t.Cleanup(one.Close)
	require.Equal(t, 200, get(t, one, outer.URL).Status)
	require.Equal(t, 200, get(t, one, at(outer, "crm.example.com")).Status)
	for name, u := range map[string]string{
		"address": inner.URL, "name of a private address": "http://intranet.example.com/", "name of loopback": at(inner, "loop.example.com"), "localhost": at(inner, "localhost"),
		"redirect": outer.URL + "/in", "redirect of a name": at(outer, "crm.example.com") + "/in", "link-local": "http://169.254.169.254/latest", "mapped": "http://[::ffff:127.0.0.1]/",
	} {
		a := get(t, one, u)
		require.Equal(t, web.Refused, a.Failure, "%s: %s", name, a.Detail)
	}
	require.Empty(t, inner.requests())

	all := web.New(httpx.Policy{Allow: []netip.Prefix{netip.MustParsePrefix(anywhereHere)}, Resolver: resolver})
	t.Cleanup(all.Close)
	for _, u := range []string{inner.URL, outer.URL + "/in", at(inner, "loop.example.com"), at(inner, "localhost")} {
		require.Equal(t, "inside", string(get(t, all, u).Body), u)
	}
	require.Equal(t, web.Refused, get(t, client(t), inner.URL).Failure, "nothing is allowed unless it is configured")
}

// The caller has a say in the URL and in every redirect.
func TestRefusal(t *testing.T) {
	own := serve(t, "127.0.0.1", answer(""))
	s := serve(t, "127.0.0.2", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, own.URL, http.StatusFound) })
	r := web.Request{Method: "GET", Timeout: time.Second, Refuse: func(u *url.URL) error {
		if u.Hostname() == "127.0.0.1" {
			return errors.New("it is our own host")
		}
		return nil
	}}
	for _, u := range []string{own.URL, s.URL} {
		r.URL = u
		a := client(t, anywhereHere).Try(t.Context(), r)
		require.Equal(t, web.Refused, a.Failure)
		require.Contains(t, a.Detail, "own host")
	}
	require.Empty(t, own.requests())
}

func TestRedirects(t *testing.T) {
	var other *server
	first := serve(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		code, to := http.StatusFound, r.URL.Query().Get("to")
		if _, err := fmt.Sscan(r.URL.Query().Get("code"), &code); err != nil {
			code = http.StatusFound
		}
		if to == "other" {
			to = other.URL + "/?" + r.URL.Query().Get("then")
		}
		if to != "" {
			http.Redirect(w, r, to, code)
		}
	})
	other = serve(t, "127.0.0.2", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "back" {
			http.Redirect(w, r, first.URL, http.StatusTemporaryRedirect)
		}
	})
	send := func(t *testing.T, r web.Request) web.Answer {
		r.Method, r.Timeout, r.Key = "POST", 5*time.Second, "run-1-1"
		r.Headers = []web.Header{{Name: "Authorization", Value: "Bearer a"}, {Name: "Cookie", Value: "b=c"}, {Name: "X-Api-Key", Value: "d"}, {Name: "X-Customer", Value: "e", Secret: true}, {Name: "X-Plain", Value: "f"}}
		r.Body = "body"
		return client(t, anywhereHere).Try(t.Context(), r)
	}
	credentials := func(r *http.Request) (names []string) {
		for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Customer"} {
			if r.Header.Get(name) != "" {
				names = append(names, name)
			}
		}
		return names
	}
	all := []string{"Authorization", "Cookie", "X-Api-Key", "X-Customer"}

	require.Equal(t, 200, send(t, web.Request{URL: first.URL + "/?to=/again&code=307"}).Status)
	again := first.requests()[1]
	require.Equal(t, "POST", again.Method, "307 keeps the method")
	require.Equal(t, "body", first.bodies()[1])
	require.Equal(t, all, credentials(again), "the same host")
	require.Empty(t, again.Referer())

	require.Equal(t, 200, send(t, web.Request{URL: first.URL + "/?to=/again&code=303"}).Status)
	require.Equal(t, "GET", first.requests()[3].Method)
	require.Empty(t, first.bodies()[3])

	require.Equal(t, 200, send(t, web.Request{URL: first.URL + "/?to=other&code=308"}).Status)
	moved := other.requests()[0]
	require.Equal(t, "POST", moved.Method)
	require.Equal(t, "body", other.bodies()[0])
	require.Empty(t, credentials(moved), "another host")
	require.Equal(t, "f", moved.Header.Get("X-Plain"))
	require.Equal(t, "run-1-1", moved.Header.Get("Idempotency-Key"))
	require.Empty(t, moved.Referer())

	require.Equal(t, 200, send(t, web.Request{URL: first.URL + "/?to=other&code=307&then=back"}).Status)
	home := first.requests()[len(first.requests())-1]
	require.Empty(t, credentials(home), "by way of another host")

	before := len(other.requests())
	a := send(t, web.Request{URL: first.URL + "/?to=other&code=307", SecretBody: true})
	require.Equal(t, web.Refused, a.Failure, "a secret in the body does not go to another host")
	require.Len(t, other.requests(), before)
	require.Equal(t, 200, send(t, web.Request{URL: first.URL + "/?to=other&code=303", SecretBody: true}).Status, "the body is left behind")
	require.Empty(t, other.bodies()[before])
}

// An attempt that is given up from outside ends at once.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, "127.0.0.1", func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	a := client(t, anywhereHere).Try(ctx, web.Request{Method: "GET", URL: s.URL, Timeout: time.Minute})
	require.Equal(t, web.Network, a.Failure)
}
