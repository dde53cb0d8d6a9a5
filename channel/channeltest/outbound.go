package channeltest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
)

// key is the idempotency key of the messages that the tests send.
const key = "msg-1001"

// messages are sent through every channel, most of them by way of Fit.
func messages() map[string]channel.Message {
	long := strings.Repeat("ä", 25)
	file := func(t channel.AttachmentType) channel.Message {
		return channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{
			Type: t, URL: "https://files.example.com/a?sig=1&x=2", FileName: "a.bin", Description: "look <here> & there",
		}}
	}
	return map[string]channel.Message{
		"text":                         channel.Text("Hello \"Ida\" <b> & 👋\nsecond line"),
		"image":                        file(channel.AttachmentImage),
		"video":                        file(channel.AttachmentVideo),
		"audio":                        file(channel.AttachmentAudio),
		"file":                         file(channel.AttachmentFile),
		"quick reply":                  channel.QuickReply("Pick", "A", "B"),
		"quick reply with long labels": channel.QuickReply("Pick", long+"1", long+"2", long+"3"),
		"ten quick replies":            channel.QuickReply("Pick", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
		"location":                     channel.Location(52.52, 13.405, "Berlin"),
		"location at zero":             channel.Location(0, 0, ""),
		"rating":                       {Type: channel.TypeRating, Title: "How was it?", Max: channel.RatingMax},
		"e-mail":                       {Type: channel.TypeEmail, Text: "Dear <Ida>", Subject: "Order & more", Attachments: []channel.Attachment{{Type: channel.AttachmentFile, URL: "https://files.example.com/a?sig=1&x=2", FileName: "a.pdf"}}},
		"e-mail without a subject":     {Type: channel.TypeEmail, Text: "<p>Dear Ida</p>", HTML: true},
		"card":                         {Type: channel.TypeCard, Title: "Tea", ImageURL: "https://files.example.com/t.jpg", Buttons: []channel.CardButton{{Type: channel.ButtonURL, Title: "Buy", Value: "https://example.com/?a=1&b=2"}}},
		"whatsapp template":            channel.WhatsAppTemplate("welcome", "en_US", "Ida <K>"),
		"facebook template":            channel.FacebookTemplate("welcome", "en", "Ida <K>"),
		"payload":                      {Type: channel.TypeCustomPayload, Payload: json.RawMessage(`{"a":[1,"<x>"]}`)},
	}
}

func (c Case) testSend(t *testing.T) {
	for name, m := range messages() {
		t.Run(name, func(t *testing.T) {
			l := c.lab(t)
			caps := l.adapter.Capabilities(l.account.Config)
			fitted, err := channel.Fit(m, caps)
			if err != nil {
				require.Equal(t, channel.CodeUnsupportedType, channel.AsSendError(err).Code, "short messages fail by their type only")
				return
			}
			sent, err := l.send(t.Context(), fitted)
			require.NoError(t, err)
			taken := l.provider.Taken()
			require.Len(t, taken, 1)
			want := Taken{To: c.To, ProviderID: sent.ProviderID, Message: fitted}
			if caps.IdempotencyKey {
				want.Key = key
			}
			if diff := cmp.Diff(want, taken[0]); diff != "" {
				t.Errorf("what arrived (-want +got):\n%s", diff)
			}
		})
	}
}

