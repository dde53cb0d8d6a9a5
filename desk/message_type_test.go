package desk

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// capable is a channel with capabilities of its own, called by their name.
type capable struct {
	adapter
	source channel.Source
	caps   channel.Capabilities
}

func (c capable) Source() channel.Source                            { return c.source }
func (c capable) Capabilities(json.RawMessage) channel.Capabilities { return c.caps }

// The channels of these tests, after the capability matrix (platform specification 10.3).
const (
	whatsApp  channel.Source = "whatsapp_cloud"
	messenger channel.Source = "facebook"
	mailbox   channel.Source = "other_email"
	sms       channel.Source = "twilio"
)

func capables() channel.Catalogue {
	day := int64(24 * 3600)
	text, media, reply := channel.TypeText, channel.TypeAttachment, channel.TypeQuickReply
	limit := channel.TextLimit{Max: 2000}
	images := []channel.AttachmentType{channel.AttachmentImage}
	return channel.New(adapter{},
		capable{source: whatsApp, caps: channel.Capabilities{First: channel.FirstTemplate, ExternalID: channel.IDPhone, WindowDuration: day, TextLimit: limit, Attachments: images,
			Types: []channel.MessageType{text, media, reply, channel.TypeLocation, channel.TypeWhatsAppTemplate}, QuickReplies: channel.ReplyLimit{Max: 10, MaxLabel: 24}}},
		capable{source: messenger, caps: channel.Capabilities{First: channel.FirstNo, ExternalID: channel.IDOwn, WindowDuration: day, TextLimit: limit, Attachments: images,
			Types: []channel.MessageType{text, media, reply, channel.TypeFacebookTemplate}, QuickReplies: channel.ReplyLimit{Max: 13, MaxLabel: 20},
			MessageTags: []string{channel.TagAccountUpdate}}},
		capable{source: mailbox, caps: channel.Capabilities{First: channel.FirstYes, ExternalID: channel.IDEmail, TextLimit: limit, Attachments: images,
			Types: []channel.MessageType{text, media, channel.TypeEmail}}},
		capable{source: sms, caps: channel.Capabilities{First: channel.FirstYes, ExternalID: channel.IDPhone, TextLimit: limit, Types: []channel.MessageType{text}}})
}

// connect makes a channel and lets the world's contacts write on it.
func (w *world) connect(source channel.Source, name string) *Channel {
	w.Helper()
	w.d.Channels = capables()
	w.ch = &Channel{WorkspaceID: w.p.WorkspaceID, PublicID: "ch_" + name, Source: source, Name: name, Status: Connected, CreatedAt: w.clock.Load()}
	w.insert(w.ch)
	return w.ch
}

// sends lets a contact send any message.
func (w *world) sends(who, id string, m channel.Message) *Contact {
	w.Helper()
	require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{{ExternalID: who, Profile: channel.Profile{FirstName: who},
		Events: []channel.Event{{Kind: channel.EventMessage, ProviderID: id, At: timeOf(w.clock.Load()), Message: &m}}}}))
	w.pump()
	return w.contact(who)
}

// delivered are the bodies that were handed to the provider.
func (w *world) delivered() []channel.Message {
	out := make([]channel.Message, len(w.sent))
	for i, o := range w.sent {
		out[i] = o.Message
	}
	return out
}

// unsent are the reasons of a contact's failed messages, oldest first.
func (w *world) unsent(c *Contact) []channel.SendCode {
	w.Helper()
	var codes []channel.SendCode
	require.NoError(w, w.db.Read(w.Context()).Model(&MessageStatus{}).Where("value = ? AND message_id IN (SELECT id FROM messages WHERE contact_id = ?)",
		channel.StatusFailed, c.ID).Order("id").Pluck("error", &codes).Error)
	return codes
}

// start starts a workflow for a contact by API.
func (w *world) start(slug string, c *Contact) Run {
	w.Helper()
	v, err := w.d.StartRun(w.Context(), w.p, slug, RunRequest{Contact: ByID(c.ID)})
	require.NoError(w, err)
	w.pump()
	run, err := first[Run](w.db.Read(w.Context()).Where("id = ?", v.ID))
	require.NoError(w, err)
	return *run
}

// stranger is a contact that has written on no channel.
func (w *world) stranger(email, phone string) *Contact {
	w.Helper()
	name := "Ann"
	id, err := w.d.CreateContact(w.Context(), w.p, Identifier{Email: email}, ContactFields{FirstName: &name, Phone: &phone})
	require.NoError(w, err)
	c, err := first[Contact](w.db.Read(w.Context()).Where("id = ?", id))
	require.NoError(w, err)
	return c
}

