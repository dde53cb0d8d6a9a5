package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/store"
)

// during runs other while a transaction holds what hold has taken and changed;
// the transaction commits when other waits for it, or is done.
func (w *world) during(hold func(t *txn) error, other func() error) {
	w.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	holder, done := make(chan error, 1), make(chan error, 1)
	go func() {
		holder <- w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) error {
			if err := hold(t); err != nil {
				return err
			}
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	go func() { done <- other() }()
	var err error
	finished := w.db.Dialect() == store.SQLite // its one writer is taken: whoever comes waits
	if finished {
		close(release)
		err = <-done
	} else {
		require.Eventually(w, func() bool {
			select {
			case err = <-done:
				finished = true
				return true
			default:
			}
			var waiting int
			q := w.db.Read(w.Context()).Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
			return q.Scan(&waiting).Error == nil && waiting > 0
		}, 10*time.Second, time.Millisecond)
		close(release)
		if !finished {
			err = <-done
		}
	}
	require.NoError(w, <-holder)
	require.NoError(w, err)
}

func (w *world) receive(who string, ev channel.Event) error {
	return w.d.Receive(w.Context(), w.ch, []channel.Inbound{{ExternalID: who, Events: []channel.Event{ev}}})
}

func TestAMessageWhileItsContactIsDeleted(t *testing.T) {
	eachWorld(t, func(w *world) {
		old := w.writes("zoe", "m1", "hello")
		w.during(func(t *txn) error {
			if _, err := t.contact(old.ID); err != nil {
				return err
			}
			return t.erase(old.ID)
		}, func() error {
			return w.d.Receive(w.Context(), w.ch, []channel.Inbound{w.inbound("zoe", "m2", "again")})
		})
		require.NotEqual(w, old.ID, w.contact("zoe").ID)
		require.EqualValues(w, 1, w.count(&Message{}, "provider_id = 'm2'"))
	})
}

func TestAnOlderMessageDoesNotTurnTheWindowBack(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.advance(time.Hour)
		newer := w.clock.Load()
		w.during(func(t *txn) error {
			c, err := t.contact(c.ID)
			if err != nil {
				return err
			}
			return t.touch(c, &Identity{ID: c.IdentityID}, newer, true)
		}, func() error {
			m := channel.Text("sent before, delivered after")
			return w.receive("zoe", channel.Event{Kind: channel.EventMessage, ProviderID: "m2", At: timeOf(newer - 60_000), Message: &m})
		})
		require.EqualValues(w, 1, w.count(&Identity{}, "last_incoming_at = ? AND last_message_at = ?", newer, newer))
	})
}

// sentBy is a stored message whose attempt notes its answer in a transaction
// that has not committed yet.
func (w *world) sentBy(c *Contact, providerID string) (hold func(t *txn) error) {
	m := &Message{WorkspaceID: c.WorkspaceID, ContactID: c.ID, IdentityID: c.IdentityID, ChannelID: w.ch.ID, Traffic: Outgoing, Type: channel.TypeText,
		Body: channel.Text("hi"), Status: StatusSending, SenderSource: SourceWorkflow}
	w.insert(m)
	return func(t *txn) error {
		c, err := t.contact(c.ID)
		if err != nil {
			return err
		}
		return t.markSent(c, m, channel.Sent{ProviderID: providerID})
	}
}

func TestAReceiptWhileItsMessageIsBeingNoted(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.during(w.sentBy(c, "out-9"), func() error {
			return w.receive("zoe", channel.Event{Kind: channel.EventStatus, ProviderID: "out-9", At: timeOf(w.clock.Load()),
				Status: &channel.StatusUpdate{Value: channel.StatusDelivered}})
		})
		require.EqualValues(w, 1, w.count(&Message{}, "provider_id = 'out-9' AND status = ?", channel.StatusDelivered))
		require.Zero(w, w.count(&EarlyReceipt{}, "1 = 1"))
	})
}

func TestAnEchoWhileItsMessageIsBeingNoted(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		w.during(w.sentBy(c, "out-9"), func() error {
			m := channel.Text("hi")
			return w.receive("zoe", channel.Event{Kind: channel.EventEcho, ProviderID: "out-9", At: timeOf(w.clock.Load()), Message: &m})
		})
		require.EqualValues(w, 1, w.count(&Message{}, "traffic = ?", Outgoing), "the echo is our own message")
	})
}
