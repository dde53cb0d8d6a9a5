package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// DatabaseError says why Temporal's database file cannot be used and what to do about it.
type DatabaseError struct {
	File   string
	Reason string
	Mend   string
	Err    error // what the system said; nil when there is nothing more to know
}

func (e *DatabaseError) Error() string {
	s := fmt.Sprintf("Temporal's database %s %s; %s", e.File, e.Reason, e.Mend)
	if e.Err != nil {
		s += " (" + e.Err.Error() + ")"
	}
	return s
}

func (e *DatabaseError) Unwrap() error { return e.Err }

const otherFolder = "choose another data folder with --data or UCAL_DATA"

// openDatabase prepares Temporal's two files and keeps every other process from them until the result is closed.
func openDatabase(ctx context.Context, file string) (io.Closer, error) {
	lock, err := lockFile(ctx, file)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(prepareDatabase(ctx, file), prepareDatabase(ctx, visibilityFile(file))); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// lockFile holds an exclusive SQLite lock on an empty file beside the database. The system takes it back when the process
// dies, however it dies, and it works wherever SQLite does. Two servers on one file would take the shard from each other
// without end.
func lockFile(ctx context.Context, file string) (io.Closer, error) {
	name := file + ".lock"
	if err := checkWritable(name); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+escapePath(name)+"?mode=rwc&_pragma=busy_timeout(0)")
	if err != nil {
		return nil, explain(file, err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(explain(file, err), db.Close())
	}
	if _, err := conn.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		return nil, errors.Join(explain(file, err), conn.Close(), db.Close())
	}
	return &fileLock{db: db, conn: conn}, nil
}

type fileLock struct {
	db   *sql.DB
	conn *sql.Conn
}

func (l *fileLock) Close() error { return errors.Join(l.conn.Close(), l.db.Close()) }

// prepareDatabase makes the file with Temporal's schema when it is new and checks it otherwise. The schema and its
// version are written in one transaction: a process killed in between leaves an empty file, which is new again.
//
// Temporal has no upgrades for SQLite files, so a file is used by the schema version that made it or not at all. The
// version stands in SQLite's user_version, because Temporal itself writes none.
func prepareDatabase(ctx context.Context, file string) error {
	if err := checkWritable(file); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+escapePath(file)+"?mode=rwc&_txlock=immediate&_pragma=busy_timeout(2000)")
	if err != nil {
		return explain(file, err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return explain(file, err)
	}
	defer func() { _ = tx.Rollback() }()

	var version, tables int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return explain(file, err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return explain(file, err)
	}
	want, err := schemaVersion()
	if err != nil {
		return err
	}
	switch {
	case version == want:
		return nil
	case version > want:
		return &DatabaseError{File: file, Reason: fmt.Sprintf("was made by a newer version of ucal (schema %d, this one knows %d)", version, want),
			Mend: "start that version of ucal, or " + otherFolder}
	case version > 0:
		return &DatabaseError{File: file, Reason: fmt.Sprintf("was made by an older version of ucal (schema %d, this one needs %d) and Temporal cannot upgrade SQLite files", version, want),
			Mend: "finish its runs with that version, or " + otherFolder}
	case tables > 0:
		return &DatabaseError{File: file, Reason: "belongs to another program", Mend: otherFolder}
	}
	if err := sqliteschema.SetupSchemaOnDB(schemaTx{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("create Temporal's schema in %s: %w", file, err)
	}
	if err := dropSpareIndexes(ctx, tx); err != nil {
		return explain(file, err)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, want)); err != nil {
		return explain(file, err)
	}
	return explain(file, tx.Commit())
}

// dropSpareIndexes leaves the list of runs the indexes that the UI's own views use. Temporal's schema has some sixty, one
// for each column that a search attribute may ever take, and every run writes them all twice. Other queries still work:
// they read the namespace's runs through default_idx, which is fast enough for what one machine keeps for a week.
func dropSpareIndexes(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL
		AND name NOT IN ('default_idx', 'by_workflow_id', 'by_workflow_type', 'by_status')`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var spare []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		spare = append(spare, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range spare {
		if _, err := tx.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return err
		}
	}
	return nil
}

// schemaTx lets Temporal write its schema inside our transaction; it only ever calls Exec.
type schemaTx struct {
	sqlplugin.AdminDB
	ctx context.Context
	tx  *sql.Tx
}

func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.ExecContext(s.ctx, stmt, args...)
	return err
}

// schemaVersion folds Temporal's two schema versions into one number: "0.11" and "0.1" are 11_001.
func schemaVersion() (int, error) {
	total := 0
	for _, version := range []string{sqliteschema.Version, sqliteschema.VisibilityVersion} {
		major, minor, _ := strings.Cut(version, ".")
		a, errA := strconv.Atoi(major)
		b, errB := strconv.Atoi(minor)
		if err := errors.Join(errA, errB); err != nil {
			return 0, fmt.Errorf("the SQLite schema version %q of Temporal is not <major>.<minor>: %w", version, err)
		}
		total = total*1000 + a*100 + b
	}
	return total, nil
}

func checkWritable(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return explain(file, err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return explain(file, err)
	}
	return explain(file, f.Close())
}

// explain turns what the system or SQLite says about the file into what the user can do; nil stays nil.
func explain(file string, err error) error {
	if err == nil {
		return nil
	}
	e := &DatabaseError{File: file, Reason: "cannot be opened", Mend: otherFolder, Err: err}
	var lite *sqlite.Error
	switch {
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
			e.Reason, e.Mend = "is in use by another process", "stop the other `ucal dev`, or "+otherFolder
		case sqlitelib.SQLITE_NOTADB, sqlitelib.SQLITE_CORRUPT:
			e.Reason = "is damaged or no SQLite file"
		case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_IOERR:
			e.Reason, e.Mend = "cannot be written", "make its folder writable, or "+otherFolder
		case sqlitelib.SQLITE_FULL:
			e.Reason, e.Mend = "cannot grow: the disk is full", "free some space, or "+otherFolder
		}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Reason, e.Mend = "cannot be written", "make its folder writable, or "+otherFolder
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return e
}
