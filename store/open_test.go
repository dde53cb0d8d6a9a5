package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/internal/dbtest"
	"ucal/store"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("no database, "), 1000), 0o600))

	tests := map[string]struct {
		url  string
		want []string
	}{
		"nothing":             {"", []string{"empty", "sqlite:PATH", "postgres://"}},
		"no scheme":           {"secret", []string{"no scheme", "sqlite:PATH"}},
		"unknown scheme":      {"mysql://u:secret@h/d", []string{`"mysql"`, "sqlite:PATH"}},
		"no path":             {"sqlite:", []string{"names no file"}},
		"memory":              {"sqlite::memory:", []string{"plain path"}},
		"parameters":          {"sqlite:" + file + "?mode=ro", []string{"plain path"}},
		"missing folder":      {"sqlite:" + dir + "/none/ucal.db", []string{dir + "/none does not exist", "create it"}},
		"folder is a file":    {"sqlite:" + file + "/ucal.db", []string{file, "choose another"}},
		"is a folder":         {"sqlite:" + dir, []string{dir, "is a folder"}},
		"no database":         {"sqlite://" + file, []string{file, "no intact SQLite database", "move it away"}},
		"unreadable postgres": {"postgres://u:secret@h:port/d", []string{"cannot be read", "postgres://user:password@host"}},
		"nobody answers":      {"postgres://u:secret@127.0.0.1:1/d?sslmode=disable", []string{"database d on 127.0.0.1", "check that the server runs"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), test.url, store.Options{})
			require.Error(t, err)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

// Skipped as root, whom no permission stops; "folder is a file" above stands in for it there.
func TestOpenInAReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write in read-only folders")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	_, err := store.Open(t.Context(), "sqlite:"+dir+"/ucal.db", store.Options{})
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "writable")
}

func TestWrongPasswordStaysSecret(t *testing.T) {
	address, err := url.Parse(dbtest.PostgresURL(t))
	require.NoError(t, err)
	address.User = url.UserPassword("nobody_there", "secret")
	_, err = store.Open(t.Context(), address.String(), store.Options{})
	require.ErrorContains(t, err, "nobody_there")
	require.NotContains(t, err.Error(), "secret")
}

func TestStrangePathsAreTakenLiterally(t *testing.T) {
	for _, name := range []string{"with space.db", "50%25.db", "a#b.db", "ü&x=1.db"} {
		path := filepath.Join(t.TempDir(), name)
		dbtest.Open(t, "sqlite:"+path)
		require.FileExists(t, path)
	}
}

func TestOpenKeepsWhatIsThere(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		first, err := store.Open(t.Context(), url, store.Options{})
		require.NoError(t, err)
		withItems(t, first, item{ID: 1, Name: "a"})
		require.NoError(t, first.Ping(t.Context()))
		require.NoError(t, first.Close())
		require.Error(t, first.Ping(t.Context()))
		require.Len(t, items(t, dbtest.Open(t, url).Read(t.Context())), 1)
	})
}

func TestSQLiteSettings(t *testing.T) {
	db := dbtest.SQLite(t)
	check := func(tx *gorm.DB, want map[string]string) {
		for pragma, value := range want {
			var got string
			require.NoError(t, tx.Raw("PRAGMA "+pragma).Scan(&got).Error)
			require.Equal(t, value, got, pragma)
		}
	}
	check(db.Read(t.Context()), map[string]string{"journal_mode": "wal", "query_only": "1"})
	require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
		check(tx, map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "query_only": "0", "busy_timeout": "2000"})
		return nil
	}))
}

func TestLogHoldsNoValues(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		var log bytes.Buffer
		db, err := store.Open(t.Context(), url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		withItems(t, db, item{ID: 1, Name: "a"})

		write := func(ctx context.Context, query string, args ...any) {
			require.Error(t, db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec(query, args...).Error }))
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		write(cancelled, "SELECT 1")
		write(t.Context(), "INSERT INTO test_items VALUES (1, 'a', 0)")
		require.ErrorIs(t, db.Read(t.Context()).First(&item{}, 99).Error, gorm.ErrRecordNotFound)
		require.Empty(t, log.String(), "answers that callers expect are not logged")

		write(t.Context(), "INSERT INTO no_table VALUES (?, ?)", 4711, "secret")
		write(t.Context(), "INSERT INTO test_items VALUES (?, ?, CAST(? AS INTEGER) - 1000)", 2, "secret", "17")
		require.Contains(t, log.String(), "INSERT INTO no_table")
		require.NotContains(t, log.String(), "secret")
		require.NotContains(t, log.String(), "4711")
	})
}
