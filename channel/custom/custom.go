// Package custom is the adapter of the custom channel: a small HTTP protocol by which anybody connects a messaging service of their own.
//
// The integration posts events to our webhook (parse.go) and we post messages to its API base URL (send.go); the channel's API token
// authenticates both directions. The token and the rate of the webhook are checked by the API, which finds the channel by it.
// The package imports the channel contract and the guarded HTTP client, nothing else of ucal.
package custom

import (
	"encoding/json"
	"time"

	"ucal/channel"
	"ucal/internal/httpx"
)

// Limits of the protocol.
const (
	MaxText   = 7000 // characters of a text
	MaxID     = 50   // characters of a contact id or message id
	MaxEvents = 100  // events of one call

	// DefaultRate is the number of requests per second and direction, unless the configuration says otherwise.
	DefaultRate = 20
	// DefaultTimeout is how long an integration may take to answer.
	DefaultTimeout = 10 * time.Second
)

// Options are what an Adapter needs.
type Options struct {
	HTTP    *httpx.Client    // required; its policy decides which addresses an integration may have
	Timeout time.Duration    // of one call; 0 = DefaultTimeout. The context of a call may end it earlier
	Now     func() time.Time // for dates in Retry-After; nil = time.Now
}

// Adapter implements channel.Adapter and channel.Parser.
type Adapter struct {
	http    *httpx.Client
	timeout time.Duration
	now     func() time.Time
}

// New makes the adapter.
func New(o Options) *Adapter {
	a := &Adapter{http: o.HTTP, timeout: o.Timeout, now: o.Now}
	if a.timeout == 0 {
		a.timeout = DefaultTimeout
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}

// Source is custom_channel.
func (a *Adapter) Source() channel.Source { return channel.SourceCustom }

// Capabilities depend on the type of contact ids and on the rate.
func (a *Adapter) Capabilities(raw json.RawMessage) channel.Capabilities {
	cfg := read(raw)
	c := channel.Capabilities{
		First:       channel.FirstNo,
		ExternalID:  channel.IDOwn,
		Statuses:    []channel.Status{channel.StatusSent, channel.StatusDelivered, channel.StatusRead, channel.StatusFailed},
		Broadcast:   true,
		Types:       []channel.MessageType{channel.TypeText, channel.TypeAttachment, channel.TypeQuickReply, channel.TypeLocation, channel.TypeCustomPayload},
		Attachments: []channel.AttachmentType{channel.AttachmentImage, channel.AttachmentVideo, channel.AttachmentAudio, channel.AttachmentFile},
		QuickReplies: channel.ReplyLimit{
			Max: channel.MaxReplies,
		},
		TextLimit:      channel.TextLimit{Max: MaxText},
		RatePerSecond:  cfg.rate(),
		InboundRate:    cfg.rate(),
		IdempotencyKey: true,
	}
	if cfg.IDType == IDPhone {
		c.First, c.ExternalID = channel.FirstYes, channel.IDPhone
	}
	return c
}
