package desk

import (
	"context"
	"fmt"
)

// touchPause is how long an activity makes further ones superfluous.
const touchPause = 2000 // milliseconds

// PresenceView is what is known of a user's presence.
type PresenceView struct {
	UserID         int64
	Chosen         Presence
	Effective      Presence
	LastActivityAt int64 // 0 = never
	OfflineAt      int64 // when the user goes offline by idleness; 0 = is offline
	OpenContacts   int64
}

// Presence returns a user's presence.
func (d *Desk) Presence(ctx context.Context, p Principal, userID int64) (*PresenceView, error) {
	var v *PresenceView
	err := d.read(ctx, p, func(t *txn) error {
		u, err := t.user(userID)
		if err != nil {
			return err
		}
		v, err = t.presence(u)
		return err
	})
	return v, err
}

func (t *txn) presence(u *User) (*PresenceView, error) {
	ws, err := t.workspace()
	if err != nil {
		return nil, err
	}
	v := &PresenceView{UserID: u.ID, Chosen: u.Chosen, Effective: u.Effective(t.at, ws.UserInactivityTimeout), LastActivityAt: u.LastActivityAt}
	if v.Effective != Offline {
		v.OfflineAt = u.offlineAt(ws.UserInactivityTimeout)
	}
	err = t.db.Model(&Contact{}).Where("workspace_id = ? AND conversation_id > 0 AND NOT is_blocked AND assignee_id = ?", t.wsID, u.ID).Count(&v.OpenContacts).Error
	return v, err
}

// SetStatus chooses online or busy for a user; it counts as activity.
func (d *Desk) SetStatus(ctx context.Context, p Principal, userID int64, status Presence) (*PresenceView, error) {
	switch status {
	case Online, Busy:
	case Offline:
		return nil, invalid("status", "offline cannot be chosen; log out with DELETE /v2/space/user/%d/activity", userID)
	default:
		return nil, invalid("status", "%q is no status; choose online or busy", clip(string(status)))
	}
	return d.setPresence(ctx, p, userID, func(u *User, at int64) { u.Chosen, u.LastActivityAt, u.LoggedOut = status, at, false })
}

// Activity notes that a user is at work; the status chosen last is theirs again.
func (d *Desk) Activity(ctx context.Context, p Principal, userID int64) (*PresenceView, error) {
	return d.setPresence(ctx, p, userID, func(u *User, at int64) { u.LastActivityAt, u.LoggedOut = at, false })
}

// Logout makes a user offline at once.
func (d *Desk) Logout(ctx context.Context, p Principal, userID int64) (*PresenceView, error) {
	return d.setPresence(ctx, p, userID, func(u *User, _ int64) { u.LoggedOut = true })
}

func (d *Desk) setPresence(ctx context.Context, p Principal, userID int64, change func(u *User, at int64)) (*PresenceView, error) {
	if p.Role == Agent && p.UserID != userID {
		return nil, forbidden("set another user's presence")
	}
	var v *PresenceView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil {
			return err
		}
		u, err := t.user(userID)
		if err != nil {
			return err
		}
		if p.UserID != u.ID {
			if err := p.mayManage(u); err != nil {
				return err
			}
		}
		if u.State != UserActive {
			return refuse(Conflict, "invalid_state", "user %d is %s and has no presence; enable the user first", userID, u.State)
		}
		change(u, t.at)
		if err := t.savePresence(u); err != nil {
			return err
		}
		v, err = t.presence(u)
		return err
	})
	return v, err
}

func (t *txn) savePresence(u *User) error {
	if err := t.db.Model(u).Select("chosen", "last_activity_at", "logged_out").Updates(u).Error; err != nil {
		return err
	}
	return t.announce(u)
}

// announce tells when a user's effective status is not the one told last. The
// queues of their pools are drained before the transaction commits. The caller
// holds the assignment lock.
func (t *txn) announce(u *User) error {
	ws, err := t.workspace()
	if err != nil {
		return err
	}
	status := u.Effective(t.at, ws.UserInactivityTimeout)
	if status == u.Announced {
		return nil
	}
	old := u.Announced
	u.Announced = status
	if err := t.db.Model(u).UpdateColumn("announced", status).Error; err != nil {
		return err
	}
	t.drains[0] = true
	if u.TeamID != 0 {
		t.drains[u.TeamID] = true
	}
	return t.emit(nil, Event{Type: UserStatusChanged, Data: map[string]any{"userId": u.ID, "oldStatus": old, "status": status}})
}

// Touch notes the activity of the user for whom the caller acts; nothing for a
// plain token. Most calls only read.
func (d *Desk) Touch(ctx context.Context, p Principal) error {
	if p.UserID == 0 {
		return nil
	}
	u, err := first[User](d.db.Read(ctx).Where("id = ?", p.UserID))
	if err != nil {
		return fmt.Errorf("activity of user %d: %w", p.UserID, err)
	}
	if u == nil || u.State != UserActive || u.Announced == u.Chosen && !u.LoggedOut && d.millis()-u.LastActivityAt < touchPause {
		return nil
	}
	_, err = d.Activity(ctx, p, p.UserID)
	return err
}

// SweepPresence announces the users who fell offline by idleness, in every
// workspace, and returns how many. Called every few seconds by the worker.
func (d *Desk) SweepPresence(ctx context.Context) (int, error) {
	var late []struct{ ID, WorkspaceID int64 }
	err := d.db.Read(ctx).Table("users").Select("users.id", "users.workspace_id").Joins("JOIN workspaces w ON w.id = users.workspace_id").
		Where("announced <> 'offline' AND last_activity_at <= ? - w.user_inactivity_timeout * 60000", d.millis()).Order("users.id").Scan(&late).Error
	if err != nil {
		return 0, fmt.Errorf("look for idle users: %w", err)
	}
	ids := map[int64][]int64{}
	for _, u := range late {
		ids[u.WorkspaceID] = append(ids[u.WorkspaceID], u.ID)
	}
	told := 0
	for wsID, users := range ids {
		err := d.write(ctx, wsID, system(), func(t *txn) error {
			if err := t.lockAssignments(); err != nil {
				return err
			}
			return t.announceAll(users)
		})
		if err != nil {
			return told, fmt.Errorf("announce idle users of workspace %d: %w", wsID, err)
		}
		told += len(users)
	}
	return told, nil
}

// announceAll announces those of the users whose status has changed; nil means
// all users of the workspace.
func (t *txn) announceAll(ids []int64) error {
	q := t.db.Where("workspace_id = ? AND state <> ?", t.wsID, UserRemoved)
	if ids != nil {
		q = q.Where("id IN ?", ids)
	}
	var users []User
	if err := q.Order("id").Find(&users).Error; err != nil {
		return err
	}
	for i := range users {
		if err := t.announce(&users[i]); err != nil {
			return err
		}
	}
	return nil
}
