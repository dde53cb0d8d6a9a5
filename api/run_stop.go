package api

import (
	"context"

	"ucal/desk"
	"ucal/flow"
)

type stopRunInput struct {
	ByID
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"255" doc:"Note for the contact's timeline."`
	} `required:"false"`
}

type stoppedRun struct {
	ID         int64          `json:"id"`
	State      flow.RunState  `json:"state"`
	ExitReason flow.EndReason `json:"exitReason"`
}

func (s *Server) stopRun(ctx context.Context, p desk.Principal, in *stopRunInput) (*stoppedRun, error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Reason
	}
	return stoppedOf(s.desk.StopRun(ctx, p, in.ID, note))
}

func stoppedOf(r *desk.Run, err error) (*stoppedRun, error) {
	if err != nil {
		return nil, err
	}
	return &stoppedRun{r.ID, r.State, r.ExitReason}, nil
}

type stopRunsInput struct {
	Body struct {
		WorkflowID *int64  `json:"workflowId,omitempty"`
		Contact    *string `json:"contact,omitempty" doc:"id:1, email:… or phone:…"`
	}
}

type endedRuns struct {
	EndedRuns int `json:"endedRuns"`
}

func (s *Server) stopRuns(ctx context.Context, p desk.Principal, in *stopRunsInput) (*endedRuns, error) {
	b := in.Body
	switch {
	case (b.WorkflowID == nil) == (b.Contact == nil):
		return nil, &desk.Error{Code: desk.Invalid, Word: "invalid_argument", Message: "give either workflowId or contact"}
	case b.WorkflowID != nil:
		n, err := s.desk.StopRunsOfWorkflow(ctx, p, *b.WorkflowID)
		return &endedRuns{n}, err
	}
	who, err := contactIn("contact", *b.Contact)
	if err != nil {
		return nil, err
	}
	n, err := s.desk.StopRunsOfContact(ctx, p, who)
	return &endedRuns{n}, err
}

type liveRuns struct {
	Items []liveRun `json:"items" nullable:"false"`
}

type liveRun struct {
	ID           int64  `json:"id"`
	WorkflowName string `json:"workflowName"`
	StartedAt    int64  `json:"startedAt"`
	Stoppable    bool   `json:"stoppable"`
}

func (s *Server) liveRuns(ctx context.Context, p desk.Principal, in *ByContact) (*liveRuns, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	runs, err := s.desk.LiveRuns(ctx, p, who)
	out := &liveRuns{Items: make([]liveRun, len(runs))}
	for i, r := range runs {
		out.Items[i] = liveRun{r.ID, r.Workflow, r.StartedAt, r.Stoppable}
	}
	return out, err
}

type contactRun struct {
	ByContact
	NoBody
	RunID int64 `path:"runId"`
}

func (s *Server) stopRunOf(ctx context.Context, p desk.Principal, in *contactRun) (*stoppedRun, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	return stoppedOf(s.desk.StopRunOf(ctx, p, who, in.RunID))
}

// decision says whether a workflow started on an event, and why (not).
type decision struct {
	ID           int64        `json:"id"`
	At           int64        `json:"at"`
	Event        decidedEvent `json:"event"`
	WorkflowID   int64        `json:"workflowId"`
	WorkflowName string       `json:"workflowName"`
	Version      int64        `json:"version"`
	Decision     string       `json:"decision" enum:"started,not_started"`
	Reason       string       `json:"reason"`
	Detail       *string      `json:"detail"`
	RunID        *int64       `json:"runId"`
	Conditions   []flow.Seen  `json:"conditions" nullable:"false"`
}

type decidedEvent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	Actor   actor  `json:"actor"`
}

func decisionOf(d *desk.DecisionView) decision {
	out := decision{ID: d.ID, At: d.At, Event: decidedEvent{d.Event.ID, d.Event.Type, d.Event.Summary, actorOf(d.Event.Actor)}, WorkflowID: d.WorkflowID,
		WorkflowName: d.Workflow, Version: d.Version, Decision: "not_started", Reason: d.Reason, Detail: orNil(d.Detail), RunID: idOrNil(d.RunID), Conditions: list(d.Conditions)}
	if d.RunID != 0 {
		out.Decision = "started"
	}
	return out
}

type decisionInput struct {
	ContactPage
	Period
	WorkflowID int64 `query:"workflowId"`
}

func (s *Server) listDecisions(ctx context.Context, p desk.Principal, in *decisionInput) (*page[decision], error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	f := desk.DecisionFilter{WorkflowID: in.WorkflowID}
	f.From, f.To = in.millis()
	l, err := s.desk.Decisions(ctx, p, who, f, in.page())
	return toPage(ctx, l, decisionOf), err
}
