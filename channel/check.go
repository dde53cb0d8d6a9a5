package channel

import (
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
		c.attachment(m.Attachment)
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
	return "text, attachment, quick_reply, location, rating, custom_payload"
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

func (c *checker) attachment(a *Attachment) {
	if a == nil {
		c.bad("attachment", `is missing; give {"type": …, "url": …}`)
		return
	}
	if !a.Type.Valid() {
		c.bad("attachment.type", "%q is no type of attachment; use image, video, audio or file", a.Type)
	}
	if err := CheckLink(a.URL); err != nil {
		c.bad("attachment.url", "%s", err)
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
