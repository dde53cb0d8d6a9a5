package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/channel/custom"
	"ucal/desk"
	"ucal/internal/dbtest"
	"ucal/internal/httpx"
	"ucal/internal/secret"
	"ucal/store"
)

// world is a server over a real desk on SQLite, with a clock that stands still
// until the test moves it.
type world struct {
	t      *testing.T
	server *Server
	desk   *desk.Desk
	db     *store.DB
	ws     *desk.Workspace
	token  string // of an owner

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, dbtest.SQLite(t))
}

func newWorldOn(t *testing.T, db *store.DB) *world {
	t.Helper()
	box, err := secret.NewBox(secret.Bytes(secret.KeySize))
	require.NoError(t, err)
	w := &world{t: t, db: db, now: time.UnixMilli(1_800_000_000_000)}
	catalogue := channel.New(custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true})}))
	w.desk = desk.New(desk.Options{Store: db, Channels: catalogue, Secrets: box, Now: w.clock, ChannelRate: -1})
	w.server = New(Options{Desk: w.desk, Channels: catalogue, RateLimit: NoRateLimit})
	w.ws, w.token, err = w.desk.CreateWorkspace(t.Context(), "Test", "owner@example.com")
	require.NoError(t, err)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) sleep(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// call makes a request as the owner; body is JSON text, or anything to be made JSON of.
func (w *world) call(method, path string, body any, change ...func(*http.Request)) answer {
	w.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		raw, err := json.Marshal(body)
		require.NoError(w.t, err)
		text = string(raw)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+w.token)
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	require.NotEmpty(w.t, rec.Header().Get("X-Request-Id"))
	return answer{w.t, rec.Code, rec.Header(), rec.Body.String()}
}

func as(token string) func(*http.Request) { return with("Authorization", "Bearer "+token) }

func with(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

// into reads a success.
func (a answer) into(status int, v any) {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.text)
	if v != nil {
		require.NoError(a.t, json.Unmarshal([]byte(a.text), v), a.text)
	}
}

// object reads a success as a map.
func (a answer) object(status int) map[string]any {
	a.t.Helper()
	var m map[string]any
	a.into(status, &m)
	return m
}

// id reads the id of a success.
func (a answer) id(status int) int64 {
	a.t.Helper()
	var v struct{ ID int64 }
	a.into(status, &v)
	require.NotZero(a.t, v.ID, a.text)
	return v.ID
}

// refused checks the error shape and returns it.
func (a answer) refused(status int, word string) Error {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.text)
	var e Error
	d := json.NewDecoder(bytes.NewReader([]byte(a.text)))
	d.DisallowUnknownFields()
	require.NoError(a.t, d.Decode(&e), a.text)
	require.Equal(a.t, status, e.Code, a.text)
	require.Equal(a.t, word, e.Word, a.text)
	require.NotEmpty(a.t, e.Message)
	require.Equal(a.t, a.header.Get("X-Request-Id"), e.RequestID)
	require.Equal(a.t, "application/json", a.header.Get("Content-Type"))
	return e
}

// rows counts the rows of a table.
func (w *world) rows(table string) int64 {
	w.t.Helper()
	var n int64
	require.NoError(w.t, w.db.Read(w.t.Context()).Table(table).Count(&n).Error)
	return n
}

// user adds a user through the API.
func (w *world) user(name, role string) int64 {
	w.t.Helper()
	return w.call("POST", "/v2/space/user", map[string]any{"email": strings.ToLower(name) + "@example.com", "firstName": name, "role": role}).id(201)
}

// tokenOf makes a token that acts as a user.
func (w *world) tokenOf(user int64) string {
	w.t.Helper()
	_, token, err := w.desk.CreateToken(w.t.Context(), w.owner(), desk.TokenInput{Name: "x", UserID: user})
	require.NoError(w.t, err)
	return token
}

func (w *world) owner() desk.Principal {
	return desk.Principal{WorkspaceID: w.ws.ID, Role: desk.Owner, Source: desk.SourceAPI, RateLimit: -1}
}

func urlf(format string, args ...any) string { return fmt.Sprintf("/v2"+format, args...) }

// snapshot counts the rows of every table, to show that nothing was stored.
func (w *world) snapshot() map[string]int64 {
	w.t.Helper()
	var tables []string
	require.NoError(w.t, w.db.Read(w.t.Context()).Raw("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").Scan(&tables).Error)
	counts := map[string]int64{}
	for _, table := range tables {
		counts[table] = w.rows(table)
	}
	return counts
}

func itoa(n int64) string { return fmt.Sprint(n) }
