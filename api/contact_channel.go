package api

import (
	"context"

	"ucal/desk"
)

// contactChannel is an identity of a contact.
type contactChannel struct {
	ID                      int64              `json:"id"`
	Name                    string             `json:"name"`
	Source                  string             `json:"source"`
	ContactChannelID        int64              `json:"contactChannelId"`
	Meta                    struct{}           `json:"meta"`
	LastMessageTime         *int64             `json:"lastMessageTime"`
	LastIncomingMessageTime *int64             `json:"lastIncomingMessageTime"`
	CreatedAt               int64              `json:"created_at"`
	State                   desk.IdentityState `json:"state" enum:"active,inactive,unavailable"`
}

type ContactPage struct {
	ByContact
	PageQuery
}

func (s *Server) contactChannels(ctx context.Context, p desk.Principal, in *ContactPage) (*page[contactChannel], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	l, err := s.desk.ContactChannels(ctx, p, who, in.page())
	return toPage(ctx, l, func(c *desk.ContactChannel) contactChannel {
		return contactChannel{ID: c.Channel.ID, Name: c.Channel.Name, Source: string(c.Channel.Source), ContactChannelID: c.Identity.ID, State: c.State,
			LastMessageTime: secondsOrNil(c.LastMessageAt), LastIncomingMessageTime: secondsOrNil(c.LastIncomingAt), CreatedAt: seconds(c.Identity.CreatedAt)}
	}), err
}

// secondsOrNil is null for "never".
func secondsOrNil(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	s := seconds(ms)
	return &s
}