// sendingOn is a workflow that sends one message, with a response for a channel.
func sendingOn(id, trigger, name, message string) string {
	return manualOr(trigger, id) + "  - {id: say, type: send_message, config: {channel: last_interacted, message: {type: text, text: Default},\n" +
		"      channel_responses: [{channel: " + name + ", message: " + message + "}]}}\n"
}

func manualOr(trigger, id string) string {
	return fmt.Sprintf("format: 1\nid: %s\nname: %s\ntrigger: {type: %s}\nsteps:\n", id, id, trigger)
}

func TestTheResponseOfTheChannel(t *testing.T) { // 29
	eachWorld(t, func(w *world) {
		shop := w.ch
		w.connect(whatsApp, "WhatsApp")
		w.publish(sendingOn("welcome", "conversation_opened", "WhatsApp", "{type: quick_reply, text: Hi $contact.firstname, replies: [Sales, $contact.city, A label of more than twenty characters]}"))
		w.writes("+60111", "m1", "hello")
		w.ch = shop
		w.writes("ann", "m2", "hello")
		require.Equal(w, []channel.Message{
			channel.Text("Hi +60111\n\n1. Sales\n2. $contact.city\n3. A label of more than twenty characters"), // too long for a button: nothing is cut
			channel.Text("Default"),
		}, w.delivered())
	})
}

func TestEMailsOfAWorkflowStayInOneThread(t *testing.T) { // 34
	mail := func(id, message, next string) string {
		return "  - {id: " + id + ", type: send_message, config: {channel: Mail, message: {type: text, text: By default},\n      channel_responses: [{channel: Mail, message: " + message + "}]}" + next + "}\n"
	}
	eachWorld(t, func(w *world) {
		w.connect(mailbox, "Mail")
		w.publish(manualOr("manual_trigger", "order") +
			mail("one", "{type: email, text: First}", ", next: two") +
			mail("two", "{type: email, subject: '$contact.city', text: '<p>Dear $contact.firstname</p>', attachments: ['https://x.io/$contact.id.pdf']}", ", next: three") +
			"  - {id: three, type: send_message, config: {channel: Mail, message: {type: text, text: Third}}, next: four}\n" +
			mail("four", "{type: email, text: 'Is 1 < 2, $contact.firstname?'}", ""))
		w.publish(manualOr("manual_trigger", "other") + mail("one", "{type: email, subject: Hello, text: Other}", ""))
		c := w.stranger("ann@example.com", "")
		name := "<b>Ann"
		w.editFields(c, ContactFields{FirstName: &name})
		w.makeField("City", flow.FieldText)

		run := w.start("order", c)
		require.Equal(w, flow.EndOfPath, run.ExitReason)
		require.Equal(w, []string{"ann@example.com", "ann@example.com", "ann@example.com", "ann@example.com"},
			[]string{w.sent[0].ExternalID, w.sent[1].ExternalID, w.sent[2].ExternalID, w.sent[3].ExternalID}, "we may write first")
		var ids []int64
		require.NoError(w, w.db.Read(w.Context()).Model(&Message{}).Where("contact_id = ?", c.ID).Order("id").Pluck("id", &ids).Error)
		require.Equal(w, []channel.Message{
			{Type: channel.TypeEmail, Text: "First"},
			{Type: channel.TypeEmail, Text: "<p>Dear &lt;b&gt;Ann</p>", HTML: true, ReplyToMessageID: ids[0],
				Attachments: []channel.Attachment{{Type: channel.AttachmentFile, URL: fmt.Sprintf("https://x.io/%d.pdf", c.ID)}}},
			{Type: channel.TypeText, Text: "Third", ReplyToMessageID: ids[1]},
			{Type: channel.TypeEmail, Text: "Is 1 < 2, <b>Ann?", ReplyToMessageID: ids[2]},
		}, w.delivered(), "blank subjects stay blank")
		for i, o := range w.sent {
			want := ""
			if i > 0 {
				want = fmt.Sprintf("out-%d", i)
			}
			require.Equal(w, want, o.ReplyTo, "the provider's id of the message before")
		}

		w.start("other", c)
		require.Zero(w, w.sent[4].Message.ReplyToMessageID, "another workflow, another thread")
		require.Equal(w, "Hello", w.sent[4].Message.Subject)

		w.fail = &channel.SendError{Code: channel.CodeProviderRejected, Message: "mailbox full"}
		w.start("order", c)
		w.fail, w.sent = nil, nil
		w.start("order", c)
		require.Equal(w, ids[3], w.sent[0].Message.ReplyToMessageID, "weeks later too; what was not sent is no part of it")
	})
}

