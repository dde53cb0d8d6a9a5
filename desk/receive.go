package desk

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/channel"
	"ucal/flow"
)

// Receive stores everything that follows from one webhook call of a channel, in
// one transaction: contact, messages, conversation, events, claimed answers,
// started runs, and what Temporal must be told. When it returns nil nothing can
// be lost any more. A call that arrives again changes nothing.
func (d *Desk) Receive(ctx context.Context, ch *Channel, calls []channel.Inbound) error {
	err := d.write(ctx, ch.WorkspaceID, Actor{Kind: SourceContact}, func(t *txn) error {
		for _, in := range calls {
			if err := t.receive(ch, in); err != nil {
				return err
			}
		}
		if ch.LastInboundAt >= t.at-useEvery {
			return nil
		}
		return t.db.Model(&Channel{}).Where("id = ? AND last_inbound_at < ?", ch.ID, t.at-useEvery).UpdateColumn("last_inbound_at", t.at).Error
	})
	if err != nil {
		return fmt.Errorf("receive on channel %s: %w", ch.PublicID, err)
	}
	return nil
}

// useEvery is how exact, in milliseconds, a channel's times of use are: a row
// that every message changes would be a queue.
const useEvery = 10_000

func (t *txn) receive(ch *Channel, in channel.Inbound) error {
	for _, ev := range in.Events {
		var err error
		switch ev.Kind {
		case channel.EventMessage:
			err = t.receiveMessage(ch, in, ev)
		case channel.EventEcho:
			err = t.receiveEcho(ch, in, ev)
		case channel.EventStatus:
			err = t.receiveStatus(ch, in, ev)
		case channel.EventReferral:
			err = t.receiveReferral(ch, in, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// receiveMessage follows the order of the workflow specification, section 2.2.
func (t *txn) receiveMessage(ch *Channel, in channel.Inbound, ev channel.Event) error {
	c, id, updated, err := t.resolve(ch, in, SourceContact)
	if err != nil {
		return err
	}
	t.actor = Actor{Kind: SourceContact, ID: c.ID, Name: c.Label()}
	if c.IsBlocked {
		t.Log.Info("message of a blocked contact dropped", "contact_id", c.ID, "channel_id", ch.ID)
		return nil
	}
	m := &Message{WorkspaceID: t.wsID, ContactID: c.ID, IdentityID: id.ID, ChannelID: ch.ID, Traffic: Incoming, Type: ev.Message.Type,
		Body: *ev.Message, ProviderID: ev.ProviderID, At: believable(ev.At, t.at), ConversationID: c.ConversationID, CreatedAt: t.at}
	if fresh, err := t.store(m); err != nil {
		return err
	} else if !fresh {
		return t.offerUpdate(c, updated)
	}
	if err := t.touch(c, id, m.At, true); err != nil {
		return err
	}
	click, err := t.click(c, ch, in, ev)
	if err != nil {
		return err
	}

	runs, err := t.liveRuns(c)
	if err != nil {
		return err
	}
	asked := answering(runs)
	var opened *Event
	if asked == nil && !c.Open() {
		if opened, err = t.openByContact(c, ch, ev.Ad); err != nil {
			return err
		}
		m.ConversationID = c.ConversationID
		if err := t.db.Model(m).UpdateColumn("conversation_id", m.ConversationID).Error; err != nil {
			return err
		}
	}
	if err := t.countMessage(m.ConversationID, m); err != nil {
		return err
	}
	received, err := t.event(c, Event{Type: MessageReceived, Data: map[string]any{"messageId": m.ID, "type": m.Type, "channelId": ch.ID}})
	if err != nil {
		return err
	}
	if err := t.exit(c, runs, flow.EndIncomingMessage, asked); err != nil {
		return err
	}
	if asked != nil {
		if err := t.answer(c, asked, m, received); err != nil {
			return err
		}
	}
	if err := t.offerUpdate(c, updated); err != nil {
		return err
	}
	if err := t.offerClick(c, click, ev.Ad); err != nil {
		return err
	}
	if asked != nil { // an answer opens nothing and is no message received
		return nil
	}
	if err := t.offerOpened(c, opened, ev.Ad); err != nil {
		return err
	}
	return t.trigger(c, received, flow.Happening{Type: flow.MessageReceived, Text: m.Body.Summary(), MessageType: string(m.Type),
		Channel: ch.Name, ChannelKind: string(ch.Source), WasOpen: opened == nil})
}

// store inserts a message that the provider delivered; false when it is stored already.
func (t *txn) store(m *Message) (bool, error) {
	res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(m)
	return res.RowsAffected == 1, res.Error
}

func answerOf(m *Message) *flow.Answer {
	return &flow.Answer{MessageID: m.ID, Type: string(m.Type), Text: m.Body.Summary(), Latitude: m.Body.Latitude, Longitude: m.Body.Longitude}
}

// answerTo is a message as the answer to the question that a run asked last.
func (t *txn) answerTo(r *Run, m *Message) (*flow.Answer, error) {
	a := answerOf(m)
	a.Option = channel.ButtonNumber(messageKey(r.AskedAt), m.Body.Choice().ID)
	if a.Yearless() {
		ws, err := t.workspace()
		if err != nil {
			return nil, err
		}
		a.Year = timeOf(t.at).In(ws.Zone()).Year()
	}
	return a, nil
}

// receiveEcho stores what our side wrote in the provider's own application. An
// echo of a message that we sent ourselves is dropped. It opens no conversation.
func (t *txn) receiveEcho(ch *Channel, in channel.Inbound, ev channel.Event) error {
	own, err := t.outgoing(ch, in, ev)
	if err != nil || own != nil {
		return err
	}
	c, id, updated, err := t.resolve(ch, in, SourceEcho)
	if err != nil || c.IsBlocked {
		return err
	}
	t.actor = Actor{Kind: SourceEcho}
	m := &Message{WorkspaceID: t.wsID, ContactID: c.ID, IdentityID: id.ID, ChannelID: ch.ID, Traffic: Outgoing, Type: ev.Message.Type,
		Body: *ev.Message, ProviderID: ev.ProviderID, At: believable(ev.At, t.at), ConversationID: c.ConversationID,
		Status: channel.StatusSent, SenderSource: SourceEcho, CreatedAt: t.at}
	if fresh, err := t.store(m); err != nil {
		return err
	} else if !fresh {
		return t.offerUpdate(c, updated)
	}
	if err := t.db.Create(&MessageStatus{MessageID: m.ID, Value: channel.StatusSent, At: m.At}).Error; err != nil {
		return err
	}
	if err := t.touch(c, id, m.At, false); err != nil {
		return err
	}
	if err := t.countMessage(m.ConversationID, m); err != nil {
		return err
	}
	if err := t.emit(c, Event{Type: MessageSent, Data: map[string]any{"messageId": m.ID, "source": SourceEcho}}); err != nil {
		return err
	}
	if err := t.exitOn(c, flow.EndOutgoingMessage); err != nil {
		return err
	}
	if err := t.takeOver(c); err != nil {
		return err
	}
	return t.offerUpdate(c, updated)
}

// receiveStatus applies a receipt, or keeps it when its message has no provider id yet.
func (t *txn) receiveStatus(ch *Channel, in channel.Inbound, ev channel.Event) error {
	m, err := t.outgoing(ch, in, ev)
	if err != nil {
		return err
	}
	if m == nil {
		return t.db.Create(&EarlyReceipt{ChannelID: ch.ID, ProviderID: ev.ProviderID, Value: ev.Status.Value, Message: ev.Status.Message,
			At: ev.At.UnixMilli(), CreatedAt: t.at}).Error
	}
	return t.applyReceipt(m, *ev.Status)
}

// outgoing is the message of ours that the provider means; nil when none has its
// id. The provider may be faster than the transaction that notes the id, which
// holds the contact: then it looks again under the contact's lock.
func (t *txn) outgoing(ch *Channel, in channel.Inbound, ev channel.Event) (*Message, error) {
	q := t.db.Where("channel_id = ? AND provider_id = ? AND provider_id <> '' AND traffic = 'outgoing'", ch.ID, ev.ProviderID).Session(&gorm.Session{})
	m, err := first[Message](q)
	if err != nil || m != nil {
		return m, err
	}
	id, err := first[Identity](t.db.Where("channel_id = ? AND external_id = ?", ch.ID, in.ExternalID))
	if err != nil || id == nil {
		return nil, err
	}
	if _, err := t.contact(id.ContactID); err != nil {
		if bad := AsError(err); bad != nil && bad.Code == NotFound {
			return nil, nil
		}
		return nil, err
	}
	return first[Message](q)
}

func (t *txn) applyReceipt(m *Message, s channel.StatusUpdate) error {
	c, m, err := t.lockMessage(m)
	if err != nil || m == nil {
		return err
	}
	code := channel.SendCode("")
	if s.Value == channel.StatusFailed {
		code = s.Code
		if code == "" {
			code = channel.CodeProviderRejected
		}
	}
	changed, err := t.setStatus(c, m, s.Value, code, s.Message)
	if err != nil || !changed {
		return err
	}
	return t.db.Model(m).UpdateColumn("status", m.Status).Error
}
