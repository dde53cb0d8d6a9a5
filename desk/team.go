package desk

import (
	"context"
	"fmt"
	"slices"

	"ucal/flow"
	"ucal/store"
)

// TeamInput is a new team.
type TeamInput struct {
	Name, Description string
	UserIDs           []int64
}

// TeamChange is what is to be changed of a team; nil leaves a field alone.
type TeamChange struct {
	Name, Description *string
}

// TeamView is a team with its members, in the order in which they joined.
type TeamView struct {
	Team
	Members []User
}

// Limits of a team.
const (
	MaxTeamName    = 50
	MaxDescription = 255
)

// Teams lists the teams.
func (d *Desk) Teams(ctx context.Context, p Principal, page Page) (List[TeamView], error) {
	var out List[TeamView]
	err := d.read(ctx, p, func(t *txn) error {
		l, err := list(t.db.Where("workspace_id = ?", t.wsID), page, oldestFirst(), func(x *Team) int64 { return x.ID })
		if err != nil {
			return err
		}
		views, err := t.teamViews(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

// Team returns one team.
func (d *Desk) Team(ctx context.Context, p Principal, id int64) (*TeamView, error) {
	var v *TeamView
	err := d.read(ctx, p, func(t *txn) error {
		team, err := take[Team](t, "team", id)
		if err != nil {
			return err
		}
		v, err = t.teamView(team)
		return err
	})
	return v, err
}

func (t *txn) teamView(team *Team) (*TeamView, error) {
	views, err := t.teamViews([]Team{*team})
	if err != nil {
		return nil, err
	}
	return &views[0], nil
}

func (t *txn) teamViews(teams []Team) ([]TeamView, error) {
	var users []User
	err := t.db.Where("workspace_id = ? AND team_id > 0 AND state <> ?", t.wsID, UserRemoved).Order("team_joined_at, id").Find(&users).Error
	if err != nil {
		return nil, err
	}
	out := make([]TeamView, len(teams))
	for i, team := range teams {
		out[i] = TeamView{Team: team}
		for _, u := range users {
			if u.TeamID == team.ID {
				out[i].Members = append(out[i].Members, u)
			}
		}
	}
	return out, nil
}

// CreateTeam adds a team; its users leave their former ones.
func (d *Desk) CreateTeam(ctx context.Context, p Principal, in TeamInput) (*TeamView, error) {
	var v *TeamView
	err := d.organise(ctx, p, func(t *txn) error {
		var f faults
		team := &Team{WorkspaceID: t.wsID, Name: f.text("name", in.Name, 1, MaxTeamName), Description: f.text("description", in.Description, 0, MaxDescription), CreatedAt: t.at}
		team.NameKey = fold(team.Name)
		members, err := t.usersFor(&f, in.UserIDs)
		if err != nil {
			return err
		}
		if err := f.err(); err != nil {
			return err
		}
		if err := room(t.db.Model(&Team{}).Where("workspace_id = ?", t.wsID), "teams", MaxTeams); err != nil {
			return err
		}
		if err := t.db.Create(team).Error; err != nil {
			return teamTaken(err, team.Name)
		}
		if err := t.setMembers(team, members); err != nil {
			return err
		}
		v, err = t.teamView(team)
		return err
	})
	return v, err
}

func teamTaken(err error, name string) error {
	if store.IsDuplicate(err) {
		return refuse(Conflict, "already_exists", "a team named %q exists already", name)
	}
	return err
}

// usersFor loads the users that a request names.
func (t *txn) usersFor(f *faults, ids []int64) ([]User, error) {
	if len(ids) > MaxUsers {
		f.bad("userIds", "has %d users, at most %d are allowed", len(ids), MaxUsers)
		return nil, nil
	}
	known, err := t.usersByID(ids)
	if err != nil {
		return nil, err
	}
	var users []User
	for i, id := range ids {
		u := known[id]
		switch {
		case u == nil || u.State == UserRemoved:
			f.bad(fmt.Sprintf("userIds[%d]", i), "user %d does not exist in this workspace", id)
		case slices.Index(ids, id) == i:
			users = append(users, *u)
		}
	}
	return users, nil
}

// setMembers makes the users the members of a team. Those who stay keep their
// place in the order; the team's queue may now be served by the new ones.
func (t *txn) setMembers(team *Team, users []User) error {
	keep := []int64{0}
	for i := range users {
		u := &users[i]
		keep = append(keep, u.ID)
		if u.TeamID == team.ID {
			continue
		}
		u.TeamID, u.TeamJoinedAt = team.ID, t.at
		if err := t.db.Model(u).Select("team_id", "team_joined_at").Updates(u).Error; err != nil {
			return err
		}
	}
	err := t.db.Model(&User{}).Where("workspace_id = ? AND team_id = ? AND id NOT IN ?", t.wsID, team.ID, keep).
		UpdateColumns(map[string]any{"team_id": 0, "team_joined_at": 0}).Error
	if err != nil {
		return err
	}
	t.drains[team.ID] = true
	return t.teamUpdated(team, "members")
}

func (t *txn) teamUpdated(team *Team, what string) error {
	return t.emit(nil, Event{Type: TeamUpdated, Data: map[string]any{"teamId": team.ID, "team": team.Name, "change": what}})
}

// UpdateTeam renames or describes a team.
func (d *Desk) UpdateTeam(ctx context.Context, p Principal, id int64, in TeamChange) (*TeamView, error) {
	return d.changeTeam(ctx, p, id, func(t *txn, team *Team) error {
		var f faults
		f.change("name", &team.Name, in.Name, 1, MaxTeamName)
		f.change("description", &team.Description, in.Description, 0, MaxDescription)
		if err := f.err(); err != nil {
			return err
		}
		team.NameKey = fold(team.Name)
		if err := t.db.Model(team).Select("name", "name_key", "description").Updates(team).Error; err != nil {
			return teamTaken(err, team.Name)
		}
		return t.teamUpdated(team, "name")
	})
}

// SetTeamMembers replaces the members of a team.
func (d *Desk) SetTeamMembers(ctx context.Context, p Principal, id int64, userIDs []int64) (*TeamView, error) {
	return d.changeTeam(ctx, p, id, func(t *txn, team *Team) error {
		var f faults
		users, err := t.usersFor(&f, userIDs)
		if err != nil {
			return err
		}
		if err := f.err(); err != nil {
			return err
		}
		return t.setMembers(team, users)
	})
}

func (d *Desk) changeTeam(ctx context.Context, p Principal, id int64, change func(t *txn, team *Team) error) (*TeamView, error) {
	var v *TeamView
	err := d.organise(ctx, p, func(t *txn) error {
		team, err := take[Team](t, "team", id)
		if err != nil {
			return err
		}
		if err := change(t, team); err != nil {
			return err
		}
		v, err = t.teamView(team)
		return err
	})
	return v, err
}

// DeleteTeam deletes a team: its members have none, and the runs that wait in
// its queue fail softly.
func (d *Desk) DeleteTeam(ctx context.Context, p Principal, id int64) error {
	return d.organise(ctx, p, func(t *txn) error {
		team, err := take[Team](t, "team", id)
		if err != nil {
			return err
		}
		if err := t.dissolveQueue(id); err != nil {
			return err
		}
		err = t.db.Model(&User{}).Where("workspace_id = ? AND team_id = ?", t.wsID, id).UpdateColumns(map[string]any{"team_id": 0, "team_joined_at": 0}).Error
		if err != nil {
			return err
		}
		if err := t.db.Delete(team).Error; err != nil {
			return err
		}
		return t.teamUpdated(team, "deleted")
	})
}

// dissolveQueue tells the runs that wait for a team that it is gone.
func (t *txn) dissolveQueue(teamID int64) error {
	var entries []QueueEntry
	if err := t.db.Where("workspace_id = ? AND team_id = ?", t.wsID, teamID).Order("contact_id, id").Find(&entries).Error; err != nil {
		return err
	}
	for _, q := range entries {
		c, err := t.contact(q.ContactID)
		if err != nil {
			return err
		}
		runs, err := t.queuedRuns(c)
		if err != nil {
			return err
		}
		for i := range runs {
			if runs[i].ID != q.RunID {
				continue
			}
			if err := t.claim(c, &runs[i], flow.Result{Outcome: flow.Failed, Code: "assign.team_gone"}, nil); err != nil {
				return err
			}
		}
		if err := t.db.Delete(&q).Error; err != nil {
			return err
		}
	}
	return nil
}
