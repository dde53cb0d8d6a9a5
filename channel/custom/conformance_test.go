package custom_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ucal/channel"
	"ucal/channel/channeltest"
	"ucal/channel/custom"
	"ucal/internal/httpx"
)

const (
	token = "tok_5e9c1f0b7a"
	ida   = "+4915112345678"
)

func account(baseURL string, idType custom.IDType) channel.Account {
	config, err := json.Marshal(custom.Config{APIBaseURL: baseURL, IDType: idType})
	if err != nil {
		panic(err)
	}
	return channel.Account{ID: 7, PublicID: "ch_7Qd2", Name: "Shop", Config: config, Token: token}
}

func webhook(body string) channel.Request {
	return channel.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

// call wraps events into a webhook call of Ida.
func call(events ...string) channel.Request {
	return webhook(fmt.Sprintf(`{"channelId":"ch_7Qd2","contactId":%q,"events":[%s]}`, ida, strings.Join(events, ",")))
}

func messageEvent(message string) string {
	return fmt.Sprintf(`{"type":"message","mId":"m-1","timestamp":1700000000000,"message":%s}`, message)
}

func statusEvent(status string) string {
	return fmt.Sprintf(`{"type":"message_status","mId":"m-out-1","timestamp":1700000000000,%s}`, status)
}

func at() time.Time { return time.UnixMilli(1700000000000).UTC() }

func fromIda(events ...channel.Event) []channel.Inbound {
	return []channel.Inbound{{ExternalID: ida, Profile: channel.Profile{Phone: ida}, Events: events}}
}

func received(m channel.Message) []channel.Inbound {
	return fromIda(channel.Event{Kind: channel.EventMessage, ProviderID: "m-1", At: at(), Message: &m})
}

func receipt(value channel.Status, message string) []channel.Inbound {
	return fromIda(channel.Event{Kind: channel.EventStatus, ProviderID: "m-out-1", At: at(),
		Status: &channel.StatusUpdate{Value: value, Message: message}})
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Case{
		New:      func(c *httpx.Client) channel.Adapter { return custom.New(custom.Options{HTTP: c}) },
		Account:  func(baseURL string) channel.Account { return account(baseURL, custom.IDPhone) },
		Provider: func() channeltest.Provider { return channeltest.NewSink() },
		To:       ida,
		Inbound:  inbound(),
		Malformed: []channeltest.MalformedCase{
			{Name: "no contact", Request: webhook(`{"channelId":"ch_7Qd2","events":[` + messageEvent(`{"type":"text","text":"x"}`) + `]}`), Path: "contactId"},
			{Name: "no message id", Request: call(`{"type":"message","timestamp":1700000000000,"message":{"type":"text","text":"x"}}`), Path: "events[0].mId"},
		},
	})
}

func inbound() []channeltest.InboundCase {
	table := []struct {
		name    string
		request channel.Request
		want    []channel.Inbound
	}{
		{"text", call(messageEvent(`{"type":"text","text":"Hello"}`)), received(channel.Text("Hello"))},
		{"text is cleaned", call(messageEvent(`{"type":"text","text":" e\u0301\u0000\n\tx\r "}`)), received(channel.Text("é\n\tx"))},
		{"attachment", call(messageEvent(`{"type":"attachment","attachment":{"type":"image","url":"https://x.io/a.jpg","mimeType":"image/jpeg","fileName":"a.jpg","description":"me"}}`)),
			received(channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{Type: channel.AttachmentImage,
				URL: "https://x.io/a.jpg", Mime: "image/jpeg", FileName: "a.jpg", Description: "me"}})},
		{"location", call(messageEvent(`{"type":"location","latitude":-90,"longitude":13.405,"address":"Berlin"}`)), received(channel.Location(-90, 13.405, "Berlin"))},
		{"answer with text", call(messageEvent(`{"type":"quick_reply","text":"A","title":"Pick","replies":["B"]}`)), received(channel.Text("A"))},
		{"answer with title", call(messageEvent(`{"type":"quick_reply","title":"Pick","replies":["B"]}`)), received(channel.Text("Pick"))},
		{"answer with replies", call(messageEvent(`{"type":"quick_reply","replies":["B","C"]}`)), received(channel.Text("B"))},
		{"unknown type", call(messageEvent(`{"type":"sticker","id":5}`)), received(channel.Message{Type: channel.TypeUnsupported, Kind: "sticker"})},
		{"time in seconds", call(`{"type":"message","mId":"m-1","timestamp":1700000000,"message":{"type":"text","text":"x"}}`), received(channel.Text("x"))},
		{"time with a fraction", call(`{"type":"message","mId":"m-1","timestamp":1700000000000.25,"message":{"type":"text","text":"x"}}`), received(channel.Text("x"))},
		{"echo", call(`{"type":"message_echo","mId":"m-1","timestamp":1700000000000,"message":{"type":"text","text":"ours"}}`),
			fromIda(channel.Event{Kind: channel.EventEcho, ProviderID: "m-1", At: at(), Message: new(channel.Text("ours"))})},
		{"receipt as object", call(statusEvent(`"status":{"value":"delivered","message":""}`)), receipt(channel.StatusDelivered, "")},
		{"receipt without message", call(statusEvent(`"status":{"value":"read"}`)), receipt(channel.StatusRead, "")},
		{"flat receipt", call(statusEvent(`"status":"sent"`)), receipt(channel.StatusSent, "")},
		{"flat receipt with message", call(statusEvent(`"status":"failed","message":"no such number"`)), receipt(channel.StatusFailed, "no such number")},
		{"several events", call(messageEvent(`{"type":"text","text":"1"}`), statusEvent(`"status":"read"`)),
			fromIda(append(received(channel.Text("1"))[0].Events, receipt(channel.StatusRead, "")[0].Events...)...)},
		{"contact", webhook(`{"channelId":"ch_7Qd2","contactId":"0049 (151) 123-456.78","events":[` + statusEvent(`"status":"read"`) + `],
			"contact":{"firstName":" Ida ","lastName":"Kern","profilePic":"https://x.io/p.jpg","countryCode":"de","email":"Ida@X.io",
			"phone":"+49 30 1234567","language":"en-GB","locale":"en_US","timezone":8,"unknown":true}}`),
			[]channel.Inbound{{ExternalID: ida, Events: receipt(channel.StatusRead, "")[0].Events, Profile: channel.Profile{
				FirstName: "Ida", LastName: "Kern", ProfilePic: "https://x.io/p.jpg", CountryCode: "DE", Email: "ida@x.io",
				Phone: "+49301234567", Language: "en", Locale: "en_US", Timezone: "8"}}}},
		{"contact with values that make no sense", webhook(`{"channelId":"ch_7Qd2","contactId":"` + ida + `","events":[` + statusEvent(`"status":"read"`) + `],
			"contact":{"firstName":null,"profilePic":"ftp://x","countryCode":"Germany","email":"no mail","phone":"123","language":"english"}}`),
			receipt(channel.StatusRead, "")},
		{"no contact", webhook(`{"channelId":"ch_7Qd2","contactId":"` + ida + `","contact":null,"events":[` + statusEvent(`"status":"read"`) + `]}`),
			receipt(channel.StatusRead, "")},
	}
	cases := make([]channeltest.InboundCase, len(table))
	for i, c := range table {
		cases[i] = channeltest.InboundCase{Name: c.name, Request: c.request, Want: c.want}
	}
	return cases
}
