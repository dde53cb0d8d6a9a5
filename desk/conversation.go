package desk

import (
	"unicode/utf8"

	"gorm.io/gorm"
)

// Conversation is an open or closed episode with a contact; at most one is open.
type Conversation struct {
	ID                     int64
	WorkspaceID            int64
	ContactID              int64
	ContactType            string // new, returning
	OpenedAt               int64
	OpenedSource           Source
	OpenedBy               Actor `gorm:"serializer:json"`
	OpenedChannelID        int64
	ClosedAt               int64
	ClosedSource           Source
	ClosedBy               Actor `gorm:"serializer:json"`
	ClosedByTeamID         int64
	Category               string
	Summary                string
	FirstAssigneeID        int64
	FirstAssignmentAt      int64
	FirstAssignmentSource  Source
	LastAssigneeID         int64
	LastAssignmentAt       int64
	Assignments            int64
	FirstResponseBy        int64
	FirstResponseAt        int64
	Responses              int64
	ResponseMillis         int64
	UnansweredSince        int64
	IncomingCount          int64
	OutgoingCount          int64
	FirstIncomingMessageID int64
	CloseAt                int64 // when it closes by itself; 0 = no timer runs
}

// MaxSummary is the length of a closing summary in characters.
const MaxSummary = 512

// openConversation opens the contact's conversation and evaluates no trigger:
// the caller does, once everything that belongs to the event is stored. It
// returns nil when one is open already.
func (t *txn) openConversation(c *Contact, source Source, channelID int64) (*Event, error) {
	if c.Open() {
		return nil, nil
	}
	var earlier *Conversation
	if !t.fresh[c.ID] {
		var err error
		if earlier, err = first[Conversation](t.db.Select("id").Where("contact_id = ?", c.ID)); err != nil {
			return nil, err
		}
	}
	conv := &Conversation{WorkspaceID: t.wsID, ContactID: c.ID, ContactType: "returning", OpenedAt: t.at, OpenedSource: source,
		OpenedBy: t.actor, OpenedChannelID: channelID}
	if earlier == nil {
		conv.ContactType = "new"
	}
	if c.AssigneeID != 0 {
		conv.FirstAssigneeID, conv.FirstAssignmentAt, conv.LastAssigneeID = c.AssigneeID, t.at, c.AssigneeID
	}
	if err := t.db.Create(conv).Error; err != nil {
		return nil, err
	}
	c.ConversationID = conv.ID
	if err := t.db.Model(c).UpdateColumn("conversation_id", conv.ID).Error; err != nil {
		return nil, err
	}
	return t.event(c, Event{Type: ConversationOpened, Data: map[string]any{
		"source": source, "contactType": conv.ContactType, "channelId": channelID, "workflow": t.workflowName()}})
}

// closing is the closing note.
type closing struct {
	category string
	summary  string
}

// closeConversation closes the contact's open conversation, ends the runs that
// wait in an assignment queue and frees the assignee's capacity. It returns nil
// when none is open. The assignee stays unless the workspace says otherwise.
func (t *txn) closeConversation(c *Contact, source Source, note closing) (*Event, error) {
	if !c.Open() {
		return nil, nil
	}
	convID, team := c.ConversationID, int64(0)
	if c.AssigneeID != 0 {
		if u, err := first[User](t.db.Where("id = ?", c.AssigneeID)); err != nil {
			return nil, err
		} else if u != nil {
			team = u.TeamID
		}
	}
	err := t.db.Model(&Conversation{}).Where("id = ?", convID).Select("closed_at", "closed_source", "closed_by", "closed_by_team_id", "category", "summary").
		Updates(&Conversation{ClosedAt: t.at, ClosedSource: source, ClosedBy: t.actor, ClosedByTeamID: team, Category: note.category, Summary: note.summary}).Error
	if err != nil {
		return nil, err
	}
	c.ConversationID = 0
	if err := t.db.Model(c).UpdateColumn("conversation_id", 0).Error; err != nil {
		return nil, err
	}
	ev, err := t.event(c, Event{Type: ConversationClosed, ConversationID: convID, Data: map[string]any{
		"source": source, "category": note.category, "summary": note.summary, "workflow": t.workflowName()}})
	if err != nil {
		return nil, err
	}
	if err := t.endQueued(c, "conversation_closed"); err != nil {
		return nil, err
	}
	if err := t.markUser(c.AssigneeID); err != nil {
		return nil, err
	}
	ws, err := t.workspace()
	if err != nil {
		return nil, err
	}
	if ws.UnassignOnClose && c.AssigneeID != 0 {
		if err := t.assign(c, nil, "unassigned when the conversation closed", false); err != nil {
			return nil, err
		}
	}
	return ev, nil
}

// workflowName names the acting workflow for the timeline; "" outside runs.
func (t *txn) workflowName() string {
	if t.actor.Kind == SourceWorkflow {
		return t.actor.Name
	}
	return ""
}

// countMessage keeps the conversation's counters: messages, and pairs of an
// unanswered incoming message and the next human reply.
func (t *txn) countMessage(convID int64, m *Message) error {
	if convID == 0 {
		return nil
	}
	q := t.db.Model(&Conversation{}).Where("id = ? AND closed_at = 0", convID)
	switch {
	case m.Traffic == Incoming:
		return q.UpdateColumns(map[string]any{
			"incoming_count":            gorm.Expr("incoming_count + 1"),
			"close_at":                  0, // somebody must answer first
			"unanswered_since":          gorm.Expr("CASE WHEN unanswered_since = 0 THEN ? ELSE unanswered_since END", m.At),
			"first_incoming_message_id": gorm.Expr("CASE WHEN first_incoming_message_id = 0 THEN ? ELSE first_incoming_message_id END", m.ID),
		}).Error
	case m.SenderSource == SourceUser:
		timer, err := t.autoClose("opened_at", m.At)
		if err != nil {
			return err
		}
		return q.UpdateColumns(map[string]any{
			"close_at":          timer,
			"outgoing_count":    gorm.Expr("outgoing_count + 1"),
			"first_response_by": gorm.Expr("CASE WHEN first_response_at = 0 AND unanswered_since > 0 THEN ? ELSE first_response_by END", m.SenderUserID),
			"first_response_at": gorm.Expr("CASE WHEN first_response_at = 0 AND unanswered_since > 0 THEN ? ELSE first_response_at END", m.At),
			"responses":         gorm.Expr("responses + CASE WHEN unanswered_since > 0 THEN 1 ELSE 0 END"),
			"response_millis":   gorm.Expr("response_millis + CASE WHEN unanswered_since > 0 THEN ? - unanswered_since ELSE 0 END", m.At),
			"unanswered_since":  0,
		}).Error
	}
	return q.UpdateColumn("outgoing_count", gorm.Expr("outgoing_count + 1")).Error
}

func tooLong(s string, n int) bool { return utf8.RuneCountInString(s) > n }
