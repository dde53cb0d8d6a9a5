package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite" // the SQL driver "sqlite": pure Go, no cgo
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDriver is the name under which modernc.org/sqlite registers itself. The
// embedded Temporal server uses the same driver, so nobody may register it again.
const sqliteDriver = "sqlite"

// defaultReaders is the size of the SQLite reader pool.
const defaultReaders = 4

// openSQLite opens the file at path with two pools: one writer and some
// readers, who in WAL mode hinder neither the writer nor each other.
func openSQLite(ctx context.Context, path string, opts Options) (*DB, error) {
	path, err := sqlitePath(path)
	if err != nil {
		return nil, err
	}
	write, err := openPool(sqliteDSN(path, "immediate", "foreign_keys(1)"))
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := tryWriting(ctx, write); err != nil {
		return nil, errors.Join(explainSQLite(path, err), write.Close())
	}
	read, err := openPool(sqliteDSN(path, "deferred", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite database %s: %w", path, err), write.Close())
	}
	readers := cmp.Or(opts.MaxOpen, defaultReaders)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)

	handle, err := newGORM(sqliteDialector{&gormsqlite.Dialector{DriverName: sqliteDriver, Conn: read}}, opts.Logger)
	if err != nil {
		return nil, errors.Join(explainSQLite(path, err), read.Close(), write.Close())
	}
	return &DB{
		dialect:    SQLite,
		gorm:       handle,
		write:      write,
		read:       read,
		migrations: embeddedMigrations(SQLite),
		log:        opts.Logger,
		hub:        newHub(),
		sqlite:     path,
	}, nil
}

// sqlitePath checks what can be checked before SQLite answers everything with
// "unable to open database file", and makes the path absolute.
func sqlitePath(path string) (string, error) {
	if path == "" {
		return "", errors.New(`the database URL "sqlite:" names no file: write "sqlite:PATH"`)
	}
	if strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:") || strings.Contains(path, "?") {
		return "", fmt.Errorf(`database URL "sqlite:%s": only a plain path to a file is understood: write "sqlite:PATH"`, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database path %s: %w", path, err)
	}
	dir := filepath.Dir(abs)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("database file %s: the folder %s does not exist: create it or choose another one", abs, dir)
	case err != nil:
		return "", fmt.Errorf("database file %s: cannot look into its folder: %w: choose another one", abs, err)
	case !info.IsDir():
		return "", fmt.Errorf("database file %s: %s is a file, not a folder: choose another one", abs, dir)
	}
	if info, err := os.Stat(abs); err == nil && info.IsDir() {
		return "", fmt.Errorf("database file %s is a folder: name a file in it", abs)
	}
	return abs, nil
}

// sqliteDSN is the driver's name for the file, with the settings of each connection.
func sqliteDSN(path, txlock string, pragmas ...string) string {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": append([]string{
			"busy_timeout(2000)", // first: the following ones may have to wait. Write tries 5 times
			"journal_mode(WAL)",
			"synchronous(NORMAL)", // WAL: safe against crashes of the process; fsync at checkpoints only
			"cache_size(-16000)",  // 16 MB a connection
			"temp_store(MEMORY)",
			"journal_size_limit(67108864)",
		}, pragmas...),
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// tryWriting opens the connection and takes the write lock once, so that a
// read-only disk is found at the start and not at the first message. Switching
// a new file to WAL mode may find it busy although busy_timeout is set.
func tryWriting(ctx context.Context, write *sql.DB) error {
	for {
		tx, err := write.BeginTx(ctx, nil)
		if err == nil {
			// The lock alone touches nothing; a changed header page does.
			_, err = tx.ExecContext(ctx, "PRAGMA user_version = 0")
			return errors.Join(err, tx.Rollback())
		}
		if !isRetryable(err) || !wait(ctx, longestWait) {
			return err
		}
	}
}

// explainSQLite turns the terse errors of opening into sentences with a mend.
func explainSQLite(path string, err error) error {
	dir := filepath.Dir(path)
	mend := ""
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		mend = "the file is no intact SQLite database: move it away, restore a backup, or name another file"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		mend = fmt.Sprintf("ucal may not write there: make the file and its folder %s writable, or choose another folder (--data)", dir)
	case sqlite3.SQLITE_FULL:
		mend = fmt.Sprintf("the disk of %s is full: free some space, or choose another folder (--data)", dir)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		mend = "another process holds it locked: end that process, or choose another folder (--data)"
	default:
		return fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	return fmt.Errorf("open SQLite database %s: %w: %s", path, err, mend)
}

// sqliteDialector is GORM's SQLite dialector over modernc.org/sqlite. GORM's own
// translation looks for a JSON field of the cgo driver's error and finds none here.
type sqliteDialector struct {
	*gormsqlite.Dialector
}

var _ gorm.ErrorTranslator = sqliteDialector{}

// Translate wraps violated constraints in GORM's errors, as its PostgreSQL dialector does.
func (sqliteDialector) Translate(err error) error {
	switch code := sqliteCode(err); {
	case isUniqueViolation(code):
		return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, err)
	case code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", gorm.ErrForeignKeyViolated, err)
	case code == sqlite3.SQLITE_CONSTRAINT_CHECK:
		return fmt.Errorf("%w: %w", gorm.ErrCheckConstraintViolated, err)
	}
	return err
}
