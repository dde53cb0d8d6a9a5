package channel

import (
	"encoding/json"
	"strconv"
)

// MessageType is the "type" of a message body.
type MessageType string

// The types of messages, incoming and outgoing.
const (
	TypeText                MessageType = "text"
	TypeAttachment          MessageType = "attachment"
	TypeQuickReply          MessageType = "quick_reply"
	TypeLocation            MessageType = "location"
	TypeRating              MessageType = "rating"         // outgoing only
	TypeCustomPayload       MessageType = "custom_payload" // outgoing only
	TypeEmail               MessageType = "email"
	TypeCard                MessageType = "card"                 // outgoing only
	TypeWhatsAppTemplate    MessageType = "whatsapp_template"    // outgoing only
	TypeFacebookTemplate    MessageType = "facebook_template"    // outgoing only
	TypeWhatsAppInteractive MessageType = "whatsapp_interactive" // out: the channel's own JSON; in: a pressed button or a row of a list
	TypeUnsupported         MessageType = "unsupported"          // incoming only: what the provider sent is named in Kind
)

// Message is a message body in its wire form: Type says which of the other fields count. It is stored, sent and shown
// in the API as this JSON.
type Message struct {
	Type MessageType `json:"type"`

	Text       string `json:"text,omitempty"`       // text, email; whatsapp_interactive in: what the contact chose
	MessageTag string `json:"messageTag,omitempty"` // text: one of the Tag constants, outside the window on facebook and instagram

	Attachment *Attachment `json:"attachment,omitempty"` // attachment

	Title   string   `json:"title,omitempty"`   // quick_reply, rating, card
	Replies []string `json:"replies,omitempty"` // quick_reply: at most MaxReplies labels
	Max     int      `json:"max,omitempty"`     // rating: RatingMax; 0 means the same

	Payload json.RawMessage `json:"payload,omitempty"` // custom_payload: the channel's own JSON, passed on as it is

	Latitude  *float64 `json:"latitude,omitempty"`  // location: -90…90
	Longitude *float64 `json:"longitude,omitempty"` // location: -180…180
	Address   string   `json:"address,omitempty"`   // location

	Subject          string       `json:"subject,omitempty"`          // email; "" = none, and the channel invents none
	HTML             bool         `json:"html,omitempty"`             // email: Text is HTML, else plain
	CC               []string     `json:"cc,omitempty"`               // email: addresses
	BCC              []string     `json:"bcc,omitempty"`              // email: addresses
	ReplyToMessageID int64        `json:"replyToMessageId,omitempty"` // email: the message of ucal whose thread it continues; 0 = a new thread
	Attachments      []Attachment `json:"attachments,omitempty"`      // email: at most MaxAttachments

	Subtitle string       `json:"subtitle,omitempty"` // card
	ImageURL string       `json:"imageUrl,omitempty"` // card
	Buttons  []CardButton `json:"buttons,omitempty"`  // card: at most MaxCardButtons

	Template    json.RawMessage `json:"template,omitempty"`    // whatsapp_template: a Template; facebook_template: the Graph API's own JSON
	Interactive json.RawMessage `json:"interactive,omitempty"` // whatsapp_interactive: out the channel's own JSON, in a Choice

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
	// MaxAttachments is the number of files that one e-mail may carry.
	MaxAttachments = 5
	// MaxCardButtons is the number of buttons that one card may have.
	MaxCardButtons = 3
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

// UnmarshalJSON reads the wire form. The text of an e-mail may be called message too.
func (m *Message) UnmarshalJSON(b []byte) error {
	type plain Message // without this method
	in := struct {
		*plain
		Message json.RawMessage `json:"message"`
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if m.Type == TypeEmail && m.Text == "" && len(in.Message) > 0 {
		return json.Unmarshal(in.Message, &m.Text)
	}
	return nil
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
	case TypeText, TypeEmail:
		return m.Text
	case TypeWhatsAppInteractive:
		if c := m.Choice(); m.Text == "" {
			return c.Title
		}
		return m.Text
	case TypeAttachment:
		if m.Attachment != nil {
			return m.Attachment.Description
		}
	case TypeQuickReply, TypeRating, TypeCard:
		return m.Title
	case TypeWhatsAppTemplate:
		return m.template().body()
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
