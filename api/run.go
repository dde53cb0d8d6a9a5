package api

import (
	"context"
	"net/http"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) runOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/run", http.StatusOK, useWorkflows(), "List runs", s.listRuns),
		extension(http.MethodGet, "/run/{id}", http.StatusOK, useWorkflows(), "Get a run with its step log", s.getRun),
		extension(http.MethodPost, "/run/{id}/stop", http.StatusOK, useWorkflows(), "Stop a run", s.stopRun),
		extension(http.MethodPost, "/run/{id}/skip-wait", http.StatusOK, useWorkflows(), "Let a test run that waits go on", s.skipWait),
		extension(http.MethodPost, "/run/stop", http.StatusOK, useWorkflows(), "Stop all runs of a workflow or a contact", s.stopRuns),
		extension(http.MethodGet, "/contact/{identifier}/run", http.StatusOK, readContacts(), "List the live runs of a contact", s.liveRuns),
		extension(http.MethodPost, "/contact/{identifier}/run/{runId}/stop", http.StatusOK, useShortcuts(), "Stop a run of a contact", s.stopRunOf),
		extension(http.MethodGet, "/contact/{identifier}/trigger-decision", http.StatusOK, useWorkflows(), "Why did (not) a workflow start?", s.listDecisions),
	}
}

// Run is a contact's passage through a workflow.
type Run struct {
	ID           int64         `json:"id"`
	WorkflowID   int64         `json:"workflowId"`
	WorkflowName string        `json:"workflowName"`
	Version      int64         `json:"version" doc:"0 = a test run's snapshot of the draft."`
	ContactID    int64         `json:"contactId"`
	State        flow.RunState `json:"state" enum:"running,waiting,completed,exited,failed"`
	ExitReason   *string       `json:"exitReason"`
	Test         bool          `json:"test"`
	ParentRunID  *int64        `json:"parentRunId"`
	Trigger      runTrigger    `json:"trigger"`
	CurrentStep  *currentStep  `json:"currentStep"`
	WaitingFor   *waitingFor   `json:"waitingFor"`
	DueAt        *int64        `json:"dueAt"`
	Stuck        bool          `json:"stuck"`
	StartedAt    int64         `json:"startedAt"`
	EndedAt      *int64        `json:"endedAt"`
	TemporalID   string        `json:"temporalId" doc:"Id of the execution in the Temporal UI."`
}

type runTrigger struct {
	Type    flow.TriggerType `json:"type"`
	Source  desk.Source      `json:"source"`
	EventID *string          `json:"eventId"`
	At      int64            `json:"at"`
	Actor   actor            `json:"actor"`
}

