package desk

import (
	"encoding/json"
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
	ch, id, bad, err := e.route(s.Channel)
	if err != nil {
		return nil, nil, err
	}
	def := s.Message
	for _, r := range s.Responses {
		if ch != nil && r.Channel.ID == ch.ID {
			def = r.Message
		}
	}
	m.Body, err = e.body(def)
	if err != nil {
		return m, &channel.SendError{Code: channel.CodeUnsupportedType, Message: err.Error()}, nil
	}
	return m, e.address(m, ch, id, bad), nil
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
	switch a.Type {
	case flow.AskChoice:
		m.Body = channel.QuickReply(text, e.labels(a.Options)...)
	case flow.AskRating:
		m.Body = channel.Message{Type: channel.TypeRating, Title: text, Max: channel.RatingMax}
	default:
		m.Body = channel.Text(text)
	}
	return m, e.address(m, ch, id, bad), nil
}

// maxLabel is the length of an option's label after its variables are put in.
const maxLabel = 20

func (e *doing) labels(options []string) []string {
	out := make([]string, len(options))
	for i, o := range options {
		r := []rune(flow.Render(o, e.vars()))
		out[i] = string(r[:min(len(r), maxLabel)])
	}
	return out
}

func (e *doing) message() *Message {
	return &Message{WorkspaceID: e.wsID, ContactID: e.c.ID, ConversationID: e.c.ConversationID, Traffic: Outgoing, At: e.at, CreatedAt: e.at,
		SenderSource: SourceWorkflow, SenderWorkflowID: e.run.WorkflowID, Priority: PriorityWorkflow}
}

// body puts variables into a workflow's message and gives it its wire form.
func (e *doing) body(m flow.Message) (channel.Message, error) {
	render := func(s string) string { return flow.Render(s, e.vars()) }
	switch m.Type {
	case "text":
		return channel.Text(render(m.Text)), nil
	case "media":
		url := render(m.File)
		return channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{
			Type: channel.AttachmentTypeOf(url), URL: url, Description: render(m.Caption)}}, nil
	case "quick_reply":
		return channel.QuickReply(render(m.Text), e.labels(m.Replies)...), nil
	case "custom_payload":
		if !json.Valid([]byte(m.Payload)) {
			return channel.Message{}, errors.New("the payload is not JSON")
		}
		return channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(m.Payload)}, nil
	}
	return channel.Message{}, fmt.Errorf("messages of type %q cannot be sent", m.Type)
}

// route finds the channel and the contact's identity on it.
func (t *doing) route(choice flow.ChannelChoice) (*Channel, *Identity, *channel.SendError, error) {
	want := int64(0)
	if !choice.Last() {
		want = choice.ID
	}
	return t.txn.route(t.c, want)
}

// route finds the channel (0 = last interacted) and the contact's identity on
// it. Where the channel lets us write first, the identity is created.
func (t *txn) route(c *Contact, channelID int64) (*Channel, *Identity, *channel.SendError, error) {
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
		id, err = t.firstContact(c, ch)
	}
	if err == nil && id == nil {
		return ch, nil, &channel.SendError{Code: channel.CodeContactLacksChannel, Message: fmt.Sprintf("the contact is not on channel %q and must write first there", ch.Name)}, nil
	}
	return ch, id, nil, err
}

// firstContact makes the identity with which we write first; nil where we may not.
func (t *txn) firstContact(c *Contact, ch *Channel) (*Identity, error) {
	caps := t.Capabilities(ch)
	external := ""
	switch caps.ExternalID {
	case channel.IDPhone:
		external = c.Phone
	case channel.IDEmail:
		external = c.Email
	}
	if caps.First != channel.FirstYes || external == "" {
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
	if caps.WindowDuration > 0 && (id.LastIncomingAt == 0 || t.at-id.LastIncomingAt >= caps.WindowDuration*1000) {
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
