package desk

import (
	"context"
	"strings"
)

// AddComment writes an internal note on a contact.
func (d *Desk) AddComment(ctx context.Context, p Principal, who Identifier, text string) (*Comment, error) {
	switch text = strings.TrimSpace(text); {
	case text == "":
		return nil, invalid("text", "text is missing: write the comment")
	case tooLong(text, MaxComment):
		return nil, invalid("text", "text has more than %d characters; shorten it", MaxComment)
	}
	var cm *Comment
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		cm, err = t.addComment(c, text)
		return err
	})
	return cm, err
}

// Comments lists the notes on a contact, newest first.
func (d *Desk) Comments(ctx context.Context, p Principal, who Identifier, page Page) (List[Comment], error) {
	var l List[Comment]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		l, err = list(t.db.Where("contact_id = ?", c.ID), page, newestFirst(), func(x *Comment) int64 { return x.ID })
		return err
	})
	return l, err
}
