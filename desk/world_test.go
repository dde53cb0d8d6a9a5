package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/channel"
	"ucal/flow"
	"ucal/internal/dbtest"
	"ucal/internal/secret"
	"ucal/store"
)

// world is a desk with one workspace, one channel and a clock, and an engine
// that does what Temporal and the activities do: it drives runs over the desk's
// functions, replaying each from its beginning.
type world struct {
	*testing.T
	d     *Desk
	db    *store.DB
	clock atomic.Int64
	p     Principal // an owner's token
	ch    *Channel

	mu    sync.Mutex
	sent  []channel.Outgoing
	fail  *channel.SendError // what the provider answers; nil = yes
	serve int

	mind mind // the language model

	crm func(at HTTPAttempt) HTTPAnswer // what outside systems answer; nil = 200 and no body

	google func(at RowAttempt) (place string, no *RowRefusal) // what Google Sheets answers; nil = yes
}

// eachWorld runs a test on both databases.
func eachWorld(t *testing.T, fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *store.DB) { fn(newWorld(t, db)) })
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	require.NoError(t, err)
	w := &world{T: t, db: db}
	w.clock.Store(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixMilli())
	w.d = New(Options{Store: db, Channels: channel.New(adapter{}), Secrets: box, ChannelRate: 0, Now: func() time.Time { return timeOf(w.clock.Load()) }})
	ws := &Workspace{Name: "Test", Timezone: "UTC", UserInactivityTimeout: 60, ClosingNoteMode: "optional", Revision: 1, CreatedAt: w.clock.Load()}
	w.insert(ws)
	w.p = Principal{WorkspaceID: ws.ID, Role: Owner, Source: SourceAPI}
	w.ch = &Channel{WorkspaceID: ws.ID, PublicID: fmt.Sprintf("ch_%d", ws.ID), Source: fake, Name: "Shop", Status: Connected, CreatedAt: w.clock.Load()}
	w.insert(w.ch)
	return w
}

const fake channel.Source = "fake"

// adapter is a channel that carries everything and is never called.
type adapter struct{}

func (adapter) Source() channel.Source { return fake }
func (adapter) Capabilities(json.RawMessage) channel.Capabilities {
	return channel.Capabilities{First: channel.FirstYes, ExternalID: channel.IDPhone, IdempotencyKey: true, TextLimit: channel.TextLimit{Max: 100},
		Types: []channel.MessageType{channel.TypeText, channel.TypeQuickReply, channel.TypeLocation}, QuickReplies: channel.ReplyLimit{Max: 10}}
}
func (adapter) CheckConfig(raw json.RawMessage) (json.RawMessage, []channel.Detail) { return raw, nil }
func (adapter) Send(context.Context, channel.Account, channel.Outgoing) (channel.Sent, error) {
	panic("the desk calls no provider")
}

func (w *world) insert(row any) {
	w.Helper()
	require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error { return tx.Create(row).Error }))
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error { return tx.Exec(sql, args...).Error }))
}

func (w *world) count(model any, where string, args ...any) int64 {
	w.Helper()
	var n int64
	require.NoError(w, w.db.Read(w.Context()).Model(model).Where(where, args...).Count(&n).Error)
	return n
}

func (w *world) advance(by time.Duration) { w.clock.Add(by.Milliseconds()) }

// team makes a team whose members are made as they are named, all online.
func (w *world) team(name string, members ...string) (*Team, []*User) {
	w.Helper()
	team := &Team{WorkspaceID: w.p.WorkspaceID, Name: name, NameKey: fold(name), CreatedAt: w.clock.Load()}
	w.insert(team)
	users := make([]*User, len(members))
	for i, m := range members {
		users[i] = &User{WorkspaceID: w.p.WorkspaceID, Email: fold(m) + "@example.com", FirstName: m, Role: Agent, TeamID: team.ID,
			TeamJoinedAt: w.clock.Load() + int64(i), Restrictions: []string{}, State: UserActive, Chosen: Online, LastActivityAt: w.clock.Load(),
			Announced: Online, CreatedAt: w.clock.Load() + int64(i)}
		w.insert(users[i])
	}
	return team, users
}

