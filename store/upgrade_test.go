package store_test

import (
	"io/fs"
	"path"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"ucal/store"
)

// released are the embedded migrations of a dialect up to a version.
func released(t *testing.T, dialect string, upTo string) fs.FS {
	t.Helper()
	all, err := fs.Sub(store.EmbeddedMigrations(), "migrations/"+dialect)
	require.NoError(t, err)
	names, err := fs.Glob(all, "*.sql")
	require.NoError(t, err)
	files := fstest.MapFS{}
	for _, name := range names {
		if path.Base(name)[:len(upTo)] > upTo {
			continue
		}
		text, err := fs.ReadFile(all, name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// What the first version has stored is there after the upgrade, and goes on as
// it was: nobody's child, no talk, no timer, handed over in its own type.
func TestUpgradeKeepsTheData(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		dialect := path.Base(t.Name())
		ctx := t.Context()
		old := openWith(t, url, released(t, dialect, "00001"))
		require.NoError(t, old.Migrate(ctx, nil))
		require.NoError(t, old.Write(ctx, func(tx *gorm.DB) error {
			for _, sql := range []string{
				"INSERT INTO workspaces (id, name, created_at) VALUES (1, 'Acme', 5)",
				"INSERT INTO contacts (id, workspace_id, added_by, created_at) VALUES (3, 1, 'contact', 5)",
				"INSERT INTO conversations (id, workspace_id, contact_id, contact_type, opened_at, opened_source) VALUES (4, 1, 3, 'new', 5, 'contact')",
				"INSERT INTO messages (id, workspace_id, contact_id, traffic, type, body, at, created_at) VALUES (6, 1, 3, 'outgoing', 'text', '{}', 5, 5)",
				`INSERT INTO workflows (id, workspace_id, slug, name, trigger_type, draft, draft_hash, created_at, created_by, updated_at) VALUES
							(7, 1, 'a', 'A', 'manual_trigger', '{}', 'x', 5, '{}', 5), (8, 1, 'b', 'B', 'manual_trigger', '{}', 'x', 5, '{}', 5)`,
				`INSERT INTO workflow_versions (id, workspace_id, workflow_id, version, definition, hash, step_count, published_at, published_by) VALUES
							(9, 1, 7, 1, '{}', 'x', 0, 5, '{}'), (10, 1, 7, 2, '{}', 'x', 0, 5, '{}'), (11, 1, 8, 1, '{}', 'x', 0, 5, '{}')`,
				`INSERT INTO runs (id, workspace_id, workflow_id, version_id, contact_id, state, trigger_type, trigger_at, started_at, wait_kind, wait_no) VALUES
							(12, 1, 7, 10, 3, 'waiting', 'message_received', 5, 5, 'answer', 4), (13, 1, 8, 11, 3, 'running', 'message_received', 5, 5, '', 0)`,
			} {
				if err := tx.Exec(sql).Error; err != nil {
					return err
				}
			}
			return nil
		}))

		db := openWith(t, url, released(t, dialect, "99999"))
		require.ErrorIs(t, db.CheckSchema(ctx), store.ErrSchemaOlder)
		require.NoError(t, db.Migrate(ctx, nil))
		require.NoError(t, db.CheckSchema(ctx))
		for what, want := range map[string]int64{
			"runs WHERE wait_kind = 'answer' AND wait_no = 4 AND parent_run_id = 0 AND parent_no = 0 AND talk_seq = 0 AND NOT test": 1,
			"runs": 2, "workflow_versions": 3,
			"workflows WHERE hook_hash = '' AND hook_token = '' AND hook_secret = ''": 2,
			"workspaces WHERE NOT auto_close AND auto_close_minutes = 1440":           1,
			"conversations WHERE close_at = 0":                                        1,
			"messages WHERE sent_as = ''":                                             1,
		} {
			var n int64
			require.NoError(t, db.Read(ctx).Raw("SELECT count(*) FROM "+what).Scan(&n).Error)
			require.Equal(t, want, n, what)
		}

		version := func(number string) error {
			return db.Write(ctx, func(tx *gorm.DB) error {
				return tx.Exec("INSERT INTO workflow_versions (workspace_id, workflow_id, version, definition, hash, step_count, published_at, published_by) VALUES (1, 7, " +
					number + ", '{}', 'x', 0, 6, '{}')").Error
			})
		}
		require.NoError(t, version("0"))
		require.NoError(t, version("0"), "snapshots have no number of their own")
		require.True(t, store.IsDuplicate(version("2")), "a version's number is its own")
	})
}
