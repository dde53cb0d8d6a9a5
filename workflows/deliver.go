package workflows

import (
	"go.temporal.io/sdk/workflow"

	"ucal/flow"
)

// Deliver hands one stored message of a user or the API to its channel. The
// message's status history is the result; a message that failed is no failed
// execution.
func Deliver(ctx workflow.Context, in DeliverInput) (flow.Result, error) {
	interpreter(ctx)
	h := &host{ctx: ctx}
	var r flow.Result
	if err := h.local("Deliver", DeliverMessage, &r, in.MessageID); err != nil || r.Outcome != flow.Retry {
		return r, err
	}
	later := workflow.WithActivityOptions(ctx, sendLater("Deliver"))
	err := workflow.ExecuteActivity(later, DeliverMessage, in.MessageID).Get(ctx, &r)
	return r, err
}
