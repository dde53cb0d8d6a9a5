// Package llmtest is a fake language model: an HTTP server on loopback that
// speaks OpenAI's chat completions and Anthropic's messages, checks what it gets
// strictly, records it, and answers as a test has scripted. Complete is the test
// that every adapter must pass.
//
// Start reading at Start, then Server.Push.
package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/llm"
)

// Key is the API key that the server demands.
const Key = "sk-fake-0123456789abcdef"

// Server is a fake provider. It is safe for concurrent use.
type Server struct {
	server *http.Server
	url    string

	mu       sync.Mutex
	queue    []Answer
	onCall   func(Call) Answer
	calls    []Call
	problems []string
	noFormat bool
	changed  chan struct{} // closed at the next call
}

// Provider says which of the two wire formats a call used.
type Provider string

// The providers.
const (
	OpenAI    Provider = "openai"
	Anthropic Provider = "anthropic"
)

// Call is one well-formed request.
type Call struct {
	Provider  Provider
	Model     string
	System    string
	Messages  []llm.Message
	Schema    json.RawMessage // nil = free text was asked for
	Name      string          // of the schema
	Strict    bool            // OpenAI: the schema is to be enforced
	MaxTokens int
	Header    http.Header
	Body      []byte
}

// Answer is what the server does with one call; the zero value answers "ok", or
// {} to a request with a schema.
type Answer struct {
	Text      string // the words of the model
	JSON      any    // made JSON of and answered instead of Text
	Truncated bool   // the model stopped at its limit
	Refusal   bool   // the model will not answer
	TokensIn  int    // 0 = 10
	TokensOut int    // 0 = 5

	Status     int           // refuses with this instead of 200
	Kind       string        // of the refusal: insufficient_quota, overloaded_error …
	Message    string        // of the refusal
	RetryAfter time.Duration // beside a Status, whole seconds
	Body       string        // exactly this body, whatever else is set

	Delay time.Duration // before anything else
	Hang  bool          // no answer until the caller goes away
	Reset bool          // cuts the connection
}

// Start starts a server on a free port of loopback.
func Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the fake language model: %w", err)
	}
	s := &Server{url: "http://" + listener.Addr().String(), changed: make(chan struct{})}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.problem("the fake language model stopped serving: " + err.Error())
		}
	}()
	return s, nil
}

// Run starts a server that ends with the test. Requests that were not as the
// format has them fail the test.
func Run(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.Empty(t, s.Problems(), "the fake language model got bad requests")
	})
	return s
}

// Close stops the server and cuts its connections.
func (s *Server) Close() error { return s.server.Close() }

// URL is the base URL for an adapter of the provider.
func (s *Server) URL(p Provider) string {
	if p == OpenAI {
		return s.url + "/v1"
	}
	return s.url
}

// Push scripts the next answers, one a call.
func (s *Server) Push(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, answers...)
}

// OnCall answers when nothing is pushed. It must be safe for concurrent use.
func (s *Server) OnCall(answer func(Call) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onCall = answer
}

// RefuseFormat makes the OpenAI side a server that does not know response_format.
func (s *Server) RefuseFormat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noFormat = true
}

// Calls are all well-formed calls so far, those with a wrong key left out.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Problems are the requests that were not as the format has them.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// WaitCalls waits until there were n calls.
func (s *Server) WaitCalls(ctx context.Context, n int) ([]Call, error) {
	for {
		s.mu.Lock()
		calls, changed := slices.Clone(s.calls), s.changed
		s.mu.Unlock()
		if len(calls) >= n {
			return calls, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return calls, fmt.Errorf("waited for %d calls of the language model, got %d: %w", n, len(calls), ctx.Err())
		}
	}
}

func (s *Server) problem(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, text)
}

// take records a call and gives the answer that is next.
func (s *Server) take(c Call) Answer {
	s.mu.Lock()
	s.calls = append(s.calls, c)
	close(s.changed)
	s.changed = make(chan struct{})
	if len(s.queue) > 0 {
		a := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		return a
	}
	onCall := s.onCall
	s.mu.Unlock()
	if onCall == nil {
		s.problem("call " + string(c.Body) + ": no answer is scripted")
		return Answer{Status: http.StatusInternalServerError, Message: "no answer is scripted"}
	}
	return onCall(c)
}
