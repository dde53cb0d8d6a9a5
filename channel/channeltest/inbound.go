package channeltest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/channel"
)

func (c Case) parse(t *testing.T, r channel.Request) ([]channel.Inbound, error) {
	t.Helper()
	parser, ok := c.adapter(t).(channel.Parser)
	require.True(t, ok)
	acc := c.Account("http://127.0.0.1:9")
	in, err := parser.Parse(acc, r)
	if err != nil {
		c.noSecrets(t, acc, err.Error())
	}
	return in, err
}

func (c Case) testInbound(t *testing.T) {
	for _, tc := range c.Inbound {
		t.Run(tc.Name, func(t *testing.T) {
			got, err := c.parse(t, tc.Request)
			require.NoError(t, err)
			if diff := cmp.Diff(tc.Want, got); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
			for _, in := range got {
				CheckInbound(t, in)
			}
			again, err := c.parse(t, tc.Request)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(got, again), "a redelivery says the same")
		})
	}
}

// CheckInbound checks what holds for the events of every channel.
func CheckInbound(t testing.TB, in channel.Inbound) {
	t.Helper()
	require.NotEmpty(t, in.ExternalID)
	require.NotEmpty(t, in.Events)
	require.Equal(t, in.Profile, in.Profile.Clean(), "the profile is clean")
	for _, e := range in.Events {
		if e.Kind != channel.EventReferral {
			require.NotEmpty(t, e.ProviderID, "a redelivery is recognised by the provider's id")
		}
		require.False(t, e.At.IsZero())
		require.Equal(t, "UTC", e.At.Location().String())
		switch e.Kind {
		case channel.EventMessage, channel.EventEcho:
			require.NotNil(t, e.Message)
			require.Nil(t, e.Status)
			require.NotEmpty(t, e.Message.Type)
			require.Equal(t, channel.CleanText(e.Message.Text), e.Message.Text, "text is clean")
		case channel.EventStatus:
			require.Nil(t, e.Message)
			require.NotNil(t, e.Status)
			require.Contains(t, []channel.Status{channel.StatusSent, channel.StatusDelivered, channel.StatusRead, channel.StatusFailed}, e.Status.Value)
		case channel.EventReferral:
			require.Nil(t, e.Message)
			require.Nil(t, e.Status)
			require.NotNil(t, e.Ad)
		default:
			t.Errorf("unknown kind of event %q", e.Kind)
		}
	}
}

func (c Case) testMalformed(t *testing.T) {
	for _, tc := range c.Malformed {
		t.Run(tc.Name, func(t *testing.T) {
			_, err := c.parse(t, tc.Request)
			problems := details(t, err)
			var paths []string
			for _, d := range problems {
				paths = append(paths, d.Path)
				require.NotEmpty(t, d.Error)
				require.NotEmpty(t, d.Message)
			}
			require.Contains(t, paths, tc.Path, "%v", err)
		})
	}
	require.NotEmpty(t, c.Inbound, "an adapter with webhooks shows what they say")
	valid := c.Inbound[0].Request
	garbage := map[string]string{
		"empty body": "", "null": "null", "list": "[]", "text": `"x"`, "empty object": "{}", "binary": "\x00\xff\xfe",
		"half a body":  string(valid.Body[:len(valid.Body)/2]),
		"deep nesting": strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		"too large":    string(valid.Body) + strings.Repeat(" ", channel.MaxBody),
	}
	for name, body := range garbage {
		t.Run(name, func(t *testing.T) {
			_, err := c.parse(t, channel.Request{Header: valid.Header, Body: []byte(body)})
			if !errors.Is(err, channel.ErrUnauthorized) { // a signature over other bytes
				require.NotEmpty(t, details(t, err))
			}
		})
	}
}

func details(t *testing.T, err error) []channel.Detail {
	t.Helper()
	pe, ok := errors.AsType[*channel.ParseError](err)
	require.True(t, ok, "wanted a *channel.ParseError, got %T: %v", err, err)
	return pe.Details
}

// testStatuses demands an inbound case for every status that the capabilities promise; sent is known from the answer to a send.
func (c Case) testStatuses(t *testing.T) {
	seen := map[channel.Status]bool{channel.StatusSent: true}
	for _, tc := range c.Inbound {
		for _, in := range tc.Want {
			for _, e := range in.Events {
				if e.Status != nil {
					seen[e.Status.Value] = true
				}
			}
		}
	}
	for _, s := range c.adapter(t).Capabilities(c.Account("http://127.0.0.1:9").Config).Statuses {
		require.True(t, seen[s], "no inbound case has the status %q", s)
	}
}