// status sets a user's presence as the presence functions do: the queues of the
// user's pools are drained.
func (w *world) status(u *User, to Presence) {
	w.Helper()
	require.NoError(w, w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) error {
		set := map[string]any{"chosen": to, "last_activity_at": t.at, "logged_out": false}
		if to == Offline {
			set = map[string]any{"logged_out": true}
		}
		if err := t.db.Model(u).UpdateColumns(set).Error; err != nil {
			return err
		}
		return t.markUser(u.ID)
	}))
	w.pump()
}

func (w *world) as(u *User) Principal {
	return Principal{WorkspaceID: w.p.WorkspaceID, Role: u.Role, Source: SourceUser, UserID: u.ID, UserName: u.Name(), TeamID: u.TeamID, Limits: u.Restrictions}
}

// says lets a contact write; the engine is not moved.
func (w *world) says(who, id, text string) {
	w.Helper()
	require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{w.inbound(who, id, text)}))
}

func (w *world) inbound(who, id, text string) channel.Inbound {
	m := channel.Text(text)
	return channel.Inbound{ExternalID: who, Profile: channel.Profile{FirstName: who},
		Events: []channel.Event{{Kind: channel.EventMessage, ProviderID: id, At: timeOf(w.clock.Load()), Message: &m}}}
}

// writes is says, and everything that follows from it.
func (w *world) writes(who, id, text string) *Contact {
	w.Helper()
	w.says(who, id, text)
	w.pump()
	return w.contact(who)
}

func (w *world) contact(who string) *Contact {
	w.Helper()
	c, err := first[Contact](w.db.Read(w.Context()).Where("id = (SELECT contact_id FROM identities WHERE channel_id = ? AND external_id = ?)", w.ch.ID, who))
	require.NoError(w, err)
	require.NotNil(w, c, "contact %s", who)
	return c
}

// publish makes and publishes a workflow from a file.
func (w *world) publish(file string) *Workflow {
	w.Helper()
	v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(file), ImportInput{Replace: true})
	require.NoError(w, err)
	wf, err := w.d.PublishWorkflow(w.Context(), w.p, v.Slug, 0)
	if e := AsError(err); e != nil {
		require.NoError(w, err, "%+v", e.Problems)
	}
	require.NoError(w, err)
	return wf
}

// runs are all runs of a contact, oldest first.
func (w *world) runs(c *Contact) []Run {
	w.Helper()
	var runs []Run
	require.NoError(w, w.db.Read(w.Context()).Where("contact_id = ?", c.ID).Order("id").Find(&runs).Error)
	return runs
}

// run is the only run of a contact.
func (w *world) run(c *Contact) Run {
	w.Helper()
	runs := w.runs(c)
	require.Len(w, runs, 1)
	return runs[0]
}

func (w *world) events(c *Contact) []EventType {
	w.Helper()
	var types []EventType
	require.NoError(w, w.db.Read(w.Context()).Model(&Event{}).Where("contact_id = ?", c.ID).Order("id").Pluck("type", &types).Error)
	return types
}

// pump does what the outbox asks for until nothing is left.
func (w *world) pump() {
	w.Helper()
	for {
		rows, err := w.d.LeaseOutbox(w.Context(), 50, 60_000)
		require.NoError(w, err)
		if len(rows) == 0 {
			return
		}
		for _, r := range rows {
			if r.Kind == Deliver {
				w.deliver(r)
			} else {
				w.drive(r.RunID)
			}
			_, err := w.d.DoneOutbox(w.Context(), r)
			require.NoError(w, err)
		}
	}
}

func (w *world) deliver(r OutboxRow) {
	w.Helper()
	var m DeliverMessage
	require.NoError(w, json.Unmarshal([]byte(r.Payload), &m))
	res, err := w.send(func() (Delivery, error) { return w.d.ClaimMessage(context.Background(), m.MessageID) })
	require.NoError(w, err)
	require.NotEmpty(w, res.Outcome)
}

