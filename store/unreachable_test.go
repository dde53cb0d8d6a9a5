package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
	"ucal/store"
)

func TestIsUnreachable(t *testing.T) {
	require.False(t, store.IsUnreachable(nil))
	require.False(t, store.IsUnreachable(errors.New("boom")))
	require.True(t, store.IsUnreachable(fmt.Errorf("ask: %w", context.DeadlineExceeded)))
	_, err := store.Open(t.Context(), "postgres://nobody@127.0.0.1:1/x", store.Options{})
	require.True(t, store.IsUnreachable(err), "%v", err)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		require.False(t, store.IsUnreachable(db.Read(t.Context()).Exec("SELECT nonsense").Error))
		other := dbtest.Open(t, dbtest.SQLiteURL(t))
		require.NoError(t, other.Close())
		require.True(t, store.IsUnreachable(fmt.Errorf("ask: %w", other.Ping(t.Context()))))
	})
}
