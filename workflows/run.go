package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"ucal/flow"
)

// Loaded is what LoadRun returns: the version's definition and the state to begin with.
type Loaded struct {
	Definition *flow.Definition `json:"definition"`
	State      flow.State       `json:"state"`
}

// Run is one contact's passage through one version of a workflow. Its result is
// how the run came out; an internal error makes the execution fail, and the
// run with it.
func Run(ctx workflow.Context, in RunInput) (flow.Ending, error) {
	h := &host{ctx: ctx, version: interpreter(ctx), run: in.RunID, wake: workflow.GetSignalChannel(ctx, SignalWake), path: in.Path}
	var begin Loaded
	if err := h.local("Load "+in.Workflow, LoadRun, &begin, in.RunID); err != nil {
		return h.end(&flow.State{}, flow.Ending{State: flow.RunFailed, Reason: flow.EndError}, err)
	}
	st := &begin.State
	if in.State != nil {
		st = in.State
	}
	ending, err := flow.Execute(begin.Definition, st, h)
	if errors.Is(err, flow.ErrRenew) {
		drain(h.wake) // a wake-up means nothing between two waits
		in.State, in.Path = st, h.path
		return flow.Ending{}, workflow.NewContinueAsNewError(ctx, Run, in)
	}
	return h.end(st, ending, err)
}

// end records how the run came out. It works on when the execution was
// cancelled in the Temporal UI: that is a stop by a user.
func (h *host) end(st *flow.State, ending flow.Ending, cause error) (flow.Ending, error) {
	if cause != nil {
		ending = flow.Ending{State: flow.RunFailed, Reason: flow.EndError}
	}
	if temporal.IsCanceledError(cause) || errors.Is(h.ctx.Err(), workflow.ErrCanceled) {
		ending, cause = flow.Ending{State: flow.RunExited, Reason: flow.EndStoppedByUser}, nil
		h.ctx, _ = workflow.NewDisconnectedContext(h.ctx)
		if h.waits != "" && h.version >= tidies {
			if err := h.waiting(""); err != nil {
				return ending, err
			}
		}
	}
	call := flow.Call{RunID: h.run, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}
	final := ending
	if err := h.local("End", EndRun, &final, call, ending); err != nil {
		return ending, fmt.Errorf("record the end of run %d: %w", h.run, errors.Join(err, cause))
	}
	workflow.SetCurrentDetails(h.ctx, ended(h.path, call, final))
	switch {
	case cause != nil:
		return final, cause
	case final.State == flow.RunFailed:
		return final, temporal.NewNonRetryableApplicationError("run failed: "+string(final.Reason), string(final.Reason), nil)
	}
	return final, nil
}
