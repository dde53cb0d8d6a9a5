package custom

import (
	"unicode/utf8"

	"ucal/channel"
)

// message reads the message of an event. A type that we do not know becomes an unsupported message, so that the desk sees that
// something came.
func message(o object) *channel.Message {
	switch t := channel.MessageType(o.text("type")); t {
	case channel.TypeText:
		m := channel.Text(o.text("text"))
		o.checkText("text", m.Text)
		return &m
	case channel.TypeQuickReply:
		name, text := answer(o)
		o.checkText(name, text)
		m := channel.Text(text)
		return &m
	case channel.TypeAttachment:
		m := channel.Message{Type: t}
		if a, ok := o.r.object(o.at("attachment"), o.fields["attachment"]); ok {
			m.Attachment = attachment(a)
		}
		return &m
	case channel.TypeLocation:
		return &channel.Message{Type: t, Latitude: o.degrees("latitude", 90), Longitude: o.degrees("longitude", 180), Address: o.text("address")}
	case "":
		if !o.r.failed(o.at("type")) {
			o.r.bad(o.at("type"), "is missing; it is text, attachment, location or quick_reply")
		}
		return nil
	default:
		return &channel.Message{Type: channel.TypeUnsupported, Kind: string([]rune(t)[:min(maxKind, utf8.RuneCountInString(string(t)))])}
	}
}

// maxKind is how much of an unknown type's name is kept, in characters.
const maxKind = 100

// checkText wants 1 to MaxText characters.
func (o object) checkText(name, text string) {
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && !o.r.failed(o.at(name)):
		o.r.bad(o.at(name), "is missing or blank; give 1 to %d characters", MaxText)
	case n > MaxText:
		o.r.bad(o.at(name), "has %d characters, at most %d are allowed", n, MaxText)
	}
}

// answer is what the contact chose: the text, else the title, else the first of the replies.
func answer(o object) (name, text string) {
	for _, name := range []string{"text", "title"} {
		if text := o.text(name); text != "" {
			return name, text
		}
	}
	if !o.has("replies") {
		return "text", ""
	}
	replies, _ := o.fields["replies"].([]any)
	if len(replies) > 0 {
		if first, ok := replies[0].(string); ok {
			return "replies[0]", channel.CleanText(first)
		}
	}
	o.r.bad(o.at("replies"), "must be a list of texts, the chosen one first")
	return "replies", ""
}

func attachment(o object) *channel.Attachment {
	a := &channel.Attachment{
		Type: channel.AttachmentType(o.raw("type")), URL: o.raw("url"),
		Mime: o.text("mimeType"), FileName: o.text("fileName"), Description: o.text("description"),
	}
	if !a.Type.Valid() && !o.r.failed(o.at("type")) {
		o.r.bad(o.at("type"), "%.50q is no type of attachment; use image, video, audio or file", a.Type)
	}
	if err := channel.CheckLink(a.URL); err != nil && !o.r.failed(o.at("url")) {
		o.r.bad(o.at("url"), "%s", err)
	}
	return a
}
