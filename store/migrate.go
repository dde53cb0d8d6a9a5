package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
)

// migrationFiles holds migrations/sqlite and migrations/postgres: goose's SQL
// format, same file names and versions in both.
//
//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrationFiles embed.FS

// migrationLock is the key of PostgreSQL's advisory lock around migrations.
const migrationLock int64 = 0x7563616c // "ucal"

func embeddedMigrations(d Dialect) fs.FS {
	sub, err := fs.Sub(migrationFiles, path.Join("migrations", string(d)))
	if err != nil {
		panic(err) // only an invalid path gets here
	}
	return sub
}

// Migrate brings the schema to the version of this binary, telling progress
// (may be nil) about each step. Several processes may call it at once: one
// works, the others wait and find nothing left to do.
//
// On SQLite all steps are one transaction. On PostgreSQL each step is one; a
// failed step leaves the steps before it in place. A newer database is left
// alone: ErrSchemaNewer.
func (db *DB) Migrate(ctx context.Context, progress func(msg string)) error {
	if progress == nil {
		progress = func(string) {}
	}
	var err error
	if db.dialect == SQLite {
		err = db.migrateSQLite(ctx, progress)
	} else {
		err = db.migratePostgres(ctx, progress)
	}
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// CheckSchema is nil when the schema has exactly the version of this binary,
// else a *SchemaError: ErrSchemaOlder or ErrSchemaNewer. It writes nothing.
func (db *DB) CheckSchema(ctx context.Context) error {
	provider, err := db.provider(db.read)
	if err != nil {
		return err
	}
	have, err := db.schemaVersion(ctx, db.read)
	if err != nil {
		return err
	}
	if want := lastVersion(provider); have != want {
		return &SchemaError{Have: have, Want: want}
	}
	return nil
}

// provider is goose over pool; neither it nor we use goose's package-level state.
func (db *DB) provider(pool *sql.DB) (*goose.Provider, error) {
	dialect := goose.DialectPostgres
	if db.dialect == SQLite {
		dialect = goose.DialectSQLite3
	}
	p, err := goose.NewProvider(dialect, pool, db.migrations,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read the migrations of this binary: %w", err)
	}
	return p, nil
}

func lastVersion(p *goose.Provider) int64 {
	sources := p.ListSources()
	return sources[len(sources)-1].Version // goose refuses to make a provider without any
}

// schemaVersion reads the version of the database without creating goose's
// table, as goose's own functions do; 0 means that the database is empty.
func (db *DB) schemaVersion(ctx context.Context, pool *sql.DB) (version int64, err error) {
	exists := "SELECT to_regclass('" + goose.DefaultTablename + "') IS NOT NULL"
	if db.dialect == SQLite {
		exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '" + goose.DefaultTablename + "')"
	}
	var found bool
	err = pool.QueryRowContext(ctx, exists).Scan(&found)
	if err == nil && found {
		err = pool.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// apply runs the pending migrations over pool; whoever calls it holds the lock.
func (db *DB) apply(ctx context.Context, pool *sql.DB, progress func(string)) error {
	provider, err := db.provider(pool)
	if err != nil {
		return err
	}
	have, err := db.schemaVersion(ctx, pool)
	if err != nil {
		return err
	}
	want := lastVersion(provider)
	if have > want {
		return &SchemaError{Have: have, Want: want}
	}
	for {
		begin := time.Now()
		result, err := provider.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
			return fmt.Errorf("%s: %w", path.Base(partial.Failed.Source.Path), partial.Err)
		}
		if err != nil {
			return err
		}
		progress(fmt.Sprintf("database: %s applied (version %d of %d, %v)", path.Base(result.Source.Path),
			result.Source.Version, want, time.Since(begin).Round(time.Millisecond)))
	}
}

// migratePostgres holds an advisory lock around all steps. It asks for the lock
// again and again instead of waiting in the server: a waiting query would hold
// a snapshot, and CREATE INDEX CONCURRENTLY waits for all of those.
func (db *DB) migratePostgres(ctx context.Context, progress func(string)) (err error) {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	told := false
	for {
		var locked bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&locked); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if locked {
			break
		}
		if !told {
			progress("database: waiting for another process that migrates it")
			told = true
		}
		if !wait(ctx, longestWait) {
			return fmt.Errorf("wait for another process that migrates the database: %w", ctx.Err())
		}
	}
	defer func() {
		// Also after ctx ended: the session goes back to the pool and would keep the lock.
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
		err = errors.Join(err, unlockErr)
	}()
	return db.apply(ctx, db.write, progress)
}
