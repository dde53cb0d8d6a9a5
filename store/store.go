// Package store opens ucal's database and hides what differs between its two
// dialects: an SQLite file for development and one-machine installs, and
// PostgreSQL for production.
//
// It knows connections, transactions, wake-ups after a commit and schema
// migrations; it knows no table. The rules of the desk and their queries are
// package desk's. It must not import flow, desk, Temporal or Gin.
//
// Start reading at Open, then DB.Write: every change to the data goes through it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Dialect names the kind of database behind a DB.
type Dialect string

// The two dialects. The same tests run on both.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// connectTimeout bounds opening and the first connection.
const connectTimeout = 15 * time.Second

// Options are the settings of Open; the zero value is fine.
type Options struct {
	// Logger receives failed queries (as SQL with placeholders, never with
	// values) and lost connections. Nil discards them.
	Logger *slog.Logger

	// MaxOpen is the largest number of open connections: of the whole pool on
	// PostgreSQL (default 20), of the readers on SQLite (default 4), where
	// there is always exactly one writer besides.
	MaxOpen int
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect    Dialect
	gorm       *gorm.DB
	write      *sql.DB
	read       *sql.DB // the same pool as write on PostgreSQL
	migrations fs.FS
	log        *slog.Logger

	hub      *hub
	postgres *pgWire // nil on SQLite
	sqlite   string  // path of the file; empty on PostgreSQL
}

// Open opens the database at url: "sqlite:PATH" (or "sqlite://PATH") for a file,
// which is created when missing, or "postgres://user:password@host:port/name".
//
// It connects, but neither checks nor changes the schema: see DB.Migrate and
// DB.CheckSchema. Errors name the path or host and the mend, never the password.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()

	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, strings.TrimPrefix(rest, "//"), opts)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, opts)
	case "":
		return nil, errors.New(`the database URL is empty: set it to "sqlite:PATH" or "postgres://user@host/name"`)
	default:
		// The rest of the URL may hold a password, so only the scheme is shown;
		// and without a colon the "scheme" is everything, so not even that.
		if rest == "" {
			return nil, errors.New(`the database URL has no scheme: write "sqlite:PATH" or "postgres://user@host/name"`)
		}
		return nil, fmt.Errorf(`database URL of unknown scheme %q: write "sqlite:PATH" or "postgres://user@host/name"`, scheme)
	}
}

// newGORM sets up GORM over our own connection pools.
//
// PrepareStmt stays off on purpose. GORM's statement cache binds a statement to
// the transaction that met it first, so later transactions prepare it anew: on
// PostgreSQL three round trips (parse, execute, deallocate) where pgx's own
// cache, one per connection, takes one.
func newGORM(dialector gorm.Dialector, log *slog.Logger) (*gorm.DB, error) {
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		Logger:                 queryLogger{log: log},
	})
}

// Dialect says which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Read returns a handle for queries outside a transaction; each sees what is
// committed when it begins.
//
// On SQLite it uses connections of its own that refuse to write. Inside Write's
// fn never read through it what the transaction has changed: on either dialect
// it sees the state before the transaction. Use fn's tx there.
func (db *DB) Read(ctx context.Context) *gorm.DB {
	return db.session(ctx, db.read)
}

// session is a fresh GORM handle that runs on pool.
func (db *DB) session(ctx context.Context, pool gorm.ConnPool) *gorm.DB {
	s := db.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	s.Statement.ConnPool = pool
	return s
}

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping the %s database: %w", db.dialect, err)
	}
	return nil
}

// Close sends the wake-ups still due, ends the listening and closes all
// connections. It waits for queries under way. Channels of Listen stay open and silent.
func (db *DB) Close() error {
	db.hub.close()
	if db.postgres != nil {
		db.postgres.close()
	}
	err := db.read.Close()
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	if err != nil {
		return fmt.Errorf("close the %s database: %w", db.dialect, err)
	}
	return nil
}
