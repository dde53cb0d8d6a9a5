package desk

import (
	"context"

	"gorm.io/gorm"
)

// read runs fn on one state of the database, without changing it.
func (d *Desk) read(ctx context.Context, p Principal, fn func(t *txn) error) error {
	return d.db.Snapshot(ctx, func(tx *gorm.DB) error {
		return fn(&txn{Desk: d, db: tx, ctx: ctx, wsID: p.WorkspaceID, at: d.millis(), actor: p.Actor(), contacts: map[int64]*Contact{}})
	})
}
