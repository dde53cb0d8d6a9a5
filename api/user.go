package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) userOperations() []operation {
	return []operation{
		compatible(http.MethodGet, "/space/user", readSpace(), "Users of the workspace", s.listUsers),
		compatible(http.MethodGet, "/space/user/{id}", readSpace(), "One user", s.getUser),
		extension(http.MethodPost, "/space/user", http.StatusCreated, manageUsers(), "Add a user", s.createUser),
		extension(http.MethodPut, "/space/user/{id}", http.StatusOK, manageUsers(), "Change a user", s.updateUser),
		extension(http.MethodDelete, "/space/user/{id}", http.StatusOK, manageUsers(), "Remove a user; their contacts become unassigned", s.deleteUser),
	}
}

// user is a person who works in the workspace.
type user struct {
	ID           int64          `json:"id"`
	FirstName    string         `json:"firstName"`
	LastName     *string        `json:"lastName"`
	Email        string         `json:"email"`
	Role         desk.Role      `json:"role"`
	Team         orNull[ref]    `json:"team"`
	Restrictions []string       `json:"restrictions" nullable:"false"`
	Status       desk.Presence  `json:"status" doc:"online, busy or offline"`
	Avatar       *string        `json:"avatar"`
	State        desk.UserState `json:"state" doc:"active, pending or disabled"`
}

func userOf(u *desk.UserView) user {
	out := user{ID: u.ID, FirstName: u.FirstName, LastName: orNil(u.LastName), Email: u.Email, Role: u.Role, Restrictions: list(u.Restrictions),
		Status: u.Status, State: u.State}
	if u.Team != nil {
		out.Team.Value = &ref{u.Team.ID, u.Team.Name}
	}
	return out
}

func oneUser(u *desk.UserView, err error) (*user, error) {
	if err != nil {
		return nil, err
	}
	out := userOf(u)
	return &out, nil
}

func (s *Server) listUsers(ctx context.Context, p desk.Principal, in *PageQuery) (*page[user], error) {
	l, err := s.desk.Users(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, userOf), nil
}

func (s *Server) getUser(ctx context.Context, p desk.Principal, in *ByID) (*user, error) {
	return oneUser(s.desk.User(ctx, p, in.ID))
}

type userInput struct {
	Body struct {
		Email        string    `json:"email"`
		FirstName    string    `json:"firstName"`
		LastName     string    `json:"lastName,omitempty"`
		Role         desk.Role `json:"role" doc:"owner, manager or agent"`
		TeamID       int64     `json:"teamId,omitempty"`
		Restrictions []string  `json:"restrictions,omitempty"`
	}
}

func (s *Server) createUser(ctx context.Context, p desk.Principal, in *userInput) (*user, error) {
	b := in.Body
	return oneUser(s.desk.CreateUser(ctx, p, desk.UserInput{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, Role: b.Role,
		TeamID: b.TeamID, Restrictions: b.Restrictions}))
}

type userChange struct {
	ByID
	Body struct {
		FirstName    *string      `json:"firstName,omitempty"`
		LastName     *string      `json:"lastName,omitempty"`
		Role         *desk.Role   `json:"role,omitempty"`
		TeamID       maybe[int64] `json:"teamId,omitempty" doc:"null = no team"`
		Restrictions *[]string    `json:"restrictions,omitempty"`
		Disabled     *bool        `json:"disabled,omitempty"`
	}
}

func (s *Server) updateUser(ctx context.Context, p desk.Principal, in *userChange) (*user, error) {
	b := in.Body
	return oneUser(s.desk.UpdateUser(ctx, p, in.ID, desk.UserChange{FirstName: b.FirstName, LastName: b.LastName, Role: b.Role, TeamID: b.TeamID.pointer(),
		Restrictions: b.Restrictions, Disabled: b.Disabled}))
}

type removedUser struct {
	ID                 int64 `json:"id"`
	UnassignedContacts int   `json:"unassignedContacts"`
}

func (s *Server) deleteUser(ctx context.Context, p desk.Principal, in *ByID) (*removedUser, error) {
	n, err := s.desk.RemoveUser(ctx, p, in.ID)
	return &removedUser{in.ID, n}, err
}
