package devserver

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrepareDatabase(t *testing.T) {
	exec := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			db, err := sql.Open("sqlite", "file:"+file)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			for _, s := range statements {
				_, err := db.Exec(s)
				require.NoError(t, err)
			}
		}
	}
	write := func(content string) func(*testing.T, string) {
		return func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, []byte(content), 0o600)) }
	}
	tests := []struct {
		name  string
		setup func(*testing.T, string)
		want  string // part of the error; empty means usable
	}{
		{"new", func(*testing.T, string) {}, ""},
		{"empty, as after a kill during the first start", write(""), ""},
		{"made by this version", func(t *testing.T, file string) { require.NoError(t, prepareDatabase(t.Context(), file)) }, ""},
		{"newer", exec(`PRAGMA user_version = 99001`), "was made by a newer version of ucal (schema 99001, this one knows 11001); start that version of ucal, or choose another data folder"},
		{"older", exec(`PRAGMA user_version = 9001`), "was made by an older version of ucal"},
		{"someone else's", exec(`CREATE TABLE notes (id INTEGER)`), "belongs to another program; choose another data folder with --data or UCAL_DATA"},
		{"no database", write("This is a letter, and a long one: it goes on for more than a hundred bytes, so that it cannot be mistaken for an empty file."), "is damaged or no SQLite file"},
		{"a folder", func(t *testing.T, file string) { require.NoError(t, os.Mkdir(file, 0o700)) }, "cannot be opened; choose another data folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "temporal.db")
			tt.setup(t, file)
			err := prepareDatabase(t.Context(), file)
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, prepareDatabase(t.Context(), file), "a second time")
				return
			}
			var dbErr *DatabaseError
			require.ErrorAs(t, err, &dbErr)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestPrepareDatabaseNotWritable(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500)) //nolint:gosec // a folder needs its execute bit
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	err := prepareDatabase(t.Context(), filepath.Join(dir, "temporal.db"))
	require.ErrorContains(t, err, "cannot be written; make its folder writable, or choose another data folder with --data or UCAL_DATA")
}

func TestPrepareDatabaseInUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "temporal.db")
	require.NoError(t, prepareDatabase(t.Context(), file))
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(`BEGIN EXCLUSIVE`)
	require.NoError(t, err)
	require.ErrorContains(t, prepareDatabase(t.Context(), file), "is in use by another process; stop the other `ucal dev`")
}
