package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/store"
)

// item is the row of a table of our own, so that these tests depend on no other.
type item struct {
	ID    int64 `gorm:"primaryKey;autoIncrement:false"`
	Name  string
	Count int
}

func (item) TableName() string { return "test_items" }

// withItems adds the table and some rows to db.
func withItems(t *testing.T, db *store.DB, items ...item) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
		err := tx.Exec("CREATE TABLE test_items (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, count INTEGER NOT NULL CHECK (count >= 0))").Error
		if err != nil || len(items) == 0 {
			return err
		}
		return tx.Create(items).Error
	}))
}

// items reads all rows in order.
func items(t *testing.T, tx *gorm.DB) []item {
	t.Helper()
	var all []item
	require.NoError(t, tx.Order("id").Find(&all).Error)
	return all
}
