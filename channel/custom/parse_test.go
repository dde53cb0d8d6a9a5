package custom_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/channel/custom"
	"ucal/internal/httpx"
)

func adapter() *custom.Adapter {
	return custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true})})
}

func TestParseRefuses(t *testing.T) {
	text := func(s string) string { return fmt.Sprintf(`{"type":"text","text":%q}`, s) }
	file := func(fields string) channel.Request {
		return call(messageEvent(`{"type":"attachment","attachment":` + fields + `}`))
	}
	ok := messageEvent(text("x"))
	with := func(field string) channel.Request { // the later of two equal names counts
		return webhook(fmt.Sprintf(`{"channelId":"ch_7Qd2","contactId":%q,"events":[%s],%s}`, ida, ok, field))
	}
	event := func(field string) channel.Request { return call(strings.TrimSuffix(ok, "}") + "," + field + "}") }
	tests := []struct {
		name    string
		request channel.Request
		want    []string // "path: error"
	}{
		{"nothing in it", webhook(`{}`), []string{"channelId: invalid_argument", "contactId: invalid_argument", "events: invalid_argument"}},
		{"not an object", webhook(`[1]`), []string{": invalid_argument"}},
		{"broken JSON", webhook(`{"channelId":`), []string{": invalid_json"}},
		{"two objects", webhook(`{}{}`), []string{": invalid_json"}},
		{"channelId is a number", with(`"channelId":5`), []string{"channelId: invalid_argument"}},
		{"contactId is a number", with(`"contactId":4915112345678`), []string{"contactId: invalid_argument"}},
		{"contactId too long", with(`"contactId":"` + strings.Repeat("1", 51) + `"`), []string{"contactId: invalid_argument"}},
		{"contactId is no phone", with(`"contactId":"ida"`), []string{"contactId: invalid_argument"}},
		{"contact is a list", with(`"contact":[]`), []string{"contact: invalid_argument"}},
		{"first name is a number", with(`"contact":{"firstName":1}`), []string{"contact.firstName: invalid_argument"}},
		{"events is an object", with(`"events":{}`), []string{"events: invalid_argument"}},
		{"no events", with(`"events":[]`), []string{"events: invalid_argument"}},
		{"101 events", call(strings.Repeat(ok+",", 100) + ok), []string{"events: invalid_argument"}},
		{"event is null", call("null"), []string{"events[0]: invalid_argument"}},
		{"second event is bad", call(ok, `{}`), []string{"events[1].mId: invalid_argument", "events[1].timestamp: invalid_argument", "events[1].type: invalid_argument"}},
		{"unknown event", event(`"type":"typing"`), []string{"events[0].type: invalid_argument"}},
		{"event type is a number", event(`"type":1`), []string{"events[0].type: invalid_argument"}},
		{"mId is a number", event(`"mId":1`), []string{"events[0].mId: invalid_argument"}},
		{"mId blank", event(`"mId":"  "`), []string{"events[0].mId: invalid_argument"}},
		{"mId too long", event(`"mId":"` + strings.Repeat("m", 51) + `"`), []string{"events[0].mId: invalid_argument"}},
		{"mId with a control character", event(`"mId":"a\u0000b"`), []string{"events[0].mId: invalid_argument"}},
		{"timestamp is text", event(`"timestamp":"1700000000000"`), []string{"events[0].timestamp: invalid_argument"}},
		{"timestamp zero", event(`"timestamp":0`), []string{"events[0].timestamp: invalid_argument"}},
		{"timestamp negative", event(`"timestamp":-1700000000000`), []string{"events[0].timestamp: invalid_argument"}},
		{"timestamp huge", event(`"timestamp":1e15`), []string{"events[0].timestamp: invalid_argument"}},
		{"timestamp beyond numbers", event(`"timestamp":1e999`), []string{"events[0].timestamp: invalid_argument"}},
		{"no message", event(`"message":null`), []string{"events[0].message: invalid_argument"}},
		{"message is text", event(`"message":"x"`), []string{"events[0].message: invalid_argument"}},
		{"message without type", event(`"message":{"text":"x"}`), []string{"events[0].message.type: invalid_argument"}},
		{"message type is a number", event(`"message":{"type":1}`), []string{"events[0].message.type: invalid_argument"}},
		{"text missing", event(`"message":{"type":"text"}`), []string{"events[0].message.text: invalid_argument"}},
		{"text blank", event(`"message":` + text("  ")), []string{"events[0].message.text: invalid_argument"}},
		{"text is a number", event(`"message":{"type":"text","text":1}`), []string{"events[0].message.text: invalid_argument"}},
		{"text too long", event(`"message":` + text(strings.Repeat("ä", 7001))), []string{"events[0].message.text: invalid_argument"}},
		{"answer empty", event(`"message":{"type":"quick_reply"}`), []string{"events[0].message.text: invalid_argument"}},
		{"answer with numbers", event(`"message":{"type":"quick_reply","replies":[1]}`), []string{"events[0].message.replies: invalid_argument"}},
		{"attachment missing", event(`"message":{"type":"attachment"}`), []string{"events[0].message.attachment: invalid_argument"}},
		{"attachment empty", file(`{}`), []string{"events[0].message.attachment.type: invalid_argument", "events[0].message.attachment.url: invalid_argument"}},
		{"attachment of unknown type", file(`{"type":"gif","url":"https://x.io/a"}`), []string{"events[0].message.attachment.type: invalid_argument"}},
		{"attachment by ftp", file(`{"type":"file","url":"ftp://x.io/a"}`), []string{"events[0].message.attachment.url: invalid_argument"}},
		{"attachment address too long", file(`{"type":"file","url":"https://x.io/` + strings.Repeat("a", 2000) + `"}`), []string{"events[0].message.attachment.url: invalid_argument"}},
		{"location out of range", event(`"message":{"type":"location","latitude":90.1,"longitude":-181}`),
			[]string{"events[0].message.latitude: invalid_argument", "events[0].message.longitude: invalid_argument"}},
		{"location missing", event(`"message":{"type":"location","latitude":"1"}`),
			[]string{"events[0].message.latitude: invalid_argument", "events[0].message.longitude: invalid_argument"}},
		{"status missing", call(statusEvent(`"message":"x"`)), []string{"events[0].status: invalid_argument"}},
		{"status unknown", call(statusEvent(`"status":"seen"`)), []string{"events[0].status: invalid_argument"}},
		{"status pending", call(statusEvent(`"status":"pending"`)), []string{"events[0].status: invalid_argument"}},
		{"status object unknown", call(statusEvent(`"status":{"value":"seen"}`)), []string{"events[0].status.value: invalid_argument"}},
		{"status object empty", call(statusEvent(`"status":{}`)), []string{"events[0].status.value: invalid_argument"}},
		{"status is a list", call(statusEvent(`"status":["read"]`)), []string{"events[0].status: invalid_argument"}},
		{"status message is a number", call(statusEvent(`"status":{"value":"failed","message":5}`)), []string{"events[0].status.message: invalid_argument"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			in, err := adapter().Parse(account("http://127.0.0.1:9", custom.IDPhone), tc.request)
			require.Nil(t, in, "nothing of a refused call may be stored")
			pe, ok := errors.AsType[*channel.ParseError](err)
			require.True(t, ok, "%v", err)
			var got []string
			for _, d := range pe.Details {
				got = append(got, d.Path+": "+d.Error)
			}
			require.Empty(t, cmp.Diff(tc.want, got), "%v", err)
		})
	}
}

