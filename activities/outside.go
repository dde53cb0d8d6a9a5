package activities

import (
	"context"
	"errors"
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

// wrapUp is how long a call may still take when the worker stops. Then it is cut
// short, so that what came of it can be noted while the database is there; the
// worker waits longer than that.
const wrapUp = 5 * time.Second

// outside drives one call to an outside system: try makes one attempt, or says
// when the next one may be made. Pauses are Temporal's, so that they show in the
// UI and survive a restart.
func outside(ctx context.Context, what string, try func(ctx context.Context) (desk.Attempt, error)) (flow.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go beat(ctx, cancel)
	a, err := try(ctx)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errStops):
		return flow.Result{}, temporal.NewApplicationErrorWithOptions(what+": "+errStops.Error(), "call.wait", pauseUntil(time.Now()))
	case err != nil:
		return flow.Result{}, final(err)
	case a.Final != nil:
		return *a.Final, nil
	}
	return flow.Result{}, temporal.NewApplicationErrorWithOptions(fmt.Sprintf("%s: next attempt at %s", what, a.Until.UTC().Format(time.RFC3339)), "call.wait",
		pauseUntil(a.Until))
}

// errStops cuts a call short.
var errStops = errors.New("the worker stops; another one tries again")

// beat shows that the call lives, until ctx ends, and cuts it short when the
// worker stops.
func beat(ctx context.Context, cut context.CancelCauseFunc) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	stops := activity.GetWorkerStopChannel(ctx)
	var late <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			activity.RecordHeartbeat(ctx)
		case <-stops:
			stops, late = nil, time.After(wrapUp)
		case <-late:
			cut(errStops)
		}
	}
}

// pauseUntil are the options of an error that is none: it has Temporal try again
// then, and is not logged as a failure.
func pauseUntil(at time.Time) temporal.ApplicationErrorOptions {
	return temporal.ApplicationErrorOptions{NextRetryDelay: max(time.Until(at), 10*time.Millisecond), Category: temporal.ApplicationErrorCategoryBenign}
}
