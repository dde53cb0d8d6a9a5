package desk

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// closingNoteModes are the values of the setting.
func closingNoteModes() []string {
	return []string{"optional", "category_required", "all_required", "disabled"}
}

// SettingChange is what is to be changed of the settings; nil leaves one alone.
type SettingChange struct {
	Revision                         int64 // the one that the caller has read
	Name, Timezone, ClosingNoteMode  *string
	UserInactivityTimeout            *int64
	AllChannelEventsOpenConversation *bool
	UnassignOnClose                  *bool
	StrictEmptyVariables             *bool
	AutoClose                        *bool
	AutoCloseMinutes                 *int64 // 30 – 20,160
}

// CreateWorkspace makes a workspace with its first owner, and an owner token.
// The token's text is returned once.
func (d *Desk) CreateWorkspace(ctx context.Context, name, ownerEmail string) (*Workspace, string, error) {
	var ws *Workspace
	var token string
	var f faults
	name, ownerEmail = f.text("name", name, 1, 100), f.email("owner e-mail", ownerEmail)
	if err := f.err(); err != nil {
		return nil, "", err
	}
	err := d.write(ctx, 0, system(), func(t *txn) error {
		ws = &Workspace{Name: name, Timezone: "UTC", UserInactivityTimeout: 15, ClosingNoteMode: "optional", AutoCloseMinutes: defaultAutoClose,
			Revision: 1, CreatedAt: t.at}
		if err := t.db.Create(ws).Error; err != nil {
			return err
		}
		t.ws, t.wsID = ws, ws.ID
		first, _, _ := strings.Cut(ownerEmail, "@")
		if _, err := t.createUser(UserInput{Email: ownerEmail, FirstName: clip(first), Role: Owner}); err != nil {
			return err
		}
		var err error
		_, token, err = t.createToken(TokenInput{Name: "first token"})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("create workspace %q: %w", name, err)
	}
	return ws, token, nil
}

// Workspaces lists the workspaces of the deployment.
func (d *Desk) Workspaces(ctx context.Context) ([]Workspace, error) {
	var all []Workspace
	err := d.db.Read(ctx).Order("id").Find(&all).Error
	return all, err
}

// Settings returns the settings of the caller's workspace.
func (d *Desk) Settings(ctx context.Context, p Principal) (*Workspace, error) {
	var ws *Workspace
	err := d.read(ctx, p, func(t *txn) error {
		var err error
		ws, err = t.workspace()
		return err
	})
	return ws, err
}

// UpdateSettings changes settings. A new inactivity timeout takes effect at once.
func (d *Desk) UpdateSettings(ctx context.Context, p Principal, in SettingChange) (*Workspace, error) {
	var ws *Workspace
	err := d.organise(ctx, p, func(t *txn) error {
		var err error
		if ws, err = t.workspace(); err != nil {
			return err
		}
		if in.Revision != ws.Revision {
			return refuse(Conflict, "stale_revision", "the settings have revision %d, not %d: read them again and repeat the change", ws.Revision, in.Revision)
		}
		before := *ws
		if err := in.apply(ws); err != nil {
			return err
		}
		if err := t.switchAutoClose(ws, before.AutoClose); err != nil {
			return err
		}
		ws.Revision++
		err = t.db.Model(ws).Select("name", "timezone", "user_inactivity_timeout", "all_channel_events_open_conversation", "unassign_on_close",
			"closing_note_mode", "strict_empty_variables", "auto_close", "auto_close_minutes", "auto_close_since", "revision").Updates(ws).Error
		if err != nil || before.UserInactivityTimeout == ws.UserInactivityTimeout {
			return err
		}
		return t.announceAll(nil)
	})
	return ws, err
}

func (in SettingChange) apply(ws *Workspace) error {
	var f faults
	f.change("name", &ws.Name, in.Name, 1, 100)
	if in.Timezone != nil {
		ws.Timezone = strings.TrimSpace(*in.Timezone)
		if _, err := time.LoadLocation(ws.Timezone); err != nil || ws.Timezone == "" || ws.Timezone == "Local" {
			f.bad("timezone", "%q is no time zone; use an IANA name such as Europe/Berlin", clip(ws.Timezone))
		}
	}
	if in.UserInactivityTimeout != nil {
		ws.UserInactivityTimeout = *in.UserInactivityTimeout
		if n := ws.UserInactivityTimeout; n < 1 || n > 60 {
			f.bad("userInactivityTimeout", "%d is outside 1…60 minutes", n)
		}
	}
	if in.ClosingNoteMode != nil {
		ws.ClosingNoteMode = *in.ClosingNoteMode
		f.oneOf("closingNoteMode", ws.ClosingNoteMode, closingNoteModes())
	}
	if in.AutoCloseMinutes != nil {
		ws.AutoCloseMinutes = *in.AutoCloseMinutes
		if n := ws.AutoCloseMinutes; n < minAutoClose || n > maxAutoClose {
			f.bad("autoClose.afterMinutes", "%d is outside %d…%d minutes (14 days)", n, minAutoClose, maxAutoClose)
		}
	}
	for field, to := range map[*bool]*bool{
		&ws.AutoClose:                        in.AutoClose,
		&ws.AllChannelEventsOpenConversation: in.AllChannelEventsOpenConversation,
		&ws.UnassignOnClose:                  in.UnassignOnClose,
		&ws.StrictEmptyVariables:             in.StrictEmptyVariables,
	} {
		if to != nil {
			*field = *to
		}
	}
	return f.err()
}
