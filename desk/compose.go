package desk

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"ucal/channel"
	"ucal/flow"
	"ucal/store"
)

// compose makes the message of a Send step from the contact as it is now. A
// refusal is a message that fails at once.
func (e *doing) compose(s flow.Send) (*Message, *channel.SendError, error) {
	m := e.message()
	ch, id, bad, err := e.txn.route(e.c, channelOf(s.Channel), func(ch *Channel) bool {
		t := s.On(ch.ID).Type
		return t == flow.MessageWhatsAppTemplate || t == flow.MessageFacebookTemplate
	})
	if err != nil {
		return nil, nil, err
	}
	say := s.Message
	if ch != nil {
		say = s.On(ch.ID)
	}
	return e.posted(m, e.body(say), ch, id, bad)
}

// composeQuestion makes the question's message: multiple choice and rating
// carry their options.
func (e *doing) composeQuestion(a flow.Ask) (*Message, *channel.SendError, error) {
	m := e.message()
	ch, id, bad, err := e.route(flow.ChannelChoice{Ref: flow.Ref{Name: flow.LastInteracted}})
	if err != nil {
		return nil, nil, err
	}
	text := flow.Render(a.Question, e.vars())
	body := channel.Text(text)
	switch a.Type {
	case flow.AskChoice:
		if labels := e.labels(a.Options, maxLabel); len(labels) > 0 {
			body = channel.QuickReply(text, labels...)
		}
	case flow.AskRating:
		body = channel.Message{Type: channel.TypeRating, Title: text, Max: channel.RatingMax}
	}
	return e.posted(m, body, ch, id, bad)
}

// posted gives a message its body and address. What has gone wrong with the
// address is said before what is wrong with the body.
func (e *doing) posted(m *Message, body channel.Message, ch *Channel, id *Identity, bad *channel.SendError) (*Message, *channel.SendError, error) {
	m.Body = body
	if err := e.thread(m, ch); err != nil {
		return nil, nil, err
	}
	refusal := e.address(m, ch, id, bad)
	if refusal == nil {
		refusal = unsendable(body)
	}
	return m, refusal, nil
}

// thread keeps all e-mails that a workflow sends to a contact from one channel
// in one thread: each answers the one before it that was sent.
func (e *doing) thread(m *Message, ch *Channel) error {
	if ch == nil || !e.Capabilities(ch).Carries(channel.TypeEmail) {
		return nil
	}
	last, err := first[Message](e.db.Select("id").Where("contact_id = ? AND channel_id = ? AND sender_workflow_id = ? AND traffic = ? AND status IN ?",
		m.ContactID, ch.ID, m.SenderWorkflowID, Outgoing, []channel.Status{channel.StatusSent, channel.StatusDelivered, channel.StatusRead}).Order("id DESC"))
	if last != nil {
		m.Body.ReplyToMessageID = last.ID
	}
	return err
}

func (e *doing) message() *Message {
	return &Message{WorkspaceID: e.wsID, ContactID: e.c.ID, ConversationID: e.c.ConversationID, Traffic: Outgoing, At: e.at, CreatedAt: e.at,
		SenderSource: SourceWorkflow, SenderWorkflowID: e.run.WorkflowID, Priority: PriorityWorkflow}
}

// route finds the channel and the contact's identity on it.
func (t *doing) route(choice flow.ChannelChoice) (*Channel, *Identity, *channel.SendError, error) {
	return t.txn.route(t.c, channelOf(choice), nil)
}

// channelOf is the id of the chosen channel; 0 = last interacted.
func channelOf(choice flow.ChannelChoice) int64 {
	if choice.Last() {
		return 0
	}
	return choice.ID
}

