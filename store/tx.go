package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

const (
	maxAttempts = 5
	firstPause  = 4 * time.Millisecond
	longestWait = 100 * time.Millisecond
)

// Write runs fn in one read-write transaction: committed when fn returns nil,
// rolled back when it returns an error, panics or ctx ends.
//
// SQLite has a single writer: transactions run one after the other, each from
// its very beginning (BEGIN IMMEDIATE). On PostgreSQL they run side by side at
// READ COMMITTED; lock the rows you decide upon with ForUpdate.
//
// When the database asks for it (deadlock or serialization failure on
// PostgreSQL, a busy file on SQLite), the whole fn runs again, up to 5 times
// with short random pauses. So fn must set, not add to, anything outside the
// transaction, must do no I/O elsewhere, and must wrap database errors with %w.
//
// Transactions do not nest: Write inside fn waits for itself on SQLite, and
// tx.Transaction is refused. fn must not keep tx, nor share it between goroutines.
func (db *DB) Write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		topics, err := db.inTx(ctx, db.write, nil, fn)
		if err == nil {
			db.announce(topics)
			return nil
		}
		if !isRetryable(err) || ctx.Err() != nil {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("gave up after %d attempts: %w", maxAttempts, err)
		}
		if !wait(ctx, pause/2+rand.N(pause)) {
			return errors.Join(ctx.Err(), err)
		}
		pause = min(2*pause, longestWait)
	}
}

// Snapshot runs fn in one read transaction, in which all queries see the same
// state of the database. Writes are refused. It is not repeated on errors.
func (db *DB) Snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error {
	var opts *sql.TxOptions // the readers of SQLite are read-only and see a snapshot anyway
	if db.dialect == Postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	_, err := db.inTx(ctx, db.read, opts, fn)
	return err
}

// inTx runs fn once in a transaction of pool and returns the topics it notified.
func (db *DB) inTx(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, fn func(*gorm.DB) error) (topics []string, err error) {
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	done := false
	defer func() {
		if !done { // an error, or fn panicked: either way free the connection
			_ = tx.Rollback() // after a cancelled ctx it is rolled back already
		}
	}()

	conn := &txConn{tx: tx}
	if err := fn(db.session(ctx, conn)); err != nil {
		return nil, err
	}
	done = true
	if err := tx.Commit(); err != nil {
		// database/sql reports a transaction that ctx ended as "already done".
		if ctxErr := ctx.Err(); ctxErr != nil {
			err = ctxErr
		}
		return nil, fmt.Errorf("commit transaction: %w", err)
	}
	return conn.topics, nil
}

// wait pauses for d; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// txConn is the connection of one transaction as GORM sees it. Being neither a
// beginner nor a committer in GORM's eyes, it refuses tx.Transaction, tx.Commit
// and tx.Rollback; and it carries the topics, which a GORM setting would lose on
// Session(NewDB).
type txConn struct {
	tx     *sql.Tx
	topics []string
}

var _ gorm.ConnPool = (*txConn)(nil)

func (c *txConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.tx.PrepareContext(ctx, query)
}

func (c *txConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.tx.ExecContext(ctx, query, args...)
}

func (c *txConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.tx.QueryContext(ctx, query, args...)
}

func (c *txConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.tx.QueryRowContext(ctx, query, args...)
}
