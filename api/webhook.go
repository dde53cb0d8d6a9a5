package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"ucal/channel"
	"ucal/desk"
)

// webhookPath is where integrations of custom channels post their events.
const webhookPath = "/custom/channel/webhook"

func (s *Server) webhookServices() []service {
	body := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{"channelId", "contactId", "events"}, AdditionalProperties: true,
		Properties: map[string]*huma.Schema{
			"channelId": {Type: huma.TypeString}, "contactId": {Type: huma.TypeString},
			"events":  {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
			"contact": {Type: huma.TypeObject, AdditionalProperties: true},
		}}}}}
	doc := plain("Custom channel", "Events of a custom channel's integration. The channel's API token authenticates.", body)
	doc.Security = []map[string][]string{{"token": {}}}
	return []service{
		{method: http.MethodPost, path: webhookPath, handle: s.customWebhook, doc: doc},
		{method: http.MethodPost, path: webhookPath + "/", handle: s.customWebhook, doc: doc},
	}
}

// customWebhook takes one call of an integration: everything in it is stored
// before the answer, or nothing.
func (s *Server) customWebhook(c *gin.Context) {
	if err := s.takeWebhook(c); err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", []byte(`{"status":"ok"}`))
}

func (s *Server) takeWebhook(c *gin.Context) error {
	ctx := c.Request.Context()
	ch, err := s.desk.ChannelByToken(ctx, channel.SourceCustom, bearer(c.GetHeader("Authorization")))
	if err != nil {
		return err
	}
	if rate := s.desk.InboundRate(ch); rate > 0 {
		if _, wait := s.webhooks.take(ch.PublicID, max(1, int(rate))); wait > 0 {
			return &Error{Code: http.StatusTooManyRequests, Word: "rate_limited", Message: "too many calls for this channel in one second; send this one again", retryAfter: time.Second}
		}
	}
	body, err := readAll(c.Request.Body)
	if err != nil {
		return err
	}
	parser, ok := s.Channels.Parser(ch.Source)
	if !ok {
		return &desk.Error{Code: desk.Unavailable, Word: "unavailable", Message: "this ucal has no adapter for the channel"}
	}
	account, err := s.desk.Account(ch)
	if err != nil {
		return err
	}
	calls, err := parser.Parse(account, channel.Request{Header: c.Request.Header, Body: body})
	if err != nil {
		return refusedWebhook(err)
	}
	if ch.Status == desk.DisabledCh {
		return nil // or the integration would give the subscription up
	}
	if err := s.desk.Receive(ctx, ch, calls); err != nil {
		return notStored(s.toError(ctx, err))
	}
	return nil
}

// refusedWebhook says why a call was not understood.
func refusedWebhook(err error) error {
	if errors.Is(err, channel.ErrUnauthorized) {
		return &Error{Code: http.StatusUnauthorized, Word: "unauthorized", Message: "the token does not belong to this channelId"}
	}
	bad, ok := errors.AsType[*channel.ParseError](err)
	if !ok {
		return err
	}
	e := &Error{Code: http.StatusBadRequest, Word: channel.DetailInvalid, Message: bad.Error(), Details: bad.Details}
	if len(bad.Details) == 1 && bad.Details[0].Error == channel.DetailJSON {
		e.Word = channel.DetailJSON
	}
	return e
}

// notStored has the integration send the call again, whatever the reason was.
func notStored(e *Error) *Error {
	if e.Code == http.StatusInternalServerError {
		return &Error{Code: http.StatusServiceUnavailable, Word: "unavailable", Message: "the call could not be stored; send it again", retryAfter: 5 * time.Second}
	}
	return e
}
