package desk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/channel"
	"ucal/flow"
	"ucal/internal/dbtest"
	"ucal/store"
)

// statement is one SQL statement as the code sent it.
type statement struct {
	sql  string
	vars []any
}

// record notes the statements that fn sends, each text once.
func (w *world) record(fn func()) []statement {
	w.Helper()
	var out []statement
	seen := map[string]bool{}
	on := true
	note := func(db *gorm.DB) {
		sql := db.Statement.SQL.String()
		w.mu.Lock()
		defer w.mu.Unlock()
		if on && sql != "" && !seen[sql] {
			seen[sql] = true
			out = append(out, statement{sql, append([]any{}, db.Statement.Vars...)})
		}
	}
	cb := w.db.Read(w.Context()).Callback()
	require.NoError(w, cb.Query().After("gorm:query").Register("record", note))
	require.NoError(w, cb.Create().After("gorm:create").Register("record", note))
	require.NoError(w, cb.Update().After("gorm:update").Register("record", note))
	require.NoError(w, cb.Delete().After("gorm:delete").Register("record", note))
	require.NoError(w, cb.Row().After("gorm:row").Register("record", note))
	require.NoError(w, cb.Raw().After("gorm:raw").Register("record", note))
	fn()
	w.mu.Lock()
	defer w.mu.Unlock()
	on = false
	return out
}

// big are the tables that grow with the traffic: no statement of the message
// path may read one of them from beginning to end.
var big = []string{"contacts", "identities", "messages", "message_statuses", "conversations", "events", "runs", "run_steps", "run_effects",
	"contact_tags", "contact_values", "comments", "trigger_decisions"}

// path does everything that the message path does, once.
func (w *world) path(users []*User) {
	w.Helper()
	c := w.writes("zoe", "m1", "hello") // new: welcome, question, two assignments
	w.writes("zoe", "m1", "hello")      // redelivered
	w.writes("zoe", "m2", "no number")
	w.writes("zoe", "m3", "5") // answers the retry
	at := timeOf(w.clock.Load())
	text := channel.Text("from the other application")
	require.NoError(w, w.receive("zoe", channel.Event{Kind: channel.EventStatus, ProviderID: "out-1", At: at, Status: &channel.StatusUpdate{Value: channel.StatusRead}}))
	require.NoError(w, w.receive("zoe", channel.Event{Kind: channel.EventStatus, ProviderID: "x", At: at, Status: &channel.StatusUpdate{Value: channel.StatusRead}}))
	require.NoError(w, w.receive("zoe", channel.Event{Kind: channel.EventEcho, ProviderID: "e1", At: at, Message: &text}))
	_, err := w.d.SendMessage(w.Context(), w.as(users[0]), ByID(c.ID), DraftMessage{Message: text})
	require.NoError(w, err)
	w.pump()
	_, err = w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{ID: users[1].ID})
	require.NoError(w, err)
	_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
	require.NoError(w, err)
	w.writes("zoe", "m4", "back")
	w.status(users[0], Busy)
	w.status(users[0], Online)
	_, err = w.d.SweepPresence(w.Context())
	require.NoError(w, err)
	_, err = w.d.SweepQueues(w.Context())
	require.NoError(w, err)
	_, err = w.d.Overdue(w.Context(), 100)
	require.NoError(w, err)
	_, err = w.d.SweepMessages(w.Context())
	require.NoError(w, err)
	_, err = w.d.Runs(w.Context(), w.p, RunFilter{}, Page{})
	require.NoError(w, err)
	_, err = w.d.Runs(w.Context(), w.p, RunFilter{Contact: ptr(ByID(c.ID))}, Page{})
	require.NoError(w, err)
	_, err = w.d.Runs(w.Context(), w.p, RunFilter{WorkflowID: w.runs(c)[0].WorkflowID}, Page{})
	require.NoError(w, err)
	_, err = w.d.RunOf(w.Context(), w.p, w.runs(c)[0].ID)
	require.NoError(w, err)
	_, err = w.d.LiveRuns(w.Context(), w.p, ByID(c.ID))
	require.NoError(w, err)
	_, err = w.d.Queue(w.Context(), w.p, users[0].TeamID, Page{})
	require.NoError(w, err)
	_, err = w.d.Decisions(w.Context(), w.p, ByID(c.ID), DecisionFilter{}, Page{})
	require.NoError(w, err)
	w.triggerPath(c)
}

