package flow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The variables go with every effect, and Temporal refuses payloads of 2 MB: a
// run of the largest values there are stays below, whatever they hold.
func TestVariablesFitIntoAPayload(t *testing.T) {
	for _, value := range []string{"x", "日", "\x01", "<", "😀"} {
		x := &Execution{st: &State{}, cur: &Step{}}
		for i := range maxVariables {
			x.set(fmt.Sprintf("v%d", i), strings.Repeat(value, MaxVariable+1))
		}
		raw, err := json.Marshal(Call{Vars: x.st.Vars})
		require.NoError(t, err)
		require.Less(t, len(raw), 1_900_000, "%q", value)
		require.Len(t, x.st.Vars["v0"], MaxVariable*len(value))
		require.NotEmpty(t, x.entry.Warnings)
	}
}
