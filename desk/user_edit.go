package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ucal/store"
)

// Limits of a workspace's organisation.
const (
	MaxUsers = 1000
	MaxTeams = 100
)

// UserInput is a new user.
type UserInput struct {
	Email, FirstName, LastName string
	Role                       Role
	TeamID                     int64 // 0 = none
	Restrictions               []string
}

// UserChange is what is to be changed of a user; nil leaves a field alone.
type UserChange struct {
	FirstName, LastName *string
	Role                *Role
	TeamID              *int64 // 0 = no team
	Restrictions        *[]string
	Disabled            *bool
}

// UserView is a user with what the API shows of them.
type UserView struct {
	User
	Team   *Team
	Status Presence
}

// Users lists the users of the workspace, disabled ones included.
func (d *Desk) Users(ctx context.Context, p Principal, page Page) (List[UserView], error) {
	var out List[UserView]
	err := d.read(ctx, p, func(t *txn) error {
		l, err := list(t.db.Where("workspace_id = ? AND state <> ?", t.wsID, UserRemoved), page, oldestFirst(), func(u *User) int64 { return u.ID })
		if err != nil {
			return err
		}
		views, err := t.userViews(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

// User returns one user.
func (d *Desk) User(ctx context.Context, p Principal, id int64) (*UserView, error) {
	var v *UserView
	err := d.read(ctx, p, func(t *txn) error {
		u, err := t.user(id)
		if err != nil {
			return err
		}
		v, err = t.userView(u)
		return err
	})
	return v, err
}

// user loads a user who is not removed.
func (t *txn) user(id int64) (*User, error) {
	u, err := first[User](t.db.Where("workspace_id = ? AND id = ? AND state <> ?", t.wsID, id, UserRemoved))
	if err == nil && u == nil {
		return nil, notFound("user", id)
	}
	return u, err
}

func (t *txn) userView(u *User) (*UserView, error) {
	views, err := t.userViews([]User{*u})
	if err != nil {
		return nil, err
	}
	return &views[0], nil
}

func (t *txn) userViews(users []User) ([]UserView, error) {
	ws, err := t.workspace()
	if err != nil {
		return nil, err
	}
	var teams []Team
	if err := t.db.Where("workspace_id = ?", t.wsID).Find(&teams).Error; err != nil {
		return nil, err
	}
	out := make([]UserView, len(users))
	for i, u := range users {
		out[i] = UserView{User: u, Status: u.Effective(t.at, ws.UserInactivityTimeout)}
		for j := range teams {
			if teams[j].ID == u.TeamID {
				out[i].Team = &teams[j]
			}
		}
	}
	return out, nil
}

// organise runs a change of users, teams or presence: under the assignment lock,
// because it may free or take capacity, and followed by fresh principals.
func (d *Desk) organise(ctx context.Context, p Principal, fn func(t *txn) error) error {
	defer d.recent.principals.clear()
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		return fn(t)
	})
}

// CreateUser adds an active user, offline until the first activity.
func (d *Desk) CreateUser(ctx context.Context, p Principal, in UserInput) (*UserView, error) {
	if in.Role != Agent && p.Role == Manager {
		return nil, forbidden("manage users who are not agents")
	}
	var v *UserView
	err := d.organise(ctx, p, func(t *txn) error {
		u, err := t.createUser(in)
		if err != nil {
			return err
		}
		v, err = t.userView(u)
		return err
	})
	return v, err
}

func (t *txn) createUser(in UserInput) (*User, error) {
	var f faults
	u := &User{WorkspaceID: t.wsID, Email: f.email("email", in.Email), FirstName: f.text("firstName", in.FirstName, 1, MaxContactName),
		LastName: f.text("lastName", in.LastName, 0, MaxContactName), Role: in.Role, State: UserActive, Chosen: Online, Announced: Offline, CreatedAt: t.at}
	f.role("role", in.Role)
	u.Restrictions = f.restrictions(in.Restrictions, in.Role)
	if err := t.joinTeam(&f, u, in.TeamID); err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	users := t.db.Model(&User{}).Where("workspace_id = ? AND state <> ?", t.wsID, UserRemoved)
	if err := room(users, "users", MaxUsers); err != nil {
		return nil, err
	}
	if err := t.db.Create(u).Error; err != nil {
		if store.IsDuplicate(err) {
			return nil, refuse(Conflict, "already_exists", "a user with the e-mail address %q exists already", u.Email)
		}
		return nil, err
	}
	t.drains[0] = true // a step without "online only" may choose them
	return u, t.emit(nil, Event{Type: UserCreated, Data: map[string]any{"userId": u.ID, "email": u.Email, "role": u.Role}})
}

// joinTeam moves a user into a team (0 = none); the team's queue may now be served.
func (t *txn) joinTeam(f *faults, u *User, teamID int64) error {
	if teamID == u.TeamID {
		return nil
	}
	u.TeamID, u.TeamJoinedAt = teamID, 0
	if teamID == 0 {
		return nil
	}
	team, err := first[Team](t.db.Where("id = ? AND workspace_id = ?", teamID, t.wsID))
	if err != nil {
		return err
	}
	if team == nil {
		f.bad("teamId", "team %d does not exist in this workspace", teamID)
		return nil
	}
	u.TeamJoinedAt = t.at
	t.drains[teamID] = true
	return nil
}

func (f *faults) restrictions(in []string, role Role) []string {
	for i, r := range in {
		path := fmt.Sprintf("restrictions[%d]", i)
		switch {
		case !slices.Contains(restrictions(), r):
			f.bad(path, "%q is no restriction; use some of %s", clip(r), strings.Join(restrictions(), ", "))
		case role == Owner:
			f.bad(path, "owners have no restrictions")
		case role == Manager && (r == ShowOnlyMine || r == ShowTeamContacts):
			f.bad(path, "%q is for agents only", r)
		}
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return notNil(slices.Compact(out))
}
