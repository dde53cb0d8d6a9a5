// Package dbtest gives tests a real database each: an SQLite file, and a
// database on a PostgreSQL server that the tests start themselves.
//
// The server comes from UCAL_TEST_POSTGRES_DSN (a URL whose user may create
// databases), or is started from the installed PostgreSQL binaries, once per
// test binary, and ends with it. Without either, tests on PostgreSQL are skipped
// with a loud line, and fail when CI=true.
//
// Start with Each, which runs a test on both dialects.
package dbtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/store"
)

// Each runs fn as the subtests "sqlite" and "postgres", each on a fresh and
// migrated database.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run(string(store.SQLite), func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run(string(store.Postgres), func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens a fresh and migrated SQLite file, closed and removed when t ends.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err, "migrate the template of the test databases")
	url := SQLiteURL(t)
	require.NoError(t, os.WriteFile(strings.TrimPrefix(url, "sqlite:"), template, 0o600))
	return Open(t, url)
}

// sqliteTemplate is a migrated file of which every test gets a copy, made once
// per binary.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "ucal-dbtest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	db, err := store.Open(context.Background(), "sqlite:"+file, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Migrate(context.Background(), nil), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file) // closing has written everything into it
})

// SQLiteURL names an SQLite file that does not exist yet, in a folder removed
// when t ends.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "ucal.db")
}

// Postgres opens a fresh and migrated database on PostgreSQL, closed and
// dropped when t ends. It is a copy of one that is migrated once per binary.
func Postgres(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, server(t).migrated(t))
}

// PostgresURL creates an empty database on PostgreSQL, not migrated, dropped
// when t ends, whoever is still connected to it then.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return server(t).create(t, emptyTemplate)
}

// Open opens url and closes it when t ends; it does not migrate.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, store.Options{MaxOpen: 8})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
