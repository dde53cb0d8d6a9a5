package channeltest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// gate is a trouble that lies between an adapter and its provider.
type gate string

const (
	open     gate = "open"
	reject   gate = "reject"   // the provider refuses with rejection
	leak     gate = "leak"     // the provider refuses and repeats the credentials
	limit    gate = "limit"    // the provider wants to be left alone for limited
	broken   gate = "broken"   // 500 with a page
	hang     gate = "hang"     // no answer until the caller gives up
	reset    gate = "reset"    // the connection ends after the request
	truncate gate = "truncate" // the connection ends within the answer
	redirect gate = "redirect" // to another path of the same server
	page     gate = "page"     // 200 with a page
	endless  gate = "endless"  // 200 with megabytes of JSON
)

const (
	rejection = "number 42 is not in service"
	limited   = 7 * time.Second
)

// gatekeeper makes the troubles and keeps what it saw.
type gatekeeper struct {
	provider Provider
	secret   func() string

	mu    sync.Mutex
	state gate
	calls []string
}

func newGatekeeper(p Provider) *gatekeeper { return &gatekeeper{provider: p, state: open} }

func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func (g *gatekeeper) set(state gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = state
}

// seen is the calls so far: method, path, idempotency key and body.
func (g *gatekeeper) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.calls...)
}

func (g *gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	state := g.state
	g.calls = append(g.calls, strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), string(body)}, " "))
	g.mu.Unlock()

	switch state {
	case reject:
		g.provider.Reject(w, rejection)
	case leak:
		g.provider.Reject(w, "you sent "+g.secret())
	case limit:
		g.provider.Limit(w, limited)
	case broken:
		http.Error(w, "<html>Internal Server Error</html>", http.StatusInternalServerError)
	case hang:
		<-r.Context().Done()
	case reset:
		panic(http.ErrAbortHandler)
	case truncate:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"`)
		panic(http.ErrAbortHandler)
	case redirect:
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case page:
		_, _ = io.WriteString(w, "<html>OK</html>")
	case endless:
		_, _ = io.WriteString(w, `{"padding":"`+strings.Repeat("x", 4<<20)+`"}`)
	default:
		g.provider.ServeHTTP(w, r)
	}
}
