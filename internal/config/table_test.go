package config

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the reference page")

const page = "../../docs/reference/configuration.md"

func TestTableIsThePage(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(Table()), 0o644))
	}
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, Table(), string(raw), "run go test ./internal/config -update")
}
