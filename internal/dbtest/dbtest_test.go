package dbtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/internal/dbtest"
	"ucal/store"
)

func TestEachGivesFreshMigratedDatabases(t *testing.T) {
	for _, round := range []string{"first", "second"} {
		t.Run(round, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				require.Equal(t, string(db.Dialect()), t.Name()[len(t.Name())-len(db.Dialect()):])
				require.NoError(t, db.CheckSchema(t.Context()))
				// Only on a database of its own can the second round create it too.
				require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
					return tx.Exec("CREATE TABLE only_once (id BIGINT)").Error
				}))
			})
		})
	}
}

func TestURLsNameEmptyDatabases(t *testing.T) {
	for _, url := range []string{dbtest.SQLiteURL(t), dbtest.PostgresURL(t), dbtest.PostgresURL(t)} {
		db := dbtest.Open(t, url)
		require.ErrorIs(t, db.CheckSchema(t.Context()), store.ErrSchemaOlder)
		require.NoError(t, db.Migrate(t.Context(), nil))
	}
}
