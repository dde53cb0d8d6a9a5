package desk

import (
	"context"
	"slices"
)

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
