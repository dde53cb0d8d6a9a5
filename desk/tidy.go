package desk

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// How long records are kept; the first two unless the operator says otherwise.
// Run rows stay for ever: once per contact needs them.
const (
	keepSteps       = 90 * 24 * time.Hour
	keepDecisions   = 30 * 24 * time.Hour
	keepIdempotency = 24 * time.Hour
	keepReceipts    = 10 * time.Minute
)

// tidyBatch is how many runs one transaction tidies up.
const tidyBatch = 500

// Tidy deletes what is past its retention.
func (d *Desk) Tidy(ctx context.Context) error {
	ago := func(age time.Duration) int64 { return d.millis() - age.Milliseconds() }
	err := d.db.Write(ctx, func(tx *gorm.DB) error {
		for _, q := range []struct {
			sql  string
			then int64
		}{
			{"DELETE FROM trigger_decisions WHERE at < ?", ago(d.KeepDecisions)},
			{"DELETE FROM idempotency_keys WHERE created_at < ?", ago(keepIdempotency)},
			{"DELETE FROM early_receipts WHERE created_at < ?", ago(keepReceipts)},
		} {
			if err := tx.Exec(q.sql, q.then).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete old records: %w", err)
	}
	if err := d.tidySnapshots(ctx, ago(d.KeepSteps)); err != nil {
		return fmt.Errorf("delete old snapshots of drafts: %w", err)
	}
	if err := d.tidyRuns(ctx, ago(d.KeepSteps)); err != nil {
		return fmt.Errorf("delete old step logs: %w", err)
	}
	return nil
}

// tidyRuns deletes the step logs and effects of runs that ended before then. The
// ids of runs grow with time, so it walks from the oldest run that has a log to
// the first that started later: what was tidied up before is not read again,
// and no transaction is long.
func (d *Desk) tidyRuns(ctx context.Context, then int64) error {
	var oldest *int64
	if err := d.db.Read(ctx).Model(&RunStep{}).Select("min(run_id)").Scan(&oldest).Error; err != nil || oldest == nil {
		return err
	}
	for from := *oldest; ; {
		var runs []Run
		err := d.db.Read(ctx).Model(&Run{}).Select("id", "started_at", "ended_at").Where("id >= ?", from).Order("id").Limit(tidyBatch).Find(&runs).Error
		if err != nil {
			return err
		}
		var old []int64
		for _, r := range runs {
			from = r.ID + 1
			if r.EndedAt > 0 && r.EndedAt < then {
				old = append(old, r.ID)
			}
		}
		err = d.db.Write(ctx, func(tx *gorm.DB) error {
			for _, log := range []any{&RunStep{}, &RunEffect{}, &RunCall{}, &Talk{}, &TalkTurn{}} {
				if err := tx.Where("run_id IN ?", old).Delete(log).Error; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(runs) < tidyBatch || runs[len(runs)-1].StartedAt >= then {
			return err
		}
	}
}

// tidySnapshots deletes what test runs were made of before then, unless one of
// them is still live.
func (d *Desk) tidySnapshots(ctx context.Context, then int64) error {
	return d.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM workflow_versions WHERE version = 0 AND published_at < ? AND NOT EXISTS (SELECT 1 FROM runs r "+
			"WHERE r.workflow_id = workflow_versions.workflow_id AND r.version_id = workflow_versions.id AND r."+isLive+")", then).Error
	})
}