func TestParseAcceptsAtTheLimits(t *testing.T) {
	events := make([]string, custom.MaxEvents)
	for i := range events {
		events[i] = fmt.Sprintf(`{"type":"message","mId":"%050d","timestamp":1700000000000,"message":{"type":"text","text":%q}}`, i, strings.Repeat("ä", 70))
	}
	events[0] = messageEvent(fmt.Sprintf(`{"type":"text","text":%q}`, strings.Repeat("ä", custom.MaxText)))
	in, err := adapter().Parse(account("http://127.0.0.1:9", custom.IDPhone), call(events...))
	require.NoError(t, err)
	require.Len(t, in[0].Events, custom.MaxEvents)
}

func TestParseCustomIDs(t *testing.T) {
	acc := account("http://127.0.0.1:9", custom.IDCustom)
	parse := func(id string) ([]channel.Inbound, error) {
		return adapter().Parse(acc, webhook(fmt.Sprintf(`{"channelId":"ch_7Qd2","contactId":%q,"events":[%s]}`, id, statusEvent(`"status":"read"`))))
	}
	for _, id := range []string{"a", "thisIsYourContactId", "A_z=0+9/@", strings.Repeat("x", 50)} {
		in, err := parse(id)
		require.NoError(t, err, id)
		require.Equal(t, id, in[0].ExternalID)
		require.Empty(t, in[0].Profile.Phone)
	}
	for _, id := range []string{"", "a b", "a-b", "ä", "a.b", strings.Repeat("x", 51)} {
		_, err := parse(id)
		require.ErrorContains(t, err, "contactId", id)
	}
}

func TestParseOfAnotherChannel(t *testing.T) {
	acc := account("http://127.0.0.1:9", custom.IDPhone)
	acc.PublicID = "ch_other"
	_, err := adapter().Parse(acc, call(messageEvent(`{"type":"text","text":"x"}`)))
	require.ErrorIs(t, err, channel.ErrUnauthorized)
}

func TestParseBoundsItsComplaints(t *testing.T) {
	_, err := adapter().Parse(account("http://127.0.0.1:9", custom.IDPhone), call(strings.Repeat("{},", 99)+"{}"))
	pe, ok := errors.AsType[*channel.ParseError](err)
	require.True(t, ok)
	require.Len(t, pe.Details, 100)
}
