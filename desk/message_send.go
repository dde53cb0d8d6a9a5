package desk

import (
	"context"
	"fmt"

	"ucal/channel"
	"ucal/flow"
)

// DraftMessage is a message that a user or the API wants sent.
type DraftMessage struct {
	ChannelID int64 // 0 = the last interacted channel
	Message   channel.Message
}

// SendMessage stores a message and has it delivered. What can be known without
// the provider is refused at once, and then nothing is stored; later failures
// are in the status history. A user's message opens the conversation and ends
// the runs that exit on it.
func (d *Desk) SendMessage(ctx context.Context, p Principal, who Identifier, in DraftMessage) (*Message, error) {
	if err := checkMessage(in.Message); err != nil {
		return nil, err
	}
	var m *Message
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		if m, err = t.draft(p, c, in); err != nil {
			return err
		}
		byUser := m.SenderSource == SourceUser
		var opened *Event
		if byUser {
			if opened, err = t.openConversation(c, SourceUser, m.ChannelID); err != nil {
				return err
			}
			m.ConversationID = c.ConversationID
		}
		if err := t.queueMessage(c, m, nil); err != nil {
			return err
		}
		if byUser {
			if err := t.exitOn(c, flow.EndOutgoingMessage); err != nil {
				return err
			}
			if err := t.takeOver(c); err != nil {
				return err
			}
		}
		// Told before the runs that it triggers: their messages come after it.
		err = t.tell(c.ID, 0, Deliver, DeliverMessage{TemporalID: fmt.Sprintf("message-%d", m.ID), MessageID: m.ID, ContactID: c.ID, Contact: c.Label()})
		if err != nil || opened == nil {
			return err
		}
		return t.trigger(c, opened, flow.Happening{Type: flow.ConversationOpened, Source: string(SourceUser)})
	})
	return m, err
}

// draft makes the message and all the checks that need no provider.
func (t *txn) draft(p Principal, c *Contact, in DraftMessage) (*Message, error) {
	m := &Message{WorkspaceID: t.wsID, ContactID: c.ID, ConversationID: c.ConversationID, Traffic: Outgoing, Body: in.Message,
		At: t.at, CreatedAt: t.at, SenderSource: t.actor.Kind, SenderUserID: p.UserID, SenderTeamID: p.TeamID, Priority: PriorityUser}
	if err := t.checkThread(c, in.Message); err != nil {
		return nil, err
	}
	ch, id, bad, err := t.route(c, in.ChannelID, func(*Channel) bool { return in.Message.IsTemplate() })
	if err != nil {
		return nil, err
	}
	if bad = t.address(m, ch, id, bad); bad != nil {
		return nil, &Error{Code: Invalid, Word: string(bad.Code), Message: bad.Message,
			Details: []channel.Detail{{Path: pathOf(bad.Code), Error: string(bad.Code), Message: bad.Message}}}
	}
	return m, nil
}

// checkThread refuses a thread that is not the contact's.
func (t *txn) checkThread(c *Contact, m channel.Message) error {
	if m.ReplyToMessageID == 0 {
		return nil
	}
	before, err := first[Message](t.db.Select("id").Where("id = ? AND contact_id = ?", m.ReplyToMessageID, c.ID))
	if err == nil && before == nil {
		return invalid("message.replyToMessageId", "message %d is no message of this contact", m.ReplyToMessageID)
	}
	return err
}

// pathOf is the part of the request that a send error is about.
func pathOf(code channel.SendCode) string {
	switch code {
	case channel.CodeUnsupportedType:
		return "message.type"
	case channel.CodeTextTooLong, channel.CodeTooManyReplies, channel.CodeWindowClosed:
		return "message"
	case channel.CodeContactBlocked:
		return "identifier"
	}
	return "channelId"
}

func checkMessage(m channel.Message) error {
	var f faults
	for _, d := range channel.Check(m) {
		d = d.Under("message")
		f.coded(d.Error, d.Path, "%s", d.Message)
	}
	return f.err()
}