const everything = `
format: 1
id: all
name: Everything
trigger:
  type: conversation_opened
steps:
  - id: hello
    type: send_message
    config: {channel: last_interacted, message: {type: text, text: "Hi $contact.firstname, $last_incoming_message $contact.tags $conversation.first_assignee"}}
    next: ask
  - id: ask
    type: ask_question
    config: {question: "How many?", question_type: number, save_as_variable: number, retries: 1}
    arms: {success: tag}
  - id: tag
    type: update_contact_tag
    config: {action: add, tags: [vip]}
    next: least
  - id: least
    type: assign_to
    config: {action: user_in_team, team: Support, logic: least_open_contacts, open_contacts_below: 100000000}
    next: turns
  - id: turns
    type: assign_to
    config: {action: user_in_workspace, logic: round_robin, only_online: true}
`

const greeter = `
format: 1
id: greeter
name: Greeter
trigger:
  type: message_received
steps:
  - id: note
    type: add_comment
    config: {text: "wrote $last_incoming_message"}
`

func (w *world) pathWorld() []*User {
	w.Helper()
	_, users := w.team("Support", "Ann", "Ben", "Cem", "Dan")
	w.publish(everything)
	w.publish(greeter)
	w.triggerWorkflows()
	return users
}

func TestTheMessagePathReadsByIndexOnPostgres(t *testing.T) {
	w := newWorld(t, dbtest.Postgres(t))
	users := w.pathWorld()
	w.fill(200_000, users)
	statements := w.record(func() { w.path(users) })
	require.Greater(t, len(statements), 60)
	scan := regexp.MustCompile(`"Node Type": "Seq Scan"[^{}]*?"Relation Name": "(\w+)"`)
	require.NoError(t, w.db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, s := range statements {
			var plan string
			if err := tx.Raw("EXPLAIN (FORMAT JSON) "+s.sql, s.vars...).Row().Scan(&plan); err != nil {
				return fmt.Errorf("%s: %w", s.sql, err)
			}
			for _, m := range scan.FindAllStringSubmatch(plan, -1) {
				for _, table := range append([]string{"outbox"}, big...) {
					if m[1] == table && !(table == "outbox" && strings.HasPrefix(s.sql, "UPDATE outbox")) {
						t.Errorf("reads all of %s: %s\n%v\n%s", table, s.sql, s.vars, plan)
					}
				}
			}
		}
		return nil
	}))
}

// SQLite plans without knowing the values: what a partial index asks for must
// stand in the statement itself.
func TestTheMessagePathReadsByIndexOnSQLite(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	users := w.pathWorld()
	statements := w.record(func() { w.path(users) })
	require.Greater(t, len(statements), 60)
	scan := regexp.MustCompile(`^SCAN (\w+)`)
	for _, s := range statements {
		var steps []struct{ Detail string }
		require.NoError(t, w.db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+s.sql, s.vars...).Scan(&steps).Error, s.sql)
		for _, step := range steps {
			m := scan.FindStringSubmatch(step.Detail)
			for _, table := range big {
				if m != nil && m[1] == table && !strings.HasSuffix(step.Detail, " USING INDEX messages_unsent") { // of the unsent ones only
					t.Errorf("reads all of %s (%s): %s", table, step.Detail, s.sql)
				}
			}
		}
	}
}

