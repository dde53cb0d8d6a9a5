package api

import (
	"context"
	"encoding/json"
	"net/http"

	"ucal/channel"
	"ucal/desk"
)

func (s *Server) channelOperations() []operation {
	return []operation{
		compatible(http.MethodGet, "/space/channel", readSpace(), "Channels", s.listChannels),
		extension(http.MethodPost, "/space/channel", http.StatusCreated, editChannels(), "Connect a channel; its API token is shown once", s.createChannel),
		extension(http.MethodGet, "/space/channel/{id}", http.StatusOK, readSpace(), "One channel with its capabilities", s.getChannel),
		extension(http.MethodPut, "/space/channel/{id}", http.StatusOK, editChannels(), "Rename, reconfigure, enable or disable a channel", s.updateChannel),
		extension(http.MethodDelete, "/space/channel/{id}", http.StatusOK, deleteChannels(), "Delete a channel; its messages stay", s.deleteChannel),
		extension(http.MethodPost, "/space/channel/{id}/test", http.StatusOK, editChannels(), "Check a channel; success connects it again", s.testChannel),
		extension(http.MethodPost, "/space/channel/{id}/token", http.StatusOK, editChannels(), "New API token; the old one works 10 more minutes", s.rotateToken),
	}
}

// ChannelItem is a channel in a list.
type ChannelItem struct {
	ID        int64              `json:"id"`
	Name      string             `json:"name"`
	Source    channel.Source     `json:"source"`
	CreatedAt int64              `json:"created_at"`
	ChannelID string             `json:"channelId" doc:"The id that the outside knows."`
	Status    desk.ChannelStatus `json:"status"`
}

// channelFull is everything about a channel but its secrets.
type channelFull struct {
	ChannelItem
	StatusReason   *string              `json:"statusReason"`
	Config         json.RawMessage      `json:"config"`
	WebhookURL     string               `json:"webhookUrl"`
	Capabilities   channel.Capabilities `json:"capabilities"`
	LastInboundAt  *int64               `json:"lastInboundAt"`
	LastOutboundAt *int64               `json:"lastOutboundAt"`
}

func channelItemOf(ch *desk.Channel) ChannelItem {
	return ChannelItem{ch.ID, ch.Name, ch.Source, seconds(ch.CreatedAt), ch.PublicID, ch.Status}
}

func (s *Server) oneChannel(ctx context.Context, ch *desk.Channel, err error) (*channelFull, error) {
	if err != nil {
		return nil, err
	}
	cfg, err := s.desk.ChannelConfig(ch)
	if err != nil {
		return nil, err
	}
	return &channelFull{ChannelItem: channelItemOf(ch), StatusReason: orNil(ch.StatusReason), Config: cfg, WebhookURL: s.webhookURL(ctx, ch),
		Capabilities: s.desk.Capabilities(ch), LastInboundAt: millisOrNil(ch.LastInboundAt), LastOutboundAt: millisOrNil(ch.LastOutboundAt)}, nil
}

// webhookURL is where the provider sends its events; "" for sources without webhooks.
func (s *Server) webhookURL(ctx context.Context, ch *desk.Channel) string {
	if ch.Source != channel.SourceCustom {
		return ""
	}
	return s.publicURL(exchangeOf(ctx).request()) + webhookPath + "/"
}

func (s *Server) listChannels(ctx context.Context, p desk.Principal, in *PageQuery) (*page[ChannelItem], error) {
	l, err := s.desk.ChannelList(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, channelItemOf), nil
}

type channelInput struct {
	Body struct {
		Source channel.Source  `json:"source" doc:"custom_channel …"`
		Name   string          `json:"name"`
		Config json.RawMessage `json:"config" doc:"The source's settings; of custom_channel {apiBaseUrl, idType}."`
	}
}

// connected is the answer to a new channel.
type connected struct {
	ID         int64              `json:"id"`
	ChannelID  string             `json:"channelId"`
	APIToken   *string            `json:"apiToken" doc:"Shown only here."`
	WebhookURL string             `json:"webhookUrl"`
	Status     desk.ChannelStatus `json:"status"`
	Warnings   []string           `json:"warnings" nullable:"false"`
}

func (s *Server) createChannel(ctx context.Context, p desk.Principal, in *channelInput) (*connected, error) {
	b := in.Body
	ch, token, err := s.desk.CreateChannel(ctx, p, desk.ChannelInput{Source: b.Source, Name: b.Name, Config: b.Config})
	if err != nil {
		return nil, err
	}
	return &connected{ch.ID, ch.PublicID, orNil(token), s.webhookURL(ctx, ch), ch.Status, []string{}}, nil
}

func (s *Server) getChannel(ctx context.Context, p desk.Principal, in *ByID) (*channelFull, error) {
	ch, err := s.desk.Channel(ctx, p, in.ID)
	return s.oneChannel(ctx, ch, err)
}

type channelChange struct {
	ByID
	Body struct {
		Name    *string         `json:"name,omitempty"`
		Config  json.RawMessage `json:"config,omitempty"`
		Enabled *bool           `json:"enabled,omitempty"`
	}
}

func (s *Server) updateChannel(ctx context.Context, p desk.Principal, in *channelChange) (*channelFull, error) {
	ch, err := s.desk.UpdateChannel(ctx, p, in.ID, desk.ChannelChange{Name: in.Body.Name, Config: in.Body.Config, Enabled: in.Body.Enabled})
	return s.oneChannel(ctx, ch, err)
}

func (s *Server) deleteChannel(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteChannel(ctx, p, in.ID)
}

type onChannel struct {
	ByID
	NoBody
}

type channelTest struct {
	OK     bool           `json:"ok"`
	Checks []channelCheck `json:"checks" nullable:"false"`
}

type channelCheck struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

func (s *Server) testChannel(ctx context.Context, p desk.Principal, in *onChannel) (*channelTest, error) {
	checks, err := s.desk.TestChannel(ctx, p, in.ID)
	out := &channelTest{OK: true, Checks: []channelCheck{}}
	for _, c := range checks {
		out.OK = out.OK && c.OK
		out.Checks = append(out.Checks, channelCheck(c))
	}
	return out, err
}

type channelToken struct {
	ID       int64  `json:"id"`
	APIToken string `json:"apiToken"`
}

func (s *Server) rotateToken(ctx context.Context, p desk.Principal, in *onChannel) (*channelToken, error) {
	token, err := s.desk.RotateChannelToken(ctx, p, in.ID)
	return &channelToken{in.ID, token}, err
}
