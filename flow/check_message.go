package flow

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The types of messages.
const (
	MessageText             = "text"
	MessageMedia            = "media"
	MessageEmail            = "email"
	MessageQuickReply       = "quick_reply"
	MessageWhatsAppTemplate = "whatsapp_template"
	MessageFacebookTemplate = "facebook_template"
	MessageCustomPayload    = "custom_payload"
)

const (
	maxReplies     = 10
	maxAttachments = 5
)

func (s *SendMessage) check(c *checker) {
	s.Message.check(c, "message")
	switch t := s.Message.Type; t {
	case "", MessageText, MessageMedia:
	default:
		c.add("message.type.unsupported", "message.type", "The default message is text or media. Put %s into channel_responses.", t)
	}
	if s.Channel.Last() {
		c.notAllowed(s.Message.MessageTag != "", "message.message_tag", "the default message goes to every channel; put the tag into channel_responses")
	} else {
		c.carries(s.Channel.Ref, s.Message, "message")
	}
	seen := map[string]bool{}
	for i, r := range s.Responses {
		at := item("channel_responses", i)
		r.Message.check(c, join(at, "message"))
		c.carries(r.Channel, r.Message, join(at, "message"))
		name := fold(r.Channel.Name)
		if r.Channel.ID != 0 {
			name = strconv.FormatInt(r.Channel.ID, 10) + " by id"
		}
		if !r.Channel.Empty() && seen[name] {
			c.add("message.channel_response.duplicate", join(at, "channel"), "There is a response for %s already. Remove one of them.", r.Channel.shown())
		}
		seen[name] = true
	}
}

// carries reports a message that the channel does not carry; at is the
// message's key.
func (c *checker) carries(channel Ref, m Message, at string) {
	if c.dir == nil || channel.ID == 0 || m.Type == "" {
		return
	}
	info, ok := c.dir.Channel(channel.ID)
	switch {
	case !ok:
	case !slices.Contains(info.Types, m.Type):
		c.add("message.type.unsupported", join(at, "type"), "The channel %s does not carry %s. It carries %s.", channel.shown(), m.Type, strings.Join(info.Types, ", "))
	case m.MessageTag != "" && len(info.Tags) == 0:
		c.add("message.type.unsupported", join(at, "message_tag"), "The channel %s has no message tags. Remove message_tag.", channel.shown())
	case m.MessageTag != "" && !slices.Contains(info.Tags, m.MessageTag):
		c.add("message.type.unsupported", join(at, "message_tag"), "The channel %s does not carry the tag %s. It carries %s.", channel.shown(), m.MessageTag, strings.Join(info.Tags, ", "))
	}
}

// check reports everything wrong with a message below the key at.
func (m *Message) check(c *checker, at string) {
	key := func(k string) string { return join(at, k) }
	hasText := m.Type == MessageText || m.Type == MessageQuickReply || m.Type == MessageEmail
	template := m.Type == MessageWhatsAppTemplate || m.Type == MessageFacebookTemplate
	if hasText && blankText(m.Text) {
		c.final("message.text.missing", join(c.base, key("text")), "Write the text of the message.")
	}
	c.textLimit(key("text"), m.Text)
	switch m.Type {
	case MessageMedia:
		c.file(key("file"), m.File)
		c.textLimit(key("caption"), m.Caption)
	case MessageEmail:
		m.checkEmail(c, at)
	case MessageQuickReply:
		m.checkReplies(c, key("replies"))
	case MessageWhatsAppTemplate, MessageFacebookTemplate:
		m.checkTemplate(c, at)
	case MessageCustomPayload:
		m.checkPayload(c, key("payload"))
	case "":
		return
	}
	why := "the message type is " + m.Type
	for _, other := range []struct {
		key     string
		belongs bool
		given   bool
	}{
		{"subject", m.Type == MessageEmail, m.Subject != ""},
		{"text", hasText, m.Text != ""},
		{"message_tag", m.Type == MessageText, m.MessageTag != ""},
		{"file", m.Type == MessageMedia, m.File != ""},
		{"caption", m.Type == MessageMedia, m.Caption != ""},
		{"attachments", m.Type == MessageEmail, len(m.Attachments) > 0},
		{"replies", m.Type == MessageQuickReply, len(m.Replies) > 0},
		{"template", template, m.Template != ""},
		{"language", template, m.Language != ""},
		{"parameters", template, len(m.Parameters) > 0},
		{"payload", m.Type == MessageCustomPayload, m.Payload != ""},
	} {
		c.notAllowed(other.given && !other.belongs, key(other.key), why)
	}
}

func (m *Message) checkEmail(c *checker, at string) {
	c.textLimit(join(at, "subject"), m.Subject)
	key := join(at, "attachments")
	if n := len(m.Attachments); n > maxAttachments {
		c.add("message.attachments.limit", key, "There are %d attachments. Use at most %d.", n, maxAttachments)
		return
	}
	for i, file := range m.Attachments {
		c.file(item(key, i), file)
	}
}

// checkTemplate leaves the template itself to the provider: nothing here knows
// which ones it has approved.
func (m *Message) checkTemplate(c *checker, at string) {
	if blankText(m.Template) {
		c.missing(join(at, "template"))
	}
	for i, p := range m.Parameters {
		if blankText(p) {
			c.missing(item(join(at, "parameters"), i))
		}
		c.textLimit(item(join(at, "parameters"), i), p)
	}
}

func (m *Message) checkPayload(c *checker, key string) {
	switch {
	case blankText(m.Payload):
		c.missing(key)
	case c.waiting(m.Payload) != nil:
	case !json.Valid([]byte(c.stubbed(InJSON, m.Payload, "1"))) && !json.Valid([]byte(c.stubbed(InJSON, m.Payload, "x"))):
		c.invalid(key, "The payload is not valid JSON. Correct it, for example {\"name\": \"$contact.name\"}.")
	}
}

// file checks the address of a file, which may come from a variable.
func (c *checker) file(key, address string) {
	switch {
	case blankText(address):
		c.missing(key)
	case len(Names(address)) > 0 && (strings.HasPrefix(address, "$") || strings.HasPrefix(address, "{{$")):
	case !strings.HasPrefix(address, "https://") || strings.ContainsAny(address, " \t\r\n"):
		c.invalid(key, "%q is not an https address. Write where the file lies, for example https://example.com/menu.pdf.", cut(address, 60))
	}
}

func (m *Message) checkReplies(c *checker, key string) {
	switch {
	case len(m.Replies) == 0:
		c.missing(key)
	case len(m.Replies) > maxReplies:
		c.add("step.config.invalid", key, "There are %d replies. Use at most %d.", len(m.Replies), maxReplies)
	}
	for i, reply := range m.Replies {
		if blankText(reply) {
			c.missing(item(key, i))
		}
	}
}

// textLimit checks a text of a message or question as typed.
func (c *checker) textLimit(key, text string) {
	if length(text) > maxText {
		c.add("message.text.limit", key, "The text has %d characters. Use at most %d.", length(text), maxText)
	}
}
