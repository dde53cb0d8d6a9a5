package desk

import (
	"cmp"
	"time"

	"gorm.io/gorm"

	"ucal/channel"
)

// Traffic is the direction of a message.
type Traffic string

// The directions.
const (
	Incoming Traffic = "incoming"
	Outgoing Traffic = "outgoing"
)

// Priority of a message at its channel's limiter: lower goes first.
type Priority int

// The priorities.
const (
	PriorityUser      Priority = 0 // users and the API
	PriorityWorkflow  Priority = 1
	PriorityBroadcast Priority = 2
)

// StatusSending is the state of a message that has been handed to the provider
// and has no answer yet. It is internal: the API shows it as pending.
const StatusSending channel.Status = "sending"

// isUnsent is a message that still is to be sent, in SQL; as text for the same
// reason as isLive.
const isUnsent = "status IN ('pending', 'sending')"

// Message is one message in either direction.
type Message struct {
	ID               int64
	WorkspaceID      int64
	ContactID        int64
	IdentityID       int64
	ChannelID        int64
	ConversationID   int64
	Traffic          Traffic
	Type             channel.MessageType
	Body             channel.Message     `gorm:"serializer:json"`
	SentAs           channel.MessageType // the type in which it was handed to the channel: Type or its fallback; "" = not yet
	ProviderID       string              // channelMessageId
	At               int64
	Status           channel.Status
	SenderSource     Source
	SenderUserID     int64
	SenderTeamID     int64
	SenderWorkflowID int64
	SendKey          *string // one message per key; nil for incoming
	Priority         Priority
	Attempts         int
	LeaseUntil       int64 // while sending: when the attempt counts as dead
	FirstAttemptAt   int64
	CreatedAt        int64 `gorm:"autoCreateTime:false"`
}

// MessageStatus is one entry of a message's status history.
type MessageStatus struct {
	ID        int64
	MessageID int64
	Value     channel.Status
	Message   string
	Error     channel.SendCode
	At        int64
}

// EarlyReceipt is a receipt that came before the provider told us the id of its message.
type EarlyReceipt struct {
	ID         int64
	ChannelID  int64
	ProviderID string
	Value      channel.Status
	Message    string
	At         int64
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

// rank orders the statuses: an entry is appended only if it is higher than the
// present one. A failure whose outcome is unknown ranks like pending.
func rank(s channel.Status, code channel.SendCode) int {
	switch s {
	case channel.StatusSent:
		return 1
	case channel.StatusFailed:
		if code == channel.CodeOutcomeUnknown {
			return 0
		}
		return 2
	case channel.StatusDelivered:
		return 3
	case channel.StatusRead:
		return 4
	}
	return 0
}

// setStatus appends to the history of a message if the new value is higher, and
// reports whether it did.
func (t *txn) setStatus(c *Contact, m *Message, to channel.Status, code channel.SendCode, text string) (bool, error) {
	present := channel.SendCode("")
	if m.Status == channel.StatusFailed {
		last, err := first[MessageStatus](t.db.Where("message_id = ? AND value = ?", m.ID, channel.StatusFailed).Order("id DESC"))
		if err != nil {
			return false, err
		}
		if last != nil {
			present = last.Error
		}
	}
	if rank(to, code) <= rank(m.Status, present) && !(to == channel.StatusFailed && m.Status != channel.StatusFailed && rank(m.Status, "") == 0) {
		return false, nil
	}
	m.Status = to
	err := t.db.Create(&MessageStatus{MessageID: m.ID, Value: to, Message: text, Error: code, At: t.at}).Error
	if err != nil {
		return false, err
	}
	return true, t.emit(c, Event{Type: MessageStatusUpdated, ConversationID: m.ConversationID, Data: map[string]any{
		"messageId": m.ID, "status": to, "error": code, "message": text}})
}

// believable is the provider's time, or the arrival when that lies in the
// future or more than 7 days back.
func believable(at time.Time, arrival int64) int64 {
	ms := at.UnixMilli()
	if at.IsZero() || ms > arrival || ms < arrival-7*24*time.Hour.Milliseconds() {
		return arrival
	}
	return ms
}

// touch notes the newest message of a contact and identity.
func (t *txn) touch(c *Contact, id *Identity, at int64, incoming bool) error {
	// Compared by the database: the identity was read before its contact was locked.
	set := map[string]any{"last_message_at": gorm.Expr("CASE WHEN last_message_at < ? THEN ? ELSE last_message_at END", at, at)}
	if incoming {
		set["last_incoming_at"] = gorm.Expr("CASE WHEN last_incoming_at < ? THEN ? ELSE last_incoming_at END", at, at)
	}
	if err := t.db.Model(id).UpdateColumns(set).Error; err != nil {
		return err
	}
	if cmp.Less(at, c.LastMessageAt) {
		return nil
	}
	c.LastMessageAt, c.IdentityID = at, id.ID
	t.told[c.ID] = c // written before the commit
	return nil
}
