package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"ucal/store"
)

// OutboxKind says what Temporal must be told.
type OutboxKind string

// The kinds of outbox rows.
const (
	StartRun OutboxKind = "start_run" // payload RunStart
	WakeRun  OutboxKind = "wake_run"  // payload RunWake
	Deliver  OutboxKind = "deliver"   // payload Delivery: a message of a user or the API
)

// OutboxRow is one thing that Temporal must be told. It disappears when Temporal has taken it.
type OutboxRow struct {
	ID          int64
	WorkspaceID int64
	ContactID   int64
	Kind        OutboxKind
	RunID       int64
	Payload     string
	Attempts    int
	NotBefore   int64
	LeasedUntil int64
	LastError   string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

// TableName is the table of the rows.
func (OutboxRow) TableName() string { return "outbox" }

// RunStart starts a run on Temporal. References, no bodies.
type RunStart struct {
	TemporalID  string `json:"temporal_id"`
	RunID       int64  `json:"run_id"`
	WorkspaceID int64  `json:"workspace_id"`
	ContactID   int64  `json:"contact_id"`
	Contact     string `json:"contact"` // label for people
	WorkflowID  int64  `json:"workflow_id"`
	Slug        string `json:"slug"`
	Workflow    string `json:"workflow"` // name for people
	Version     int64  `json:"version"`
	Hash        string `json:"hash"` // of the version's definition
}

// RunWake wakes a waiting run: it asks the database what happened.
type RunWake struct {
	TemporalID string `json:"temporal_id"`
	RunID      int64  `json:"run_id"`
	Event      string `json:"event,omitempty"` // id of the event that woke it
	Why        string `json:"why"`             // for people who read the history
}

// DeliverMessage hands one stored message to its channel.
type DeliverMessage struct {
	TemporalID string `json:"temporal_id"`
	MessageID  int64  `json:"message_id"`
	ContactID  int64  `json:"contact_id"`
	Contact    string `json:"contact"`
}

func (t *txn) tell(contactID, runID int64, kind OutboxKind, payload any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	err = t.db.Create(&OutboxRow{WorkspaceID: t.wsID, ContactID: contactID, Kind: kind, RunID: runID, Payload: string(text), CreatedAt: t.at}).Error
	if err != nil {
		return err
	}
	return store.Notify(t.db, Topic)
}

// wake tells Temporal that something happened to a run.
func (t *txn) wake(c *Contact, r *Run, why string, ev *Event) error {
	wf, err := t.workflowOf(r)
	if err != nil {
		return err
	}
	w := RunWake{TemporalID: TemporalID(wf.Slug, c.ID, r.ID), RunID: r.ID, Why: why}
	if ev != nil {
		w.Event = ev.UID
	}
	return t.tell(c.ID, r.ID, WakeRun, w)
}

// LeaseOutbox takes up to n rows for lease milliseconds: of each contact the
// oldest one only, so that Temporal hears of one contact's things in order.
func (d *Desk) LeaseOutbox(ctx context.Context, n int, lease int64) ([]OutboxRow, error) {
	var rows []OutboxRow
	err := d.db.Write(ctx, func(tx *gorm.DB) error {
		now := d.millis()
		skip := ""
		if store.LockSuffix(tx) != "" {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		rows = nil
		err := tx.Raw(`UPDATE outbox SET leased_until = ?, attempts = attempts + 1 WHERE id IN (
			SELECT id FROM outbox o WHERE not_before <= ? AND leased_until <= ?
			AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.contact_id = o.contact_id AND p.id < o.id)
			ORDER BY id LIMIT ?`+skip+`) RETURNING *`, now+lease, now, now, n).Scan(&rows).Error
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease outbox rows: %w", err)
	}
	return rows, nil
}

// DoneOutbox removes rows that Temporal has taken, and reports whether their
// contacts have further ones, whose turn it is now.
func (d *Desk) DoneOutbox(ctx context.Context, rows ...OutboxRow) (more bool, err error) {
	if len(rows) == 0 {
		return true, nil
	}
	ids, contacts := make([]int64, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		ids[i], contacts[i] = r.ID, r.ContactID
	}
	err = d.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("id IN ?", ids).Delete(&OutboxRow{}).Error; err != nil {
			return err
		}
		next, err := first[OutboxRow](tx.Select("id").Where("contact_id IN ?", contacts))
		more = next != nil
		return err
	})
	if err != nil {
		return true, fmt.Errorf("remove %d outbox rows: %w", len(ids), err)
	}
	return more, nil
}

// FailOutbox gives a row back after Temporal did not take it; it is tried again
// after delay milliseconds.
func (d *Desk) FailOutbox(ctx context.Context, id int64, delay int64, reason string) error {
	return d.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&OutboxRow{}).Where("id = ?", id).
			UpdateColumns(map[string]any{"leased_until": 0, "not_before": d.millis() + delay, "last_error": cutBytes(reason, 500)}).Error
	})
}

// ReleaseOutbox drops all leases. Only a process that owns the database alone
// may call it, at its start.
func (d *Desk) ReleaseOutbox(ctx context.Context) error {
	return d.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&OutboxRow{}).Where("leased_until > 0").UpdateColumn("leased_until", 0).Error
	})
}

// OutboxSize is how many rows wait, and the age of the oldest in milliseconds.
func (d *Desk) OutboxSize(ctx context.Context) (count, oldest int64, err error) {
	var row struct{ N, Oldest int64 }
	err = d.db.Read(ctx).Model(&OutboxRow{}).Select("count(*) AS n, coalesce(min(created_at), 0) AS oldest").Scan(&row).Error
	if row.Oldest > 0 {
		row.Oldest = d.millis() - row.Oldest
	}
	return row.N, row.Oldest, err
}

// WaitOutbox returns a channel that receives when there may be new rows.
func (d *Desk) WaitOutbox(ctx context.Context) (<-chan struct{}, error) {
	return d.db.Listen(ctx, Topic)
}

func cutBytes(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
