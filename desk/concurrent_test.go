package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
	"ucal/store"
)

const (
	crowdHands    = 16
	crowdContacts = 50
	crowdLimit    = 3 // fewer than this many open contacts
	crowdTime     = 3 * time.Second
)

const crowded = `
format: 1
id: crowded
name: Crowded
trigger:
  type: conversation_opened
steps:
  - id: greet
    type: add_comment
    config: {text: "Hi $contact.firstname"}
    next: assign
  - id: assign
    type: assign_to
    config: {action: user_in_team, team: Support, logic: least_open_contacts, only_online: true, open_contacts_below: 3}
    next: tag
  - id: tag
    type: update_contact_tag
    config: {action: add, tags: [vip]}
`

// hands does one of the things that happen all day, again and again.
func (w *world) hands(ctx context.Context, n int, users []*User) error {
	rnd := rand.New(rand.NewPCG(uint64(n), 1))
	for i := 0; ctx.Err() == nil; i++ {
		who := fmt.Sprintf("c%d", rnd.IntN(crowdContacts))
		c, err := first[Contact](w.db.Read(w.Context()).Where("id = (SELECT contact_id FROM identities WHERE external_id = ?)", who))
		if err != nil {
			return err
		}
		switch k := rnd.IntN(10); {
		case k < 4 || c == nil:
			err = w.d.Receive(w.Context(), w.ch, []channel.Inbound{w.inbound(who, fmt.Sprintf("m-%d-%d", n, i-rnd.IntN(2)), "hello")})
		case k < 6:
			_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		case k < 7:
			_, err = w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{ID: users[rnd.IntN(len(users))].ID})
		case k < 9:
			_, err = w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{})
		default:
			_, err = w.d.SetStatus(w.Context(), w.p, users[rnd.IntN(len(users))].ID, []Presence{Online, Busy}[rnd.IntN(2)])
		}
		if err != nil {
			return err
		}
		if _, err := w.pumpSome(10); err != nil {
			return err
		}
	}
	return nil
}

// pumpSome does what the outbox asks for, some of it twice at the same time, and
// returns how much that was.
func (w *world) pumpSome(n int) (int, error) {
	rows, err := w.d.LeaseOutbox(context.Background(), n, 60_000)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		again := make(chan error, 1)
		if rand.IntN(4) == 0 {
			go func() { again <- w.advanceRun(r.RunID) }()
		} else {
			again <- nil
		}
		moved := errors.Join(w.advanceRun(r.RunID), <-again)
		_, done := w.d.DoneOutbox(context.Background(), r)
		if err := errors.Join(moved, done); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// TestManyHands: messages, closing, presence, assignment by hand and by a
// workflow, all at once. Afterwards the log of events must tell a possible day.
func TestManyHands(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben", "Cem", "Dan")
		w.publish(crowded)
		ctx, cancel := context.WithTimeout(w.Context(), crowdTime)
		defer cancel()
		errs := make(chan error, crowdHands)
		var all sync.WaitGroup
		for n := range crowdHands {
			all.Go(func() { errs <- w.hands(ctx, n, users) })
		}
		all.Wait()
		for range crowdHands {
			require.NoError(w, <-errs)
		}
		for n := 1; n > 0; {
			var err error
			n, err = w.pumpSome(100)
			require.NoError(w, err)
		}
		w.checkDay()
		found, err := w.d.SweepQueues(w.Context())
		require.NoError(w, err)
		require.Zero(w, found, "a drain was missed")
	})
}

