package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"ucal/desk"
	"ucal/workflows"
)

const (
	pumpSlots   = 16                     // rows in the hands of this process: more only makes each wait longer
	pumpPoll    = time.Second            // safety net under the notifications
	leaseTime   = 30 * time.Second       // longer than rpcTimeout
	rpcTimeout  = 10 * time.Second       // of one call to Temporal
	retryFirst  = 200 * time.Millisecond // doubled with each attempt
	retryLimit  = 5 * time.Second
	doneTimeout = 10 * time.Second
	gatherTime  = 2 * time.Millisecond
)

// pump takes outbox rows, in order per contact, and tells Temporal. A row is
// removed only when Temporal has taken it, so it may be told twice: starts are
// refused as duplicates by Temporal, wake-ups are harmless.
type pump struct {
	desk   *desk.Desk
	client client.Client
	log    *slog.Logger
}

func newPump(o Options) *pump { return &pump{o.Desk, o.Client, o.Log} }

// run pumps until ctx ends, then waits for the rows in its hands.
func (p *pump) run(ctx context.Context, wake <-chan struct{}) {
	results := make(chan result, pumpSlots)
	poll := time.NewTicker(pumpPoll)
	defer poll.Stop()
	free, more := pumpSlots, true
	for ctx.Err() == nil || free < pumpSlots {
		if more && free > 0 && ctx.Err() == nil {
			rows, err := p.desk.LeaseOutbox(ctx, free, leaseTime.Milliseconds())
			if err != nil && ctx.Err() == nil {
				p.log.Error("outbox cannot be read", "error", err)
			}
			free -= len(rows)
			more = free == 0 && len(rows) > 0 // there may be more than we had hands for
			for _, row := range rows {
				go func() { results <- result{row, p.tell(context.WithoutCancel(ctx), row)} }()
			}
		}
		done := ctx.Done()
		if ctx.Err() != nil {
			done = nil
		}
		select {
		case r := <-results:
			batch := gather(r, results)
			free += len(batch)
			more = p.settle(ctx, batch) || more // the contacts' next rows may go now
		case <-wake:
			more = true
		case <-poll.C:
			more = true
		case <-done:
		}
	}
}

type result struct {
	row desk.OutboxRow
	err error
}

// gather takes what else is finished in a moment, so that one transaction
// removes it all, and does not stand in the way of the runs just started.
func gather(r result, more <-chan result) []result {
	batch := []result{r}
	moment := time.NewTimer(gatherTime)
	defer moment.Stop()
	for len(batch) < pumpSlots {
		select {
		case r := <-more:
			batch = append(batch, r)
		case <-moment.C:
			return batch
		}
	}
	return batch
}

// settle removes the rows that Temporal has taken and gives back the others. It
// reports whether there may be rows to lease.
func (p *pump) settle(ctx context.Context, batch []result) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doneTimeout)
	defer cancel()
	var taken []desk.OutboxRow
	for _, r := range batch {
		if r.err == nil {
			taken = append(taken, r.row)
			continue
		}
		pause := min(retryFirst<<min(r.row.Attempts, 10), retryLimit)
		p.log.Warn("temporal did not take an outbox row, trying again", "outbox_id", r.row.ID, "kind", r.row.Kind, "run_id", r.row.RunID,
			"attempt", r.row.Attempts, "error", r.err)
		if err := p.desk.FailOutbox(ctx, r.row.ID, pause.Milliseconds(), r.err.Error()); err != nil {
			p.log.Error("outbox row keeps its lease until it expires", "outbox_id", r.row.ID, "error", err)
		}
	}
	more, err := p.desk.DoneOutbox(ctx, taken...)
	if err != nil {
		p.log.Error("outbox rows will be told again", "count", len(taken), "error", err)
	}
	return more
}

