package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const welcome = "ucal: Hi Ida, thank you for your message."

func TestChat(t *testing.T) {
	data := t.TempDir()
	dev := startDev(t, data)
	s := begin(t, nil, "chat", "--url", dev.url, "--data", data)
	s.out.shows(t, "you write as Ida", 1)
	s.types("/close")
	s.out.shows(t, "! write something first", 1)
	s.types("/foo")
	s.out.shows(t, `"/foo" is no command`, 1)

	s.types("Hello")
	s.out.shows(t, welcome, 1)
	s.out.shows(t, "· conversation is open", 1)
	s.out.shows(t, "· assigned to Ann Archer", 1)
	s.types("/close")
	s.out.shows(t, "· conversation is closed", 1)
	s.types("Me again")
	s.out.shows(t, welcome, 2)
	s.out.shows(t, "· assigned to Ben Baker", 1)

	s.types("/new")
	s.out.shows(t, "you are a new contact now", 1)
	s.types("Hello")
	s.out.shows(t, welcome, 3)
	s.out.shows(t, "· assigned to Cem Cook", 1)

	t.Run("a second chat does not disturb the first", func(t *testing.T) {
		other := begin(t, nil, "chat", "--url", dev.url, "--data", data, "--as", "Łukasz")
		other.out.shows(t, "you write as Łukasz", 1)
		other.types("Hello")
		other.out.shows(t, "ucal: Hi Łukasz, thank you", 1)
		other.types("/quit")
		other.ends()
		s.types("/new")
		s.types("Hello")
		s.out.shows(t, welcome, 4)
	})
	require.NoError(t, s.in.Close()) // Ctrl-D
	s.ends()
	require.Empty(t, s.err.String())
	require.NotContains(t, s.out.String(), "Łukasz")

	t.Run("it uses its channel again", func(t *testing.T) {
		again := begin(t, nil, "chat", "--url", dev.url, "--data", data)
		again.types("Hello")
		again.out.shows(t, welcome, 1)
		again.types("/quit")
		again.ends()
		require.Equal(t, []any{"Demo phone", "ucal chat", "ucal chat 2"}, column(dev.items(dev.token, "/space/channel"), "name"))
	})
	t.Run("a token that is not known", func(t *testing.T) {
		code, _, errOut := run(t, []string{"UCAL_TOKEN=something-else"}, "chat", "--url", dev.url)
		require.Equal(t, 1, code)
		require.Contains(t, errOut, "UCAL_TOKEN")
		require.NotContains(t, errOut, "something-else")
	})
	dev.quits()
}

func TestChatRefuses(t *testing.T) {
	t.Run("no token", func(t *testing.T) {
		code, _, errOut := run(t, nil, "chat", "--data", t.TempDir())
		require.Equal(t, 2, code)
		for _, want := range []string{"--token", "UCAL_TOKEN", "--data"} {
			require.Contains(t, errOut, want)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		code, _, errOut := run(t, nil, "chat", "--url", gone.URL, "--token", "a-token")
		require.Equal(t, 1, code)
		for _, want := range []string{gone.URL, "ucal dev", "--url", "UCAL_URL"} {
			require.Contains(t, errOut, want)
		}
	})
}

func TestHealth(t *testing.T) {
	answer := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(answer)
		_, _ = w.Write([]byte(`{"checks":{"temporal":"not reachable"}}`))
	}))
	defer srv.Close()
	code, out, _ := run(t, []string{"UCAL_URL=" + srv.URL}, "health")
	require.Zero(t, code)
	require.Equal(t, "ready\n", out)
	answer = http.StatusServiceUnavailable
	code, _, errOut := run(t, nil, "health", srv.URL+"/readyz")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "503")
	require.Contains(t, errOut, "temporal")
}

// TestPhone: a repeated call is answered with the same id and printed once.
func TestPhone(t *testing.T) {
	out := &screen{}
	p := &phone{out: out}
	post := func(key, body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, phonePath+"message", strings.NewReader(body))
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	_, first := post("msg-1", `{"contactId":"ida","message":{"type":"text","text":"Hi"}}`)
	_, again := post("msg-1", `{"contactId":"ida","message":{"type":"text","text":"Hi"}}`)
	_, second := post("msg-2", `{"contactId":"ida","message":{"type":"text","text":"Hi"}}`)
	require.Equal(t, first, again)
	require.NotEqual(t, first, second)
	require.Equal(t, "→ ida: Hi\n→ ida: Hi\n", out.String())
	status, _ := post("msg-3", `{`)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestPlain(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"text","text":"Hi"}`:                                                                       "Hi",
		`{"type":"quick_reply","title":"Which?","replies":["A","B"]}`:                                       "Which?\n    1. A\n    2. B",
		`{"type":"attachment","attachment":{"type":"image","url":"https://x.example/a","description":"d"}}`: "[image] https://x.example/a d",
		`{"type":"location","address":"Here","latitude":1.5,"longitude":-2}`:                                "[location] Here (1.5, -2)",
		`{"type":"custom_payload","payload":{}}`:                                                            `{"type":"custom_payload","payload":{}}`,
	} {
		require.Equal(t, want, plain(json.RawMessage(body)))
	}
}
