package channeltest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/channel/channeltest"
)

func start(t *testing.T) *channeltest.Sink {
	t.Helper()
	s, err := channeltest.StartSink()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// post sends one text as ucal does; change may spoil the request.
func post(s *channeltest.Sink, key, contact, message string, change func(*http.Request)) (int, string, error) {
	body := fmt.Sprintf(`{"channelId":"ch_1","contactId":%q,"message":%s}`, contact, message)
	req, err := http.NewRequest(http.MethodPost, s.URL()+"/message", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header = http.Header{"Authorization": {"Bearer tok"}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(answer)), err
}

const hello = `{"type":"text","text":"hello"}`

func TestSinkRecords(t *testing.T) {
	s := start(t)
	status, answer, err := post(s, "msg-1", "a", hello, nil)
	require.NoError(t, err)
	require.Equal(t, `200 {"mId":"sink-1"}`, fmt.Sprint(status, " ", answer))
	_, again, err := post(s, "msg-1", "a", hello, nil)
	require.NoError(t, err)
	require.Equal(t, answer, again, "a repeated key gets the same answer")
	_, _, err = post(s, "msg-2", "b", hello, nil)
	require.NoError(t, err)

	require.Equal(t, 2, s.Count())
	require.Equal(t, 2, s.Contacts())
	require.Equal(t, 1, s.Repeats())
	require.Empty(t, s.Refused())
	require.Len(t, s.Taken(), 3)
	require.Len(t, s.All(), 2)
	got := s.Received("a")
	require.Len(t, got, 1)
	require.Equal(t, channel.Text("hello"), got[0].Message)
	require.Equal(t, 1, got[0].Repeats)
	require.Equal(t, "ch_1", got[0].ChannelID)
	require.Empty(t, s.Received("nobody"))
}

func TestSinkIsStrict(t *testing.T) {
	s := start(t)
	s.SetToken("tok")
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	tests := []struct {
		name, key, message string
		change             func(*http.Request)
		status             int
	}{
		{"no token", "msg-1", hello, header("Authorization", ""), 401},
		{"wrong token", "msg-1", hello, header("Authorization", "Bearer other"), 401},
		{"wrong path", "msg-1", hello, func(r *http.Request) { r.URL.Path = "/messages" }, 400},
		{"wrong method", "msg-1", hello, func(r *http.Request) { r.Method = http.MethodPut }, 400},
		{"wrong content type", "msg-1", hello, header("Content-Type", "text/plain"), 400},
		{"no key", "", hello, nil, 400},
		{"unknown type", "msg-1", `{"type":"rating","title":"x"}`, nil, 400},
		{"unknown field", "msg-1", `{"type":"text","text":"x","foo":1}`, nil, 400},
		{"field of another type", "msg-1", `{"type":"text","text":"x","title":"y"}`, nil, 400},
		{"our own fields", "msg-1", `{"type":"attachment","attachment":{"type":"file","url":"https://x.io/a","ext":"pdf"}}`, nil, 400},
		{"empty text", "msg-1", `{"type":"text"}`, nil, 400},
		{"no message", "msg-1", `null`, nil, 400},
	}
	for i, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			status, answer, err := post(s, tc.key, "a", tc.message, tc.change)
			require.NoError(t, err)
			require.Equal(t, tc.status, status, answer)
			require.Contains(t, answer, `"error"`)
			require.Len(t, s.Refused(), i+1)
		})
	}
	require.Zero(t, s.Count())
}

func TestSinkMakesTrouble(t *testing.T) {
	s := start(t)
	var trouble channeltest.Trouble
	s.OnCall(func(channeltest.Received) channeltest.Trouble { return trouble })

	trouble = channeltest.Trouble{Status: 429, Reason: "slow down", RetryAfter: 3 * time.Second}
	status, answer, err := post(s, "msg-1", "a", hello, nil)
	require.NoError(t, err)
	require.Equal(t, 429, status)
	require.Contains(t, answer, "slow down")
	require.Zero(t, s.Count(), "a refused message is not stored")

	for i, lost := range []channeltest.Trouble{{Reset: true}, {Hang: true}} {
		trouble = lost
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, _, err = post(s, fmt.Sprintf("msg-lost-%d", i), "a", hello, func(r *http.Request) {
			r.GetBody = nil // or the client itself repeats a request with a key
			*r = *r.WithContext(ctx)
		})
		cancel()
		require.Error(t, err)
		require.Equal(t, i+1, s.Count(), "the message arrived, only the answer is lost")
	}
	trouble = channeltest.Trouble{NoID: true, Delay: time.Millisecond}
	_, answer, err = post(s, "msg-2", "a", hello, nil)
	require.NoError(t, err)
	require.Equal(t, "{}", answer)
}

func TestSinkWaits(t *testing.T) {
	s := start(t)
	const n = 200
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, _, err := post(s, fmt.Sprintf("msg-%d", i), fmt.Sprint(i%10), hello, nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.WaitForCount(ctx, n))
	require.Equal(t, 10, s.Contacts())
	wg.Wait()

	gone, stop := context.WithCancel(t.Context())
	stop()
	err := s.WaitForCount(gone, n+1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "200 messages for 10 contacts")
}

func TestSinkStartsAgain(t *testing.T) {
	s := start(t)
	addr := strings.TrimPrefix(s.URL(), "http://")
	require.NoError(t, s.Close())
	_, _, err := post(s, "msg-1", "a", hello, nil)
	require.Error(t, err)
	require.NoError(t, s.Start(addr))
	_, _, err = post(s, "msg-1", "a", hello, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Count())
	require.Error(t, channeltest.NewSink().Start("256.0.0.1:0"))
	require.NoError(t, channeltest.NewSink().Close())
}
