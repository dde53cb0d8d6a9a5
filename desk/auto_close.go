package desk

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Auto-close (platform specification 12.4): a conversation closes by itself some
// time after the latest message of a user. The timer is a due time in the
// conversation's row; messages of workflows, the API and bots leave it alone.
const (
	minAutoClose     = 30           // minutes
	maxAutoClose     = 14 * 24 * 60 // minutes
	defaultAutoClose = 24 * 60      // minutes

	closeBatch = 100 // conversations that one sweep closes
)

// autoClose is the due time that a user's message at this moment gives to its
// conversation, as SQL: none when the conversation was opened before auto-close
// was switched on.
func (t *txn) autoClose(openedAt string, sentAt int64) (clause.Expr, error) {
	ws, err := t.workspace()
	if err != nil || !ws.AutoClose {
		return gorm.Expr("0"), err
	}
	return gorm.Expr("CASE WHEN "+openedAt+" >= ? THEN CAST(? AS BIGINT) ELSE 0 END", ws.AutoCloseSince, sentAt+ws.AutoCloseMinutes*60_000), nil
}

// restartAutoClose: the timer runs from the new assignee's latest message in
// this conversation; none, and it waits for one. Unassigning changes nothing.
func (t *txn) restartAutoClose(c *Contact, userID int64) error {
	ws, err := t.workspace()
	if err != nil || !ws.AutoClose || userID == 0 || !c.Open() {
		return err
	}
	last, err := first[Message](t.db.Select("id", "at").Where("contact_id = ? AND traffic = ? AND conversation_id = ? AND sender_source = ? AND sender_user_id = ?",
		c.ID, Outgoing, c.ConversationID, SourceUser, userID).Order("at DESC, id DESC"))
	if err != nil {
		return err
	}
	due := gorm.Expr("0")
	if last != nil {
		if due, err = t.autoClose("opened_at", last.At); err != nil {
			return err
		}
	}
	return t.db.Model(&Conversation{}).Where("id = ? AND closed_at = 0", c.ConversationID).UpdateColumn("close_at", due).Error
}

// switchAutoClose notes when auto-close was switched on, and cancels every timer
// when it is switched off.
func (t *txn) switchAutoClose(ws *Workspace, before bool) error {
	switch {
	case ws.AutoClose && !before:
		ws.AutoCloseSince = t.at
	case !ws.AutoClose && before:
		return t.db.Model(&Conversation{}).Where("workspace_id = ? AND close_at > 0", t.wsID).UpdateColumn("close_at", 0).Error
	}
	return nil
}

// SweepAutoClose closes conversations whose timer has run out and returns how
// many. It is safe to run in several processes: the row under the contact's lock
// decides.
func (d *Desk) SweepAutoClose(ctx context.Context) (int, error) {
	var due []struct{ ID, WorkspaceID, ContactID int64 }
	err := d.db.Read(ctx).Model(&Conversation{}).Select("id", "workspace_id", "contact_id").Where("close_at > 0 AND closed_at = 0 AND close_at <= ?", d.millis()).
		Order("close_at").Limit(closeBatch).Scan(&due).Error
	if err != nil {
		return 0, fmt.Errorf("conversations to close: %w", err)
	}
	closed := 0
	for _, x := range due {
		did := false
		err := d.write(ctx, x.WorkspaceID, Actor{Kind: SourceAutoClose}, func(t *txn) error {
			did = false
			if err := t.lockAssignments(); err != nil {
				return err
			}
			c, err := t.contact(x.ContactID)
			if bad := AsError(err); bad != nil && bad.Code == NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			conv, err := first[Conversation](t.db.Where("id = ?", x.ID))
			if err != nil || conv == nil || conv.ClosedAt != 0 || conv.CloseAt == 0 || conv.CloseAt > t.at {
				return err
			}
			if c.IsBlocked { // its conversation can be neither opened nor closed
				return t.db.Model(conv).UpdateColumn("close_at", 0).Error
			}
			did = true
			return t.closeAndTrigger(c, SourceAutoClose, closing{})
		})
		if err != nil {
			return closed, fmt.Errorf("auto-close conversation %d: %w", x.ID, err)
		}
		if did {
			closed++
		}
	}
	return closed, nil
}