// wake moves every live run whose time has come.
func (w *world) wake() {
	w.Helper()
	var runs []Run
	require.NoError(w, w.db.Read(w.Context()).Where("state IN ? AND due_at > 0 AND due_at <= ?", live, w.clock.Load()).Order("id").Find(&runs).Error)
	for _, r := range runs {
		w.drive(r.ID)
	}
	w.pump()
}

// drive executes a run from its beginning until it ends or must wait: effects
// that have been carried out give their stored results.
func (w *world) drive(id int64) {
	w.Helper()
	loaded, err := w.d.LoadRun(w.Context(), id)
	require.NoError(w, err)
	st := loaded.State
	defer func() {
		if r := recover(); r != nil && r != suspended {
			panic(r)
		}
	}()
	h := &engine{w: w, run: id}
	end, err := flow.Execute(loaded.Definition, &st, h)
	require.NoError(w, err)
	call := flow.Call{RunID: id, No: st.Effects + 1, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}
	_, err = w.d.EndRun(w.Context(), call, end)
	require.NoError(w, err)
}

const suspended = "the run waits"

// engine is a flow.Host over the desk.
type engine struct {
	w   *world
	run int64
}

func (e *engine) Now() time.Time { return timeOf(e.w.clock.Load()) }

func (e *engine) Do(call flow.Call, eff flow.Effect) (flow.Result, error) {
	call.RunID = e.run
	ctx, d := e.w.Context(), e.w.d
	switch x := eff.(type) {
	case flow.Send:
		return e.w.send(func() (Delivery, error) { return d.PrepareSend(ctx, call, x) })
	case flow.Ask:
		return e.w.send(func() (Delivery, error) { return d.PrepareAsk(ctx, call, x) })
	case flow.SaveAnswer:
		return d.SaveAnswer(ctx, call, x)
	case flow.Assign:
		return d.Assign(ctx, call, x)
	case flow.Evaluate:
		return d.Evaluate(ctx, call, x)
	case flow.UpdateTag:
		return d.UpdateTag(ctx, call, x)
	case flow.UpdateField:
		return d.UpdateField(ctx, call, x)
	case flow.Open:
		return d.Open(ctx, call, x)
	case flow.Close:
		return d.Close(ctx, call, x)
	case flow.Comment:
		return d.Comment(ctx, call, x)
	case flow.Sleep:
		return d.Sleep(ctx, call, x)
	case flow.CheckTime:
		return d.CheckTime(ctx, call, x)
	case flow.Request:
		return e.w.request(call, x)
	case flow.StartChild:
		return d.StartChild(ctx, call, x)
	case flow.AppendRow:
		return e.w.appendRow(call, x)
	case flow.Think:
		return e.w.think(call)
	case flow.Say:
		return e.w.send(func() (Delivery, error) { return d.PrepareSay(ctx, call, x) })
	}
	return flow.Result{}, fmt.Errorf("unknown effect %T", eff)
}

func (e *engine) Await(call flow.Call, wait flow.Wait) (flow.Result, error) {
	call.RunID = e.run
	res, err := e.w.d.EndWait(e.w.Context(), call, wait, !wait.DueAt.IsZero() && !e.Now().Before(wait.DueAt))
	if err == nil && res.Outcome == "" {
		panic(suspended)
	}
	return res, err
}

// send hands a message to the provider, which answers as w.fail says.
func (w *world) send(claim func() (Delivery, error)) (flow.Result, error) {
	for {
		dl, err := claim()
		if err == nil && dl.Ready {
			w.mu.Lock()
			w.sent, w.serve = append(w.sent, dl.Outgoing), w.serve+1
			sent, fail := channel.Sent{ProviderID: fmt.Sprintf("out-%d", w.serve)}, w.fail
			w.mu.Unlock()
			dl, err = w.d.Delivered(context.Background(), dl, sent, fail)
		}
		if err != nil {
			return flow.Result{}, err
		}
		if dl.Final != nil {
			return *dl.Final, nil
		}
		w.clock.Store(max(w.clock.Load(), dl.Until.UnixMilli()))
	}
}
