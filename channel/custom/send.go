package custom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"unicode"

	"ucal/channel"
	"ucal/internal/httpx"
)

// call is the body of POST <apiBaseUrl>/message.
type call struct {
	ChannelID string          `json:"channelId"`
	ContactID string          `json:"contactId"`
	Message   channel.Message `json:"message"`
}

// Send posts one message to the integration. A call that may have reached it without an answer is Unknown; it may be repeated, for the
// integration gets our idempotency key.
func (a *Adapter) Send(ctx context.Context, acc channel.Account, out channel.Outgoing) (channel.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	var connected atomic.Bool // from here on bytes may have gone out
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})

	req, err := request(ctx, acc, out)
	if err != nil {
		return channel.Sent{}, err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return channel.Sent{}, unanswered(err, connected.Load())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if ok := resp.StatusCode >= 200 && resp.StatusCode < 300; !ok {
		return channel.Sent{}, a.refusal(acc, resp, body) // what could be read of the reason
	}
	if err != nil && !errors.Is(err, httpx.ErrTooLarge) {
		return channel.Sent{}, unanswered(err, true)
	}
	return accepted(body), nil
}

func request(ctx context.Context, acc channel.Account, out channel.Outgoing) (*http.Request, error) {
	m, err := wire(out.Message)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(call{ChannelID: acc.PublicID, ContactID: out.ExternalID, Message: m}); err != nil {
		return nil, &channel.SendError{Code: channel.CodeProviderRejected, Message: "the message cannot be written as JSON", Fault: channel.FaultOurs}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, read(acc.Config).APIBaseURL+"/message", &body)
	if err != nil {
		return nil, &channel.SendError{Code: channel.CodeProviderRejected, Message: "the channel's apiBaseUrl cannot be read as an address", Fault: channel.FaultChannel}
	}
	req.Header.Set("Authorization", "Bearer "+acc.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", out.Key) // by it net/http too may repeat the request, when a kept connection turns out dead
	return req, nil
}

// wire keeps of a message what the protocol has.
func wire(m channel.Message) (channel.Message, error) {
	switch m.Type {
	case channel.TypeText:
		return channel.Text(m.Text), nil
	case channel.TypeAttachment:
		if m.Attachment != nil {
			file := channel.Attachment{Type: m.Attachment.Type, URL: m.Attachment.URL, FileName: m.Attachment.FileName, Description: m.Attachment.Description}
			return channel.Message{Type: m.Type, Attachment: &file}, nil
		}
	case channel.TypeQuickReply:
		return channel.QuickReply(m.Title, m.Replies...), nil
	case channel.TypeLocation:
		return channel.Message{Type: m.Type, Latitude: m.Latitude, Longitude: m.Longitude, Address: m.Address}, nil
	case channel.TypeCustomPayload:
		return channel.Message{Type: m.Type, Payload: m.Payload}, nil
	}
	return channel.Message{}, &channel.SendError{Code: channel.CodeUnsupportedType, Fault: channel.FaultOurs,
		Message: fmt.Sprintf("a custom channel cannot send messages of type %q", m.Type)}
}

// accepted reads the integration's yes. Whatever the body is, the message has been taken.
func accepted(body []byte) channel.Sent {
	const why = "receipts for its messages cannot be matched"
	var answer struct {
		MID any `json:"mId"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&answer) != nil {
		return channel.Sent{Warning: "the integration answered 200 without JSON; " + why}
	}
	id := ""
	switch v := answer.MID.(type) {
	case string:
		id = strings.TrimSpace(v)
	case json.Number: // some services count their messages
		id = v.String()
	}
	switch n := len([]rune(id)); {
	case n == 0:
		return channel.Sent{Warning: "the integration answered 200 without mId; " + why}
	case n > MaxID || strings.ContainsFunc(id, unicode.IsControl):
		return channel.Sent{Warning: fmt.Sprintf("the integration answered 200 with an mId of %d characters; at most %d are allowed, none of them a control character; %s", n, MaxID, why)}
	}
	return channel.Sent{ProviderID: id}
}
