package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	patience  = 20 * time.Second // for what must happen; nothing waits that long when all is well
	pollPause = 5 * time.Millisecond
)

// run carries out one command line that ends by itself.
func run(t *testing.T, environ []string, args ...string) (code int, out, errOut string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o, e bytes.Buffer
	code = execute(ctx, args, environ, strings.NewReader(""), &o, &e)
	require.NoError(t, ctx.Err(), "ucal %s does not end by itself:\n%s%s", strings.Join(args, " "), &o, &e)
	return code, o.String(), e.String()
}

// screen is output that a test reads while it grows.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits until the output has n times what is wanted.
func (s *screen) shows(t *testing.T, want string, n int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for strings.Count(s.String(), want) < n {
		require.True(t, time.Now().Before(deadline), "%q is not shown %d times:\n%s", want, n, s)
		time.Sleep(pollPause)
	}
}

// session is a command that runs until it is stopped.
type session struct {
	t    *testing.T
	in   *io.PipeWriter
	out  *screen
	err  *screen
	stop context.CancelFunc
	code chan int
}

func begin(t *testing.T, environ []string, args ...string) *session {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	in, feed := io.Pipe()
	s := &session{t: t, in: feed, out: &screen{}, err: &screen{}, stop: cancel, code: make(chan int, 1)}
	go func() { s.code <- execute(ctx, args, environ, in, s.out, s.err) }()
	t.Cleanup(func() { cancel(); _ = feed.Close() })
	return s
}

// types enters one line.
func (s *session) types(line string) {
	s.t.Helper()
	_, err := io.WriteString(s.in, line+"\n")
	require.NoError(s.t, err)
}

// ends waits for the end and requires success.
func (s *session) ends() {
	s.t.Helper()
	select {
	case code := <-s.code:
		require.Zero(s.t, code, "%s%s", s.out, s.err)
	case <-time.After(patience):
		require.Fail(s.t, "the command does not end", "%s%s", s.out, s.err)
	}
}

// devRun is a `ucal dev` inside the test.
type devRun struct {
	*session
	url   string
	token string
}

// devArgs is a `ucal dev` on free ports.
func devArgs(data string, more ...string) []string {
	return append([]string{"dev", "--data", data, "--port", "0", "--temporal-port", "0", "--temporal-ui-port", "0"}, more...)
}

// startDev starts `ucal dev` on free ports and waits until it is ready.
func startDev(t *testing.T, data string, args ...string) *devRun {
	t.Helper()
	begun := time.Now()
	s := begin(t, nil, devArgs(data, args...)...)
	deadline := begun.Add(patience)
	for !strings.Contains(s.out.String(), "Stop with Ctrl-C.") {
		require.True(t, time.Now().Before(deadline), "ucal dev is not ready:\n%s%s", s.out, s.err)
		select {
		case code := <-s.code:
			require.Fail(t, "ucal dev ended", "code %d\n%s%s", code, s.out, s.err)
		case <-time.After(pollPause):
		}
	}
	t.Logf("ready after %s", time.Since(begun).Round(time.Millisecond))
	return &devRun{s, s.find(`API +(\S+)/v2`), s.find(`Token +(\S+)`)}
}

func (s *session) find(pattern string) string {
	s.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(s.out.String())
	require.Len(s.t, m, 2, "%s is not in\n%s", pattern, s.out)
	return m[1]
}

// quits stops the process as Ctrl-C does.
func (d *devRun) quits() {
	d.t.Helper()
	d.stop()
	d.ends()
	require.Empty(d.t, d.err.String())
}

// items reads a list of the API.
func (d *devRun) items(token, path string) []map[string]any {
	d.t.Helper()
	var page struct{ Items []map[string]any }
	require.NoError(d.t, newClient(d.url, token).call(d.t.Context(), http.MethodGet, path+"?limit=100", nil, &page))
	return page.Items
}

func (d *devRun) call(method, path string, in any) map[string]any {
	d.t.Helper()
	var raw json.RawMessage
	require.NoError(d.t, newClient(d.url, d.token).call(d.t.Context(), method, path, in, &raw), "%s %s", method, path)
	var out map[string]any
	require.NoError(d.t, json.Unmarshal(raw, &out), "%s", raw)
	return out
}

func column(items []map[string]any, field string) []any {
	var out []any
	for _, item := range items {
		out = append(out, item[field])
	}
	return out
}
