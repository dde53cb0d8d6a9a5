package acceptance

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/stretchr/testify/require"

	"ucal/activities"
	"ucal/channel"
	"ucal/channel/custom"
	"ucal/connect/llm"
	"ucal/connect/llm/llmtest"
	"ucal/connect/llm/openai"
	"ucal/connect/sheets"
	"ucal/connect/sheets/sheetstest"
	"ucal/connect/web"
	"ucal/desk"
	"ucal/internal/dnstest"
	"ucal/internal/httpx"
)

// The world outside: servers of this process on loopback. Two addresses of it
// play the public network and a private one.
const (
	publicAddress  = "127.0.0.2"
	privateAddress = "127.0.0.1"
)

// reach sets the networks that the workspace may call.
func (w *world) reach(networks ...string) {
	w.Helper()
	policy := httpx.Policy{Resolver: dnstest.Resolver(w, map[string]string{"intranet.example.com": "10.0.0.5"})}
	for _, n := range networks {
		policy.Allow = append(policy.Allow, netip.MustParsePrefix(n))
	}
	guarded := httpx.New(policy)
	client := web.New(policy)
	w.Cleanup(guarded.Close)
	w.Cleanup(client.Close)
	w.desk.CheckURL = guarded.CheckURL
	w.acts.Services = activities.Services{
		Web:    client,
		Sheets: sheets.New(sheets.Options{HTTP: guarded}),
		Models: func(c desk.ModelConfig) llm.Model {
			return openai.New(openai.Options{BaseURL: c.BaseURL, APIKey: c.APIKey, Model: c.Model, HTTP: guarded})
		},
	}
}

// everywhere lets it call all of loopback.
func (w *world) everywhere() {
	w.Helper()
	w.reach("127.0.0.0/8")
}

// listen serves a handler on an address of loopback.
func (w *world) listen(address string, h http.Handler) *httptest.Server {
	w.Helper()
	ln, err := net.Listen("tcp", address+":0")
	require.NoError(w, err)
	srv := httptest.NewUnstartedServer(h)
	require.NoError(w, srv.Listener.Close())
	srv.Listener = ln
	srv.Start()
	w.Cleanup(srv.Close)
	return srv
}

// restart is another process over the same database: nothing that the first one
// held in memory is there.
func (w *world) restart() {
	w.Helper()
	o := w.desk.Options
	o.Channels = channel.New(append(adapters(), custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true})}))...)
	services := w.acts.Services
	w.start(o)
	w.acts.Services = services
	require.NoError(w, w.desk.ReleaseOutbox(w.Context()))
	w.pump()
}

// book is the workspace's connection to Google Sheets.
type book struct {
	*sheetstest.Server
	titles map[string][]string
}

// sheets connects Google Sheets, with a spreadsheet abc that has the sheet Leads.
func (w *world) sheets() *book {
	w.Helper()
	s := &book{sheetstest.New(w.T), map[string][]string{"Leads": {"Name", "Note"}}}
	s.AddSheet("abc", "Leads", s.titles["Leads"]...)
	w.call("PUT", "/v2/space/integration/google_sheets", object{"config": object{"serviceAccountJson": s.ServiceAccount(), "endpoint": s.URL}}).ok()
	return s
}

// share shares the spreadsheet with the workspace's account, or takes it away.
func (b *book) share(with bool) {
	role := sheetstest.Role("")
	if with {
		role = sheetstest.Editor
	}
	b.Share("abc", sheetstest.Robot, role)
}

// shown is a sheet as a person sees it.
func (b *book) shown(spreadsheet, name string) [][]string {
	return append([][]string{b.titles[name]}, b.Texts(spreadsheet, name)...)
}

// model connects a scripted language model.
func (w *world) model(answers ...llmtest.Answer) *llmtest.Server {
	w.Helper()
	s := llmtest.Run(w.T)
	s.Push(answers...)
	w.call("PUT", "/v2/space/integration/llm", object{"config": object{"provider": "compatible", "baseUrl": s.URL(llmtest.OpenAI), "apiKey": llmtest.Key, "model": "scripted"}}).ok()
	return s
}

// say and decide are what the scripted model answers.
func say(text string) llmtest.Answer { return reply(text, "continue") }

func decide(action string) llmtest.Answer { return reply("", action) }

func reply(text, action string) llmtest.Answer {
	return llmtest.Answer{JSON: object{"reply": text, "action": action, "collected": []any{}}}
}

// everything is the text of every row of every table that a secret could have
// got into.
func (w *world) everything() string {
	w.Helper()
	var all strings.Builder
	for _, table := range []string{"runs", "run_steps", "run_effects", "run_calls", "events", "outbox", "trigger_decisions", "workflows", "workflow_versions", "secrets", "integrations", "messages", "comments", "ai_turns"} {
		var rows []map[string]any
		require.NoError(w, w.db.Read(w.Context()).Table(table).Find(&rows).Error, table)
		raw, err := json.Marshal(rows)
		require.NoError(w, err)
		fmt.Fprintf(&all, "%s: %s\n", table, raw)
	}
	return all.String()
}
