package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"ucal/flow"
	"ucal/store"
)

// LiveOf returns those of the runs that are live.
func (d *Desk) LiveOf(ctx context.Context, runs []int64) ([]int64, error) {
	var ids []int64
	err := d.db.Read(ctx).Model(&Run{}).Where("id IN ? AND "+isLive, runs).Order("id").Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("look for live runs: %w", err)
	}
	return ids, nil
}

// Overdue returns up to n live runs whose due time passed more than 5 minutes
// ago, by the ids of their Temporal executions.
func (d *Desk) Overdue(ctx context.Context, n int) (map[string]int64, error) {
	var rows []struct {
		ID, ContactID int64
		Slug          string
	}
	err := d.db.Read(ctx).Table("runs").Select("runs.id, runs.contact_id, w.slug").Joins("JOIN workflows w ON w.id = runs.workflow_id").
		Where("runs.due_at > 0 AND runs.due_at < ? AND runs."+isLive, d.millis()-stuckAfter.Milliseconds()).
		Order("runs.due_at").Limit(n).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for overdue runs: %w", err)
	}
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[TemporalID(r.Slug, r.ContactID, r.ID)] = r.ID
	}
	return out, nil
}

// EndLost ends a live run whose Temporal execution is over without having
// recorded an end, and reports whether it was live. Otherwise the contact could
// never enter the workflow again.
func (d *Desk) EndLost(ctx context.Context, runID int64, end flow.Ending) (ended bool, err error) {
	wsID, contactID, err := d.runOwner(ctx, runID)
	if err != nil {
		return false, err
	}
	err = d.write(ctx, wsID, system(), func(t *txn) error {
		ended = false
		c, err := t.contact(contactID)
		if bad := AsError(err); bad != nil && bad.Code == NotFound {
			return nil // its runs ended with it
		}
		if err != nil {
			return err
		}
		r := &Run{}
		if err := store.ForUpdate(t.db).Take(r, runID).Error; err != nil || !r.Live() {
			return err
		}
		ended = true
		return t.endRun(c, r, end, false)
	})
	if err != nil {
		return false, fmt.Errorf("end the lost run %d: %w", runID, err)
	}
	return ended, nil
}

// RunOfTemporalID is the run behind the id of a Temporal execution; false when
// it is none of ours.
func RunOfTemporalID(id string) (int64, bool) {
	_, run, ok := strings.Cut(id, "/run-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(run, 10, 64)
	return n, err == nil
}
