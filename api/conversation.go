package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ucal/channel"
	"ucal/desk"
)

func (s *Server) conversationOperations() []operation {
	return []operation{
		compatible(http.MethodPost, "/contact/{identifier}/comment", updateContacts(), "Comment on a contact", s.addComment),
		extension(http.MethodGet, "/contact/{identifier}/comment", http.StatusOK, readContacts(), "List the comments on a contact", s.listComments),
		compatible(http.MethodPost, "/contact/{identifier}/conversation/assignee", updateContacts(), "Assign a contact", s.setAssignee),
		compatible(http.MethodPost, "/contact/{identifier}/conversation/status", updateContacts(), "Open or close a conversation", s.setConversationStatus),
		extension(http.MethodGet, "/contact/{identifier}/activity", http.StatusOK, readContacts(), "List the timeline of a contact", s.listActivities),
		extension(http.MethodGet, "/contact/{identifier}/conversation", http.StatusOK, readContacts(), "List the conversations with a contact", s.listConversations),
		extension(http.MethodGet, "/conversation/{id}", http.StatusOK, readContacts(), "Get a conversation", s.getConversation),
	}
}

// comment is the compatible shape of a comment, and who wrote it.
type comment struct {
	ID        int64   `json:"id"`
	ContactID int64   `json:"contactId"`
	Text      string  `json:"text"`
	CreatedAt int64   `json:"created_at" doc:"Unix seconds."`
	Author    actor   `json:"author"`
	Mentions  []int64 `json:"mentions" nullable:"false" doc:"Ids of the users mentioned."`
}

func commentOf(c *desk.Comment) comment {
	return comment{c.ID, c.ContactID, c.Text, seconds(c.CreatedAt), actorOf(c.Author), list(c.Mentions)}
}

type commentInput struct {
	ByContact
	Body struct {
		Text string `json:"text"`
	}
}

func (s *Server) addComment(ctx context.Context, p desk.Principal, in *commentInput) (*comment, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	cm, err := s.desk.AddComment(ctx, p, who, in.Body.Text)
	if err != nil {
		return nil, err
	}
	c := commentOf(cm)
	return &c, nil
}

func (s *Server) listComments(ctx context.Context, p desk.Principal, in *ContactPage) (*page[comment], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	l, err := s.desk.Comments(ctx, p, who, in.page())
	return toPage(ctx, l, commentOf), err
}

// assignee is a user's id or e-mail, or null for nobody.
type assignee struct{ desk.AssigneeChoice }

// UnmarshalJSON reads a number, a text or null; the text may hold an id.
func (a *assignee) UnmarshalJSON(raw []byte) error {
	a.AssigneeChoice = desk.AssigneeChoice{}
	if string(raw) == "null" {
		return nil
	}
	if json.Unmarshal(raw, &a.ID) == nil {
		return nil
	}
	if err := json.Unmarshal(raw, &a.Email); err != nil {
		return err
	}
	if id, err := strconv.ParseInt(a.Email, 10, 64); err == nil {
		a.AssigneeChoice = desk.AssigneeChoice{ID: id}
	}
	return nil
}

// Schema names the three types.
func (assignee) Schema(huma.Registry) *huma.Schema {
	least := 1.0
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeInteger, Minimum: &least}, {Type: huma.TypeString, Nullable: true}}}
}

var _ huma.SchemaProvider = assignee{}

type assigneeInput struct {
	ByContact
	Body struct {
		Assignee assignee `json:"assignee" doc:"A user's id or e-mail; null for nobody."`
	}
}

func (s *Server) setAssignee(ctx context.Context, p desk.Principal, in *assigneeInput) (*contactID, error) {
	return change(in.ByContact, func(who desk.Identifier) (int64, error) {
		return s.desk.SetAssignee(ctx, p, who, in.Body.Assignee.AssigneeChoice)
	})
}

type statusInput struct {
	ByContact
	Body struct {
		Status   string  `json:"status" enum:"open,close,closed,done"`
		Category *string `json:"category,omitempty"`
		Summary  *string `json:"summary,omitempty"`
	}
}

func (s *Server) setConversationStatus(ctx context.Context, p desk.Principal, in *statusInput) (*contactID, error) {
	return change(in.ByContact, func(who desk.Identifier) (int64, error) {
		if in.Body.Status == "open" {
			return s.desk.OpenConversation(ctx, p, who)
		}
		return s.desk.CloseConversation(ctx, p, who, desk.ClosingNote{Category: textOr(in.Body.Category), Summary: textOr(in.Body.Summary)})
	})
}

func textOr(s *string) string {
	if s == nil {
		return ""
	}
	return channel.CleanText(*s)
}

// activity is one line of a contact's timeline.
type activity struct {
	ID        int64          `json:"id"`
	Type      string         `json:"type"`
	CreatedAt int64          `json:"createdAt" doc:"Unix milliseconds."`
	Actor     actor          `json:"actor"`
	Data      map[string]any `json:"data"`
}

