package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/internal/dbtest"
	"ucal/store"
)

// A kept statement serves one reader at a time, and its result never leaks into
// the next query with the same text.
func TestKeptStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		withItems(t, db, item{ID: 1, Name: "n1"}, item{ID: 2, Name: "n2"}, item{ID: 3, Name: "n3"})
		const query = "SELECT name FROM test_items WHERE id >= ? ORDER BY id"
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			for range 3 { // the same text, other values, rows left half read
				for id := 1; id <= 3; id++ {
					var name string
					if err := tx.Raw(query, id).Row().Scan(&name); err != nil {
						return err
					}
					require.Equal(t, fmt.Sprint("n", id), name)
				}
			}
			for i := range 600 { // more texts than are kept
				var n int
				if err := tx.Raw(fmt.Sprintf("SELECT %d + count(*) FROM test_items", i)).Scan(&n).Error; err != nil {
					return err
				}
				require.Equal(t, i+3, n)
			}
			return nil
		})
		require.NoError(t, err)
	})
}

// On SQLite a query may run while the rows of the same query are being read.
func TestKeptStatementIsBusy(t *testing.T) {
	db := dbtest.SQLite(t)
	withItems(t, db, item{ID: 1, Name: "n1"}, item{ID: 2, Name: "n2"})
	const query = "SELECT name FROM test_items ORDER BY id"
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		outer, err := tx.Raw(query).Rows()
		if err != nil {
			return err
		}
		defer outer.Close()
		n := 0
		for outer.Next() {
			var name string
			require.NoError(t, outer.Scan(&name))
			var inner []string
			require.NoError(t, tx.Raw(query).Scan(&inner).Error)
			require.Equal(t, []string{"n1", "n2"}, inner)
			n++
		}
		require.Equal(t, 2, n)
		return outer.Err()
	})
	require.NoError(t, err)
}
