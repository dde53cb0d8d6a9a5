package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"ucal/desk"
	"ucal/flow"
)

// beatEvery is how often a call to an outside system shows that it lives; see
// workflows.callOptions for when it is given up.
const beatEvery = 3 * time.Second

// outside drives one call to an outside system: try makes one attempt, or says
// when the next one may be made. Pauses are Temporal's, so that they show in the
// UI and survive a restart.
func outside(ctx context.Context, what string, try func(ctx context.Context) (desk.Attempt, error)) (flow.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	a, err := try(ctx)
	if err != nil {
		return flow.Result{}, final(err)
	}
	if a.Final != nil {
		return *a.Final, nil
	}
	return flow.Result{}, temporal.NewApplicationErrorWithOptions(fmt.Sprintf("%s: next attempt at %s", what, a.Until.UTC().Format(time.RFC3339)), "call.wait",
		temporal.ApplicationErrorOptions{NextRetryDelay: max(time.Until(a.Until), 10*time.Millisecond)})
}
