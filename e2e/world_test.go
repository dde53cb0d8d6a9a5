// Package e2e proves the main job from the outside: real HTTP, a real embedded
// Temporal server, both databases, and processes that are killed.
//
// Start reading at scenario_test.go; world_test.go is the world that the tests
// act in.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel/channeltest"
	"ucal/internal/app"
	"ucal/internal/config"
	"ucal/internal/dbtest"
	"ucal/internal/devserver"
	"ucal/workflows"
)

const (
	encryptionKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	patience      = 30 * time.Second // for what must happen; nothing waits that long when all is well
	tick          = 20 * time.Millisecond
)

// world is one deployment: database, Temporal, one process with API and worker,
// and the other side of a custom channel.
type world struct {
	t        *testing.T
	db       string
	temporal *devserver.Server
	cfg      config.Config
	app      *app.App
	sink     *channeltest.Sink
	token    string
	channel  channelInfo
	http     *http.Client
	sent     int
	renew    int // events after which Temporal suggests a fresh execution; 0 = its default
}

type channelInfo struct {
	ID       int64  `json:"id"`
	PublicID string `json:"channelId"`
	Token    string `json:"apiToken"`
}

// each runs a test on both databases at the same time, each in a world of its own.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // what a test does most is waiting
			fn(t, newWorld(t, url(t)))
		})
	}
}

func newWorld(t *testing.T, db string, change ...func(*world)) *world {
	t.Helper()
	sink, err := channeltest.StartSink()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sink.Close() })
	w := &world{t: t, db: db, http: &http.Client{Timeout: 20 * time.Second}, sink: sink}
	for _, f := range change {
		f(w)
	}
	w.startTemporal(filepath.Join(t.TempDir(), "temporal.db"), 0)
	w.cfg = config.Config{DatabaseURL: db, EncryptionKey: encryptionKey, Listen: "127.0.0.1:0", PublicURL: "http://localhost",
		TemporalAddress: w.temporal.Addr(), TemporalNamespace: "default", LogLevel: "info", LogFormat: "text"}
	w.start()
	_, token, err := w.app.Desk.CreateWorkspace(t.Context(), "Test", "owner@ucal.example")
	require.NoError(t, err)
	w.token = token
	return w
}

func (w *world) startTemporal(file string, port int) {
	attrs := map[string]devserver.SearchAttributeType{}
	for _, a := range workflows.SearchAttributes() {
		attrs[a] = devserver.Keyword
	}
	srv, err := devserver.Start(w.t.Context(), devserver.Config{DatabaseFile: file, Port: port, UIPort: devserver.NoUI, SearchAttributes: attrs, RenewAfter: w.renew})
	require.NoError(w.t, err)
	w.temporal = srv
	w.t.Cleanup(func() { _ = srv.Stop(context.Background()) })
}

