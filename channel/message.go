package channel

import (
	"encoding/json"
	"strconv"
)

// MessageType is the "type" of a message body.
type MessageType string

// The types of messages, incoming and outgoing.
const (
	TypeText          MessageType = "text"
	TypeAttachment    MessageType = "attachment"
	TypeQuickReply    MessageType = "quick_reply"
	TypeLocation      MessageType = "location"
	TypeRating        MessageType = "rating"         // outgoing only
	TypeCustomPayload MessageType = "custom_payload" // outgoing only
	TypeUnsupported   MessageType = "unsupported"    // incoming only: what the provider sent is named in Kind
)

// Message is a message body in its wire form: Type says which of the other fields count. It is stored, sent and shown
// in the API as this JSON.
type Message struct {
	Type MessageType `json:"type"`

	Text       string `json:"text,omitempty"`       // text
	MessageTag string `json:"messageTag,omitempty"` // text: one of the Tag constants, outside the window on facebook and instagram

	Attachment *Attachment `json:"attachment,omitempty"` // attachment

	Title   string   `json:"title,omitempty"`   // quick_reply, rating
	Replies []string `json:"replies,omitempty"` // quick_reply: at most MaxReplies labels
	Max     int      `json:"max,omitempty"`     // rating: RatingMax; 0 means the same

	Payload json.RawMessage `json:"payload,omitempty"` // custom_payload: the channel's own JSON, passed on as it is

	Latitude  *float64 `json:"latitude,omitempty"`  // location: -90…90
	Longitude *float64 `json:"longitude,omitempty"` // location: -180…180
	Address   string   `json:"address,omitempty"`   // location

	Kind string `json:"kind,omitempty"` // unsupported: the provider's name of the type
}

// Message tags that facebook and instagram take outside the window.
const (
	TagAccountUpdate        = "ACCOUNT_UPDATE"
	TagPostPurchaseUpdate   = "POST_PURCHASE_UPDATE"
	TagConfirmedEventUpdate = "CONFIRMED_EVENT_UPDATE"
)

const (
	// MaxReplies is the number of quick replies that one message may carry on any channel.
	MaxReplies = 10
	// RatingMax is the highest number of stars.
	RatingMax = 5
	// MaxURL is the length of the longest address of an attachment, in characters.
	MaxURL = 2000
)

// AttachmentType says how an attachment is shown.
type AttachmentType string

// The types of attachments.
const (
	AttachmentImage AttachmentType = "image"
	AttachmentVideo AttachmentType = "video"
	AttachmentAudio AttachmentType = "audio"
	AttachmentFile  AttachmentType = "file"
)

// Attachment is a file that lies at an address.
type Attachment struct {
	Type        AttachmentType `json:"type"`
	URL         string         `json:"url"`
	FileName    string         `json:"fileName,omitempty"`
	Description string         `json:"description,omitempty"` // the caption

	Ext       string `json:"ext,omitempty"` // these four are filled by ucal and ignored on input
	Mime      string `json:"mime,omitempty"`
	Size      int64  `json:"size,omitempty"` // bytes
	IsPending bool   `json:"isPending,omitempty"`
}

// Text makes a text message.
func Text(text string) Message { return Message{Type: TypeText, Text: text} }

// QuickReply makes a message that offers answers to choose from.
func QuickReply(title string, replies ...string) Message {
	return Message{Type: TypeQuickReply, Title: title, Replies: replies}
}

// Location makes a location message; address may be "".
func Location(latitude, longitude float64, address string) Message {
	return Message{Type: TypeLocation, Latitude: &latitude, Longitude: &longitude, Address: address}
}

// Summary is what the message says in words, the value of $last_incoming_message: its text, caption, title or place.
// It is "" for a message without words.
func (m Message) Summary() string {
	switch m.Type {
	case TypeText:
		return m.Text
	case TypeAttachment:
		if m.Attachment != nil {
			return m.Attachment.Description
		}
	case TypeQuickReply, TypeRating:
		return m.Title
	case TypeLocation:
		if m.Address != "" {
			return m.Address
		}
		return m.coordinates()
	}
	return ""
}

// coordinates is "lat,lng", or "" while one is missing.
func (m Message) coordinates() string {
	if m.Latitude == nil || m.Longitude == nil {
		return ""
	}
	return strconv.FormatFloat(*m.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(*m.Longitude, 'f', -1, 64)
}
