package desk

import "time"

// Workspace is the tenant and its settings.
type Workspace struct {
	ID                               int64
	Name                             string
	Timezone                         string // IANA name
	UserInactivityTimeout            int64  // minutes, 1–60
	AllChannelEventsOpenConversation bool
	UnassignOnClose                  bool
	ClosingNoteMode                  string
	StrictEmptyVariables             bool
	AutoClose                        bool
	AutoCloseMinutes                 int64 // 30 – 20,160
	AutoCloseSince                   int64 // when it was switched on: conversations opened before are left alone
	Revision                         int64
	CreatedAt                        int64 `gorm:"autoCreateTime:false"`
}

// Zone is the workspace's time zone, UTC when its name is no longer known.
func (w *Workspace) Zone() *time.Location {
	loc, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Token is a workspace API token; only its hash is stored.
type Token struct {
	ID          int64
	WorkspaceID int64
	Name        string
	Hash        string
	Role        Role
	Source      Source
	UserID      int64
	RateLimit   int
	ExpiresAt   int64
	RevokedAt   int64
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}
