package channel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
)

func TestAccountHidesItsSecrets(t *testing.T) {
	acc := channel.Account{ID: 7, PublicID: "ch_1", Name: "Shop", Config: json.RawMessage(`{"key":"hunter2"}`), Token: "hunter2"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "channel", acc)
	asJSON, err := json.Marshal(acc)
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprint(acc), fmt.Sprintf("%v %+v %#v %s", acc, acc, acc, acc), fmt.Sprintf("%+v", struct{ A channel.Account }{acc}), log.String(), string(asJSON)} {
		require.NotContains(t, shown, "hunter2")
		require.Contains(t, shown, "ch_1")
	}
}

func TestMessageJSON(t *testing.T) {
	for name, wire := range map[string]string{
		"text":           `{"type":"text","text":"hi","messageTag":"ACCOUNT_UPDATE"}`,
		"attachment":     `{"type":"attachment","attachment":{"type":"image","url":"https://x.io/a","fileName":"a.jpg","description":"d","ext":"jpg","mime":"image/jpeg","size":5,"isPending":true}}`,
		"quick_reply":    `{"type":"quick_reply","title":"t","replies":["A","B"]}`,
		"location":       `{"type":"location","latitude":0,"longitude":-13.5,"address":"Berlin"}`,
		"rating":         `{"type":"rating","title":"t","max":5}`,
		"custom_payload": `{"type":"custom_payload","payload":{"a":[1,null]}}`,
		"email":          `{"type":"email","text":"t","subject":"s","html":true,"cc":["a@x.io"],"bcc":["b@x.io"],"replyToMessageId":7,"attachments":[{"type":"file","url":"https://x.io/a","fileName":"a.pdf"}]}`,
		"card":           `{"type":"card","title":"t","subtitle":"s","imageUrl":"https://x.io/a","buttons":[{"type":"url","title":"Buy","value":"https://x.io"}]}`,
		"template":       `{"type":"whatsapp_template","template":{"name":"n","languageCode":"en","components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://x.io"}}]}]}}`,
		"facebook":       `{"type":"facebook_template","template":{"name":"n","language":{"code":"en"}}}`,
		"interactive":    `{"type":"whatsapp_interactive","text":"Sales","interactive":{"kind":"list","id":"msg-7-2","title":"Sales"}}`,
		"unsupported":    `{"type":"unsupported","kind":"sticker"}`,
	} {
		var m channel.Message
		require.NoError(t, json.Unmarshal([]byte(wire), &m), name)
		back, err := json.Marshal(m)
		require.NoError(t, err)
		require.Equal(t, wire, string(back), name)
	}
}

// The body of an e-mail may come as text or message; in other types message means nothing.
func TestEmailByItsOtherName(t *testing.T) {
	var m channel.Message
	require.NoError(t, json.Unmarshal([]byte(`{"type":"email","message":"Dear Ida"}`), &m))
	require.Equal(t, channel.Message{Type: channel.TypeEmail, Text: "Dear Ida"}, m)
	require.NoError(t, json.Unmarshal([]byte(`{"type":"email","text":"this","message":"not that"}`), &m))
	require.Equal(t, "this", m.Text)
	m = channel.Message{}
	require.NoError(t, json.Unmarshal([]byte(`{"type":"text","message":{"a":1}}`), &m))
	require.Empty(t, m.Text)
	require.Error(t, json.Unmarshal([]byte(`{"type":"email","message":{}}`), &m))
}

func TestTemplates(t *testing.T) {
	wire := func(m channel.Message) string {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, `{"type":"whatsapp_template","template":{"name":"n","languageCode":"pt_BR","components":[{"type":"body","parameters":[{"type":"text","text":"Ida \"K\""},{"type":"text","text":""}]}]}}`,
		wire(channel.WhatsAppTemplate("n", "pt_BR", `Ida "K"`, "")))
	require.Equal(t, `{"type":"whatsapp_template","template":{"name":"n","languageCode":"en"}}`, wire(channel.WhatsAppTemplate("n", "")))
	require.Equal(t, `{"type":"facebook_template","template":{"name":"n","language":{"code":"en"},"components":[]}}`, wire(channel.FacebookTemplate("n", "")))
	require.Equal(t, `{"type":"facebook_template","template":{"name":"n","language":{"code":"de"},"components":[{"type":"body","parameters":[{"type":"text","text":"x"}]}]}}`, wire(channel.FacebookTemplate("n", "de", "x")))
}

