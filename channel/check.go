package channel

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Check looks at a message that somebody asks us to send and returns everything that is wrong with it, nil if nothing. It knows no
// channel: what a particular channel cannot do is found by Fit. Paths are relative to the message.
func Check(m Message) []Detail {
	var c checker
	switch m.Type {
	case TypeText:
		c.need("text", m.Text)
		tags := []string{TagAccountUpdate, TagPostPurchaseUpdate, TagConfirmedEventUpdate}
		if m.MessageTag != "" && !slices.Contains(tags, m.MessageTag) {
			c.bad("messageTag", "%q is no message tag; use one of %s", m.MessageTag, strings.Join(tags, ", "))
		}
	case TypeAttachment:
		if m.Attachment == nil {
			c.bad("attachment", `is missing; give {"type": …, "url": …}`)
			break
		}
		c.attachment("attachment", *m.Attachment)
	case TypeQuickReply:
		c.need("title", m.Title)
		c.replies(m.Replies)
	case TypeRating:
		c.need("title", m.Title)
		if m.Max != 0 && m.Max != RatingMax {
			c.bad("max", "%d stars cannot be asked for; max is %d", m.Max, RatingMax)
		}
	case TypeLocation:
		c.degrees("latitude", m.Latitude, 90)
		c.degrees("longitude", m.Longitude, 180)
	case TypeCustomPayload:
		if p := strings.TrimSpace(string(m.Payload)); p == "" || p == "null" {
			c.bad("payload", "is missing; it is the JSON that the channel gets")
		}
	case TypeEmail:
		c.email(m)
	case TypeCard:
		c.card(m)
	case TypeWhatsAppTemplate:
		t := m.template()
		c.need("template.name", t.Name)
		c.need("template.languageCode", t.LanguageCode)
	case TypeFacebookTemplate:
		c.object("template", m.Template)
	case TypeWhatsAppInteractive:
		c.object("interactive", m.Interactive)
	case "":
		c.bad("type", "is missing; it is one of %s", outgoingTypes())
	case TypeUnsupported:
		c.bad("type", "%q is for incoming messages only; send one of %s", m.Type, outgoingTypes())
	default:
		c.found = append(c.found, Detail{Path: "type", Error: string(CodeUnsupportedType),
			Message: fmt.Sprintf("%q cannot be sent; use one of %s", m.Type, outgoingTypes())})
	}
	return c.found
}

func outgoingTypes() string {
	return "text, attachment, quick_reply, email, location, card, rating, custom_payload, whatsapp_template, facebook_template, whatsapp_interactive"
}

type checker struct{ found []Detail }

func (c *checker) bad(path, format string, args ...any) {
	c.found = append(c.found, Detail{Path: path, Error: DetailInvalid, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) need(path, value string) {
	if strings.TrimSpace(value) == "" {
		c.bad(path, "is missing or blank")
	}
}

func (c *checker) replies(replies []string) {
	switch n := len(replies); {
	case n == 0:
		c.bad("replies", "is missing; give 1 to %d labels", MaxReplies)
	case n > MaxReplies:
		c.found = append(c.found, Detail{Path: "replies", Error: string(CodeTooManyReplies),
			Message: fmt.Sprintf("has %d labels; give at most %d", n, MaxReplies)})
	}
	for i, r := range replies {
		c.need(fmt.Sprintf("replies[%d]", i), r)
	}
}

func (c *checker) attachment(path string, a Attachment) {
	if !a.Type.Valid() {
		c.bad(path+".type", "%q is no type of attachment; use image, video, audio or file", a.Type)
	}
	c.link(path+".url", a.URL)
}

func (c *checker) link(path, link string) {
	if err := CheckLink(link); err != nil {
		c.bad(path, "%s", err)
	}
}

// object wants JSON that is an object.
func (c *checker) object(path string, raw json.RawMessage) {
	if p := strings.TrimSpace(string(raw)); !strings.HasPrefix(p, "{") || !json.Valid(raw) {
		c.bad(path, "must be an object: the JSON that the channel gets")
	}
}

func (c *checker) email(m Message) {
	c.need("text", m.Text)
	for _, list := range []struct {
		name      string
		addresses []string
	}{{"cc", m.CC}, {"bcc", m.BCC}} {
		for i, a := range list.addresses {
			if cleanEmail(a) == "" {
				c.bad(fmt.Sprintf("%s[%d]", list.name, i), "%.100q is no e-mail address", a)
			}
		}
	}
	if m.ReplyToMessageID < 0 {
		c.bad("replyToMessageId", "%d is no id of a message", m.ReplyToMessageID)
	}
	if n := len(m.Attachments); n > MaxAttachments {
		c.bad("attachments", "has %d files; give at most %d", n, MaxAttachments)
	}
	for i, a := range m.Attachments {
		c.attachment(fmt.Sprintf("attachments[%d]", i), a)
	}
}

func (c *checker) card(m Message) {
	c.need("title", m.Title)
	if m.ImageURL != "" {
		c.link("imageUrl", m.ImageURL)
	}
	if n := len(m.Buttons); n > MaxCardButtons {
		c.bad("buttons", "has %d buttons; give at most %d", n, MaxCardButtons)
	}
	for i, b := range m.Buttons {
		path := fmt.Sprintf("buttons[%d]", i)
		c.need(path+".title", b.Title)
		switch b.Type {
		case ButtonURL:
			c.link(path+".value", b.Value)
		case ButtonPostback, ButtonPhone:
			c.need(path+".value", b.Value)
		default:
			c.bad(path+".type", "%q is no type of button; use url, postback or phone", b.Type)
		}
	}
}

func (c *checker) degrees(path string, v *float64, limit float64) {
	switch {
	case v == nil:
		c.bad(path, "is missing")
	case !(*v >= -limit && *v <= limit):
		c.bad(path, "%g is outside -%g…%g", *v, limit, limit)
	}
}

// Valid reports whether the type is one of the four.
func (t AttachmentType) Valid() bool {
	switch t {
	case AttachmentImage, AttachmentVideo, AttachmentAudio, AttachmentFile:
		return true
	}
	return false
}

// CheckLink says what is wrong with the address of a file: it must be an http or https address with a host, at most MaxURL characters.
// The address itself is not in the error, it may hold a signature.
func CheckLink(link string) error {
	if link == "" {
		return fmt.Errorf("is missing")
	}
	if n := utf8.RuneCountInString(link); n > MaxURL {
		return fmt.Errorf("has %d characters, at most %d are allowed", n, MaxURL)
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("is no public address; it starts with http:// or https:// and a host")
	}
	return nil
}
