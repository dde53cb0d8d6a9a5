package channel

import (
	"slices"
	"unicode/utf8"
)

// Capabilities says what a channel can do. It is data: the checks before sending, the fallbacks and the console read it, and the API
// shows it as this JSON.
type Capabilities struct {
	First          First            `json:"first"`          // may we write to a contact who has not written yet?
	ExternalID     IDKind           `json:"externalId"`     // what the contact's id on the channel is
	WindowDuration int64            `json:"windowDuration"` // seconds after a contact's message in which we may write; 0 = always
	Statuses       []Status         `json:"statuses"`       // what the channel reports
	Broadcast      bool             `json:"broadcast"`
	Types          []MessageType    `json:"types"`                 // what it carries as it is; everything else needs a fallback
	Attachments    []AttachmentType `json:"attachments"`           // which attachments it carries; the others go as a link in a text
	QuickReplies   ReplyLimit       `json:"quickReplies"`          // where Types has quick_reply: the widest native form, buttons or a list
	MessageTags    []string         `json:"messageTags,omitempty"` // with which a text may be sent outside the window
	TextLimit      TextLimit        `json:"textLimit"`             // of a text or a title
	RatePerSecond  float64          `json:"ratePerSecond"`         // requests to the provider; 0 = unlimited
	IdempotencyKey bool             `json:"idempotencyKey"`        // the provider recognises a repeated key: an unknown outcome may be sent again
	InboundRate    float64          `json:"inboundRatePerSecond"`  // webhook calls taken; 0 = unlimited
}

// First says whether we may write first.
type First string

// Whether we may write first.
const (
	FirstYes      First = "yes"
	FirstNo       First = "no"
	FirstTemplate First = "template" // with an approved template only
)

// IDKind says what the contact's id on a channel is. Where it is the phone or the e-mail, ucal knows it without a message from the
// contact, so that writing first is possible.
type IDKind string

// What a contact's id on a channel may be.
const (
	IDPhone IDKind = "phone" // E.164 with +
	IDEmail IDKind = "email"
	IDOwn   IDKind = "own" // the provider's own
)

// ReplyLimit is what native quick replies may be; 0 = no limit but MaxReplies.
type ReplyLimit struct {
	Max      int `json:"max"`      // how many
	MaxLabel int `json:"maxLabel"` // characters of one
}

// TextLimit is the longest text.
type TextLimit struct {
	Max   int  `json:"max"`   // 0 = no limit
	Bytes bool `json:"bytes"` // counted in bytes of UTF-8, else in code points
}

// Open reports whether the message may be sent although the contact has not written within the window, or never.
func (c Capabilities) Open(m Message) bool {
	return c.WindowDuration == 0 || m.IsTemplate() && c.Carries(m.Type) ||
		m.Type == TypeText && m.MessageTag != "" && slices.Contains(c.MessageTags, m.MessageTag)
}

// Carries reports whether messages of the type go through as they are.
func (c Capabilities) Carries(t MessageType) bool { return slices.Contains(c.Types, t) }

// fits reports whether the text is short enough.
func (l TextLimit) fits(text string) bool { return l.Max == 0 || l.length(text) <= l.Max }

func (l TextLimit) length(text string) int {
	if l.Bytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

func (l TextLimit) unit() string {
	if l.Bytes {
		return "bytes"
	}
	return "characters"
}
