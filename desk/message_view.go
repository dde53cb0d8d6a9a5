package desk

import (
	"context"

	"ucal/channel"
)

// MessageView is a message with its status history; what is being handed to the
// provider shows as pending.
type MessageView struct {
	Message
	History []MessageStatus // oldest first; empty for incoming messages
}

// MessageFilter narrows a list of messages; zero values take all.
type MessageFilter struct {
	Traffic   Traffic
	Type      channel.MessageType
	ChannelID int64
}

// MessageOf returns one message of a contact.
func (d *Desk) MessageOf(ctx context.Context, p Principal, who Identifier, id int64) (*MessageView, error) {
	var v *MessageView
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		m, err := first[Message](t.db.Where("contact_id = ? AND id = ?", c.ID, id))
		if err != nil {
			return err
		}
		if m == nil {
			return notFound("message", id)
		}
		views, err := t.messageViews([]Message{*m})
		if err == nil {
			v = &views[0]
		}
		return err
	})
	return v, err
}

// Messages lists the messages of a contact as the timeline shows them, newest first.
func (d *Desk) Messages(ctx context.Context, p Principal, who Identifier, f MessageFilter, page Page) (List[MessageView], error) {
	var out List[MessageView]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		q := t.db.Where("contact_id = ?", c.ID)
		if f.Traffic != "" {
			q = q.Where("traffic = ?", f.Traffic)
		}
		if f.Type != "" {
			q = q.Where("type = ?", f.Type)
		}
		if f.ChannelID != 0 {
			q = q.Where("channel_id = ?", f.ChannelID)
		}
		l, err := list(q, page, timeline(), func(m *Message) int64 { return m.ID })
		if err != nil {
			return err
		}
		views, err := t.messageViews(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

// timeline is the order of messages: the provider's time, then the arrival.
func timeline() order {
	const cursor = "(SELECT m.at, m.id FROM messages m WHERE m.id = ?)"
	return order{"at DESC, id DESC", "at, id", "(at, id) < " + cursor, "(at, id) > " + cursor}
}

func (t *txn) messageViews(ms []Message) ([]MessageView, error) {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.ID
	}
	var rows []MessageStatus
	if len(ids) > 0 {
		if err := t.db.Where("message_id IN ?", ids).Order("id").Find(&rows).Error; err != nil {
			return nil, err
		}
	}
	history := map[int64][]MessageStatus{}
	for _, s := range rows {
		history[s.MessageID] = append(history[s.MessageID], s)
	}
	out := make([]MessageView, len(ms))
	for i, m := range ms {
		out[i] = MessageView{Message: m, History: notNil(history[m.ID])}
	}
	return out, nil
}