// tell tells Temporal one row. nil means that Temporal has taken it, now or before.
func (p *pump) tell(ctx context.Context, row desk.OutboxRow) error {
	ctx, cancel := context.WithTimeout(ctx, rpcTimeout)
	defer cancel()
	switch row.Kind {
	case desk.StartRun:
		return p.startRun(ctx, row)
	case desk.WakeRun:
		return p.wakeRun(ctx, row)
	case desk.Deliver:
		return p.deliver(ctx, row)
	}
	return fmt.Errorf("outbox row %d has the unknown kind %q; a newer worker is needed", row.ID, row.Kind)
}

func (p *pump) startRun(ctx context.Context, row desk.OutboxRow) error {
	var s desk.RunStart
	if err := json.Unmarshal([]byte(row.Payload), &s); err != nil {
		return fmt.Errorf("payload of outbox row %d: %w", row.ID, err)
	}
	key := temporal.NewSearchAttributeKeyKeyword
	_, err := p.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       s.TemporalID,
		TaskQueue:                workflows.TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		EnableEagerStart:         true,
		StaticSummary:            summary(s.Workflow + " → " + s.Contact),
		Memo:                     map[string]any{"workflow": s.Workflow, "version": s.Version, "contact": s.Contact},
		TypedSearchAttributes: temporal.NewSearchAttributes(
			key(workflows.AttrWorkspace).ValueSet(strconv.FormatInt(s.WorkspaceID, 10)),
			key(workflows.AttrContact).ValueSet(strconv.FormatInt(s.ContactID, 10)),
			key(workflows.AttrWorkflow).ValueSet(s.Slug),
		),
		Priority: temporal.Priority{FairnessKey: strconv.FormatInt(s.WorkspaceID, 10)},
	}, workflows.TypeRun, workflows.RunInput{RunID: s.RunID, ContactID: s.ContactID, WorkflowID: s.WorkflowID, Workflow: s.Slug, Version: s.Version, Hash: s.Hash})
	return unlessStarted(err)
}

func (p *pump) wakeRun(ctx context.Context, row desk.OutboxRow) error {
	var w desk.RunWake
	if err := json.Unmarshal([]byte(row.Payload), &w); err != nil {
		return fmt.Errorf("payload of outbox row %d: %w", row.ID, err)
	}
	err := p.client.SignalWorkflow(ctx, w.TemporalID, "", workflows.SignalWake, workflows.Wake{Event: w.Event, Why: w.Why})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); !gone {
		return err
	}
	// The execution is over: nobody is left to wake. If the run is live all the
	// same, nobody will ever end it.
	_, err = endIfLost(ctx, p.desk, p.client, w.TemporalID, w.RunID)
	return err
}

func (p *pump) deliver(ctx context.Context, row desk.OutboxRow) error {
	var m desk.DeliverMessage
	if err := json.Unmarshal([]byte(row.Payload), &m); err != nil {
		return fmt.Errorf("payload of outbox row %d: %w", row.ID, err)
	}
	_, err := p.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       m.TemporalID,
		TaskQueue:                workflows.TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		EnableEagerStart:         true,
		StaticSummary:            summary("Message → " + m.Contact),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(workflows.AttrWorkspace).ValueSet(strconv.FormatInt(row.WorkspaceID, 10)),
			temporal.NewSearchAttributeKeyKeyword(workflows.AttrContact).ValueSet(strconv.FormatInt(m.ContactID, 10))),
		Priority: temporal.Priority{PriorityKey: 1, FairnessKey: strconv.FormatInt(row.WorkspaceID, 10)}, // replies go before automations
	}, workflows.TypeDeliver, workflows.DeliverInput{MessageID: m.MessageID})
	return unlessStarted(err)
}

// maxSummary is Temporal's limit for summaries in bytes
// (limit.userMetadataSummarySize, default 400). A start that is over it would be
// refused for ever.
const maxSummary = 400

// summary cuts a summary to what Temporal takes, at the end of a character.
func summary(s string) string {
	if len(s) <= maxSummary {
		return s
	}
	return strings.ToValidUTF8(s[:maxSummary-len("…")], "") + "…"
}

// unlessStarted forgets that Temporal had taken the start before.
func unlessStarted(err error) error {
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil
	}
	return err
}
