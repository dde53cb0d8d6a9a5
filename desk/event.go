package desk

import "github.com/google/uuid"

// EventType is the wire name of a domain event.
type EventType string

// The events. Those that the contact's timeline shows are listed in activity.go.
const (
	ContactCreated   EventType = "contact.created"
	ContactUpdated   EventType = "contact.updated"
	ContactDeleted   EventType = "contact.deleted"
	ContactBlocked   EventType = "contact.blocked"
	ContactUnblocked EventType = "contact.unblocked"
	TagUpdated       EventType = "contact.tag.updated"
	AssigneeUpdated  EventType = "contact.assignee.updated"

	ConversationOpened EventType = "conversation.opened"
	ConversationClosed EventType = "conversation.closed"

	MessageReceived      EventType = "message.received"
	MessageSent          EventType = "message.sent"
	MessageStatusUpdated EventType = "message.status.updated"
	CommentCreated       EventType = "comment.created"

	AdClicked EventType = "ad.clicked"

	WorkflowStarted EventType = "workflow.started"
	WorkflowEnded   EventType = "workflow.ended"

	UserStatusChanged EventType = "user.status.changed"
	UserCreated       EventType = "user.created"
	UserRemovedEvent  EventType = "user.removed"
	TeamUpdated       EventType = "team.updated"
)

// Event is something that happened. Contacts' events carry a sequence number
// without gaps; consumers are idempotent by UID.
type Event struct {
	ID             int64
	UID            string // UUIDv7
	WorkspaceID    int64
	ContactID      int64
	Seq            int64
	ConversationID int64
	Type           EventType
	Actor          Actor          `gorm:"serializer:json"`
	Cause          []string       `gorm:"serializer:json"` // ids of the events that led here
	Chain          []int64        `gorm:"serializer:json"` // workflows that led here
	Data           map[string]any `gorm:"serializer:json"`
	At             int64
}

// emit notes an event of a contact (nil for events of users and teams); it is
// stored before the transaction commits. Type and Data are the caller's;
// everything else is filled in.
func (t *txn) emit(c *Contact, e Event) error {
	_, err := t.event(c, e)
	return err
}

func (t *txn) event(c *Contact, e Event) (*Event, error) {
	uid, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	e.UID, e.WorkspaceID, e.At = uid.String(), t.wsID, t.at
	if e.Actor.Kind == "" {
		e.Actor = t.actor
	}
	e.Cause, e.Chain = notNil(t.cause.events), notNil(t.cause.chain)
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	if c != nil {
		c.EventSeq++
		e.ContactID, e.Seq = c.ID, c.EventSeq
		if e.ConversationID == 0 {
			e.ConversationID = c.ConversationID
		}
		t.told[c.ID] = c
	}
	t.events = append(t.events, &e)
	return &e, nil
}

// flush stores the events of the transaction, and of each contact what several
// of its parts may have changed: the sequence number and the newest message.
func (t *txn) flush() error {
	for _, c := range t.told {
		err := t.db.Model(&Contact{}).Where("id = ?", c.ID).
			UpdateColumns(map[string]any{"event_seq": c.EventSeq, "last_message_at": c.LastMessageAt, "identity_id": c.IdentityID}).Error
		if err != nil {
			return err
		}
	}
	if len(t.events) == 0 {
		return nil
	}
	return t.db.CreateInBatches(t.events, 50).Error
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
