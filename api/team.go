package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) teamOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/team", http.StatusOK, readSpace(), "Teams", s.listTeams),
		extension(http.MethodGet, "/space/team/{id}", http.StatusOK, readSpace(), "One team", s.getTeam),
		extension(http.MethodPost, "/space/team", http.StatusCreated, editTeams(), "Add a team; its users leave their former ones", s.createTeam),
		extension(http.MethodPut, "/space/team/{id}", http.StatusOK, editTeams(), "Rename or describe a team", s.updateTeam),
		extension(http.MethodPut, "/space/team/{id}/member", http.StatusOK, editTeams(), "Replace a team's members", s.setMembers),
		extension(http.MethodDelete, "/space/team/{id}", http.StatusOK, deleteTeams(), "Delete a team; its members have none", s.deleteTeam),
	}
}

// team is a group of users.
type team struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	Members     []userRef `json:"members" nullable:"false"`
	CreatedAt   int64     `json:"created_at"`
}

func teamOf(v *desk.TeamView) team {
	out := team{ID: v.ID, Name: v.Name, Description: orNil(v.Description), Members: make([]userRef, len(v.Members)), CreatedAt: seconds(v.CreatedAt)}
	for i := range v.Members {
		out.Members[i] = refOf(&v.Members[i])
	}
	return out
}

func oneTeam(v *desk.TeamView, err error) (*team, error) {
	if err != nil {
		return nil, err
	}
	out := teamOf(v)
	return &out, nil
}

func (s *Server) listTeams(ctx context.Context, p desk.Principal, in *PageQuery) (*page[team], error) {
	l, err := s.desk.Teams(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, teamOf), nil
}

func (s *Server) getTeam(ctx context.Context, p desk.Principal, in *ByID) (*team, error) {
	return oneTeam(s.desk.Team(ctx, p, in.ID))
}

type teamInput struct {
	Body struct {
		Name        string  `json:"name"`
		Description string  `json:"description,omitempty"`
		UserIDs     []int64 `json:"userIds,omitempty"`
	}
}

func (s *Server) createTeam(ctx context.Context, p desk.Principal, in *teamInput) (*team, error) {
	b := in.Body
	return oneTeam(s.desk.CreateTeam(ctx, p, desk.TeamInput{Name: b.Name, Description: b.Description, UserIDs: b.UserIDs}))
}

type teamChange struct {
	ByID
	Body struct {
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
	}
}

func (s *Server) updateTeam(ctx context.Context, p desk.Principal, in *teamChange) (*team, error) {
	return oneTeam(s.desk.UpdateTeam(ctx, p, in.ID, desk.TeamChange{Name: in.Body.Name, Description: in.Body.Description}))
}

type membersInput struct {
	ByID
	Body struct {
		UserIDs []int64 `json:"userIds" nullable:"false"`
	}
}

func (s *Server) setMembers(ctx context.Context, p desk.Principal, in *membersInput) (*team, error) {
	return oneTeam(s.desk.SetTeamMembers(ctx, p, in.ID, in.Body.UserIDs))
}

func (s *Server) deleteTeam(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteTeam(ctx, p, in.ID)
}