type timelineInput struct {
	ContactPage
	Type string `query:"type" doc:"Only activities of this type."`
}

func (s *Server) listActivities(ctx context.Context, p desk.Principal, in *timelineInput) (*page[activity], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	l, err := s.desk.Activities(ctx, p, who, in.Type, in.page())
	return toPage(ctx, l, func(a *desk.Activity) activity { return activity{a.ID, a.Type, a.At, actorOf(a.Actor), a.Data} }), err
}

// conversation is an episode with a contact; times are Unix seconds, durations seconds.
type conversation struct {
	ID                    int64   `json:"id"`
	ContactID             int64   `json:"contactId"`
	ContactType           string  `json:"contactType" enum:"new,returning"`
	OpenedTime            int64   `json:"openedTime"`
	OpenedBySource        string  `json:"openedBySource"`
	OpenedBy              *actor  `json:"openedBy"`
	OpenedChannel         *int64  `json:"openedChannel"`
	ClosedTime            *int64  `json:"closedTime"`
	ClosedBySource        *string `json:"closedBySource"`
	ClosedBy              *actor  `json:"closedBy"`
	ClosedByTeam          *int64  `json:"closedByTeam"`
	FirstAssignee         *int64  `json:"firstAssignee"`
	FirstAssignmentTime   *int64  `json:"firstAssignmentTime"`
	FirstAssignmentSource *string `json:"firstAssignmentSource"`
	LastAssignee          *int64  `json:"lastAssignee"`
	LastAssignmentTime    *int64  `json:"lastAssignmentTime"`
	NumberOfAssignments   int64   `json:"numberOfAssignments"`
	FirstResponseBy       *int64  `json:"firstResponseBy"`
	FirstResponseTime     *int64  `json:"firstResponseTime"`
	AverageResponseTime   *int64  `json:"averageResponseTime"`
	NumberOfResponses     int64   `json:"numberOfResponses"`
	ResolutionTime        *int64  `json:"resolutionTime"`
	IncomingMessageCount  int64   `json:"incomingMessageCount"`
	OutgoingMessageCount  int64   `json:"outgoingMessageCount"`
	Category              *string `json:"category"`
	Summary               *string `json:"summary"`
}

func conversationOf(c *desk.Conversation) conversation {
	out := conversation{ID: c.ID, ContactID: c.ContactID, ContactType: c.ContactType, OpenedTime: seconds(c.OpenedAt), OpenedBySource: string(c.OpenedSource),
		OpenedBy: actorOrNil(c.OpenedBy), OpenedChannel: idOrNil(c.OpenedChannelID), ClosedTime: secondsOrNil(c.ClosedAt), ClosedBySource: orNil(string(c.ClosedSource)),
		ClosedBy: actorOrNil(c.ClosedBy), ClosedByTeam: idOrNil(c.ClosedByTeamID), FirstAssignee: idOrNil(c.FirstAssigneeID),
		FirstAssignmentTime: secondsOrNil(c.FirstAssignmentAt), FirstAssignmentSource: orNil(string(c.FirstAssignmentSource)), LastAssignee: idOrNil(c.LastAssigneeID),
		LastAssignmentTime: secondsOrNil(c.LastAssignmentAt), NumberOfAssignments: c.Assignments, FirstResponseBy: idOrNil(c.FirstResponseBy),
		NumberOfResponses: c.Responses, IncomingMessageCount: c.IncomingCount, OutgoingMessageCount: c.OutgoingCount, Category: orNil(c.Category), Summary: orNil(c.Summary)}
	if c.FirstResponseAt != 0 {
		out.FirstResponseTime = length(c.FirstResponseAt - c.OpenedAt)
	}
	if c.Responses != 0 {
		out.AverageResponseTime = length(c.ResponseMillis / c.Responses)
	}
	if c.ClosedAt != 0 {
		out.ResolutionTime = length(c.ClosedAt - c.OpenedAt)
	}
	return out
}

// length is a duration of milliseconds in whole seconds.
func length(ms int64) *int64 { s := ms / 1000; return &s }

// idOrNil is null for "none".
func idOrNil(id int64) *int64 { return millisOrNil(id) }

func actorOrNil(a desk.Actor) *actor {
	if a == (desk.Actor{}) {
		return nil
	}
	out := actorOf(a)
	return &out
}

func (s *Server) listConversations(ctx context.Context, p desk.Principal, in *ContactPage) (*page[conversation], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	l, err := s.desk.Conversations(ctx, p, who, in.page())
	return toPage(ctx, l, conversationOf), err
}

func (s *Server) getConversation(ctx context.Context, p desk.Principal, in *ByID) (*conversation, error) {
	c, err := s.desk.Conversation(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	out := conversationOf(c)
	return &out, nil
}