// checkDay replays the log of events and looks at what is stored in the end.
func (w *world) checkDay() {
	w.Helper()
	var events []Event
	require.NoError(w, w.db.Read(w.Context()).Where("contact_id > 0").Order("id").Find(&events).Error)
	seqs := map[int64]int64{}
	for _, e := range events {
		seqs[e.ContactID]++
		require.Equal(w, seqs[e.ContactID], e.Seq, "the events of contact %d have no gaps and are in order", e.ContactID)
	}
	w.checkLimit(events)

	var runs []Run
	require.NoError(w, w.db.Read(w.Context()).Order("id").Find(&runs).Error)
	ended, granted := map[int64]bool{}, 0
	for _, r := range runs {
		ended[r.ID] = !r.Live()
		var effects []RunEffect
		require.NoError(w, w.db.Read(w.Context()).Where("run_id = ?", r.ID).Order("no").Find(&effects).Error)
		assigned := 0
		for i, x := range effects {
			require.Equal(w, i+1, x.No, "the effects of run %d have no gaps", r.ID)
			var res flow.Result
			require.NoError(w, json.Unmarshal([]byte(x.Result), &res))
			if (x.Kind == "assign" || x.Kind == "end_wait") && res.Outcome == flow.Done {
				assigned++
			}
		}
		granted += assigned
		require.LessOrEqual(w, assigned, 1, "run %d", r.ID)
		if r.State == flow.RunCompleted {
			require.Equal(w, 1, assigned, "run %d", r.ID)
		}
	}
	require.EqualValues(w, len(runs), w.count(&Event{}, "type = ?", WorkflowStarted))
	require.EqualValues(w, w.count(&Comment{}, "1 = 1"), w.count(&RunEffect{}, "kind = 'comment'"))
	var queued []QueueEntry
	require.NoError(w, w.db.Read(w.Context()).Find(&queued).Error)
	for _, q := range queued {
		require.False(w, ended[q.RunID], "the ended run %d is in the queue", q.RunID)
	}
	require.EqualValues(w, len(queued), w.count(&Run{}, "state = 'waiting' AND claim = ''"))
	w.Logf("%d runs, %d granted, %d queued, %d events", len(runs), granted, len(queued), len(events))
}

// unsure is how many events back the conversation of a user's contact may have
// been opened again without an assignment seeing it: opening takes no assignment
// lock, so its events may be numbered before those of an assignment that was
// committed earlier.
const unsure = 200

// checkLimit finds assignments by the workflow to a user who had as many open
// contacts as the limit allows.
func (w *world) checkLimit(events []Event) {
	w.Helper()
	type state struct {
		opened   int64 // id of the event; 0 = closed
		assignee int64
		sure     bool // assigned since it was opened
	}
	now := map[int64]state{}
	for _, e := range events {
		s := now[e.ContactID]
		switch e.Type {
		case ConversationOpened:
			s.opened, s.sure = e.ID, false
		case ConversationClosed:
			s.opened = 0
		case AssigneeUpdated:
			to := int64(e.Data["assigneeId"].(float64))
			open := 0
			for id, o := range now {
				if id != e.ContactID && o.opened > 0 && o.assignee == to && (o.sure || w.db.Dialect() == store.SQLite || o.opened < e.ID-unsure) {
					open++
				}
			}
			if e.Actor.Kind == SourceWorkflow {
				require.Less(w, open, crowdLimit, "event %d: user %d got contact %d", e.ID, to, e.ContactID)
			}
			s.assignee, s.sure = to, true
		}
		now[e.ContactID] = s
	}
}

// advanceRun is drive for use in several goroutines.
func (w *world) advanceRun(id int64) error {
	loaded, err := w.d.LoadRun(context.Background(), id)
	if err != nil {
		return err
	}
	st := loaded.State
	h := &engine{w: w, run: id}
	waits := false
	end, err := func() (end flow.Ending, err error) {
		defer func() {
			if r := recover(); r != nil {
				if r != suspended {
					panic(r)
				}
				waits = true
			}
		}()
		return flow.Execute(loaded.Definition, &st, h)
	}()
	if err != nil || waits {
		return err
	}
	_, err = w.d.EndRun(context.Background(), flow.Call{RunID: id, No: st.Effects + 1, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}, end)
	return err
}
