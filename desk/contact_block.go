package desk

import (
	"context"

	"ucal/flow"
)

// Block drops the contact's inbound messages from now on; its live runs end.
// Blocking a blocked contact changes nothing.
func (d *Desk) Block(ctx context.Context, p Principal, who Identifier, reason string) (*Contact, error) {
	return d.setBlocked(ctx, p, who, true, reason)
}

// Unblock restores everything but the dropped messages.
func (d *Desk) Unblock(ctx context.Context, p Principal, who Identifier, reason string) (*Contact, error) {
	return d.setBlocked(ctx, p, who, false, reason)
}

func (d *Desk) setBlocked(ctx context.Context, p Principal, who Identifier, to bool, reason string) (*Contact, error) {
	var c *Contact
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		err := t.lockAssignments()
		if err != nil {
			return err
		}
		if c, err = t.named(p, who); err != nil || c.IsBlocked == to {
			return err
		}
		c.IsBlocked = to
		if err := t.db.Model(c).UpdateColumn("is_blocked", to).Error; err != nil {
			return err
		}
		data := map[string]any{"reason": reason}
		if !to {
			return t.emit(c, Event{Type: ContactUnblocked, Data: data})
		}
		if err := t.emit(c, Event{Type: ContactBlocked, Data: data}); err != nil {
			return err
		}
		runs, err := t.liveRuns(c)
		if err != nil {
			return err
		}
		if _, err := t.endRuns(runs, flow.EndContactBlocked); err != nil {
			return err
		}
		return t.markUser(c.AssigneeID) // a blocked contact counts no more
	})
	return c, err
}
