package workflows

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// The details of a run that has ended show the last step too, and how the run ended.
func TestEndedDetails(t *testing.T) {
	path := []flow.Entry{{Seq: 1, Name: "Ask", Arm: flow.ArmSuccess}}
	call := flow.Call{Trail: []flow.Entry{{Seq: 2, Name: "Look it up", Arm: flow.ArmFailure, Code: "http.status"}}, Vars: map[string]string{"order": "A|1", "empty": ""}}
	require.Equal(t, "### completed\n`end_of_path`\n\n**Before**\n\n- 1. Ask → success\n- 2. Look it up → failure (`http.status`)\n"+
		"\n**Variables**\n\n| name | value |\n|---|---|\n| `order` | A\\|1 |\n",
		ended(path, call, flow.Ending{State: flow.RunCompleted, Reason: flow.EndOfPath}))
	require.Equal(t, 1, strings.Count(ended(append(path, call.Trail...), call, flow.Ending{}), "Look it up"), "once, although an effect has shown it")
	for range shownPath {
		path = append(path, flow.Entry{Seq: 1, Name: "More"})
	}
	require.NotContains(t, ended(path, call, flow.Ending{}), "Ask", "the last steps only")
}