func TestWhatPassesAClosedWindow(t *testing.T) {
	eachWorld(t, func(w *world) {
		for _, x := range []struct {
			source channel.Source
			name   string
			says   string
			want   channel.Message
			code   channel.SendCode
		}{
			{whatsApp, "WhatsApp", "{type: text, text: Hi}", channel.Message{}, channel.CodeWindowClosed},
			{whatsApp, "WhatsApp template", "{type: whatsapp_template, template: welcome, language: pt_BR, parameters: [$contact.firstname, '42']}",
				channel.WhatsAppTemplate("welcome", "pt_BR", "+601234567", "42"), ""},
			{messenger, "Messenger", "{type: text, text: Hi}", channel.Message{}, channel.CodeWindowClosed},
			{messenger, "Messenger media", "{type: media, file: 'https://x.io/a.png'}", channel.Message{}, channel.CodeWindowClosed},
			{messenger, "Messenger tag", "{type: text, text: Hi $contact.firstname, message_tag: ACCOUNT_UPDATE}",
				channel.Message{Type: channel.TypeText, Text: "Hi +601234567", MessageTag: channel.TagAccountUpdate}, ""},
			{messenger, "Messenger template", "{type: facebook_template, template: welcome, parameters: [$contact.firstname]}",
				channel.FacebookTemplate("welcome", "en", "+601234567"), ""},
		} {
			w.connect(x.source, x.name)
			slug := fmt.Sprintf("w%d", w.ch.ID)
			w.publish(sendingOn(slug, "manual_trigger", x.name, x.says))
			c := w.sends("+601234567", "hi-"+slug, channel.Text("hi"))
			w.advance(24*time.Hour - time.Millisecond)
			w.sent = nil
			w.start(slug, c)
			require.Len(w, w.sent, 1, "%s: the window is open", x.name)
			w.advance(time.Millisecond)
			w.sent = nil
			w.start(slug, c)
			if x.code != "" {
				require.Empty(w, w.sent, x.name)
				require.Equal(w, []channel.SendCode{x.code}, w.unsent(c), x.name)
				continue
			}
			require.Empty(w, w.unsent(c), x.name)
			require.Equal(w, []channel.Message{x.want}, w.delivered(), x.name)
		}
	})
}

func TestATemplateMayComeFirst(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connect(whatsApp, "WhatsApp")
		w.publish(manualOr("manual_trigger", "text") + "  - {id: say, type: send_message, config: {channel: WhatsApp, message: {type: text, text: Hi}}}\n")
		w.publish(manualOr("manual_trigger", "template") + "  - {id: say, type: send_message, config: {channel: WhatsApp, message: {type: text, text: Hi},\n" +
			"      channel_responses: [{channel: WhatsApp, message: {type: whatsapp_template, template: welcome}}]}}\n")
		c := w.stranger("ann@example.com", "+601234567")
		w.start("text", c)
		require.Equal(w, []channel.SendCode{channel.CodeContactLacksChannel}, w.unsent(c))
		require.Zero(w, w.count(&Identity{}, "contact_id = ?", c.ID))
		w.start("template", c)
		require.Equal(w, []channel.Message{channel.WhatsAppTemplate("welcome", "en")}, w.delivered())
		require.Equal(w, "+601234567", w.sent[0].ExternalID)

		_, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{ChannelID: w.ch.ID, Message: channel.Text("Hi")})
		w.requireCode(err, Invalid, string(channel.CodeWindowClosed))
		other := w.stranger("ben@example.com", "+607654321")
		_, err = w.d.SendMessage(w.Context(), w.p, ByID(other.ID), DraftMessage{ChannelID: w.ch.ID, Message: channel.WhatsAppTemplate("welcome", "en")})
		require.NoError(w, err, "by API too")
	})
}

// A value can neither leave its place in the JSON nor break it.
func TestVariablesInsideAPayload(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connect("custom_channel", "Custom")
		w.d.Channels = channel.New(capable{source: "custom_channel", caps: channel.Capabilities{Types: []channel.MessageType{channel.TypeText, channel.TypeCustomPayload}}})
		w.publish(sendingOn("hi", "conversation_opened", "Custom", `{type: custom_payload, payload: '{"name": "$contact.firstname", "age": $contact.lastname, "city": $contact.email}'}`))
		w.says("zoe", "m1", "hello")
		first, last := `Z"o\e`, "42"
		_, err := w.d.UpdateContact(w.Context(), w.p, ByID(w.contact("zoe").ID), ContactFields{FirstName: &first, LastName: &last})
		require.NoError(w, err)
		w.pump()
		require.Len(w, w.sent, 1)
		require.JSONEq(w, `{"name": "Z\"o\\e", "age": 42, "city": null}`, string(w.sent[0].Message.Payload))
	})
}

