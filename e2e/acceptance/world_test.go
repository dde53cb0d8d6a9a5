package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/activities"
	"ucal/api"
	"ucal/channel"
	"ucal/channel/custom"
	"ucal/desk"
	"ucal/flow"
	"ucal/internal/httpx"
	"ucal/internal/secret"
	"ucal/store"
)

// world is one workspace with its API, its channels and a clock that stands
// still until a scenario moves it.
type world struct {
	*testing.T
	db       *store.DB
	desk     *desk.Desk
	acts     *activities.Activities
	server   *api.Server
	token    string // of an owner
	clock    atomic.Int64
	channels map[string]*desk.Channel // by name
	nextID   int

	paused func() // in the pause between two attempts at an outside call

	mu   sync.Mutex
	sent []sent             // what the providers got
	fail *channel.SendError // what the providers answer; nil = yes
}

// sent is a message as a provider got it.
type sent struct {
	Channel string
	To      string
	channel.Message
}

// object is a JSON object.
type object = map[string]any

// monday is when every world begins: Monday, 2 March 2026, 09:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const publicURL = "https://desk.example.com"

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{T: t, db: db, channels: map[string]*desk.Channel{}}
	w.clock.Store(monday.UnixMilli())
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	require.NoError(t, err)
	catalogue := channel.New(append(adapters(), custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true})}))...)
	w.start(desk.Options{Store: db, Channels: catalogue, Secrets: box, Now: w.now, PublicURL: publicURL, ChannelRate: 0})
	w.everywhere()
	ws, token, err := w.desk.CreateWorkspace(t.Context(), "Acme", "owner@example.com")
	require.NoError(t, err)
	w.token = token
	w.connect(ws.ID, "Telegram", telegram)
	return w
}

// start starts the process: desk, activities and API over the database.
func (w *world) start(o desk.Options) {
	w.desk = desk.New(o)
	w.acts = &activities.Activities{Desk: w.desk, Channels: o.Channels}
	w.server = api.New(api.Options{Desk: w.desk, Channels: o.Channels, RateLimit: api.NoRateLimit})
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// connect adds a channel that the scenario's contacts write on.
func (w *world) connect(workspace int64, name string, source channel.Source) *desk.Channel {
	w.Helper()
	w.nextID++
	ch := &desk.Channel{WorkspaceID: workspace, PublicID: fmt.Sprintf("ch_%d", w.nextID), Source: source, Name: name, Status: desk.Connected, CreatedAt: w.clock.Load()}
	w.insert(ch)
	w.channels[name] = ch
	return ch
}

// addChannel is connect in the world's workspace.
func (w *world) addChannel(name string, source channel.Source) *desk.Channel {
	return w.connect(w.channels["Telegram"].WorkspaceID, name, source)
}

// pass lets time go by: every timer on the way fires at its moment.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.passUntil(w.now().Add(d))
}

// answer is what the API answered.
type answer struct {
	w      *world
	Status int
	Header http.Header
	Text   string
}

// call makes a request as the owner. The body is text, or anything to be made JSON of.
func (w *world) call(method, path string, body any, change ...func(*http.Request)) answer {
	w.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		raw, err := json.Marshal(body)
		require.NoError(w, err)
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
	a := answer{w, rec.Code, rec.Header(), rec.Body.String()}
	w.pump() // what follows from the call
	return a
}

// yaml sends the body as a YAML file.
func yaml(r *http.Request) { r.Header.Set("Content-Type", "application/yaml") }

// as makes the call with another token.
func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// header sets a header.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// ok reads a success.
func (a answer) ok() object {
	a.w.Helper()
	require.Less(a.w, a.Status, 300, a.Text)
	var o object
	require.NoError(a.w, json.Unmarshal([]byte(a.Text), &o), a.Text)
	return o
}

// id is the id of a success.
func (a answer) id() int64 {
	a.w.Helper()
	return int64(a.ok()["id"].(float64))
}

// refused expects a status and an error word (of the whole error or of one of its details).
func (a answer) refused(status int, word string) answer {
	a.w.Helper()
	require.Equal(a.w, status, a.Status, a.Text)
	require.Contains(a.w, a.Text, `"`+word+`"`)
	return a
}

// problems are the codes of a refused or imported workflow's problems, with the step.
func (a answer) problems() (codes []string) {
	a.w.Helper()
	var body struct{ Problems flow.Problems }
	require.NoError(a.w, json.NewDecoder(bytes.NewReader([]byte(a.Text))).Decode(&body), a.Text)
	for _, p := range body.Problems {
		code := p.Code
		if p.StepID != "" {
			code += " at " + p.StepID
		}
		codes = append(codes, code)
	}
	return codes
}