type currentStep struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`
	Type flow.StepType `json:"type"`
}

type waitingFor struct {
	Kind   flow.WaitKind `json:"kind" enum:"answer,timer,assignment,child,ai,retry"`
	Reason *string       `json:"reason"`
}

func runOf(v *desk.RunView) Run {
	out := Run{ID: v.ID, WorkflowID: v.WorkflowID, WorkflowName: v.Workflow, Version: v.Version, ContactID: v.ContactID, State: v.State,
		ExitReason: orNil(string(v.ExitReason)), Test: v.Test, ParentRunID: idOrNil(v.ParentRunID), Stuck: v.Stuck, StartedAt: v.StartedAt, EndedAt: millisOrNil(v.EndedAt), DueAt: millisOrNil(v.DueAt),
		Trigger:    runTrigger{v.TriggerType, v.TriggerSource, orNil(v.TriggerEvent), v.TriggerAt, actorOf(v.TriggerActor)},
		TemporalID: desk.TemporalID(v.Slug, v.ContactID, v.ID)}
	if v.Current != nil {
		out.CurrentStep = &currentStep{v.Current.StepID, v.Current.Name, v.Current.Type}
	}
	if v.State == flow.RunWaiting {
		out.WaitingFor = &waitingFor{v.WaitKind, orNil(v.WaitReason)}
	}
	if v.Retry != nil && v.State == flow.RunRunning {
		out.WaitingFor, out.DueAt = &waitingFor{flow.WaitRetry, orNil(v.Retry.Reason)}, millisOrNil(v.Retry.At)
	}
	return out
}

// runFull is a run with all it knows.
type runFull struct {
	Run
	Variables map[string]string `json:"variables"`
	Jumps     map[string]int    `json:"jumps"`
	Chain     []int64           `json:"chain" nullable:"false"`
	Steps     []stepEntry       `json:"steps" nullable:"false"`
}

type stepEntry struct {
	Seq       int            `json:"seq"`
	StepID    string         `json:"stepId"`
	Visit     int            `json:"visit"`
	Name      string         `json:"name"`
	Type      flow.StepType  `json:"type"`
	StartedAt int64          `json:"startedAt"`
	EndedAt   *int64         `json:"endedAt"`
	Outcome   *string        `json:"outcome"`
	Arm       *string        `json:"arm"`
	Code      *string        `json:"code"`
	Warnings  []string       `json:"warnings" nullable:"false"`
	Detail    map[string]any `json:"detail"`
}

func stepOf(s desk.RunStep) stepEntry {
	return stepEntry{Seq: s.Seq, StepID: s.StepID, Visit: s.Visit, Name: s.Name, Type: s.Type, StartedAt: s.StartedAt, EndedAt: millisOrNil(s.EndedAt),
		Outcome: orNil(s.Outcome), Arm: orNil(string(s.Arm)), Code: orNil(s.Code), Warnings: list(s.Warnings), Detail: s.Detail}
}

// Period is a stretch of time: seconds or milliseconds.
type Period struct {
	From int64 `query:"from" minimum:"0" doc:"Unix time, seconds or milliseconds."`
	To   int64 `query:"to" minimum:"0" doc:"Unix time, seconds or milliseconds."`
}

// smallestMillis is where a number is no longer read as seconds.
const smallestMillis = 100_000_000_000

func (s Period) millis() (from, to int64) { return millisOf(s.From), millisOf(s.To) }

func millisOf(at int64) int64 {
	if at < smallestMillis {
		return at * 1000
	}
	return at
}

type runListInput struct {
	PageQuery
	Period
	WorkflowID int64  `query:"workflowId"`
	Contact    string `query:"contact" doc:"id:1, email:… or phone:…"`
	State      string `query:"state" enum:"running,waiting,completed,exited,failed"`
	ExitReason string `query:"exitReason"`
	Stuck      string `query:"stuck" enum:"true,false"`
	Test       string `query:"test" enum:"true,false"`
}

func (s *Server) listRuns(ctx context.Context, p desk.Principal, in *runListInput) (*page[Run], error) {
	f := desk.RunFilter{WorkflowID: in.WorkflowID, State: flow.RunState(in.State), ExitReason: flow.EndReason(in.ExitReason), Stuck: choice(in.Stuck), Test: choice(in.Test)}
	f.From, f.To = in.millis()
	if in.Contact != "" {
		who, err := contactIn("contact", in.Contact)
		if err != nil {
			return nil, err
		}
		f.Contact = &who
	}
	l, err := s.desk.Runs(ctx, p, f, in.page())
	return toPage(ctx, l, runOf), err
}

// choice is true, false or nil for "both".
func choice(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

func (s *Server) getRun(ctx context.Context, p desk.Principal, in *ByID) (*runFull, error) {
	v, err := s.desk.RunOf(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	out := &runFull{Run: runOf(&v.RunView), Variables: v.Vars, Jumps: v.Jumps, Chain: list(v.Chain), Steps: make([]stepEntry, len(v.Steps))}
	for i, x := range v.Steps {
		out.Steps[i] = stepOf(x)
	}
	return out, nil
}

type startInput struct {
	ByWorkflow
	Body struct {
		Contact   string `json:"contact" doc:"id:1, email:… or phone:…"`
		StartFrom string `json:"startFrom,omitempty" doc:"Id of the step to begin with."`
		Form      form   `json:"form,omitempty" doc:"Answers to the form of a shortcut, by variable."`
	}
}

type startedRun struct {
	RunID      int64         `json:"runId"`
	WorkflowID int64         `json:"workflowId"`
	Version    int64         `json:"version"`
	ContactID  int64         `json:"contactId"`
	State      flow.RunState `json:"state"`
}

func (s *Server) startRun(ctx context.Context, p desk.Principal, in *startInput) (*startedRun, error) {
	who, err := contactIn("contact", in.Body.Contact)
	if err != nil {
		return nil, err
	}
	v, err := s.desk.StartRun(ctx, p, in.ID, desk.RunRequest{Contact: who, StartFrom: in.Body.StartFrom, Form: in.Body.Form.texts()})
	if err != nil {
		return nil, err
	}
	return &startedRun{v.ID, v.WorkflowID, v.Version, v.ContactID, v.State}, nil
}
