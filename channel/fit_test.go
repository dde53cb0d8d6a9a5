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
