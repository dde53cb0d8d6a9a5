package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) queueOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/queue", http.StatusOK, useWorkflows(), "List the contacts that wait for a user", s.listQueue),
	}
}

// queuePlace is a contact's place in an assignment queue.
type queuePlace struct {
	Position   int64  `json:"position"`
	ContactID  int64  `json:"contactId"`
	RunID      int64  `json:"runId"`
	WorkflowID int64  `json:"workflowId"`
	StepID     string `json:"stepId"`
	EnteredAt  int64  `json:"enteredAt"`
	TimeoutAt  int64  `json:"timeoutAt"`
	Reason     string `json:"reason"`
}

type queueInput struct {
	PageQuery
	TeamID int64 `query:"teamId" doc:"None: the pool of the whole workspace."`
}

func (s *Server) listQueue(ctx context.Context, p desk.Principal, in *queueInput) (*page[queuePlace], error) {
	l, err := s.desk.Queue(ctx, p, in.TeamID, in.page())
	return toPage(ctx, l, func(q *desk.QueuePlace) queuePlace {
		return queuePlace{q.Position, q.ContactID, q.RunID, q.WorkflowID, q.StepID, q.EnteredAt, q.TimeoutAt, q.Reason}
	}), err
}