func TestButtons(t *testing.T) {
	for n := 1; n <= channel.MaxReplies; n++ {
		require.Equal(t, n, channel.ButtonNumber("msg-7", channel.ButtonID("msg-7", n)))
	}
	for _, id := range []string{"", "msg-7", "msg-7-", "msg-7-0", "msg-7-01", "msg-7-+1", "msg-7--1", "msg-7-x", "msg-71-1", "msg-8-1", "1"} {
		require.Zero(t, channel.ButtonNumber("msg-7", id), id)
	}
	pressed := channel.Message{Type: channel.TypeWhatsAppInteractive, Interactive: json.RawMessage(`{"kind":"button","id":"msg-7-2","title":"Sales"}`)}
	require.Equal(t, channel.Choice{Kind: "button", ID: "msg-7-2", Title: "Sales"}, pressed.Choice())
	require.Equal(t, "Sales", pressed.Summary())
	pressed.Type = channel.TypeText
	require.Empty(t, pressed.Choice())
	require.Empty(t, channel.Message{Type: channel.TypeWhatsAppInteractive, Interactive: json.RawMessage(`[`)}.Choice())
}

func TestSummary(t *testing.T) {
	for want, m := range map[string]channel.Message{
		"hi":     channel.Text("hi"),
		"look":   {Type: channel.TypeAttachment, Attachment: &channel.Attachment{Description: "look"}},
		"Pick":   channel.QuickReply("Pick", "A"),
		"Rate":   {Type: channel.TypeRating, Title: "Rate"},
		"Dear":   {Type: channel.TypeEmail, Text: "Dear", Subject: "Hi"},
		"Tea":    {Type: channel.TypeCard, Title: "Tea"},
		"typed":  {Type: channel.TypeWhatsAppInteractive, Text: "typed", Interactive: json.RawMessage(`{"title":"other"}`)},
		"Hi {1}": {Type: channel.TypeWhatsAppTemplate, Template: json.RawMessage(`{"components":[{"type":"header","text":"x"},{"type":"body","text":"Hi {1}"}]}`)},
		"Berlin": channel.Location(1, 2, "Berlin"),
		"1.5,-2": channel.Location(1.5, -2, ""),
		"":       {Type: channel.TypeUnsupported, Kind: "sticker"},
	} {
		require.Equal(t, want, m.Summary())
	}
	require.Empty(t, channel.Message{Type: channel.TypeAttachment}.Summary())
	require.Empty(t, channel.Message{Type: channel.TypeLocation}.Summary())
}

func TestNormalizePhone(t *testing.T) {
	for in, want := range map[string]string{
		"+4915112345678": "+4915112345678", "4915112345678": "+4915112345678", "004915112345678": "+4915112345678",
		" +49 (151) 123-456.78 ": "+4915112345678", "+49\u00a0151\u2011[12345678]": "+4915112345678",
		"1234567": "+1234567", "123456789012345": "+123456789012345",
	} {
		got, err := channel.NormalizePhone(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "+", "123456", "1234567890123456", "015112345678", "+0049151123456", "0000123456789", "+49 151 CALL", "++4915112345678", "49+15112345678", "٤٩١٥١١٢٣٤٥"} {
		got, err := channel.NormalizePhone(in)
		require.Error(t, err, in)
		require.Empty(t, got)
	}
}

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		" \u0000a\u0007\r\nb\tc ": "a\nb\tc", "e\u0301": "\u00e9", "\u0085x\u009f": "x", "👩‍👩‍👧": "👩‍👩‍👧", " \n ": "",
	} {
		require.Equal(t, want, channel.CleanText(in))
	}
}

func TestProfileClean(t *testing.T) {
	long := strings.Repeat("ä", 101)
	got := channel.Profile{FirstName: long, Email: "A B <a@x.io>", Language: "PT_br", CountryCode: "1A", Phone: "0049 151 12345678", Timezone: " Europe/Berlin "}.Clean()
	require.Empty(t, cmp.Diff(channel.Profile{FirstName: strings.Repeat("ä", 100), Language: "pt", Phone: "+4915112345678", Timezone: "Europe/Berlin"}, got))
	require.Equal(t, got, got.Clean())
}

