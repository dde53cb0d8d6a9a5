package desk

import (
	"context"
	"strings"
)

// AssigneeChoice names the new assignee: by id or e-mail; the zero value is nobody.
type AssigneeChoice struct {
	ID    int64
	Email string
}

// SetAssignee gives a contact to a user, or to nobody, by hand: also a call with
// a plain token counts as that. The present assignee again changes nothing.
func (d *Desk) SetAssignee(ctx context.Context, p Principal, who Identifier, to AssigneeChoice) (int64, error) {
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
		if c.IsBlocked {
			return refuse(Conflict, "invalid_state", "contact %d is blocked: its assignee is frozen; unblock it first", c.ID)
		}
		u, err := t.assignable(to)
		if err != nil {
			return err
		}
		if u == nil && c.AssigneeID == 0 || u != nil && u.ID == c.AssigneeID {
			return nil
		}
		return t.assign(c, u, "", true)
	})
	return id, err
}

// assignable is the active user that is meant; nil for nobody.
func (t *txn) assignable(to AssigneeChoice) (*User, error) {
	q := t.db.Where("workspace_id = ? AND state <> ?", t.wsID, UserRemoved)
	var name any = to.ID
	switch {
	case to.Email != "":
		name = to.Email
		q = q.Where("email = ?", strings.ToLower(strings.TrimSpace(to.Email)))
	case to.ID != 0:
		q = q.Where("id = ?", to.ID)
	default:
		return nil, nil
	}
	u, err := first[User](q)
	switch {
	case err != nil:
		return nil, err
	case u == nil:
		return nil, invalid("assignee", "user %v does not exist in this workspace; name a user by id or e-mail, or null for nobody", name)
	case u.State != UserActive:
		return nil, invalid("assignee", "user %v is %s and cannot be assigned; name an active user", name, u.State)
	}
	return u, nil
}

// ClosingNote is what a caller notes when a conversation is closed.
type ClosingNote struct {
	Category string // "" = none; must be one of the workspace's
	Summary  string // at most MaxSummary characters
}

// OpenConversation opens the contact's conversation; an open one stays as it is.
func (d *Desk) OpenConversation(ctx context.Context, p Principal, who Identifier) (int64, error) {
	return d.setStatus(ctx, p, who, func(t *txn, c *Contact) error { return t.openAndTrigger(c, t.actor.openedBy()) })
}

// CloseConversation closes the contact's conversation; a closed one stays as it is.
func (d *Desk) CloseConversation(ctx context.Context, p Principal, who Identifier, note ClosingNote) (int64, error) {
	if tooLong(note.Summary, MaxSummary) {
		return 0, invalid("summary", "summary has more than %d characters; shorten it", MaxSummary)
	}
	return d.setStatus(ctx, p, who, func(t *txn, c *Contact) error {
		category, err := t.knownCategory(note.Category)
		if err != nil {
			return err
		}
		return t.closeAndTrigger(c, t.actor.Kind, closing{category, note.Summary})
	})
}

func (d *Desk) setStatus(ctx context.Context, p Principal, who Identifier, change func(*txn, *Contact) error) (int64, error) {
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
		if c.IsBlocked {
			return refuse(Conflict, "invalid_state", "contact %d is blocked: its conversation can be neither opened nor closed; unblock it first", c.ID)
		}
		return change(t, c)
	})
	return id, err
}

func (t *txn) knownCategory(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	cat, err := first[ClosingCategory](t.db.Where("workspace_id = ? AND category_key = ?", t.wsID, fold(name)))
	switch {
	case err != nil:
		return "", err
	case cat == nil:
		e := invalid("category", "category %q does not exist; use one of GET /v2/space/closing_notes", name)
		e.Word = "unknown_category"
		return "", e
	}
	return cat.Category, nil
}