// route finds the channel (0 = last interacted) and the contact's identity on
// it. Where the channel lets us write first, the identity is created; template
// tells whether what is to be sent there is a template, with which more channels
// do. nil = it is none.
func (t *txn) route(c *Contact, channelID int64, template func(*Channel) bool) (*Channel, *Identity, *channel.SendError, error) {
	var id *Identity
	var err error
	switch {
	case channelID == 0 && c.IdentityID == 0:
		return nil, nil, &channel.SendError{Code: channel.CodeNoLastInteractedChannel, Message: "the contact has not used any channel yet; name one with channelId"}, nil
	case channelID == 0:
		id, err = first[Identity](t.db.Where("id = ?", c.IdentityID))
	default:
		id, err = first[Identity](t.db.Where("contact_id = ? AND channel_id = ?", c.ID, channelID).Order("last_message_at DESC"))
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if id != nil {
		channelID = id.ChannelID
	}
	ch := &Channel{}
	err = t.db.Where("workspace_id = ?", t.wsID).Take(ch, channelID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil, &channel.SendError{Code: channel.CodeChannelNotFound, Message: fmt.Sprintf("channel %d does not exist in this workspace", channelID)}, nil
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if id == nil {
		id, err = t.firstContact(c, ch, template != nil && template(ch))
	}
	if err == nil && id == nil {
		return ch, nil, &channel.SendError{Code: channel.CodeContactLacksChannel, Message: fmt.Sprintf("the contact is not on channel %q and must write first there", ch.Name)}, nil
	}
	return ch, id, nil, err
}

// firstContact makes the identity with which we write first; nil where we may not.
func (t *txn) firstContact(c *Contact, ch *Channel, template bool) (*Identity, error) {
	caps := t.Capabilities(ch)
	external := ""
	switch caps.ExternalID {
	case channel.IDPhone:
		external = c.Phone
	case channel.IDEmail:
		external = c.Email
	}
	if may := caps.First == channel.FirstYes || caps.First == channel.FirstTemplate && template; !may || external == "" {
		return nil, nil
	}
	taken, err := first[Identity](t.db.Where("channel_id = ? AND external_id = ?", ch.ID, external))
	if err != nil || taken != nil {
		return nil, err // it belongs to another contact
	}
	id := &Identity{WorkspaceID: t.wsID, ChannelID: ch.ID, ContactID: c.ID, ExternalID: external, CreatedAt: t.at}
	err = t.db.Create(id).Error
	if store.IsDuplicate(err) {
		return nil, errAgain // the contact, or another one, appeared there meanwhile
	}
	return id, err
}

// address puts channel and identity into a message and makes the checks that
// need no provider.
func (t *txn) address(m *Message, ch *Channel, id *Identity, bad *channel.SendError) *channel.SendError {
	m.Type = m.Body.Type
	if ch != nil {
		m.ChannelID = ch.ID
	}
	if id != nil {
		m.IdentityID = id.ID
	}
	if bad != nil {
		return bad
	}
	c := t.contacts[m.ContactID]
	if bad := t.refusal(c, ch); bad != nil {
		return bad
	}
	caps := t.Capabilities(ch)
	if !caps.Open(m.Body) && (id.LastIncomingAt == 0 || t.at-id.LastIncomingAt >= caps.WindowDuration*1000) {
		return &channel.SendError{Code: channel.CodeWindowClosed, Message: "the contact has not written within the channel's window; only what the channel allows outside of it can be sent"}
	}
	if _, err := channel.Fit(m.Body, caps); err != nil {
		return channel.AsSendError(err)
	}
	return nil
}

// refusal is why nothing can be sent to the contact on the channel at all.
func (t *txn) refusal(c *Contact, ch *Channel) *channel.SendError {
	switch {
	case c.IsBlocked:
		return &channel.SendError{Code: channel.CodeContactBlocked, Message: "the contact is blocked; unblock it first"}
	case ch.DeletedAt != 0:
		return &channel.SendError{Code: channel.CodeChannelDisconnected, Message: fmt.Sprintf("channel %q was deleted", ch.Name)}
	case ch.Status != Connected:
		return &channel.SendError{Code: channel.CodeChannelDisconnected, Message: fmt.Sprintf("channel %q is %s; connect it again with its test", ch.Name, ch.Status)}
	}
	return nil
}

// queueMessage stores an outgoing message as pending, or as failed at once.
func (t *txn) queueMessage(c *Contact, m *Message, bad *channel.SendError) error {
	m.Status, m.LeaseUntil = channel.StatusPending, t.at
	if m.ChannelID == 0 || m.IdentityID == 0 {
		m.LeaseUntil = 0
	}
	if err := t.db.Create(m).Error; err != nil {
		return err
	}
	if err := t.db.Create(&MessageStatus{MessageID: m.ID, Value: channel.StatusPending, At: t.at}).Error; err != nil {
		return err
	}
	if err := t.countMessage(m.ConversationID, m); err != nil {
		return err
	}
	if bad != nil {
		return t.failMessage(c, m, bad)
	}
	if id := m.IdentityID; id != 0 {
		if err := t.touch(c, &Identity{ID: id}, t.at, false); err != nil {
			return err
		}
	}
	return t.emit(c, Event{Type: MessageSent, Data: map[string]any{"messageId": m.ID, "source": m.SenderSource, "channelId": m.ChannelID}})
}
