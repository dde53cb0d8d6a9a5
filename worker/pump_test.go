package worker

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestSummaryIsCutToWhatTemporalTakes(t *testing.T) {
	require.Equal(t, "Welcome → Ida", summary("Welcome → Ida"))
	for _, letter := range []string{"x", "é", "日", "🙂"} {
		got := summary("Welcome → " + strings.Repeat(letter, 400))
		require.LessOrEqual(t, len(got), maxSummary)
		require.True(t, utf8.ValidString(got))
		require.True(t, strings.HasSuffix(got, "…"))
	}
}
