package flow

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]struct {
		d    time.Duration
		text string
	}{
		"1s":       {time.Second, "1s"},
		"10m":      {10 * time.Minute, "10m"},
		"1h30m":    {90 * time.Minute, "1h30m"},
		"90m":      {90 * time.Minute, "1h30m"},
		"7d":       {MaxWait, "7d"},
		"168h":     {MaxWait, "7d"},
		"1d2h3m4s": {26*time.Hour + 3*time.Minute + 4*time.Second, "1d2h3m4s"},
		"0d5m":     {5 * time.Minute, "5m"},
	} {
		t.Run(in, func(t *testing.T) {
			d, err := ParseDuration(in)
			require.NoError(t, err)
			require.Equal(t, want.d, time.Duration(d))
			require.Equal(t, want.text, d.String())
		})
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for _, in := range []string{"", "0s", "0d0h", "10", "m", "-5m", "+5m", "1.5h", "30m1h", "1h1h", "5 m", " 5m", "5M", "1w", "5ms",
		"99999999999999999999d", "106752d", "106751d24h", "1h٣m"} {
		t.Run(in, func(t *testing.T) {
			_, err := ParseDuration(in)
			require.Error(t, err)
		})
	}
}

func TestDurationStored(t *testing.T) {
	type config struct {
		D Duration `json:"d,omitempty"`
	}
	for stored, d := range map[string]time.Duration{`{"d":"1h30m"}`: 90 * time.Minute, `{}`: 0} {
		b, err := json.Marshal(config{Duration(d)})
		require.NoError(t, err)
		require.Equal(t, stored, string(b))
		var back config
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, Duration(d), back.D)
	}
	var zero Duration
	b, err := json.Marshal(zero)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &zero))
	require.Zero(t, zero)
	require.Error(t, json.Unmarshal([]byte(`{"d":"soon"}`), &config{}))
	require.Error(t, json.Unmarshal([]byte(`{"d":5}`), &config{}))
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"10m", "1h30m", "7d", "", "106751d", "0s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		require.Positive(t, d)
		again, err := ParseDuration(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