// fill stores n contacts with an identity, a conversation, messages, events and
// runs each, as SQL and not through the desk: it is the amount that counts.
func (w *world) fill(n int, users []*User) {
	w.Helper()
	started := time.Now()
	rule, err := json.Marshal(flow.Assign{})
	require.NoError(w, err)
	var wf int64
	require.NoError(w, w.db.Read(w.Context()).Model(&Workflow{}).Where("slug = 'all'").Pluck("id", &wf).Error)
	ws, at := w.p.WorkspaceID, w.clock.Load()-time.Hour.Milliseconds()
	const first = 1_000_000 // ids beyond those that the sequences give
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	values := strings.NewReplacer("@ws", number(ws), "@ch", number(w.ch.ID), "@user", number(users[0].ID), "@wf", number(wf), "@at", number(at),
		"@first", number(first), "@last", number(int64(first+n-1)), "@rule", "'"+string(rule)+"'")
	for _, q := range []string{
		`INSERT INTO contacts (id, workspace_id, first_name, phone, assignee_id, conversation_id, identity_id, last_message_at, event_seq, added_by, created_at)
		 SELECT i, @ws, 'Contact ' || i, '+49' || i, @user + i % 400, CASE WHEN i % 10 = 0 THEN i ELSE 0 END, i, @at, 3, 'api', @at FROM generate_series(@first, @last) i`,
		`INSERT INTO identities (id, workspace_id, channel_id, contact_id, external_id, last_message_at, created_at) SELECT i, @ws, @ch, i, 'ext-' || i, @at, @at FROM generate_series(@first, @last) i`,
		`INSERT INTO conversations (id, workspace_id, contact_id, contact_type, opened_at, opened_source, closed_at)
		 SELECT i, @ws, i, 'new', @at, 'contact', CASE WHEN i % 10 = 0 THEN 0 ELSE @at END FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO messages (id, workspace_id, contact_id, identity_id, channel_id, conversation_id, traffic, type, body, provider_id, at, status, sender_source, send_key, created_at)
		 SELECT i, @ws, i, i, @ch, i, CASE WHEN i % 2 = 0 THEN 'incoming' ELSE 'outgoing' END, 'text', '{"type":"text","text":"hello"}', 'p-' || i, @at,
		 CASE WHEN i % 2 = 0 THEN '' ELSE 'sent' END, 'workflow', 'k-' || i, @at FROM generate_series(@first, @last) i`,
		`INSERT INTO message_statuses (message_id, value, at) SELECT i, 'sent', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO events (uid, workspace_id, contact_id, seq, type, actor, at) SELECT 'e-' || i, @ws, i, 1, 'message.received', '{}', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO runs (id, workspace_id, workflow_id, version_id, contact_id, state, trigger_event, trigger_type, trigger_at, started_at, ended_at)
		 SELECT i, @ws, @wf, 1, i, CASE WHEN i % 5 = 0 THEN 'running' ELSE 'completed' END, 'e-' || i, 'conversation_opened', @at, @at, @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO run_steps (run_id, seq, step_id, visit, name, type, started_at) SELECT i, 1, 'hello', 1, 'hello', 'send_message', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO run_effects (run_id, no, kind, result, at) SELECT i, 1, 'send', '{}', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO trigger_decisions (workspace_id, contact_id, event, workflow_id, version, reason, at) SELECT @ws, i, '{}', @wf, 1, 'matched', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO comments (workspace_id, contact_id, text, author, created_at) SELECT @ws, i, 'x', '{}', @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO contact_tags (contact_id, tag_id, created_at) SELECT i, 1, @at FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO contact_values (contact_id, field_id, value) SELECT i, 1, 'x' FROM generate_series(@first, @first + 50000) i`,
		`INSERT INTO assignment_queue (workspace_id, team_id, contact_id, run_id, workflow_id, step_id, rule, entered_at, timeout_at)
		 SELECT @ws, 999, i, i, @wf, 'least', @rule, @at, @at FROM generate_series(@first, @first + 2000) i`,
		`INSERT INTO outbox (id, workspace_id, contact_id, kind, payload, not_before, created_at) SELECT i, @ws, i, 'wake_run', '{}', @at * 2, @at FROM generate_series(@first, @first + 20000) i`,
		`ANALYZE`,
	} {
		require.NoError(w, w.db.Write(w.Context(), func(tx *gorm.DB) error {
			return tx.Exec(values.Replace(q)).Error
		}), q)
	}
	require.Equal(w, store.Postgres, w.db.Dialect())
	w.Logf("filled in %v", time.Since(started).Round(10*time.Millisecond))
}
