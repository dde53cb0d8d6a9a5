package desk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"ucal/channel"
	"ucal/flow"
)

// body puts variables into a workflow's message and gives it its wire form.
func (e *doing) body(m flow.Message) channel.Message {
	in := func(place flow.Place, s string) string { return flow.RenderIn(place, s, e.vars()) }
	text := func(s string) string { return in(flow.InText, s) }
	switch m.Type {
	case flow.MessageText:
		return channel.Message{Type: channel.TypeText, Text: text(m.Text), MessageTag: m.MessageTag}
	case flow.MessageMedia:
		file := fileAt(text(m.File))
		file.Description = text(m.Caption)
		return channel.Message{Type: channel.TypeAttachment, Attachment: &file}
	case flow.MessageEmail:
		return e.email(m)
	case flow.MessageQuickReply:
		return channel.QuickReply(text(m.Text), e.labels(m.Replies, 0)...)
	case flow.MessageWhatsAppTemplate:
		return channel.WhatsAppTemplate(m.Template, m.Language, e.rendered(m.Parameters)...)
	case flow.MessageFacebookTemplate:
		return channel.FacebookTemplate(m.Template, m.Language, e.rendered(m.Parameters)...)
	case flow.MessageCustomPayload:
		payload := in(flow.InJSON, m.Payload)
		if !json.Valid([]byte(payload)) {
			payload = "" // it cannot be stored; the check refuses it
		}
		return channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(payload)}
	}
	return channel.Message{Type: channel.MessageType(m.Type)}
}

// email makes an e-mail. A blank subject stays blank.
func (e *doing) email(m flow.Message) channel.Message {
	place := flow.InText
	if isHTML(m.Text) {
		place = flow.InHTML
	}
	mail := channel.Message{Type: channel.TypeEmail, Subject: flow.RenderIn(flow.InHeader, m.Subject, e.vars()),
		Text: flow.RenderIn(place, m.Text, e.vars()), HTML: place == flow.InHTML}
	for _, address := range e.rendered(m.Attachments) {
		mail.Attachments = append(mail.Attachments, fileAt(address))
	}
	return mail
}

// isHTML reports whether the author has written an e-mail as HTML. It is judged
// before variables are put in: a contact whose name looks like a tag makes no
// HTML of a plain text.
func isHTML(text string) bool { return htmlTag.MatchString(text) }

var htmlTag = regexp.MustCompile(`(?i)</?(a|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|s|span|strong|style|sub|sup|table|tbody|td|th|thead|tr|u|ul)(\s[^<>]*)?/?>`)

func fileAt(address string) channel.Attachment {
	return channel.Attachment{Type: channel.AttachmentTypeOf(address), URL: address}
}

func (e *doing) rendered(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = flow.Render(s, e.vars())
	}
	return out
}

// maxLabel is the length of an option's label after its variables are put in.
const maxLabel = 20

// labels are options as the contact sees them, cut to a length (0 = as they
// are). One that is blank without its variable is nothing to choose.
func (e *doing) labels(options []string, length int) []string {
	labels := make([]string, 0, len(options))
	for _, o := range e.rendered(options) {
		r := []rune(strings.TrimSpace(o))
		if length > 0 && len(r) > length {
			r = r[:length]
		}
		if label := strings.TrimSpace(string(r)); label != "" {
			labels = append(labels, label)
		}
	}
	return labels
}

// unsendable is why a message makes no sense now that its variables are put in.
func unsendable(m channel.Message) *channel.SendError {
	problems := channel.Check(m)
	if len(problems) == 0 {
		return nil
	}
	d, code := problems[0], channel.CodeUnsupportedType
	switch {
	case d.Error == string(channel.CodeTooManyReplies):
		code = channel.CodeTooManyReplies
	case strings.HasPrefix(d.Path, "attachment"):
		code = channel.CodeAttachmentUnreachable
	case strings.HasPrefix(d.Path, "template"):
		code = channel.CodeTemplateInvalid
	}
	return &channel.SendError{Code: code, Message: fmt.Sprintf("with its variables put in, the message's %s %s", d.Path, d.Message), Fault: channel.FaultOurs}
}
