package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

func TestLoad(t *testing.T) {
	t.Run("defaults", func(t *testing.T) {
		c, warnings, err := Load(nil)
		require.NoError(t, err)
		require.Empty(t, warnings)
		require.Equal(t, 5, c.APIRateLimit)
		require.Equal(t, "localhost:7233", c.TemporalAddress)
		require.Equal(t, []int{100, 60, 90, 30}, []int{c.MaxWorkflows, c.StartsPerHour, c.StepLogDays, c.DecisionDays})
	})
	t.Run("secret by file, unknown name warned about", func(t *testing.T) {
		f := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(f, []byte(key+"\n"), 0o600))
		c, warnings, err := Load([]string{"UCAL_ENCRYPTION_KEY_FILE=" + f, "UCAL_DATABSE_URL=x", "PATH=/bin"})
		require.NoError(t, err)
		require.Equal(t, key, c.EncryptionKey)
		require.Len(t, warnings, 1)
		require.Contains(t, warnings[0], "UCAL_DATABSE_URL")
	})
	t.Run("missing file and wrong number", func(t *testing.T) {
		_, _, err := Load([]string{"UCAL_TOKEN_FILE=/nowhere/token", "UCAL_PORT=many"})
		require.ErrorContains(t, err, "UCAL_TOKEN_FILE")
		require.ErrorContains(t, err, "Port")
	})
}

func TestCheckReportsEverything(t *testing.T) {
	c, _, err := Load([]string{"UCAL_ENCRYPTION_KEY=short", "UCAL_PUBLIC_URL=desk", "UCAL_ALLOW_PRIVATE_NETWORKS=10.0.0.1", "UCAL_LOG_LEVEL=loud",
		"UCAL_LOG_FORMAT=xml", "UCAL_API_RATE_LIMIT=-1", "UCAL_CHANNEL_RATE_LIMIT=-2", "UCAL_TEMPORAL_TLS_CERT=x",
		"UCAL_MAX_WORKFLOWS=0", "UCAL_STARTS_PER_HOUR=-1", "UCAL_STEP_LOG_DAYS=0", "UCAL_DECISION_DAYS=0"})
	require.NoError(t, err)
	err = c.Check()
	for _, name := range []string{"UCAL_DATABASE_URL", "UCAL_ENCRYPTION_KEY", "UCAL_PUBLIC_URL", "UCAL_ALLOW_PRIVATE_NETWORKS", "UCAL_LOG_LEVEL",
		"UCAL_LOG_FORMAT", "UCAL_API_RATE_LIMIT", "UCAL_CHANNEL_RATE_LIMIT", "UCAL_TEMPORAL_TLS_CERT",
		"UCAL_MAX_WORKFLOWS", "UCAL_STARTS_PER_HOUR", "UCAL_STEP_LOG_DAYS", "UCAL_DECISION_DAYS"} {
		require.ErrorContains(t, err, name)
	}
	good, _, err := Load([]string{"UCAL_DATABASE_URL=sqlite:x", "UCAL_ENCRYPTION_KEY=" + key})
	require.NoError(t, err)
	require.NoError(t, good.Check())
}
