package store_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
	"ucal/store"
)

// eachURL runs fn with an empty database of each dialect.
func eachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, dbtest.PostgresURL(t)) })
}

// migrations makes files of numbered migrations out of SQL.
func migrations(statements ...string) fs.FS {
	files := fstest.MapFS{}
	for i, sql := range statements {
		name := "0000" + string(rune('1'+i)) + "_step.sql"
		files[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql + ";\n")}
	}
	return files
}

func openWith(t *testing.T, url string, files fs.FS) *store.DB {
	t.Helper()
	db := dbtest.Open(t, url)
	db.UseMigrations(files)
	return db
}

func TestMigrateStepByStep(t *testing.T) {
	one := migrations("CREATE TABLE a (id BIGINT PRIMARY KEY)")
	three := migrations("CREATE TABLE a (id BIGINT PRIMARY KEY)", "CREATE TABLE b (id BIGINT)", "INSERT INTO b VALUES (7)")
	eachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		older, newer := openWith(t, url, one), openWith(t, url, three)

		err := older.CheckSchema(ctx)
		require.ErrorIs(t, err, store.ErrSchemaOlder)
		require.ErrorContains(t, err, "ucal migrate")

		require.NoError(t, older.Migrate(ctx, nil))
		require.NoError(t, older.CheckSchema(ctx))
		require.ErrorIs(t, newer.CheckSchema(ctx), store.ErrSchemaOlder)

		var told []string
		require.NoError(t, newer.Migrate(ctx, func(msg string) { told = append(told, msg) }))
		require.Len(t, told, 2)
		require.Contains(t, told[1], "00003_step.sql applied (version 3 of 3")
		require.NoError(t, newer.CheckSchema(ctx))

		told = nil
		require.NoError(t, newer.Migrate(ctx, func(msg string) { told = append(told, msg) }))
		require.Empty(t, told, "nothing is left to do")

		for name, err := range map[string]error{"check": older.CheckSchema(ctx), "migrate": older.Migrate(ctx, nil)} {
			require.ErrorIs(t, err, store.ErrSchemaNewer, name)
			require.ErrorContains(t, err, "version 3", name)
			require.ErrorContains(t, err, "up to 1", name)
			require.ErrorContains(t, err, "--data", name)
		}
	})
}

func TestMigrateByManyProcessesAtOnce(t *testing.T) {
	// The second step would show up twice if two of them had done it.
	files := migrations("CREATE TABLE a (id BIGINT)", "INSERT INTO a VALUES (1)", "CREATE TABLE b (id BIGINT)")
	eachURL(t, func(t *testing.T, url string) {
		const processes = 6
		errs := make(chan error, processes)
		for range processes {
			db := openWith(t, url, files)
			go func() { errs <- db.Migrate(t.Context(), nil) }()
		}
		for range processes {
			require.NoError(t, <-errs)
		}
		db := openWith(t, url, files)
		require.NoError(t, db.CheckSchema(t.Context()))
		var count int
		require.NoError(t, db.Read(t.Context()).Raw("SELECT COUNT(*) FROM a").Scan(&count).Error)
		require.Equal(t, 1, count)
	})
}

func TestFailedMigrationNamesTheFile(t *testing.T) {
	files := migrations("CREATE TABLE a (id BIGINT)", "CREATE TABLE a (id BIGINT)")
	eachURL(t, func(t *testing.T, url string) {
		db := openWith(t, url, files)
		require.ErrorContains(t, db.Migrate(t.Context(), nil), "00002_step.sql")
		require.ErrorIs(t, db.CheckSchema(t.Context()), store.ErrSchemaOlder)
		// The lock is free, and the mended migration goes through.
		db.UseMigrations(migrations("CREATE TABLE a (id BIGINT)", "CREATE TABLE b (id BIGINT)"))
		require.NoError(t, db.Migrate(t.Context(), nil))
	})
}

func TestSQLiteMigratesAllOrNothing(t *testing.T) {
	tests := map[string]struct {
		second string
		want   string
	}{
		"failing statement":     {"CREATE TABLE a (id BIGINT)", "already exists"},
		"dangling foreign keys": {"CREATE TABLE c (a BIGINT REFERENCES a (id)); INSERT INTO c VALUES (9)", "table c refers to a row of a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			db := openWith(t, dbtest.SQLiteURL(t), migrations("CREATE TABLE a (id BIGINT PRIMARY KEY)", test.second))
			require.ErrorContains(t, db.Migrate(t.Context(), nil), test.want)
			var tables []string
			require.NoError(t, db.Read(t.Context()).Raw("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").Scan(&tables).Error)
			require.Empty(t, tables)
		})
	}
}

func TestEmbeddedMigrationsAreTheSameOnBothDialects(t *testing.T) {
	names := map[string][]string{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		files, err := fs.Glob(store.EmbeddedMigrations(), "migrations/"+dialect+"/*.sql")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			names[dialect] = append(names[dialect], file[len("migrations/"+dialect):])
		}
	}
	require.Equal(t, names["sqlite"], names["postgres"])
	dbtest.Each(t, func(t *testing.T, db *store.DB) { require.NoError(t, db.CheckSchema(t.Context())) })
}
