package flow

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The message types of this release.
const (
	MessageText          = "text"
	MessageMedia         = "media"
	MessageQuickReply    = "quick_reply"
	MessageCustomPayload = "custom_payload"
)

const maxReplies = 10

func (s *SendMessage) check(c *checker) {
	s.Message.check(c, "message")
	if t := s.Message.Type; t == MessageQuickReply || t == MessageCustomPayload {
		c.add("message.type.unsupported", "message.type", "The default message is text or media. Put %s into channel_responses.", t)
	}
	if !s.Channel.Last() {
		c.carries(s.Channel.Ref, s.Message, "message.type")
	}
	seen := map[string]bool{}
	for i, r := range s.Responses {
		at := item("channel_responses", i)
		r.Message.check(c, join(at, "message"))
		c.carries(r.Channel, r.Message, join(at, "message.type"))
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

// carries reports a message type that the channel does not carry.
func (c *checker) carries(channel Ref, m Message, key string) {
	if c.dir == nil || channel.ID == 0 || m.Type == "" {
		return
	}
	if info, ok := c.dir.Channel(channel.ID); ok && !slices.Contains(info.Types, m.Type) {
		c.add("message.type.unsupported", key, "The channel %s does not carry %s. It carries %s.", channel.shown(), m.Type, strings.Join(info.Types, ", "))
	}
}

// check reports everything wrong with a message below the key at.
func (m *Message) check(c *checker, at string) {
	hasText := m.Type == MessageText || m.Type == MessageQuickReply
	key := func(k string) string { return join(at, k) }
	if hasText && blankText(m.Text) {
		c.final("message.text.missing", join(c.base, key("text")), "Write the text of the message.")
	}
	c.textLimit(key("text"), m.Text)
	switch m.Type {
	case MessageMedia:
		m.checkFile(c, key("file"))
		c.textLimit(key("caption"), m.Caption)
	case MessageQuickReply:
		m.checkReplies(c, key("replies"))
	case MessageCustomPayload:
		if blankText(m.Payload) {
			c.missing(key("payload"))
		} else if len(Names(m.Payload)) == 0 && !json.Valid([]byte(m.Payload)) {
			c.add("step.config.invalid", key("payload"), "The payload is not valid JSON. Correct it.")
		}
	case "":
		return
	}
	why := "the message type is " + m.Type
	c.notAllowed(!hasText && m.Text != "", key("text"), why)
	c.notAllowed(m.Type != MessageMedia && m.File != "", key("file"), why)
	c.notAllowed(m.Type != MessageMedia && m.Caption != "", key("caption"), why)
	c.notAllowed(m.Type != MessageQuickReply && len(m.Replies) > 0, key("replies"), why)
	c.notAllowed(m.Type != MessageCustomPayload && m.Payload != "", key("payload"), why)
}

func (m *Message) checkFile(c *checker, key string) {
	switch {
	case blankText(m.File):
		c.missing(key)
	case len(Names(m.File)) > 0 && strings.HasPrefix(m.File, "$"):
	case !strings.HasPrefix(m.File, "https://") || strings.ContainsAny(m.File, " \t\r\n"):
		c.add("step.config.invalid", key, "%q is not an https address. Write where the file lies, for example https://example.com/menu.pdf.", cut(m.File, 60))
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
