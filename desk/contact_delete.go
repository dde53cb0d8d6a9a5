package desk

import (
	"context"

	"ucal/flow"
)

// DeleteContact erases a contact for ever: everything personal goes; run rows
// and the counters of conversations stay. Its live runs end.
func (d *Desk) DeleteContact(ctx context.Context, p Principal, who Identifier) (int64, error) {
	var id int64
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		id = c.ID
		runs, err := t.liveRuns(c)
		if err != nil {
			return err
		}
		if _, err := t.endRuns(runs, flow.EndContactDeleted); err != nil {
			return err
		}
		if c.Open() {
			if err := t.markUser(c.AssigneeID); err != nil {
				return err
			}
		}
		if err := t.erase(c.ID); err != nil {
			return err
		}
		return t.emit(c, Event{Type: ContactDeleted})
	})
	return id, err
}

// erase removes what is personal. Temporal must still hear of the ended runs,
// so only messages that wait for delivery leave the outbox.
func (t *txn) erase(contact int64) error {
	for _, sql := range []string{
		"DELETE FROM message_statuses WHERE message_id IN (SELECT id FROM messages WHERE contact_id = ?)",
		"DELETE FROM messages WHERE contact_id = ?",
		"DELETE FROM identities WHERE contact_id = ?",
		"DELETE FROM comments WHERE contact_id = ?",
		"DELETE FROM contact_values WHERE contact_id = ?",
		"DELETE FROM contact_tags WHERE contact_id = ?",
		"DELETE FROM events WHERE contact_id = ?",
		"DELETE FROM trigger_decisions WHERE contact_id = ?",
		"DELETE FROM ad_clicks WHERE contact_id = ?",
		"DELETE FROM assignment_queue WHERE contact_id = ?",
		"DELETE FROM outbox WHERE contact_id = ? AND kind = 'deliver'",
		"UPDATE run_steps SET detail = '{}' WHERE run_id IN (SELECT id FROM runs WHERE contact_id = ?)",
		"UPDATE runs SET vars = '{}' WHERE contact_id = ?",
		"DELETE FROM run_effects WHERE run_id IN (SELECT id FROM runs WHERE contact_id = ?)",
		"DELETE FROM run_calls WHERE run_id IN (SELECT id FROM runs WHERE contact_id = ?)",
		"DELETE FROM ai_turns WHERE run_id IN (SELECT id FROM runs WHERE contact_id = ?)",
		"UPDATE ai_talks SET collected = '{}' WHERE run_id IN (SELECT id FROM runs WHERE contact_id = ?)",
		`UPDATE runs SET trigger_actor = '{"kind":"contact"}' WHERE trigger_actor LIKE '%"contact"%' AND contact_id = ?`,
		`UPDATE conversations SET opened_by = '{"kind":"contact"}' WHERE opened_by LIKE '%"contact"%' AND contact_id = ?`,
		"UPDATE conversations SET summary = '', closed_at = CASE WHEN closed_at = 0 THEN opened_at ELSE closed_at END WHERE contact_id = ?",
		"DELETE FROM contacts WHERE id = ?",
	} {
		if err := t.db.Exec(sql, contact).Error; err != nil {
			return err
		}
	}
	return nil
}
