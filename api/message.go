package api

import (
	"context"
	"net/http"

	"ucal/channel"
	"ucal/desk"
)

func (s *Server) messageOperations() []operation {
	return []operation{
		compatible(http.MethodPost, "/contact/{identifier}/message", updateContacts(), "Send a message", s.sendMessage),
		compatible(http.MethodGet, "/contact/{identifier}/message/{messageId}", readContacts(), "Get a message", s.getMessage),
		compatible(http.MethodGet, "/contact/{identifier}/message/list", readContacts(), "List the messages of a contact", s.listMessages),
	}
}

// contactMessage is the compatible shape of a message.
type contactMessage struct {
	MessageID        int64           `json:"messageId"`
	ChannelMessageID *string         `json:"channelMessageId"`
	ContactID        int64           `json:"contactId"`
	ChannelID        *int64          `json:"channelId"`
	Traffic          desk.Traffic    `json:"traffic" enum:"incoming,outgoing"`
	Message          channel.Message `json:"message"`
	Timestamp        int64           `json:"timestamp" doc:"Unix milliseconds."`
	Status           []messageStatus `json:"status" nullable:"false" doc:"The history, oldest first; empty for incoming messages."`
	Sender           *sender         `json:"sender,omitempty" doc:"Outgoing messages only."`
}

type messageStatus struct {
	Value     channel.Status   `json:"value" enum:"pending,sent,delivered,read,failed"`
	Timestamp int64            `json:"timestamp"`
	Message   string           `json:"message,omitempty" doc:"On failed: why, in words."`
	Error     channel.SendCode `json:"error,omitempty" doc:"On failed: why, as a stable word."`
}

type sender struct {
	Source             desk.Source `json:"source"`
	UserID             *int64      `json:"userId"`
	TeamID             *int64      `json:"teamId"`
	WorkflowID         *int64      `json:"workflowId"`
	BroadcastHistoryID *int64      `json:"broadcastHistoryId"`
}

func messageOf(m *desk.MessageView) contactMessage {
	out := contactMessage{MessageID: m.ID, ChannelMessageID: orNil(m.ProviderID), ContactID: m.ContactID, ChannelID: idOrNil(m.ChannelID), Traffic: m.Traffic,
		Message: m.Body, Timestamp: m.At, Status: make([]messageStatus, len(m.History))}
	for i, h := range m.History {
		out.Status[i] = messageStatus{h.Value, h.At, h.Message, h.Error}
	}
	if m.Traffic == desk.Outgoing {
		out.Sender = &sender{Source: m.SenderSource, UserID: idOrNil(m.SenderUserID), TeamID: idOrNil(m.SenderTeamID), WorkflowID: idOrNil(m.SenderWorkflowID)}
	}
	return out
}

type messageInput struct {
	ByContact
	Body struct {
		ChannelID maybe[int64]    `json:"channelId,omitempty" doc:"Default: the last interacted channel."`
		Message   channel.Message `json:"message"`
	}
}

type messageID struct {
	MessageID int64 `json:"messageId"`
}

func (s *Server) sendMessage(ctx context.Context, p desk.Principal, in *messageInput) (*messageID, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	m, err := s.desk.SendMessage(ctx, p, who, desk.DraftMessage{ChannelID: in.Body.ChannelID.Value, Message: in.Body.Message})
	if err != nil {
		return nil, err
	}
	return &messageID{m.ID}, nil
}

type oneMessage struct {
	ByContact
	MessageID int64 `path:"messageId"`
}

func (s *Server) getMessage(ctx context.Context, p desk.Principal, in *oneMessage) (*contactMessage, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	v, err := s.desk.MessageOf(ctx, p, who, in.MessageID)
	if err != nil {
		return nil, err
	}
	m := messageOf(v)
	return &m, nil
}

type messageListInput struct {
	ContactPage
	Traffic   string `query:"traffic" enum:"incoming,outgoing"`
	Type      string `query:"type" doc:"Only messages of this type."`
	ChannelID int64  `query:"channelId"`
}

func (s *Server) listMessages(ctx context.Context, p desk.Principal, in *messageListInput) (*page[contactMessage], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	f := desk.MessageFilter{Traffic: desk.Traffic(in.Traffic), Type: channel.MessageType(in.Type), ChannelID: in.ChannelID}
	l, err := s.desk.Messages(ctx, p, who, f, in.page())
	return toPage(ctx, l, messageOf), err
}
