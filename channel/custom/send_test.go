package custom_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/channel/custom"
	"ucal/internal/httpx"
)

func TestSendOnTheWire(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s\nAuthorization: %s\nContent-Type: %s\nIdempotency-Key: %s\n%s", r.Method, r.URL.Path,
			r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), body)
		_, _ = io.WriteString(w, `{"mId":"x-1"}`)
	}))
	defer server.Close()

	file := channel.Message{Type: channel.TypeAttachment, Attachment: &channel.Attachment{Type: channel.AttachmentImage, URL: "https://x.io/a?b=1&c=2",
		FileName: "a.jpg", Ext: "jpg", Mime: "image/jpeg", Size: 5, IsPending: true}}
	tests := map[string]struct {
		message channel.Message
		want    string
	}{
		"text":           {channel.Message{Type: channel.TypeText, Text: "a<b>&", MessageTag: channel.TagAccountUpdate}, `{"type":"text","text":"a<b>&"}`},
		"attachment":     {file, `{"type":"attachment","attachment":{"type":"image","url":"https://x.io/a?b=1&c=2","fileName":"a.jpg"}}`},
		"quick reply":    {channel.QuickReply("Pick", "A", "B"), `{"type":"quick_reply","title":"Pick","replies":["A","B"]}`},
		"location":       {channel.Location(0, 13.405, "Berlin"), `{"type":"location","latitude":0,"longitude":13.405,"address":"Berlin"}`},
		"custom payload": {channel.Message{Type: channel.TypeCustomPayload, Payload: json.RawMessage(`{"a":{"b":[1]}}`)}, `{"type":"custom_payload","payload":{"a":{"b":[1]}}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			sent, err := adapter().Send(t.Context(), account(server.URL+"/api", custom.IDPhone), channel.Outgoing{Key: "msg-5", ExternalID: ida, Message: tc.message})
			require.NoError(t, err)
			require.Equal(t, channel.Sent{ProviderID: "x-1"}, sent)
			require.Empty(t, cmp.Diff("POST /api/message\nAuthorization: Bearer "+token+"\nContent-Type: application/json\nIdempotency-Key: msg-5\n"+
				`{"channelId":"ch_7Qd2","contactId":"+4915112345678","message":`+tc.want+"}\n", got))
		})
	}
}

func TestSendAnswers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rejected := func(message string) *channel.SendError {
		return &channel.SendError{Code: channel.CodeProviderRejected, Message: message, Fault: channel.FaultProvider}
	}
	fault := func(e *channel.SendError, f channel.Fault) *channel.SendError { e.Fault = f; return e }
	again := func(code channel.SendCode, message string, after time.Duration) *channel.SendError {
		return &channel.SendError{Code: code, Message: message, Retryable: true, RetryAfter: after, Fault: channel.FaultProvider}
	}
	const reason = `{"error":{"message":"no such number"}}`
	tests := []struct {
		name       string
		status     int
		body       string
		retryAfter string
		id         string
		warning    string
		err        *channel.SendError
	}{
		{name: "id", status: 200, body: `{"mId":"abc"}`, id: "abc"},
		{name: "id as number", status: 200, body: `{"mId":123456789012345678}`, id: "123456789012345678"},
		{name: "created", status: 201, body: `{"mId":"abc"}`, id: "abc"},
		{name: "id with blanks", status: 200, body: `{"mId":" abc "}`, id: "abc"},
		{name: "no id", status: 200, body: `{}`, warning: "without mId"},
		{name: "id null", status: 200, body: `{"mId":null}`, warning: "without mId"},
		{name: "id of another type", status: 200, body: `{"mId":{}}`, warning: "without mId"},
		{name: "id too long", status: 200, body: `{"mId":"` + strings.Repeat("m", 51) + `"}`, warning: "51 characters"},
		{name: "nothing", status: 204, warning: "without JSON"},
		{name: "text", status: 200, body: `ok`, warning: "without JSON"},
		{name: "400", status: 400, body: reason, err: rejected("the integration answered 400 Bad Request: no such number")},
		{name: "404 without reason", status: 404, body: `<html>`, err: rejected("the integration answered 404 Not Found")},
		{name: "422 with error as text", status: 422, body: `{"error":"nope"}`, err: rejected("the integration answered 422 Unprocessable Entity: nope")},
		{name: "409 with message", status: 409, body: `{"message":"nope"}`, err: rejected("the integration answered 409 Conflict: nope")},
		{name: "long reason", status: 400, body: `{"error":{"message":"` + strings.Repeat("ä", 501) + `"}}`,
			err: rejected("the integration answered 400 Bad Request: " + strings.Repeat("ä", 500) + "…")},
		{name: "reason with our token", status: 400, body: `{"error":{"message":"bad Bearer ` + token + `!"}}`,
			err: rejected("the integration answered 400 Bad Request: bad Bearer ***!")},
		{name: "401", status: 401, body: reason, err: fault(rejected("the integration answered 401 Unauthorized: no such number"), channel.FaultChannel)},
		{name: "403", status: 403, err: fault(rejected("the integration answered 403 Forbidden"), channel.FaultChannel)},
		{name: "301", status: 301, err: fault(rejected("the integration answered 301 Moved Permanently; ucal follows no redirects, set apiBaseUrl to the final address"), channel.FaultChannel)},
		{name: "429 in seconds", status: 429, retryAfter: "30", err: again(channel.CodeRateLimited, "the integration answered 429 Too Many Requests", 30*time.Second)},
		{name: "429 with a date", status: 429, retryAfter: now.Add(90 * time.Second).Format(http.TimeFormat), err: again(channel.CodeRateLimited, "the integration answered 429 Too Many Requests", 90*time.Second)},
		{name: "429 with a past date", status: 429, retryAfter: now.Add(-time.Hour).Format(http.TimeFormat), err: again(channel.CodeRateLimited, "the integration answered 429 Too Many Requests", 0)},
		{name: "429 with nonsense", status: 429, retryAfter: "soon", err: again(channel.CodeRateLimited, "the integration answered 429 Too Many Requests", 0)},
		{name: "429 negative", status: 429, retryAfter: "-5", err: again(channel.CodeRateLimited, "the integration answered 429 Too Many Requests", 0)},
		{name: "500", status: 500, body: `oops`, err: again(channel.CodeProviderUnavailable, "the integration answered 500 Internal Server Error", 0)},
		{name: "503 with Retry-After", status: 503, retryAfter: "5", err: again(channel.CodeProviderUnavailable, "the integration answered 503 Service Unavailable", 5*time.Second)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tc.retryAfter != "" {
					w.Header().Set("Retry-After", tc.retryAfter)
				}
				w.WriteHeader(tc.status)
				if tc.status != http.StatusNoContent {
					_, _ = io.WriteString(w, tc.body)
				}
			}))
			defer server.Close()
			a := custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true}), Now: func() time.Time { return now }})
			sent, err := a.Send(t.Context(), account(server.URL, custom.IDCustom), channel.Outgoing{Key: "msg-1", ExternalID: "a", Message: channel.Text("x")})
			if tc.err != nil {
				require.Empty(t, cmp.Diff(tc.err, channel.AsSendError(err)))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.id, sent.ProviderID)
			require.Contains(t, sent.Warning, tc.warning)
			require.Equal(t, tc.warning == "", sent.Warning == "")
		})
	}
}

func TestSendGivesUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server sees the caller leave only after the body
		<-r.Context().Done()
	}))
	defer server.Close()
	a := custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true}), Timeout: 50 * time.Millisecond})
	_, err := a.Send(t.Context(), account(server.URL, custom.IDPhone), channel.Outgoing{Key: "msg-1", ExternalID: ida, Message: channel.Text("x")})
	f := channel.AsSendError(err)
	require.Equal(t, channel.CodeProviderUnavailable, f.Code)
	require.True(t, f.Unknown)
	require.True(t, f.MayRepeat(a.Capabilities(nil)))
	require.False(t, f.MayRepeat(channel.Capabilities{}), "without a key the outcome stays unknown")
}

func TestSendToARefusedAddress(t *testing.T) {
	a := custom.New(custom.Options{HTTP: httpx.New(httpx.Policy{})})
	_, err := a.Send(t.Context(), account("http://127.0.0.1:9/secret-1234", custom.IDPhone), channel.Outgoing{Key: "msg-1", ExternalID: ida, Message: channel.Text("x")})
	f := channel.AsSendError(err)
	require.Equal(t, channel.FaultChannel, f.Fault)
	require.False(t, f.Retryable)
	require.False(t, f.Unknown)
	require.NotContains(t, f.Error(), "secret-1234")
}

func TestSendOfUnfitMessages(t *testing.T) {
	for _, m := range []channel.Message{{Type: channel.TypeRating, Title: "x"}, {Type: channel.TypeAttachment}, {Type: channel.TypeUnsupported}, {}} {
		_, err := adapter().Send(t.Context(), account("http://127.0.0.1:9", custom.IDPhone), channel.Outgoing{Key: "msg-1", ExternalID: ida, Message: m})
		require.Equal(t, channel.CodeUnsupportedType, channel.AsSendError(err).Code)
	}
}
