package custom_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ucal/channel"
	"ucal/channel/channeltest"
	"ucal/channel/custom"
)

// FuzzParse: any body is either read into well-formed events, the same each time, or refused with reasons.
func FuzzParse(f *testing.F) {
	for _, c := range inbound() {
		f.Add(c.Request.Body, true)
		f.Add(c.Request.Body, false)
	}
	for _, s := range []string{``, `{}`, `[]`, `null`, `{"channelId":"ch_7Qd2","contactId":"a","events":[{}]}`,
		`{"channelId":"ch_7Qd2","contactId":"+4915112345678","events":[{"type":"message","mId":"\ud800","timestamp":1e11,"message":{"type":"\u0001"}}]}`,
		`{"channelId":"ch_7Qd2","contactId":"a","events":[{"type":"message_status","mId":"a","timestamp":99999999999.9,"status":{"value":"read"}}]}`,
	} {
		f.Add([]byte(s), false)
	}
	a := adapter()
	f.Fuzz(func(t *testing.T, body []byte, phone bool) {
		idType := custom.IDCustom
		if phone {
			idType = custom.IDPhone
		}
		acc := account("http://127.0.0.1:9", idType)
		got, err := a.Parse(acc, channel.Request{Body: body})
		if err != nil {
			pe, ok := errors.AsType[*channel.ParseError](err)
			if !ok && !errors.Is(err, channel.ErrUnauthorized) {
				t.Fatalf("unexpected error %T: %v", err, err)
			}
			if ok && len(pe.Details) == 0 || len(got) > 0 {
				t.Fatalf("refused with %d events and no reason: %v", len(got), err)
			}
			return
		}
		if len(got) != 1 {
			t.Fatalf("%d contacts in one call", len(got))
		}
		channeltest.CheckInbound(t, got[0])
		again, err := a.Parse(acc, channel.Request{Body: body})
		if err != nil || cmp.Diff(got, again) != "" {
			t.Fatalf("a redelivery says something else: %v", err)
		}
		for _, e := range got[0].Events { // what is stored comes back
			stored, err := json.Marshal(e.Message)
			if err != nil {
				t.Fatal(err)
			}
			var back *channel.Message
			if err := json.Unmarshal(stored, &back); err != nil || cmp.Diff(e.Message, back) != "" {
				t.Fatalf("stored message differs: %v\n%s", err, cmp.Diff(e.Message, back))
			}
		}
	})
}