func TestWhatMakesNoSenseIsNotSent(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connect(mailbox, "Mail")
		for i, x := range []struct {
			message string
			code    channel.SendCode
			problem string
		}{
			{"{type: text, text: $contact.lastname}", channel.CodeUnsupportedType, "text is missing or blank"},
			{"{type: media, file: $contact.profilepic}", channel.CodeAttachmentUnreachable, "attachment.url is missing"},
			{"{type: email, text: Hi, attachments: [$contact.profilepic]}", channel.CodeAttachmentUnreachable, "attachments[0].url is missing"},
			{"{type: quick_reply, text: Hi, replies: [$contact.lastname]}", channel.CodeUnsupportedType, "replies is missing"},
		} {
			slug := fmt.Sprintf("w%d", i)
			w.publish(sendingOn(slug, "manual_trigger", "Mail", x.message))
			c := w.sends(fmt.Sprintf("z%d@example.com", i), slug, channel.Text("hi"))
			run := w.start(slug, c)
			require.Empty(w, w.sent)
			require.Equal(w, []string{"say failed next " + string(x.code)}, w.logged(run))
			var step RunStep
			require.NoError(w, w.db.Read(w.Context()).Where("run_id = ?", run.ID).Take(&step).Error)
			require.Contains(w, step.Detail["problem"], x.problem)
		}
	})
}

func TestWorkflowsKnowWhatTheirChannelsCarry(t *testing.T) {
	eachWorld(t, func(w *world) {
		problems := func(name, message string) []string {
			v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(sendingOn("hi", "manual_trigger", name, message)), ImportInput{Replace: true})
			require.NoError(w, err)
			var codes []string
			for _, p := range v.Problems {
				codes = append(codes, p.Code)
			}
			return codes
		}
		no := []string{"message.type.unsupported"}
		for source, name := range map[channel.Source]string{whatsApp: "WhatsApp", messenger: "Messenger", mailbox: "Mail", sms: "SMS"} {
			w.connect(source, name)
		}
		for message, carriers := range map[string][]string{
			"{type: media, file: 'https://x.io/a.pdf', caption: Hi}":    {"WhatsApp", "Messenger", "Mail", "SMS"},
			"{type: quick_reply, text: Hi, replies: [A]}":               {"WhatsApp", "Messenger", "Mail", "SMS"},
			"{type: email, text: Hi}":                                   {"Mail"},
			"{type: whatsapp_template, template: hi}":                   {"WhatsApp"},
			"{type: facebook_template, template: hi}":                   {"Messenger"},
			"{type: text, text: Hi, message_tag: ACCOUNT_UPDATE}":       {"Messenger"},
			"{type: custom_payload, payload: '{}'}":                     nil,
			"{type: text, text: Hi, message_tag: POST_PURCHASE_UPDATE}": nil,
		} {
			for _, name := range []string{"WhatsApp", "Messenger", "Mail", "SMS"} {
				want := no
				for _, c := range carriers {
					if c == name {
						want = nil
					}
				}
				require.Equal(w, want, problems(name, message), "%s on %s", message, name)
			}
		}
	})
}

func TestAReplyStaysWithItsContact(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connect(mailbox, "Mail")
		ann, ben := w.writes("ann@example.com", "m1", "hi"), w.writes("ben@example.com", "m2", "hi")
		m, err := w.d.SendMessage(w.Context(), w.p, ByID(ann.ID), DraftMessage{Message: channel.Message{Type: channel.TypeEmail, Text: "Hi"}})
		require.NoError(w, err)
		w.pump()
		answer := DraftMessage{Message: channel.Message{Type: channel.TypeEmail, Text: "Again", ReplyToMessageID: m.ID}}
		_, err = w.d.SendMessage(w.Context(), w.p, ByID(ben.ID), answer)
		require.Equal(w, "message.replyToMessageId", AsError(err).Details[0].Path)
		_, err = w.d.SendMessage(w.Context(), w.p, ByID(ann.ID), answer)
		require.NoError(w, err)
		w.pump()
		require.Equal(w, "out-1", w.sent[1].ReplyTo)
	})
}