func (c Case) testTrouble(t *testing.T) {
	fails := func(name string, g gate, check func(*testing.T, *lab, *channel.SendError)) {
		t.Run(name, func(t *testing.T) {
			l := c.lab(t)
			l.gate.set(g)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if g == hang {
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
			}
			_, err := l.send(ctx, channel.Text("hi"))
			failure, ok := errors.AsType[*channel.SendError](err)
			require.True(t, ok, "every error is a *channel.SendError, not %T: %v", err, err)
			require.Contains(t, channel.SendCodes(), failure.Code)
			require.NotEmpty(t, failure.Message)
			require.NotEmpty(t, failure.Fault)
			require.Contains(t, failure.Error(), failure.Code)
			c.noSecrets(t, l.account, failure.Error())
			check(t, l, failure)
		})
	}
	fails("rejected with a reason", reject, func(t *testing.T, l *lab, f *channel.SendError) {
		require.Contains(t, f.Message, rejection, "the provider's words are kept")
		require.False(t, f.Retryable)
		require.False(t, f.Unknown)
	})
	fails("a refusal that repeats our credentials", leak, func(t *testing.T, _ *lab, f *channel.SendError) {
		require.Contains(t, f.Message, "***")
	})
	fails("too many requests", limit, func(t *testing.T, _ *lab, f *channel.SendError) {
		require.Equal(t, channel.CodeRateLimited, f.Code)
		require.Equal(t, limited, f.RetryAfter)
		require.True(t, f.Retryable)
		require.False(t, f.Unknown)
	})
	fails("server error, then accepted", broken, func(t *testing.T, l *lab, f *channel.SendError) {
		require.Equal(t, channel.CodeProviderUnavailable, f.Code)
		require.True(t, f.Retryable)
		require.False(t, f.Unknown, "an answer came")
		l.gate.set(open)
		_, err := l.send(t.Context(), channel.Text("hi"))
		require.NoError(t, err)
		calls := l.gate.seen()
		require.Len(t, calls, 2)
		require.Equal(t, calls[0], calls[1], "the second attempt is the same request, with the same key")
	})
	unknown := func(t *testing.T, _ *lab, f *channel.SendError) {
		require.Equal(t, channel.CodeProviderUnavailable, f.Code)
		require.True(t, f.Retryable)
		require.True(t, f.Unknown, "the request went out")
	}
	fails("no answer before the deadline", hang, unknown)
	fails("connection reset after the request", reset, unknown)
	fails("answer cut off", truncate, unknown)
	fails("redirect", redirect, func(t *testing.T, l *lab, f *channel.SendError) {
		require.False(t, f.Retryable)
		require.Len(t, l.gate.seen(), 1, "credentials follow no redirect")
	})

	t.Run("nobody listens", func(t *testing.T) {
		l := c.lab(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		l.account = c.Account("http://" + listener.Addr().String())
		_, err = l.send(t.Context(), channel.Text("hi"))
		f := channel.AsSendError(err)
		require.NotNil(t, f)
		require.True(t, f.Retryable)
		require.False(t, f.Unknown, "nothing went out")
		c.noSecrets(t, l.account, f.Error())
	})
	for name, g := range map[string]gate{"accepted with a page": page, "accepted with an endless answer": endless} {
		t.Run(name, func(t *testing.T) {
			l := c.lab(t)
			l.gate.set(g)
			sent, err := l.send(t.Context(), channel.Text("hi"))
			if err != nil {
				require.NotNil(t, channel.AsSendError(err))
				c.noSecrets(t, l.account, err.Error())
				return
			}
			require.Empty(t, sent.ProviderID)
			require.NotEmpty(t, sent.Warning, "a message without id is worth a warning")
			c.noSecrets(t, l.account, sent.Warning)
		})
	}
}

// lab is one adapter, connected to one fake provider through a gate.
type lab struct {
	adapter  channel.Adapter
	account  channel.Account
	provider Provider
	gate     *gatekeeper
	to       string
}

func (c Case) lab(t *testing.T) *lab {
	t.Helper()
	p := c.Provider()
	g := newGatekeeper(p)
	server := newServer(t, g)
	l := &lab{adapter: c.adapter(t), account: c.Account(server), provider: p, gate: g, to: c.To}
	g.secret = func() string { return strings.Join(append([]string{l.account.Token}, c.Secrets...), " ") }
	return l
}

func (l *lab) send(ctx context.Context, m channel.Message) (channel.Sent, error) {
	return l.adapter.Send(ctx, l.account, channel.Outgoing{Key: key, ExternalID: l.to, Message: m})
}
