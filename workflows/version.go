package workflows

import "go.temporal.io/sdk/workflow"

// The interpreter's version marker. Whoever changes what a run does with the
// same history raises interpreterVersion, keeps the old behaviour for the lower
// versions, and records a history of the new one.
const (
	interpreterChange  = "interpreter"
	interpreterVersion = 2

	renews workflow.Version = 2 // from here on a long run goes on in a fresh execution
	tidies workflow.Version = 2 // from here on a cancelled run unsets what it waits for
)

// interpreter is the version that this run began with.
func interpreter(ctx workflow.Context) workflow.Version {
	return workflow.GetVersion(ctx, interpreterChange, 1, interpreterVersion)
}
