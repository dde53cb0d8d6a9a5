package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
)

// autoCloses switches auto-close on.
func (w *world) autoCloses(on bool, minutes int64) {
	w.Helper()
	ws, err := w.d.Settings(w.Context(), w.p)
	require.NoError(w, err)
	_, err = w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: ws.Revision, AutoClose: &on, AutoCloseMinutes: &minutes})
	require.NoError(w, err)
}

// reply lets a user, or with nil the API, write to a contact.
func (w *world) reply(u *User, c *Contact) {
	w.Helper()
	p := w.p
	if u != nil {
		p = w.as(u)
		p.Role = Owner
	}
	_, err := w.d.SendMessage(w.Context(), p, Identifier{ID: c.ID}, DraftMessage{Message: channel.Text("hello")})
	require.NoError(w, err)
	w.pump()
}

func (w *world) gives(c *Contact, to *User) {
	w.Helper()
	choice := AssigneeChoice{}
	if to != nil {
		choice.ID = to.ID
	}
	_, err := w.d.SetAssignee(w.Context(), w.p, Identifier{ID: c.ID}, choice)
	require.NoError(w, err)
}

// Platform specification 12.4: which events start, restart and cancel the timer.
func TestAutoClose(t *testing.T) {
	const hour = time.Hour
	type step struct {
		do   string        // user, other, api, contact, give, give other, unassign, workflow
		then time.Duration // time that passes after it
	}
	cases := []struct {
		name  string
		steps []step
		open  bool
	}{
		{"a user's message starts it", []step{{"user", hour}}, false},
		{"one second early", []step{{"user", hour - time.Second}}, true},
		{"another message of a user restarts it", []step{{"user", hour / 2}, {"user", hour / 2}}, true},
		{"the contact cancels it", []step{{"user", hour / 2}, {"contact", 24 * hour}}, true},
		{"messages of the API do nothing", []step{{"api", 24 * hour}}, true},
		{"nor do they restart it", []step{{"user", hour / 2}, {"api", hour / 2}}, false},
		{"reassigned to who has not written: cancelled", []step{{"user", hour / 2}, {"give other", 24 * hour}}, true},
		{"reassigned to who wrote before: from their message", []step{{"other", hour / 4}, {"user", hour / 4}, {"give other", hour / 2}}, false},
		{"unassigned: no effect", []step{{"give", 0}, {"user", hour / 2}, {"unassign", hour / 2}}, false},
		{"nobody wrote", nil, true},
	}
	eachWorld(t, func(w *world) {
		_, users := w.team("Sales", "Ann", "Ben")
		w.autoCloses(true, 60)
		for _, tc := range cases {
			w.Run(tc.name, func(t *testing.T) {
				c := w.writes(tc.name, "hi "+tc.name, "hi")
				for _, s := range tc.steps {
					switch s.do {
					case "user":
						w.reply(users[0], c)
					case "other":
						w.reply(users[1], c)
					case "api":
						w.reply(nil, c)
					case "contact":
						w.writes(tc.name, "more "+tc.name, "more")
					case "give":
						w.gives(c, users[0])
					case "give other":
						w.gives(c, users[1])
					case "unassign":
						w.gives(c, nil)
					}
					w.advance(s.then)
				}
				_, err := w.d.SweepAutoClose(t.Context())
				require.NoError(t, err)
				now := w.contact(tc.name)
				require.Equal(t, tc.open, now.Open())
				if !tc.open {
					conv, err := first[Conversation](w.db.Read(t.Context()).Where("contact_id = ?", now.ID).Order("id DESC"))
					require.NoError(t, err)
					require.Equal(t, SourceAutoClose, conv.ClosedSource)
					require.Empty(t, conv.Category)
				}
			})
		}
	})
}

// Switching off cancels every timer; conversations opened before it was switched
// on are left alone; a longer time counts for timers that start later.
func TestAutoCloseSwitch(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Sales", "Ann")
		old := w.writes("old", "m1", "hi")
		w.advance(time.Minute)
		w.autoCloses(true, 60)
		running, later := w.writes("running", "m2", "hi"), w.writes("later", "m3", "hi")
		w.reply(users[0], old)
		w.reply(users[0], running)
		w.autoCloses(true, 120)
		w.reply(users[0], later)
		w.advance(time.Hour)
		n, err := w.d.SweepAutoClose(w.Context())
		require.NoError(w, err)
		require.Equal(w, 1, n)
		require.Equal(w, []bool{true, false, true}, []bool{w.contact("old").Open(), w.contact("running").Open(), w.contact("later").Open()})
		w.autoCloses(false, 120)
		w.advance(24 * time.Hour)
		n, err = w.d.SweepAutoClose(w.Context())
		require.NoError(w, err)
		require.Zero(w, n)
		require.True(w, w.contact("later").Open())
	})
}
