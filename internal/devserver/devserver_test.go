package devserver_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"ucal/internal/devserver"
)

const queue = "test"

// greet is the trivial run: one local activity, then a timer under a second.
func greet(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
	var greeting string
	if err := workflow.ExecuteLocalActivity(ctx, hello, name).Get(ctx, &greeting); err != nil {
		return "", err
	}
	return greeting, workflow.Sleep(ctx, 100*time.Millisecond)
}

// untilTold waits for a signal, so that a server can be stopped while it is open.
func untilTold(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "tell").Receive(ctx, &word)
	return word, nil
}

func hello(_ context.Context, name string) (string, error) { return "Hello " + name, nil }

// logLines collects what the server logs.
type logLines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logLines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func start(t testing.TB, cfg devserver.Config) *devserver.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s, err := devserver.Start(ctx, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t testing.TB, s *devserver.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
}

// connect returns a client with a worker of its own, which eager start needs.
func connect(t testing.TB, s *devserver.Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Addr(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterWorkflow(untilTold)
	w.RegisterWorkflow(threeEffects)
	w.RegisterActivity(hello)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return c
}

func TestRunSurvivesRestart(t *testing.T) {
	lines := &logLines{}
	cfg := devserver.Config{
		// A name that must be escaped inside an SQLite address, in a folder that does not exist yet.
		DatabaseFile: filepath.Join(t.TempDir(), "data", "temporal #1?.db"),
		Logger:       lines.logger(),
	}
	ctx := t.Context()
	s := start(t, cfg)
	c := connect(t, s)

	begun := time.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "greeting", TaskQueue: queue, EnableEagerStart: true}, greet, "Ann")
	require.NoError(t, err)
	var got string
	require.NoError(t, run.Get(ctx, &got))
	require.Equal(t, "Hello Ann", got)
	require.Less(t, time.Since(begun), 900*time.Millisecond, "a timer of 100 ms must not be rounded up to a second")
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "patient", TaskQueue: queue}, untilTold)
	require.NoError(t, err)
	stop(t, s)

	s = start(t, cfg)
	c = connect(t, s)
	require.NoError(t, c.GetWorkflow(ctx, "greeting", "").Get(ctx, &got))
	require.Equal(t, "Hello Ann", got)
	require.NoError(t, c.SignalWorkflow(ctx, "patient", "", "tell", "word"))
	require.NoError(t, c.GetWorkflow(ctx, "patient", "").Get(ctx, &got))
	require.Equal(t, "word", got)
	stop(t, s)
	require.Empty(t, lines.String(), "a healthy server keeps the console quiet")
}

func TestSearchAttributes(t *testing.T) {
	contact := temporal.NewSearchAttributeKeyInt64("UcalContact")
	waiting := temporal.NewSearchAttributeKeyKeyword("UcalWaiting")
	cfg := devserver.Config{
		DatabaseFile:     filepath.Join(t.TempDir(), "temporal.db"),
		UIPort:           devserver.NoUI,
		SearchAttributes: map[string]devserver.SearchAttributeType{"UcalContact": devserver.Int},
	}
	stop(t, start(t, cfg))
	cfg.SearchAttributes["UcalWaiting"] = devserver.Keyword // a later version wants one more
	s := start(t, cfg)
	c := connect(t, s)
	ctx := t.Context()

	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "searched", TaskQueue: queue, EnableEagerStart: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(contact.ValueSet(42), waiting.ValueSet("answer")),
	}, greet, "Ann")
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, nil))
	require.Eventually(t, func() bool {
		found, err := c.CountWorkflow(ctx, countRequest(`UcalContact = 42 AND UcalWaiting = "answer"`))
		return err == nil && found.GetCount() == 1
	}, 10*time.Second, 20*time.Millisecond)

	stop(t, s)
	cfg.SearchAttributes["UcalWaiting"] = devserver.Bool
	_, err = devserver.Start(ctx, cfg)
	require.ErrorContains(t, err, `search attribute "UcalWaiting" is registered as Keyword and cannot become Bool`)
}

func TestUI(t *testing.T) {
	s := start(t, devserver.Config{Namespace: "other"})
	page := get(t, s.UIAddr()+"/")
	require.Contains(t, page, "<html")
	require.Contains(t, get(t, s.UIAddr()+"/api/v1/namespaces/other"), `"name": "other"`)
	require.Contains(t, get(t, s.UIAddr()+"/api/v1/settings"), `"DefaultNamespace":"other"`)
	stop(t, s)
	_, err := net.DialTimeout("tcp", strings.TrimPrefix(s.UIAddr(), "http://"), time.Second)
	require.Error(t, err, "the UI must not outlive the server")
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url) //nolint:gosec // an address of ours on loopback
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", url, body)
	return string(body)
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	taken := l.Addr().(*net.TCPAddr).Port
	tests := []struct {
		name string
		cfg  devserver.Config
		want string
	}{
		{"frontend", devserver.Config{Port: taken}, "Temporal server: %s is in use by another program (perhaps a second `ucal dev`); stop it or choose another port with --temporal-port or UCAL_TEMPORAL_PORT"},
		{"ui", devserver.Config{UIPort: taken}, "Temporal UI: %s is in use by another program (perhaps a second `ucal dev`); stop it or choose another port with --temporal-ui-port or UCAL_TEMPORAL_UI_PORT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := devserver.Start(t.Context(), tt.cfg)
			var inUse *devserver.PortInUseError
			require.ErrorAs(t, err, &inUse)
			require.EqualError(t, err, fmt.Sprintf(tt.want, l.Addr()))
		})
	}
}

func TestBadConfig(t *testing.T) {
	_, err := devserver.Start(t.Context(), devserver.Config{Host: "localhost", Port: 70000, UIPort: -2})
	require.EqualError(t, err, "the Temporal host \"localhost\" is not an IP address; use one such as 127.0.0.1\n"+
		"the Temporal port 70000 is not between 0 and 65535\n"+
		"the Temporal UI port -2 is not between 0 and 65535 (or -1 for no UI)")
}

func TestStartHonoursContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := devserver.Start(ctx, devserver.Config{UIPort: devserver.NoUI})
	require.ErrorIs(t, err, context.Canceled)
}

func countRequest(query string) *workflowservice.CountWorkflowExecutionsRequest {
	return &workflowservice.CountWorkflowExecutionsRequest{Namespace: "default", Query: query}
}
