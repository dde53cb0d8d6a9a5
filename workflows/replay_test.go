package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"ucal/workflows"
)

func replayer(t *testing.T) sdk.WorkflowReplayer {
	t.Helper()
	r := sdk.NewWorkflowReplayer()
	// Names are literal here: renaming a type must make old histories fail.
	r.RegisterWorkflowWithOptions(workflows.Run, workflow.RegisterOptions{Name: "Run"})
	r.RegisterWorkflowWithOptions(workflows.Deliver, workflow.RegisterOptions{Name: "Deliver"})
	return r
}

func quiet() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

// TestReplay replays every recorded history with the present code.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			require.NoError(t, replayer(t).ReplayWorkflowHistoryFromJSONFile(quiet(), f))
		})
	}
}

// TestReplayMustFail proves that the replay notices: these histories were made
// by code that does something else. Three are the recorded question_timeout with
// one thing changed: the version marker says 99, another activity was called,
// the timer was never started. not_renewed is renewed_1 without its end: the talk
// goes on in the same execution although the server has suggested a fresh one.
func TestReplayMustFail(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/must_fail/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			err := replayer(t).ReplayWorkflowHistoryFromJSONFile(quiet(), f)
			require.ErrorContains(t, err, "TMPRL1100", "refused as nondeterministic, not as a damaged file")
		})
	}
}
