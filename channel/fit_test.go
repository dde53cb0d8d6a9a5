package channel_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
)

func TestFit(t *testing.T) {
	sms := channel.Capabilities{Types: []channel.MessageType{channel.TypeText}, TextLimit: channel.TextLimit{Max: 60}}
	buttons := channel.Capabilities{
		Types:        []channel.MessageType{channel.TypeText, channel.TypeQuickReply, channel.TypeAttachment, channel.TypeLocation},
		Attachments:  []channel.AttachmentType{channel.AttachmentImage},
		QuickReplies: channel.ReplyLimit{Max: 5, MaxLabel: 3},
		TextLimit:    channel.TextLimit{Max: 60},
	}
	bytes := channel.Capabilities{Types: []channel.MessageType{channel.TypeText}, TextLimit: channel.TextLimit{Max: 4, Bytes: true}}
	full := channel.Capabilities{Types: []channel.MessageType{channel.TypeText, channel.TypeCustomPayload, channel.TypeRating, channel.TypeUnsupported}}

	attachment := func(kind channel.AttachmentType) channel.Message {
		return channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{Type: kind, URL: "https://x.io/a", Description: "look"}}
	}
	rating := channel.Message{Type: channel.TypeRating, Title: "How was it?", Max: channel.RatingMax}
	payload := channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(`{}`)}
	mail := channel.Capabilities{Types: []channel.MessageType{channel.TypeText, channel.TypeEmail}, TextLimit: channel.TextLimit{Max: 60}}
	tags := channel.Capabilities{Types: []channel.MessageType{channel.TypeText}, MessageTags: []string{channel.TagAccountUpdate}}
	email := channel.Message{Type: channel.TypeEmail, Text: "Dear Ida", ReplyToMessageID: 7}
	tagged := channel.Message{Type: channel.TypeText, Text: "x", MessageTag: channel.TagAccountUpdate}
	card := channel.Message{Type: channel.TypeCard, Title: "Tea", Subtitle: "green", ImageURL: "https://x.io/t.jpg", Buttons: []channel.CardButton{
		{Type: channel.ButtonURL, Title: "Buy", Value: "https://x.io/b"}, {Type: channel.ButtonPostback, Title: "More", Value: "MORE_7"}, {Type: channel.ButtonPhone, Title: "Call", Value: "+60123"}}}
	thread := channel.QuickReply("Pick", "A")
	thread.ReplyToMessageID = 7
	eleven := channel.QuickReply("x", strings.Split("1 2 3 4 5 6 7 8 9 10 11", " ")...)

	tests := []struct {
		name string
		in   channel.Message
		caps channel.Capabilities
		want channel.Message
		code channel.SendCode
	}{
		{name: "text", in: channel.Text("hi"), caps: sms, want: channel.Text("hi")},
		{name: "text at the limit", in: channel.Text(strings.Repeat("ä", 60)), caps: sms, want: channel.Text(strings.Repeat("ä", 60))},
		{name: "text over the limit", in: channel.Text(strings.Repeat("ä", 61)), caps: sms, code: channel.CodeTextTooLong},
		{name: "text over the limit in bytes", in: channel.Text("äää"), caps: bytes, code: channel.CodeTextTooLong},
		{name: "title over the limit", in: channel.QuickReply(strings.Repeat("x", 61), "A"), caps: buttons, code: channel.CodeTextTooLong},
		{name: "buttons", in: channel.QuickReply("Pick", "A", "B"), caps: buttons, want: channel.QuickReply("Pick", "A", "B")},
		{name: "one label too long", in: channel.QuickReply("Pick", "A", "Four"), caps: buttons, want: channel.Text("Pick\n\n1. A\n2. Four")},
		{name: "too many for buttons", in: channel.QuickReply("Pick", "A", "B", "C", "D", "E", "F"), caps: buttons, want: channel.Text("Pick\n\n1. A\n2. B\n3. C\n4. D\n5. E\n6. F")},
		{name: "no buttons", in: channel.QuickReply("Pick", "A", "B"), caps: sms, want: channel.Text("Pick\n\n1. A\n2. B")},
		{name: "numbered text over the limit", in: channel.QuickReply("Pick", strings.Repeat("x", 60)), caps: sms, code: channel.CodeTextTooLong},
		{name: "eleven replies", in: eleven, caps: buttons, code: channel.CodeTooManyReplies},
		{name: "rating with buttons", in: rating, caps: buttons, want: channel.QuickReply("How was it?", "1", "2", "3", "4", "5")},
		{name: "rating without buttons", in: rating, caps: sms, want: channel.Text("How was it?\n\n1. 1\n2. 2\n3. 3\n4. 4\n5. 5")},
		{name: "rating native", in: rating, caps: full, want: rating},
		{name: "location native", in: channel.Location(1, 2, "x"), caps: buttons, want: channel.Location(1, 2, "x")},
		{name: "location as text", in: channel.Location(52.52, -13.405, "Berlin"), caps: sms, want: channel.Text("Berlin\nhttps://maps.google.com/?q=52.52,-13.405")},
		{name: "location without address", in: channel.Location(0, 0, ""), caps: sms, want: channel.Text("https://maps.google.com/?q=0,0")},
		{name: "location without coordinates", in: channel.Message{Type: channel.TypeLocation}, caps: sms, code: channel.CodeUnsupportedType},
		{name: "image", in: attachment(channel.AttachmentImage), caps: buttons, want: attachment(channel.AttachmentImage)},
		{name: "file as link", in: attachment(channel.AttachmentFile), caps: buttons, want: channel.Text("look\nhttps://x.io/a")},
		{name: "attachment without one", in: channel.Message{Type: channel.TypeAttachment}, caps: buttons, code: channel.CodeUnsupportedType},
		{name: "payload", in: payload, caps: full, want: payload},
		{name: "payload elsewhere", in: payload, caps: sms, code: channel.CodeUnsupportedType},
		{name: "e-mail", in: email, caps: mail, want: email},
		{name: "e-mail elsewhere", in: email, caps: sms, code: channel.CodeUnsupportedType},
		{name: "e-mail over the limit", in: channel.Message{Type: channel.TypeEmail, Text: strings.Repeat("x", 61)}, caps: mail, code: channel.CodeTextTooLong},
		{name: "a fallback stays in its thread", in: thread, caps: mail, want: channel.Message{Type: channel.TypeText, Text: "Pick\n\n1. A", ReplyToMessageID: 7}},
		{name: "tag", in: tagged, caps: tags, want: tagged},
		{name: "tag elsewhere", in: tagged, caps: sms, code: channel.CodeUnsupportedType},
		{name: "another tag", in: channel.Message{Type: channel.TypeText, Text: "x", MessageTag: channel.TagPostPurchaseUpdate}, caps: tags, code: channel.CodeUnsupportedType},
		{name: "card as text", in: card, caps: channel.Capabilities{Types: sms.Types},
			want: channel.Text("Tea\ngreen\nhttps://x.io/t.jpg\nBuy: https://x.io/b\nMore\nCall: +60123")},
		{name: "card native", in: card, caps: channel.Capabilities{Types: []channel.MessageType{channel.TypeCard}}, want: card},
		{name: "template elsewhere", in: channel.WhatsAppTemplate("hi", "en"), caps: sms, code: channel.CodeUnsupportedType},
		{name: "interactive elsewhere", in: channel.Message{Type: channel.TypeWhatsAppInteractive, Interactive: json.RawMessage(`{}`)}, caps: sms, code: channel.CodeUnsupportedType},
		{name: "unsupported never goes out", in: channel.Message{Type: channel.TypeUnsupported}, caps: full, code: channel.CodeUnsupportedType},
		{name: "no type", in: channel.Message{}, caps: full, code: channel.CodeUnsupportedType},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channel.Fit(tc.in, tc.caps)
			if tc.code != "" {
				f := channel.AsSendError(err)
				require.NotNil(t, f)
				require.Equal(t, tc.code, f.Code)
				require.NotEmpty(t, f.Message)
				require.False(t, f.Retryable)
				return
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tc.want, got))
		})
	}
}

