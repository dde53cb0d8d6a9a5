package channel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fit makes a message fit a channel: what the channel carries stays as it is, the rest takes its fallback:
//
//	rating      → quick_reply 1–5
//	quick_reply → numbered text, as a whole, if a label or their number exceeds the channel's limit
//	location    → text with the address and a link to a map
//	attachment  → text with the caption and the link
//	card        → text with the image and the links
//
// One message stays one message, so that one idempotency key covers it. The error is always a *SendError with the code
// unsupported_type, too_many_replies or text_too_long; nothing is cut silently.
func Fit(m Message, caps Capabilities) (Message, error) {
	fitted, err := convert(m, caps)
	if err != nil {
		return Message{}, err
	}
	for _, text := range []string{fitted.Text, fitted.Title} {
		if !caps.TextLimit.fits(text) {
			return Message{}, refuse(CodeTextTooLong, "the text has %d %s, the channel takes %d",
				caps.TextLimit.length(text), caps.TextLimit.unit(), caps.TextLimit.Max)
		}
	}
	return fitted, nil
}

func convert(m Message, caps Capabilities) (Message, error) {
	if m.MessageTag != "" && !slices.Contains(caps.MessageTags, m.MessageTag) {
		return Message{}, refuse(CodeUnsupportedType, "the channel has no message tag %q", m.MessageTag)
	}
	switch m.Type {
	case TypeRating:
		if caps.Carries(TypeRating) {
			return m, nil
		}
		m.Type, m.Max, m.Replies = TypeQuickReply, 0, stars()
		return convert(m, caps)
	case TypeQuickReply:
		if len(m.Replies) > MaxReplies {
			return Message{}, refuse(CodeTooManyReplies, "the message has %d quick replies, at most %d are allowed", len(m.Replies), MaxReplies)
		}
		if caps.Carries(TypeQuickReply) && caps.QuickReplies.fit(m.Replies) {
			return m, nil
		}
		return m.as(NumberedText(m.Title, m.Replies)), nil
	case TypeLocation:
		if caps.Carries(TypeLocation) {
			return m, nil
		}
		if m.coordinates() == "" {
			return Message{}, refuse(CodeUnsupportedType, "the location message has no coordinates")
		}
		return m.as(joinLines(m.Address, "https://maps.google.com/?q="+m.coordinates())), nil
	case TypeAttachment:
		if m.Attachment == nil {
			return Message{}, refuse(CodeUnsupportedType, "the attachment message has no attachment")
		}
		if caps.Carries(TypeAttachment) && slices.Contains(caps.Attachments, m.Attachment.Type) {
			return m, nil
		}
		return m.as(joinLines(m.Attachment.Description, m.Attachment.URL)), nil
	case TypeCard:
		if caps.Carries(TypeCard) {
			return m, nil
		}
		return m.as(m.plain()), nil
	}
	if !caps.Carries(m.Type) || m.Type == TypeUnsupported {
		return Message{}, refuse(CodeUnsupportedType, "the channel cannot send messages of type %q", m.Type)
	}
	return m, nil
}

// as is the message as a text. It stays in its e-mail thread.
func (m Message) as(text string) Message {
	return Message{Type: TypeText, Text: text, ReplyToMessageID: m.ReplyToMessageID}
}

// NumberedText is what stands for quick replies on a channel without them. The contact answers with the number or the label.
func NumberedText(title string, replies []string) string {
	var b strings.Builder
	b.WriteString(title)
	b.WriteString("\n")
	for i, r := range replies {
		fmt.Fprintf(&b, "\n%d. %s", i+1, r)
	}
	return b.String()
}

func (l ReplyLimit) fit(replies []string) bool {
	if l.Max > 0 && len(replies) > l.Max {
		return false
	}
	return l.MaxLabel == 0 || !slices.ContainsFunc(replies, func(r string) bool { return utf8.RuneCountInString(r) > l.MaxLabel })
}

func stars() []string {
	s := make([]string, RatingMax)
	for i := range s {
		s[i] = strconv.Itoa(i + 1)
	}
	return s
}

func joinLines(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

func refuse(code SendCode, format string, args ...any) *SendError {
	return &SendError{Code: code, Message: fmt.Sprintf(format, args...), Fault: FaultOurs}
}
