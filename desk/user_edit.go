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

// mayManage refuses managers who reach for someone who is no agent.
func (p Principal) mayManage(u *User) error {
	if p.Role == Manager && u.Role != Agent {
		return forbidden("manage users who are not agents")
	}
	return nil
}

// UpdateUser changes a user. The workspace keeps at least one active owner.
func (d *Desk) UpdateUser(ctx context.Context, p Principal, id int64, in UserChange) (*UserView, error) {
	var v *UserView
	err := d.organise(ctx, p, func(t *txn) error {
		u, err := t.user(id)
		if err != nil {
			return err
		}
		if err := p.mayManage(u); err != nil {
			return err
		}
		if in.Role != nil && *in.Role != Agent && p.Role == Manager {
			return forbidden("manage users who are not agents")
		}
		if err := t.updateUser(u, in); err != nil {
			return err
		}
		v, err = t.userView(u)
		return err
	})
	return v, err
}

func (t *txn) updateUser(u *User, in UserChange) error {
	var f faults
	before := *u
	f.change("firstName", &u.FirstName, in.FirstName, 1, MaxContactName)
	f.change("lastName", &u.LastName, in.LastName, 0, MaxContactName)
	if in.Role != nil {
		f.role("role", *in.Role)
		u.Role = *in.Role
		u.Restrictions = fitRestrictions(u.Restrictions, u.Role)
	}
	if in.Restrictions != nil {
		u.Restrictions = f.restrictions(*in.Restrictions, u.Role)
	}
	if in.TeamID != nil {
		if err := t.joinTeam(&f, u, *in.TeamID); err != nil {
			return err
		}
	}
	if in.Disabled != nil {
		u.State = UserActive
		if *in.Disabled {
			u.State = UserDisabled
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	if before.Role == Owner && before.State == UserActive && (u.Role != Owner || u.State != UserActive) {
		if err := t.otherOwner(u.ID); err != nil {
			return err
		}
	}
	err := t.db.Model(u).Select("first_name", "last_name", "role", "team_id", "team_joined_at", "restrictions", "state").Updates(u).Error
	if err != nil {
		return err
	}
	if err := t.announce(u); err != nil {
		return err
	}
	if before.State != u.State && u.State == UserActive {
		return t.markUser(u.ID)
	}
	return nil
}

// fitRestrictions drops what a role does not have.
func fitRestrictions(rs []string, role Role) []string {
	return slices.DeleteFunc(slices.Clone(rs), func(r string) bool {
		return role == Owner || role == Manager && (r == ShowOnlyMine || r == ShowTeamContacts)
	})
}

// otherOwner refuses when nobody but this user is an active owner.
func (t *txn) otherOwner(id int64) error {
	other, err := first[User](t.db.Where("workspace_id = ? AND role = ? AND state = ? AND id <> ?", t.wsID, Owner, UserActive, id))
	if err == nil && other == nil {
		return refuse(Conflict, "last_owner", "user %d is the last owner; make another user an owner first", id)
	}
	return err
}

// RemoveUser removes a user: their contacts become unassigned, their tokens are
// revoked. It returns how many contacts.
func (d *Desk) RemoveUser(ctx context.Context, p Principal, id int64) (int, error) {
	unassigned := 0
	err := d.organise(ctx, p, func(t *txn) error {
		u, err := t.user(id)
		if err != nil {
			return err
		}
		if err := p.mayManage(u); err != nil {
			return err
		}
		if u.Role == Owner && u.State == UserActive {
			if err := t.otherOwner(id); err != nil {
				return err
			}
		}
		unassigned, err = t.removeUser(u)
		return err
	})
	return unassigned, err
}

func (t *txn) removeUser(u *User) (int, error) {
	u.State, u.LoggedOut = UserRemoved, true
	if err := t.announce(u); err != nil {
		return 0, err
	}
	u.TeamID, u.TeamJoinedAt = 0, 0
	if err := t.db.Model(u).Select("state", "logged_out", "team_id", "team_joined_at").Updates(u).Error; err != nil {
		return 0, err
	}
	if err := t.db.Model(&Token{}).Where("workspace_id = ? AND user_id = ? AND revoked_at = 0", t.wsID, u.ID).UpdateColumn("revoked_at", t.at).Error; err != nil {
		return 0, err
	}
	var ids []int64
	if err := t.db.Model(&Contact{}).Where("workspace_id = ? AND assignee_id = ?", t.wsID, u.ID).Order("id").Pluck("id", &ids).Error; err != nil {
		return 0, err
	}
	for _, id := range ids {
		c, err := t.contact(id)
		if err != nil {
			return 0, err
		}
		if err := t.assign(c, nil, "unassigned: the user was removed", false); err != nil {
			return 0, err
		}
	}
	return len(ids), t.emit(nil, Event{Type: UserRemovedEvent, Data: map[string]any{"userId": u.ID}})
}
