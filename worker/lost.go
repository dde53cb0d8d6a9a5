package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"ucal/desk"
	"ucal/flow"
	"ucal/workflows"
)

const (
	lostEvery    = time.Minute
	lostTimeout  = 30 * time.Second // of one pass
	lostLookBack = 10 * time.Minute // how far a pass overlaps the one before it
	lostBatch    = 200
)

// lost finds runs that are live although their Temporal execution is over:
// somebody terminated it by hand, or it failed and could not record its end.
// Such a run would keep its contact out of the workflow for ever.
type lost struct {
	desk   *desk.Desk
	client client.Client
	log    *slog.Logger
	since  time.Time // zero: whatever Temporal still remembers
}

func newLost(o Options) *lost { return &lost{desk: o.Desk, client: o.Client, log: o.Log} }

// run makes a pass at once and then every minute, until ctx ends.
func (l *lost) run(ctx context.Context) {
	next := time.NewTicker(lostEvery)
	defer next.Stop()
	for {
		pass, cancel := context.WithTimeout(ctx, lostTimeout)
		ended, err := l.sweep(pass)
		if err != nil && ctx.Err() == nil {
			l.log.Warn("runs that Temporal has lost could not be looked for, trying again", "error", err)
		}
		if ended > 0 {
			l.log.Warn("ended runs whose execution was ended in Temporal", "count", ended)
		}
		stopped, err := l.desk.SweepStopped(pass)
		if err != nil && ctx.Err() == nil {
			l.log.Error("sweep of stopped workflows failed, trying again", "error", err)
		}
		if stopped > 0 {
			l.log.Warn("ended runs that outlived their workflow", "count", stopped)
		}
		expired, err := l.desk.SweepMessages(pass)
		if err != nil && ctx.Err() == nil {
			l.log.Error("message sweep failed", "error", err)
		}
		if expired > 0 {
			l.log.Warn("expired messages that nobody was sending", "count", expired)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}

// sweep makes one pass and returns how many runs it ended.
func (l *lost) sweep(ctx context.Context) (int, error) {
	began := time.Now()
	found := map[string]int64{}
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')", workflows.TypeRun)
	if !l.since.IsZero() {
		query += fmt.Sprintf(" AND CloseTime >= '%s'", l.since.UTC().Format(time.RFC3339))
	}
	for page := []byte(nil); ; {
		r, err := l.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: lostBatch, NextPageToken: page})
		if err != nil {
			return 0, fmt.Errorf("list the executions that did not complete: %w", err)
		}
		closed := map[int64]string{}
		for _, x := range r.GetExecutions() {
			if id, ok := desk.RunOfTemporalID(x.GetExecution().GetWorkflowId()); ok {
				closed[id] = x.GetExecution().GetWorkflowId()
			}
		}
		if err := l.live(ctx, closed, found); err != nil {
			return 0, err
		}
		if page = r.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	overdue, err := l.desk.Overdue(ctx, lostBatch)
	if err != nil {
		return 0, err
	}
	for temporalID, run := range overdue {
		found[temporalID] = run
	}
	ended := 0
	for temporalID, run := range found {
		yes, err := endIfLost(ctx, l.desk, l.client, temporalID, run)
		if err != nil {
			return ended, err
		}
		if yes {
			ended++
		}
	}
	l.since = began.Add(-lostLookBack)
	return ended, nil
}

// live adds those of the closed executions whose run is live.
func (l *lost) live(ctx context.Context, closed map[int64]string, found map[string]int64) error {
	ids := make([]int64, 0, len(closed))
	for id := range closed {
		ids = append(ids, id)
	}
	runs, err := l.desk.LiveOf(ctx, ids)
	for _, id := range runs {
		found[closed[id]] = id
	}
	return err
}

// endIfLost ends a run when Temporal says that its execution is over or unknown,
// and reports whether it was live. One that was reset goes on under its id.
func endIfLost(ctx context.Context, d *desk.Desk, c client.Client, temporalID string, run int64) (bool, error) {
	end := flow.Ending{State: flow.RunFailed, Reason: flow.EndError}
	r, err := c.DescribeWorkflowExecution(ctx, temporalID, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
		return false, fmt.Errorf("ask for the execution %s: %w", temporalID, err)
	}
	switch r.GetWorkflowExecutionInfo().GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:
		return false, nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		end = flow.Ending{State: flow.RunExited, Reason: flow.EndStoppedByUser} // somebody did that in the Temporal UI
	}
	return d.EndLost(ctx, run, end)
}
