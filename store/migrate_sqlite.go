package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// migrateSQLite runs all pending migrations in one transaction on a connection
// of its own. The write lock keeps other processes out from before the version
// is read until all is done, and a failed migration leaves nothing behind.
//
// Foreign keys are off meanwhile, so that a migration can rebuild a table that
// others refer to, and are checked as a whole before the commit.
func (db *DB) migrateSQLite(ctx context.Context, progress func(string)) (err error) {
	pool := sql.OpenDB(savepointConnector{
		driver: db.write.Driver(),
		dsn:    sqliteDSN(db.sqlite, "immediate", "foreign_keys(0)"),
	})
	pool.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, pool.Close()) }()

	told := false
	for {
		_, err := pool.ExecContext(ctx, "BEGIN IMMEDIATE")
		if err == nil {
			break
		}
		if !isRetryable(err) {
			return fmt.Errorf("lock %s: %w", db.sqlite, err)
		}
		if !told {
			progress("database: waiting for another process that writes to it")
			told = true
		}
		if !wait(ctx, longestWait) {
			return fmt.Errorf("wait for another process that writes to %s: %w", db.sqlite, ctx.Err())
		}
	}
	err = db.apply(ctx, pool, progress)
	if err == nil {
		err = checkForeignKeys(ctx, pool)
	}
	if err == nil {
		_, err = pool.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, rollbackErr := pool.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, rollbackErr)
	}
	return nil
}

// checkForeignKeys reports the first row that refers to a missing one.
func checkForeignKeys(ctx context.Context, pool *sql.DB) error {
	var table, parent string
	var row sql.NullInt64
	var key int
	err := pool.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&table, &row, &parent, &key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check the foreign keys: %w", err)
	}
	return fmt.Errorf("row %d of table %s refers to a row of %s that does not exist", row.Int64, table, parent)
}

// savepointConnector makes connections on which a transaction is a savepoint
// inside the one that migrateSQLite has begun, so that goose, which begins a
// transaction for each migration, stays within it.
type savepointConnector struct {
	driver driver.Driver
	dsn    string
}

func (c savepointConnector) Driver() driver.Driver { return c.driver }

func (c savepointConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("unexpected SQLite connection %T", conn), conn.Close())
	}
	return savepointConn{full}, nil
}

// sqliteConn is what database/sql uses of a connection of the SQLite driver.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type savepointConn struct {
	sqliteConn
}

func (c savepointConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if _, err := c.ExecContext(ctx, "SAVEPOINT migration", nil); err != nil {
		return nil, err
	}
	return savepointTx{c}, nil
}

type savepointTx struct {
	conn savepointConn
}

func (tx savepointTx) Commit() error {
	_, err := tx.conn.ExecContext(context.Background(), "RELEASE migration", nil)
	return err
}

func (tx savepointTx) Rollback() error {
	_, err := tx.conn.ExecContext(context.Background(), "ROLLBACK TO migration; RELEASE migration", nil)
	return err
}