func TestPhoneCountry(t *testing.T) {
	for phone, want := range map[string]string{"+4915112345678": "DE", "+60123456789": "MY", "+1234567": "", "": "", "x": ""} {
		require.Equal(t, want, channel.PhoneCountry(phone), phone)
	}
}

func TestSendError(t *testing.T) {
	require.Nil(t, channel.AsSendError(nil))
	e := &channel.SendError{Code: channel.CodeRateLimited, Message: "later", Retryable: true}
	require.Same(t, e, channel.AsSendError(fmt.Errorf("send: %w", e)))
	require.EqualError(t, e, "rate_limited: later")

	other := channel.AsSendError(errors.New("boom"))
	require.True(t, other.Unknown)
	require.Equal(t, channel.FaultOurs, other.Fault)

	withKey := channel.Capabilities{IdempotencyKey: true}
	for _, tc := range []struct {
		retryable, unknown, with, without bool
	}{{false, false, false, false}, {false, true, false, false}, {true, false, true, true}, {true, true, true, false}} {
		e := &channel.SendError{Retryable: tc.retryable, Unknown: tc.unknown}
		require.Equal(t, tc.with, e.MayRepeat(withKey))
		require.Equal(t, tc.without, e.MayRepeat(channel.Capabilities{}))
	}
	seen := map[channel.SendCode]bool{}
	for _, c := range channel.SendCodes() {
		require.False(t, seen[c], c)
		seen[c] = true
	}
}

func TestDetailUnder(t *testing.T) {
	require.Equal(t, "message.replies[1]", channel.Detail{Path: "replies[1]"}.Under("message").Path)
	require.Equal(t, "message", channel.Detail{}.Under("message").Path)
	require.Equal(t, "text", channel.Detail{Path: "text"}.Under("").Path)
}

func TestParseErrorNamesEveryProblem(t *testing.T) {
	err := &channel.ParseError{Details: []channel.Detail{{Path: "a", Message: "is missing"}, {Message: "is no object"}}}
	require.EqualError(t, err, "cannot read the call: a: is missing; is no object")
}

func TestCatalogue(t *testing.T) {
	c := channel.New(fake{"b"}, fake{"a"})
	require.Equal(t, []channel.Source{"a", "b"}, c.Sources())
	a, ok := c.Adapter("a")
	require.True(t, ok)
	require.Equal(t, channel.Source("a"), a.Source())
	_, ok = c.Adapter("x")
	require.False(t, ok)
	_, ok = c.Parser("a")
	require.False(t, ok, "a source without webhooks")
	_, ok = c.Parser("x")
	require.False(t, ok)
	require.Panics(t, func() { channel.New(fake{"a"}, fake{"a"}) })
}

type fake struct{ source channel.Source }

func (f fake) Source() channel.Source                                            { return f.source }
func (fake) Capabilities(json.RawMessage) channel.Capabilities                   { return channel.Capabilities{} }
func (fake) CheckConfig(raw json.RawMessage) (json.RawMessage, []channel.Detail) { return raw, nil }
func (fake) Send(context.Context, channel.Account, channel.Outgoing) (channel.Sent, error) {
	return channel.Sent{}, nil
}

func TestCutText(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		limit channel.TextLimit
		want  string
	}{
		"no limit":           {"hello there", channel.TextLimit{}, "hello there"},
		"fits":               {"hello there", channel.TextLimit{Max: 11}, "hello there"},
		"ends at a word":     {"hello there, friend", channel.TextLimit{Max: 14}, "hello there,…"},
		"one long word":      {"hello_there_friend", channel.TextLimit{Max: 10}, "hello_the…"},
		"no spaces to speak": {"hi 你好你好你好你好你好", channel.TextLimit{Max: 10}, "hi 你好你好你好…"},
		"bytes":              {"ääää ääää", channel.TextLimit{Max: 12, Bytes: true}, "ääää…"},
		"damaged":            {"\xff\xfe\xfdabcdef", channel.TextLimit{Max: 5}, "\xff\xfe\xfda…"},
		"nothing fits":       {"hello", channel.TextLimit{Max: 1}, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := channel.CutText(tc.text, tc.limit)
			require.Equal(t, tc.want, got)
		})
	}
}
