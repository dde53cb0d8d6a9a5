package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/internal/dbtest"
	"ucal/store"
)

func TestWriteCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		withItems(t, db)
		require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
			require.NoError(t, tx.Create(&item{ID: 1, Name: "a"}).Error)
			require.Empty(t, items(t, db.Read(t.Context())), "a reader sees nothing before the commit")
			return nil
		}))
		require.Empty(t, cmp.Diff([]item{{ID: 1, Name: "a"}}, items(t, db.Read(t.Context()))))
	})
}

func TestWriteRollsBack(t *testing.T) {
	errNo := errors.New("no")
	ways := map[string]func(t *testing.T, db *store.DB, insert func(*gorm.DB)){
		"error": func(t *testing.T, db *store.DB, insert func(*gorm.DB)) {
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				insert(tx)
				return errNo
			})
			require.ErrorIs(t, err, errNo)
		},
		"panic": func(t *testing.T, db *store.DB, insert func(*gorm.DB)) {
			require.Panics(t, func() {
				_ = db.Write(t.Context(), func(tx *gorm.DB) error {
					insert(tx)
					panic("no")
				})
			})
		},
		"cancelled": func(t *testing.T, db *store.DB, insert func(*gorm.DB)) {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Write(ctx, func(tx *gorm.DB) error {
				insert(tx)
				cancel()
				return nil
			})
			require.ErrorIs(t, err, context.Canceled)
		},
		"cancelled during a query": func(t *testing.T, db *store.DB, insert func(*gorm.DB)) {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Write(ctx, func(tx *gorm.DB) error {
				insert(tx)
				cancel()
				return tx.Create(&item{ID: 2, Name: "b"}).Error
			})
			require.ErrorIs(t, err, context.Canceled)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				withItems(t, db)
				way(t, db, func(tx *gorm.DB) { require.NoError(t, tx.Create(&item{ID: 1, Name: "a"}).Error) })
				require.Empty(t, items(t, db.Read(t.Context())))
				// The one connection of SQLite is free again.
				require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
					return tx.Create(&item{ID: 1, Name: "a"}).Error
				}))
			})
		})
	}
}

func TestTransactionsDoNotNest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			require.ErrorIs(t, tx.Commit().Error, gorm.ErrInvalidTransaction)
			return tx.Transaction(func(*gorm.DB) error { return nil })
		})
		require.ErrorIs(t, err, gorm.ErrInvalidTransaction)
	})
}

func TestSnapshotSeesOneState(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		withItems(t, db, item{ID: 1, Name: "a"})
		require.NoError(t, db.Snapshot(t.Context(), func(tx *gorm.DB) error {
			before := items(t, tx)
			require.NoError(t, db.Write(t.Context(), func(tx *gorm.DB) error {
				return tx.Create(&item{ID: 2, Name: "b"}).Error
			}))
			require.Empty(t, cmp.Diff(before, items(t, tx)))
			require.Len(t, items(t, db.Read(t.Context())), 2)
			return nil
		}))
		require.Error(t, db.Snapshot(t.Context(), func(tx *gorm.DB) error {
			return tx.Create(&item{ID: 3, Name: "c"}).Error
		}), "a snapshot refuses writes")
	})
}

func TestReadersOfSQLiteRefuseWrites(t *testing.T) {
	db := dbtest.SQLite(t)
	withItems(t, db)
	require.Error(t, db.Read(t.Context()).Create(&item{ID: 1, Name: "a"}).Error)
}

func TestConstraints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		withItems(t, db, item{ID: 1, Name: "a"})
		insert := func(i item) error {
			return db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&i).Error })
		}
		raw := func(query string, args ...any) error {
			return db.Write(t.Context(), func(tx *gorm.DB) error {
				if err := tx.Exec(query, args...).Error; err != nil {
					return fmt.Errorf("wrapped: %w", err)
				}
				return nil
			})
		}
		tests := map[string]struct {
			err       error
			duplicate bool
		}{
			"primary key":  {insert(item{ID: 1, Name: "b"}), true},
			"unique index": {insert(item{ID: 2, Name: "a"}), true},
			"raw SQL":      {raw("INSERT INTO test_items VALUES (?, ?, ?)", 2, "a", 0), true},
			"check":        {insert(item{ID: 2, Name: "b", Count: -1}), false},
			"none":         {insert(item{ID: 2, Name: "b"}), false},
		}
		for name, test := range tests {
			require.Equal(t, test.duplicate, store.IsDuplicate(test.err), "%s: %v", name, test.err)
			require.Equal(t, test.duplicate, errors.Is(test.err, gorm.ErrDuplicatedKey), name)
		}
		require.ErrorIs(t, tests["check"].err, gorm.ErrCheckConstraintViolated)
		require.NoError(t, tests["none"].err)
	})
}