func TestCheck(t *testing.T) {
	file := func(kind channel.AttachmentType, url string) channel.Message {
		return channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{Type: kind, URL: url}}
	}
	tests := []struct {
		name string
		in   channel.Message
		want []string // "path: error"
	}{
		{"text", channel.Text("x"), nil},
		{"text with a tag", channel.Message{Type: channel.TypeText, Text: "x", MessageTag: channel.TagAccountUpdate}, nil},
		{"blank text and unknown tag", channel.Message{Type: channel.TypeText, Text: " \n", MessageTag: "HI"}, []string{"text: invalid_argument", "messageTag: invalid_argument"}},
		{"attachment", file("image", "https://x.io/a.png"), nil},
		{"attachment missing", channel.Message{Type: channel.TypeAttachment}, []string{"attachment: invalid_argument"}},
		{"attachment bad", file("gif", "x.io/a"), []string{"attachment.type: invalid_argument", "attachment.url: invalid_argument"}},
		{"attachment without address", file("file", ""), []string{"attachment.url: invalid_argument"}},
		{"attachment by javascript", file("file", "javascript:alert(1)"), []string{"attachment.url: invalid_argument"}},
		{"attachment with a long address", file("file", "https://x.io/"+strings.Repeat("a", 2000)), []string{"attachment.url: invalid_argument"}},
		{"quick reply", channel.QuickReply("Pick", "A"), nil},
		{"quick reply empty", channel.QuickReply(""), []string{"title: invalid_argument", "replies: invalid_argument"}},
		{"quick reply with a blank label", channel.QuickReply("Pick", "A", " "), []string{"replies[1]: invalid_argument"}},
		{"quick reply with eleven", channel.QuickReply("Pick", strings.Split("1 2 3 4 5 6 7 8 9 10 11", " ")...), []string{"replies: too_many_replies"}},
		{"rating", channel.Message{Type: channel.TypeRating, Title: "x"}, nil},
		{"rating of ten", channel.Message{Type: channel.TypeRating, Title: "x", Max: 10}, []string{"max: invalid_argument"}},
		{"location", channel.Location(-90, 180, ""), nil},
		{"location missing", channel.Message{Type: channel.TypeLocation}, []string{"latitude: invalid_argument", "longitude: invalid_argument"}},
		{"location off the globe", channel.Location(91, -180.5, ""), []string{"latitude: invalid_argument", "longitude: invalid_argument"}},
		{"payload", channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(`{"a":1}`)}, nil},
		{"payload null", channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(`null`)}, []string{"payload: invalid_argument"}},
		{"email", channel.Message{Type: channel.TypeEmail, Text: "x", CC: []string{"ann@x.io"}, Attachments: []channel.Attachment{*file("file", "https://x.io/a.pdf").Attachment}}, nil},
		{"email bad", channel.Message{Type: channel.TypeEmail, CC: []string{"ann"}, BCC: []string{"ben@x.io", "B <b@x.io>"}, ReplyToMessageID: -1, Attachments: make([]channel.Attachment, 6)}, []string{
			"text: invalid_argument", "cc[0]: invalid_argument", "bcc[1]: invalid_argument", "replyToMessageId: invalid_argument", "attachments: invalid_argument",
			"attachments[0].type: invalid_argument", "attachments[0].url: invalid_argument", "attachments[1].type: invalid_argument", "attachments[1].url: invalid_argument",
			"attachments[2].type: invalid_argument", "attachments[2].url: invalid_argument", "attachments[3].type: invalid_argument", "attachments[3].url: invalid_argument",
			"attachments[4].type: invalid_argument", "attachments[4].url: invalid_argument", "attachments[5].type: invalid_argument", "attachments[5].url: invalid_argument"}},
		{"card", channel.Message{Type: channel.TypeCard, Title: "x", Buttons: []channel.CardButton{{Type: "url", Title: "a", Value: "https://x.io"}}}, nil},
		{"card bad", channel.Message{Type: channel.TypeCard, ImageURL: "x", Buttons: []channel.CardButton{{Type: "url", Title: "a", Value: "x"}, {Type: "dance"}, {Type: "phone", Title: "c"}, {Type: "postback", Title: "d", Value: "D"}}}, []string{
			"title: invalid_argument", "imageUrl: invalid_argument", "buttons: invalid_argument", "buttons[0].value: invalid_argument",
			"buttons[1].title: invalid_argument", "buttons[1].type: invalid_argument", "buttons[2].value: invalid_argument"}},
		{"template", channel.WhatsAppTemplate("welcome", "de", "Ida"), nil},
		{"template without a name", channel.Message{Type: channel.TypeWhatsAppTemplate, Template: json.RawMessage(`[]`)}, []string{"template.name: invalid_argument", "template.languageCode: invalid_argument"}},
		{"facebook template", channel.FacebookTemplate("welcome", ""), nil},
		{"facebook template missing", channel.Message{Type: channel.TypeFacebookTemplate}, []string{"template: invalid_argument"}},
		{"interactive", channel.Message{Type: channel.TypeWhatsAppInteractive, Interactive: json.RawMessage(` {"type":"list"}`)}, nil},
		{"interactive text", channel.Message{Type: channel.TypeWhatsAppInteractive, Interactive: json.RawMessage(`"x"`)}, []string{"interactive: invalid_argument"}},
		{"no type", channel.Message{}, []string{"type: invalid_argument"}},
		{"incoming type", channel.Message{Type: channel.TypeUnsupported}, []string{"type: invalid_argument"}},
		{"unknown type", channel.Message{Type: "sticker"}, []string{"type: unsupported_type"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, d := range channel.Check(tc.in) {
				got = append(got, d.Path+": "+d.Error)
				require.NotEmpty(t, d.Message)
			}
			require.Empty(t, cmp.Diff(tc.want, got))
		})
	}
}

func TestOpen(t *testing.T) {
	closed := channel.Capabilities{WindowDuration: 86400, Types: []channel.MessageType{channel.TypeText, channel.TypeWhatsAppTemplate}, MessageTags: []string{channel.TagAccountUpdate}}
	tagged := channel.Message{Type: channel.TypeText, Text: "x", MessageTag: channel.TagAccountUpdate}
	require.False(t, closed.Open(channel.Text("x")))
	require.True(t, closed.Open(tagged))
	require.True(t, closed.Open(channel.WhatsAppTemplate("x", "en")))
	require.False(t, closed.Open(channel.FacebookTemplate("x", "en")), "it does not carry them")
	tagged.MessageTag = channel.TagConfirmedEventUpdate
	require.False(t, closed.Open(tagged))
	require.True(t, channel.Capabilities{}.Open(channel.Text("x")), "no window")
}
