package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/internal/dbtest"
	"ucal/store"
)

const patience = 20 * time.Second

// listen starts listening and takes the wake-ups that come by themselves: one
// at once, and one more when PostgreSQL has begun to listen.
func listen(t *testing.T, db *store.DB, topic string) <-chan struct{} {
	t.Helper()
	wakeups, err := db.Listen(t.Context(), topic)
	require.NoError(t, err)
	requireWakeup(t, wakeups)
	if db.Dialect() == store.Postgres {
		awaitListener(t, db)
	}
	drain(t, db, topic, wakeups)
	return wakeups
}

// awaitListener returns when a connection that executed LISTEN is there, and
// returns its process id.
func awaitListener(t *testing.T, db *store.DB) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		pid = 0
		err := db.Read(t.Context()).Raw(`SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND query = 'LISTEN ucal' AND state = 'idle'`).Scan(&pid).Error
		return err == nil && pid != 0
	}, patience, 5*time.Millisecond, "nobody listens")
	return pid
}

// drain takes what is under way: it notifies until the wake-up for that came,
// then takes the rest. On PostgreSQL the server's echo is ours and is ignored.
func drain(t *testing.T, db *store.DB, topic string, wakeups <-chan struct{}) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error { return store.Notify(tx, topic) }))
	requireWakeup(t, wakeups)
}

func requireWakeup(t *testing.T, wakeups <-chan struct{}) {
	t.Helper()
	select {
	case <-wakeups:
	case <-time.After(patience):
		require.Fail(t, "no wake-up")
	}
}

func requireSilence(t *testing.T, wakeups <-chan struct{}) {
	t.Helper()
	select {
	case <-wakeups:
		require.Fail(t, "a wake-up that nobody sent")
	default:
	}
}

func TestNotifyWakesAfterCommitOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		outbox, other := listen(t, db, "outbox"), listen(t, db, "other")

		require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
			for range 3 {
				require.NoError(t, store.Notify(tx.Session(&gorm.Session{NewDB: true}), "outbox"))
			}
			requireSilence(t, outbox)
			return nil
		}))
		requireWakeup(t, outbox)
		requireSilence(t, outbox)
		requireSilence(t, other)

		errNo := errors.New("no")
		require.ErrorIs(t, db.Write(t.Context(), func(tx *gorm.DB) error {
			require.NoError(t, store.Notify(tx, "outbox"))
			return errNo
		}), errNo)
		requireSilence(t, outbox)
	})
}

func TestNotifyNeedsATransaction(t *testing.T) {
	require.Error(t, store.Notify(dbtest.SQLite(t).Read(t.Context()), "outbox"))
}

func TestListeningEndsWithItsContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		stays := listen(t, db, "outbox")
		ctx, cancel := context.WithCancel(t.Context())
		leaves, err := db.Listen(ctx, "outbox")
		require.NoError(t, err)
		requireWakeup(t, leaves)
		cancel()
		notify := func(tx *gorm.DB) error { return store.Notify(tx, "outbox") }
		require.Eventually(t, func() bool {
			require.NoError(t, db.Write(t.Context(), notify))
			requireWakeup(t, stays)
			select {
			case <-leaves:
				return false
			default:
				return true
			}
		}, patience, time.Millisecond)
	})
}

// A second DB is what another process would have.
func TestNotifyReachesOtherProcesses(t *testing.T) {
	url := dbtest.PostgresURL(t)
	here, there := dbtest.Open(t, url), dbtest.Open(t, url)
	wakeups, err := there.Listen(t.Context(), "outbox")
	require.NoError(t, err)
	requireWakeup(t, wakeups)
	awaitListener(t, there)
	for range 3 {
		require.NoError(t, here.Write(t.Context(), func(tx *gorm.DB) error { return store.Notify(tx, "outbox") }))
		requireWakeup(t, wakeups)
	}
}

func TestClosingSendsWhatIsDue(t *testing.T) {
	url := dbtest.PostgresURL(t)
	there := dbtest.Open(t, url)
	wakeups := listen(t, there, "outbox")

	here, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	require.NoError(t, here.Write(t.Context(), func(tx *gorm.DB) error { return store.Notify(tx, "outbox") }))
	require.NoError(t, here.Close())
	requireWakeup(t, wakeups)

	_, err = here.Listen(t.Context(), "outbox")
	require.ErrorContains(t, err, "closed")
}

func TestListenerReconnects(t *testing.T) {
	url := dbtest.PostgresURL(t)
	here, there := dbtest.Open(t, url), dbtest.Open(t, url)
	wakeups := listen(t, there, "outbox")

	before := awaitListener(t, there)
	require.NoError(t, here.Read(t.Context()).Exec("SELECT pg_terminate_backend(?)", before).Error)
	requireWakeup(t, wakeups) // by itself, once connected again
	require.Eventually(t, func() bool { return awaitListener(t, there) != before }, patience, 5*time.Millisecond)

	require.NoError(t, here.Write(t.Context(), func(tx *gorm.DB) error { return store.Notify(tx, "outbox") }))
	requireWakeup(t, wakeups)
}