func TestWriteRepeatsWhatTheDatabaseAsksFor(t *testing.T) {
	serialization := &pgconn.PgError{Code: "40001"}
	tests := map[string]struct {
		fails        int
		err          error
		wantAttempts int
		wantErr      bool
	}{
		"twice":          {fails: 2, err: serialization, wantAttempts: 3},
		"always":         {fails: 99, err: serialization, wantAttempts: 5, wantErr: true},
		"ordinary error": {fails: 99, err: gorm.ErrDuplicatedKey, wantAttempts: 1, wantErr: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			db := dbtest.SQLite(t)
			withItems(t, db)
			attempts := 0
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				attempts++
				require.NoError(t, tx.Create(&item{ID: 1, Name: "a"}).Error, "earlier attempts are rolled back")
				if attempts <= test.fails {
					return fmt.Errorf("wrapped: %w", test.err)
				}
				return nil
			})
			require.Equal(t, test.wantAttempts, attempts)
			if test.wantErr {
				require.ErrorIs(t, err, test.err)
				require.Empty(t, items(t, db.Read(t.Context())))
				return
			}
			require.NoError(t, err)
			require.Len(t, items(t, db.Read(t.Context())), 1)
		})
	}
}

// Two transactions lock the same rows in opposite order and meet in the middle.
func TestDeadlockIsRetried(t *testing.T) {
	db := dbtest.Postgres(t)
	withItems(t, db, item{ID: 1, Name: "a"}, item{ID: 2, Name: "b"})

	var met sync.WaitGroup
	met.Add(2)
	var mu sync.Mutex
	attempts := 0
	increment := func(order ...int64) error {
		first := true
		return db.Write(t.Context(), func(tx *gorm.DB) error {
			mu.Lock()
			attempts++
			mu.Unlock()
			for i, id := range order {
				var row item
				if err := store.ForUpdate(tx).First(&row, id).Error; err != nil {
					return err
				}
				if i == 0 && first {
					first = false
					met.Done()
					met.Wait()
				}
				if err := tx.Model(&row).Update("count", row.Count+1).Error; err != nil {
					return err
				}
			}
			return nil
		})
	}
	results := make(chan error, 2)
	go func() { results <- increment(1, 2) }()
	go func() { results <- increment(2, 1) }()
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.Greater(t, attempts, 2, "one of them was the victim")
	for _, row := range items(t, db.Read(t.Context())) {
		require.Equal(t, 2, row.Count, row.Name)
	}
}

func TestConcurrentIncrements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		withItems(t, db, item{ID: 1, Name: "a"})
		const workers, rounds = 8, 10
		errs := make(chan error, workers)
		for range workers {
			go func() {
				for range rounds {
					err := db.Write(t.Context(), func(tx *gorm.DB) error {
						var count int
						if err := tx.Raw("SELECT count FROM test_items WHERE id = ?"+store.LockSuffix(tx), 1).Scan(&count).Error; err != nil {
							return err
						}
						return tx.Exec("UPDATE test_items SET count = ? WHERE id = ?", count+1, 1).Error
					})
					if err != nil {
						errs <- err
						return
					}
				}
				errs <- nil
			}()
		}
		for range workers {
			require.NoError(t, <-errs)
		}
		require.Equal(t, workers*rounds, items(t, db.Read(t.Context()))[0].Count)
	})
}

func TestSkipLocked(t *testing.T) {
	db := dbtest.Postgres(t)
	withItems(t, db, item{ID: 1, Name: "a"}, item{ID: 2, Name: "b"})
	require.NoError(t, db.Write(t.Context(), func(first *gorm.DB) error {
		var mine item
		require.NoError(t, store.SkipLocked(first).Order("id").Limit(1).Take(&mine).Error)
		require.EqualValues(t, 1, mine.ID)
		return db.Write(t.Context(), func(second *gorm.DB) error {
			var other item
			require.NoError(t, store.SkipLocked(second).Order("id").Limit(1).Take(&other).Error)
			require.EqualValues(t, 2, other.ID)
			return nil
		})
	}))
	// On SQLite the same code runs, and says nothing of locks.
	lite := dbtest.SQLite(t)
	withItems(t, lite, item{ID: 1, Name: "a"})
	require.NoError(t, lite.Write(t.Context(), func(tx *gorm.DB) error {
		require.Empty(t, store.LockSuffix(tx))
		return store.ForUpdate(store.SkipLocked(tx)).Take(&item{}).Error
	}))
}
