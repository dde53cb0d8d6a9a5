package devserver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/dynamicconfig"
	"go.yaml.in/yaml/v4"
)

// TestProductionSaysTheSame keeps the two dynamic configurations together: what production sets, the embedded server
// sets to the same value, so that a run behaves alike in both.
func TestProductionSaysTheSame(t *testing.T) {
	file, err := os.ReadFile("../../deploy/temporal/dynamicconfig.yaml")
	require.NoError(t, err)
	var production map[string][]struct{ Value any }
	require.NoError(t, yaml.Unmarshal(file, &production))
	require.NotEmpty(t, production)
	embedded := dynamicConfig()
	for name, values := range production {
		require.Len(t, values, 1, name)
		want, ok := embedded[dynamicconfig.MakeKey(name)]
		require.True(t, ok, "%s is not set in the embedded server", name)
		if duration, isDuration := want.(time.Duration); isDuration {
			want = duration.String()
		}
		require.Equal(t, want, values[0].Value, name)
	}
}