// start starts the process; stop and start again is a restart.
func (w *world) start() {
	level := slog.LevelError
	if os.Getenv("UCAL_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	a, err := app.Start(w.t.Context(), app.Options{Config: w.cfg, Log: log, API: true, Worker: true, Dev: true, Migrate: func(string) {}})
	require.NoError(w.t, err)
	w.app = a
	w.t.Cleanup(func() { _ = a.Stop(context.Background()) })
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(w.t, w.app.Stop(ctx))
}

// call makes one API request below /v2 and returns status and body.
func (w *world) call(method, path string, in any) (int, map[string]any) {
	w.t.Helper()
	status, raw := w.raw(method, "/v2"+path, w.token, in)
	var out map[string]any
	require.NoError(w.t, json.Unmarshal(raw, &out), "%s %s: %s", method, path, raw)
	return status, out
}

func (w *world) raw(method, path, token string, in any) (int, []byte) {
	w.t.Helper()
	var body []byte
	switch v := in.(type) {
	case nil:
	case []byte:
		body = v
	default:
		var err error
		body, err = json.Marshal(in)
		require.NoError(w.t, err)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.app.Addr()+path, bytes.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.http.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, raw
}

// must is call that has to succeed.
func (w *world) must(method, path string, in any) map[string]any {
	w.t.Helper()
	status, out := w.call(method, path, in)
	require.Less(w.t, status, 300, "%s %s: %v", method, path, out)
	return out
}

func id(m map[string]any) int64 { return int64(m["id"].(float64)) }

// connect makes a custom channel whose outbound side is the sink.
func (w *world) connect() {
	w.t.Helper()
	out := w.must("POST", "/space/channel", map[string]any{"source": "custom_channel", "name": "Shop",
		"config": map[string]any{"apiBaseUrl": w.sink.URL(), "idType": "custom"}})
	w.channel = channelInfo{id(out), out["channelId"].(string), out["apiToken"].(string)}
	w.sink.SetToken(w.channel.Token)
}

// staff makes Ann, Ben and Cem in team Support: Ann and Cem online, Ben busy.
func (w *world) staff() map[string]int64 {
	w.t.Helper()
	ids := map[string]int64{}
	var list []int64
	for _, name := range []string{"Ann", "Ben", "Cem"} {
		u := w.must("POST", "/space/user", map[string]any{"email": strings.ToLower(name) + "@ucal.example", "firstName": name, "role": "agent"})
		ids[name] = id(u)
		list = append(list, id(u))
	}
	w.must("POST", "/space/team", map[string]any{"name": "Support", "userIds": list})
	w.status(ids["Ann"], "online")
	w.status(ids["Ben"], "busy")
	w.status(ids["Cem"], "online")
	return ids
}

func (w *world) status(user int64, s string) {
	w.t.Helper()
	w.must("PUT", fmt.Sprintf("/space/user/%d/status", user), map[string]any{"status": s})
}

// use starts a published workflow from a template.
func (w *world) use(template string, params map[string]any) map[string]any {
	w.t.Helper()
	return w.must("POST", "/template/"+template+"/use", map[string]any{"parameters": params, "publish": true})
}

// publish creates and publishes a workflow of one's own.
func (w *world) publish(name, definition string) map[string]any {
	w.t.Helper()
	wf := w.must("POST", "/workflow", map[string]any{"name": name, "definition": json.RawMessage(definition)})
	w.must("POST", fmt.Sprintf("/workflow/%d/publish", id(wf)), map[string]any{})
	return wf
}

// write sends a message of a contact through the webhook and requires a 200.
func (w *world) write(contact, text string) {
	w.t.Helper()
	w.sent++
	status, raw := w.webhook(contact, fmt.Sprintf("m-%d", w.sent), text)
	require.Equal(w.t, http.StatusOK, status, "%s", raw)
}

func (w *world) webhook(contact, mID, text string) (int, []byte) {
	w.t.Helper()
	return w.raw("POST", "/custom/channel/webhook", w.channel.Token, inbound(w.channel.PublicID, contact, mID, text))
}

func inbound(channelID, contact, mID, text string) map[string]any {
	return map[string]any{"channelId": channelID, "contactId": contact, "contact": map[string]any{"firstName": strings.ToUpper(contact[:1]) + contact[1:],
		"email": contact + "@contacts.example"},
		"events": []any{map[string]any{"type": "message", "mId": mID, "timestamp": time.Now().UnixMilli(), "message": map[string]any{"type": "text", "text": text}}}}
}

// contact reads a contact by the external id that the tests use.
func (w *world) contact(name string) map[string]any {
	w.t.Helper()
	return w.must("GET", "/contact/email:"+name+"@contacts.example", nil)
}

func (w *world) assignee(contact string) int64 {
	w.t.Helper()
	status, c := w.call("GET", "/contact/email:"+contact+"@contacts.example", nil)
	if status != http.StatusOK || c["assignee"] == nil {
		return 0
	}
	return id(c["assignee"].(map[string]any))
}

// runs lists the runs of a contact, newest first.
func (w *world) runs(contact string) []map[string]any {
	w.t.Helper()
	out := w.must("GET", "/run?limit=100&contact=email:"+contact+"@contacts.example", nil)
	var runs []map[string]any
	for _, r := range out["items"].([]any) {
		runs = append(runs, r.(map[string]any))
	}
	return runs
}

// eventually polls a condition; polling is all that an outsider can do.
func (w *world) eventually(what string, cond func() bool) {
	w.t.Helper()
	require.Eventually(w.t, cond, patience, tick, what)
}

// messages waits until a contact has received n messages and returns their texts.
func (w *world) messages(contact string, n int) []string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	err := w.sink.WaitFor(ctx, func() bool { return len(w.sink.Received(contact)) >= n })
	got := w.sink.Received(contact)
	require.NoError(w.t, err, "contact %s got %d of %d messages", contact, len(got), n)
	var texts []string
	for _, r := range got {
		texts = append(texts, r.Message.Summary())
	}
	return texts
}
