package desk

import "strings"

// User is a person who works in the workspace.
type User struct {
	ID             int64
	WorkspaceID    int64
	Email          string
	FirstName      string
	LastName       string
	Role           Role
	TeamID         int64 // 0 = none
	TeamJoinedAt   int64
	Restrictions   []string `gorm:"serializer:json"`
	State          UserState
	Chosen         Presence // online or busy
	LastActivityAt int64
	LoggedOut      bool
	Announced      Presence // the effective status that the last user.status.changed told
	CreatedAt      int64    `gorm:"autoCreateTime:false"`
}

// Restrictions of managers and agents. Two more, on what an agent sees, are in
// identifier.go.
const (
	RestrictSpaceSetting     = "restrict_space_setting"
	RestrictContactDeletion  = "restrict_contact_deletion"
	RestrictDataExport       = "restrict_data_export"
	RestrictSpaceIntegration = "restrict_space_integration"
	RestrictShortcuts        = "restrict_shortcuts"
)

func restrictions() []string {
	return []string{RestrictSpaceSetting, RestrictContactDeletion, RestrictDataExport, RestrictSpaceIntegration, RestrictShortcuts,
		ShowTeamContacts, ShowOnlyMine}
}

// UserState is the life of a user.
type UserState string

// The states of a user. Only active ones are assigned.
const (
	UserActive   UserState = "active"
	UserPending  UserState = "pending"
	UserDisabled UserState = "disabled"
	UserRemoved  UserState = "removed"
)

// Presence is a status of a user.
type Presence string

// The statuses; offline cannot be chosen.
const (
	Online  Presence = "online"
	Busy    Presence = "busy"
	Offline Presence = "offline"
)

// Name is the user's full name.
func (u *User) Name() string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

// Effective is the user's status at a moment (Unix milliseconds), given the
// workspace's inactivity timeout in minutes: offline without activity, else as chosen.
func (u *User) Effective(at, timeoutMinutes int64) Presence {
	if u.State != UserActive || u.LoggedOut || u.LastActivityAt == 0 || at >= u.offlineAt(timeoutMinutes) {
		return Offline
	}
	return u.Chosen
}

// offlineAt is when the user goes offline by idleness.
func (u *User) offlineAt(timeoutMinutes int64) int64 {
	return u.LastActivityAt + timeoutMinutes*60_000
}

// Team groups users; a user belongs to at most one.
type Team struct {
	ID          int64
	WorkspaceID int64
	Name        string
	NameKey     string
	Description string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}
