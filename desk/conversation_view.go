package desk

import (
	"context"

	"gorm.io/gorm"
)

// Conversations lists the episodes with a contact, newest first.
func (d *Desk) Conversations(ctx context.Context, p Principal, who Identifier, page Page) (List[Conversation], error) {
	var l List[Conversation]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		l, err = list(t.db.Where("contact_id = ?", c.ID), page, newestFirst(), func(x *Conversation) int64 { return x.ID })
		return err
	})
	return l, err
}

// Conversation returns one episode.
func (d *Desk) Conversation(ctx context.Context, p Principal, id int64) (*Conversation, error) {
	var conv *Conversation
	err := d.read(ctx, p, func(t *txn) error {
		var err error
		if conv, err = take[Conversation](t, "conversation", id); err != nil {
			return err
		}
		if p.Role != Agent {
			return nil
		}
		_, err = t.find(p, ByID(conv.ContactID))
		if AsError(err) != nil {
			return notFound("conversation", id)
		}
		return err
	})
	return conv, err
}

// ofContact narrows a query to the contact that is meant, when one is.
func (t *txn) ofContact(q *gorm.DB, p Principal, who *Identifier) (*gorm.DB, error) {
	if who == nil {
		return q, nil
	}
	c, err := t.find(p, *who)
	if err != nil {
		return nil, err
	}
	return q.Where("contact_id = ?", c.ID), nil
}
