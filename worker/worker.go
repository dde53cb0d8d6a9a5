package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"ucal/activities"
	"ucal/channel"
	"ucal/desk"
	"ucal/workflows"
)

// Options of a Worker.
type Options struct {
	Desk     *desk.Desk
	Channels channel.Catalogue
	Client   client.Client // starts, signals and polls: one client, so that eager start finds this worker
	Log      *slog.Logger
	Alone    bool // no other process uses the database: leases of a dead predecessor are dropped at once
}

// Worker is the Temporal side of a process.
type Worker struct {
	o     Options
	runs  sdk.Worker
	sends sdk.Worker
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// New prepares a worker; Start starts it.
func New(o Options) *Worker {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Worker{o: o}
}

// Register tells a Temporal worker, or a replayer, the workflow types.
func Register(r interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}) {
	r.RegisterWorkflowWithOptions(workflows.Run, workflow.RegisterOptions{Name: workflows.TypeRun})
	r.RegisterWorkflowWithOptions(workflows.Deliver, workflow.RegisterOptions{Name: workflows.TypeDeliver})
}

// Start begins to work and returns. While Temporal cannot be reached it keeps
// trying in the background; the outbox keeps everything until then.
func (w *Worker) Start(ctx context.Context) error {
	if w.o.Alone {
		if err := w.o.Desk.ReleaseOutbox(ctx); err != nil {
			return fmt.Errorf("release outbox leases: %w", err)
		}
	}
	wake, err := w.o.Desk.WaitOutbox(ctx)
	if err != nil {
		return fmt.Errorf("listen for outbox rows: %w", err)
	}
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	started := make(chan struct{})
	w.done.Go(func() { w.connect(ctx, started) })
	w.done.Go(func() {
		select { // eager start needs the worker to be there
		case <-started:
		case <-ctx.Done():
			return
		}
		newPump(w.o).run(ctx, wake)
	})
	w.done.Go(func() {
		select {
		case <-started:
			newLost(w.o).run(ctx)
		case <-ctx.Done():
		}
	})
	w.done.Go(func() { newSweeps(w.o).run(ctx) })
	return nil
}

// connect starts the pollers, again and again until Temporal answers.
func (w *Worker) connect(ctx context.Context, started chan<- struct{}) {
	acts := &activities.Activities{Desk: w.o.Desk, Channels: w.o.Channels, Log: w.o.Log}
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		runs, sends := w.pollers(acts)
		err := runs.Start()
		if err == nil {
			if err = sends.Start(); err == nil {
				w.runs, w.sends = runs, sends
				close(started)
				return
			}
			runs.Stop()
		}
		if ctx.Err() != nil {
			return
		}
		w.o.Log.Warn("temporal is not reachable, trying again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (w *Worker) pollers(acts *activities.Activities) (runs, sends sdk.Worker) {
	runs = sdk.New(w.o.Client, workflows.TaskQueue, sdk.Options{
		MaxConcurrentWorkflowTaskPollers:        4,
		MaxConcurrentLocalActivityExecutionSize: 200,
		DeadlockDetectionTimeout:                5 * time.Second,
		LocalActivityWorkerOnly:                 true,
	})
	Register(runs)
	registerActivities(runs, acts)
	sends = sdk.New(w.o.Client, workflows.SendQueue, sdk.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 200, MaxConcurrentActivityTaskPollers: 2})
	registerActivities(sends, acts)
	return runs, sends
}

func registerActivities(r sdk.Worker, acts *activities.Activities) {
	r.RegisterActivityWithOptions(acts, activity.RegisterOptions{})
}

// Stop ends polling, the pump and the sweeps, and waits for what is in progress
// until ctx ends.
func (w *Worker) Stop(ctx context.Context) error {
	if w.stop == nil {
		return nil
	}
	w.stop()
	finished := make(chan struct{})
	go func() {
		w.done.Wait()
		if w.runs != nil {
			w.runs.Stop()
			w.sends.Stop()
		}
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return errors.New("the worker did not stop in time; its runs go on with the next worker")
	}
}
