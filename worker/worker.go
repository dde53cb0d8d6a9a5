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
	Services activities.Services
	Pages    Pages         // fetches the web pages of knowledge sources; nil = they stay pending
	Client   client.Client // starts, signals and polls: one client, so that eager start finds this worker
	Log      *slog.Logger
	Alone    bool // no other process uses the database: leases of a dead predecessor are dropped at once
}

// Worker is the Temporal side of a process.
type Worker struct {
	o       Options
	pollers []sdk.Worker // that run
	stop    context.CancelFunc
	done    sync.WaitGroup
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
	w.done.Go(func() { newKnowledge(w.o).run(ctx) })
	return nil
}

// connect starts the pollers, again and again until Temporal answers.
func (w *Worker) connect(ctx context.Context, started chan<- struct{}) {
	acts := &activities.Activities{Desk: w.o.Desk, Channels: w.o.Channels, Log: w.o.Log, Services: w.o.Services}
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		pollers, err := startAll(w.newPollers(acts))
		if err == nil {
			w.pollers = pollers
			close(started)
			return
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

// startAll starts all pollers or none.
func startAll(pollers []sdk.Worker) ([]sdk.Worker, error) {
	for i, p := range pollers {
		if err := p.Start(); err != nil {
			stopAll(pollers[:i])
			return nil, err
		}
	}
	return pollers, nil
}

func stopAll(pollers []sdk.Worker) {
	for _, p := range pollers {
		p.Stop()
	}
}

// callStop is how long calls to outside systems that are going on may take when
// the worker stops: of one that is cut off nobody knows whether it arrived. It
// leaves time after the moment at which the activities cut their calls short.
const callStop = 8 * time.Second

func (w *Worker) newPollers(acts *activities.Activities) []sdk.Worker {
	runs := sdk.New(w.o.Client, workflows.TaskQueue, sdk.Options{
		MaxConcurrentWorkflowTaskPollers:        4,
		MaxConcurrentLocalActivityExecutionSize: 200,
		DeadlockDetectionTimeout:                5 * time.Second,
		LocalActivityWorkerOnly:                 true,
	})
	Register(runs)
	registerActivities(runs, acts)
	sends := sdk.New(w.o.Client, workflows.SendQueue, sdk.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 200, MaxConcurrentActivityTaskPollers: 2})
	registerActivities(sends, acts)
	calls := sdk.New(w.o.Client, workflows.CallQueue, sdk.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 200, MaxConcurrentActivityTaskPollers: 2,
		WorkerStopTimeout: callStop})
	registerActivities(calls, acts)
	return []sdk.Worker{runs, sends, calls}
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
		stopAll(w.pollers)
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return errors.New("the worker did not stop in time; its runs go on with the next worker")
	}
}
