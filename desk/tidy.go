package desk

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// How long records are kept. Run rows stay for ever: once per contact needs them.
const (
	keepSteps       = 90 * 24 * time.Hour
	keepDecisions   = 30 * 24 * time.Hour
	keepIdempotency = 24 * time.Hour
	keepReceipts    = 10 * time.Minute
)

// Tidy deletes what is past its retention.
func (d *Desk) Tidy(ctx context.Context) error {
	ago := func(age time.Duration) int64 { return d.millis() - age.Milliseconds() }
	return d.db.Write(ctx, func(tx *gorm.DB) error {
		for _, q := range []struct {
			sql  string
			then int64
		}{
			{"DELETE FROM run_steps WHERE run_id IN (SELECT id FROM runs WHERE ended_at > 0 AND ended_at < ?)", ago(keepSteps)},
			{"DELETE FROM run_effects WHERE run_id IN (SELECT id FROM runs WHERE ended_at > 0 AND ended_at < ?)", ago(keepSteps)},
			{"DELETE FROM trigger_decisions WHERE at < ?", ago(keepDecisions)},
			{"DELETE FROM idempotency_keys WHERE created_at < ?", ago(keepIdempotency)},
			{"DELETE FROM early_receipts WHERE created_at < ?", ago(keepReceipts)},
		} {
			if err := tx.Exec(q.sql, q.then).Error; err != nil {
				return err
			}
		}
		return nil
	})
}
