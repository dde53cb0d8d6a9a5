package flow_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

var update = flag.Bool("update", false, "write the reference page of the codes")

const codesPage = "../docs/reference/problem-codes.md"

// TestCodesAreThePage keeps the reference of the validation codes true.
func TestCodesAreThePage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Problem codes of workflow files\n\nMade from `flow/codes.go`; do not edit. Codes are stable. *publish*: a warning for Save, an error for Publish.\n\n" +
		"| code | severity | meaning | mend |\n|---|---|---|---|\n")
	for _, c := range flow.Codes() {
		severity := string(c.Severity)
		if c.Publish {
			severity = "publish"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, severity, c.Meaning, c.Mend)
	}
	if *update {
		require.NoError(t, os.WriteFile(codesPage, []byte(b.String()), 0o644))
	}
	raw, err := os.ReadFile(codesPage)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(raw), "run go test ./flow -run TestCodesAreThePage -update")
}
