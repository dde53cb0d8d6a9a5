package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Platform specification, section 20: checks 12 to 15, and what they rest on.

const assignToSupport = `
format: 1
id: assign
name: Assign
trigger: {type: conversation_opened}
steps:
  - id: give
    type: assign_to
    config: {action: user_in_team, team: Support, logic: round_robin, only_online: true}
`

func (w *world) newUser(name string, role Role) *UserView {
	w.Helper()
	u, err := w.d.CreateUser(w.Context(), w.p, UserInput{Email: name + "@example.com", FirstName: name, Role: role})
	require.NoError(w, err)
	return u
}

// requireCode checks the class and word of a refusal.
func (w *world) requireCode(err error, code Code, word string) *Error {
	w.Helper()
	e := AsError(err)
	require.NotNil(w, e, "%v", err)
	require.Equal(w, code, e.Code, e.Message)
	require.Equal(w, word, e.Word, e.Message)
	return e
}

func (w *world) effective(id int64) Presence {
	w.Helper()
	v, err := w.d.Presence(w.Context(), w.p, id)
	require.NoError(w, err)
	return v.Effective
}

func (w *world) statusEvents() int64 { return w.count(&Event{}, "type = ?", UserStatusChanged) }

func TestPresenceLife(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		require.Equal(w, Offline, ann.Status, "a new user is offline until the first activity")
		_, err := w.d.SetStatus(w.Context(), w.p, ann.ID, Offline)
		w.requireCode(err, Invalid, "invalid_argument")
		_, err = w.d.SetStatus(w.Context(), w.p, ann.ID, "away")
		w.requireCode(err, Invalid, "invalid_argument")

		v, err := w.d.SetStatus(w.Context(), w.p, ann.ID, Busy)
		require.NoError(w, err)
		require.Equal(w, Busy, v.Effective)
		require.Equal(w, w.clock.Load()+time.Hour.Milliseconds(), v.OfflineAt)
		require.EqualValues(w, 1, w.statusEvents())

		w.advance(time.Hour - time.Millisecond)
		n, err := w.d.SweepPresence(w.Context())
		require.NoError(w, err)
		require.Zero(w, n, "one millisecond is left")
		w.advance(time.Millisecond)
		require.Equal(w, Offline, w.effective(ann.ID))
		n, err = w.d.SweepPresence(w.Context())
		require.NoError(w, err)
		require.Equal(w, 1, n)
		n, err = w.d.SweepPresence(w.Context())
		require.NoError(w, err)
		require.Zero(w, n, "told once")
		require.EqualValues(w, 2, w.statusEvents())

		v, err = w.d.Activity(w.Context(), w.p, ann.ID)
		require.NoError(w, err)
		require.Equal(w, Busy, v.Effective, "the chosen status is back")
		v, err = w.d.Logout(w.Context(), w.p, ann.ID)
		require.NoError(w, err)
		require.Equal(w, Offline, v.Effective)
		require.Zero(w, v.OfflineAt)
		require.EqualValues(w, 4, w.statusEvents())
	})
}

func TestTouchIsActivity(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		p := w.as(&ann.User)
		require.NoError(w, w.d.Touch(w.Context(), p))
		require.Equal(w, Online, w.effective(ann.ID))
		w.advance(59 * time.Minute)
		require.NoError(w, w.d.Touch(w.Context(), p))
		w.advance(59 * time.Minute)
		require.Equal(w, Online, w.effective(ann.ID), "armed again")
		require.NoError(w, w.d.Touch(w.Context(), w.p), "a plain token is nobody's activity")
		w.advance(time.Minute)
		require.Equal(w, Offline, w.effective(ann.ID))
		require.EqualValues(w, 1, w.statusEvents())
	})
}

func TestLoweredTimeoutTakesEffectAtOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		_, err := w.d.SetStatus(w.Context(), w.p, ann.ID, Online)
		require.NoError(w, err)
		w.advance(2 * time.Minute)
		for _, bad := range []int64{0, 61, -1} {
			_, err = w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: 1, UserInactivityTimeout: &bad})
			w.requireCode(err, Invalid, "invalid_argument")
		}
		one, sixty := int64(1), int64(60)
		ws, err := w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: 1, UserInactivityTimeout: &one})
		require.NoError(w, err)
		require.EqualValues(w, 2, ws.Revision)
		require.EqualValues(w, 2, w.statusEvents(), "told in the same transaction")
		require.Equal(w, Offline, w.effective(ann.ID))
		_, err = w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: 1, UserInactivityTimeout: &sixty})
		w.requireCode(err, Conflict, "stale_revision")
		_, err = w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: 2, UserInactivityTimeout: &sixty})
		require.NoError(w, err)
		require.Equal(w, Online, w.effective(ann.ID))
	})
}

func TestComingOnlineDrainsTheQueue(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		_, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "Support", UserIDs: []int64{ann.ID}})
		require.NoError(w, err)
		w.publish(assignToSupport)
		c := w.writes("ida", "m-1", "hello")
		require.Zero(w, c.AssigneeID)
		require.EqualValues(w, 1, w.count(&QueueEntry{}, "1 = 1"))

		_, err = w.d.SetStatus(w.Context(), w.p, ann.ID, Busy)
		require.NoError(w, err)
		require.Zero(w, w.contact("ida").AssigneeID, "busy is not online")
		_, err = w.d.SetStatus(w.Context(), w.p, ann.ID, Online)
		require.NoError(w, err)
		require.Equal(w, ann.ID, w.contact("ida").AssigneeID, "in the same transaction")
		w.pump()
		require.False(w, func() bool { r := w.run(c); return r.Live() }())
	})
}

func TestJoiningTheTeamDrainsItsQueue(t *testing.T) {
	ways := map[string]func(w *world, team, user int64) error{
		"members": func(w *world, team, user int64) error {
			_, err := w.d.SetTeamMembers(w.Context(), w.p, team, []int64{user})
			return err
		},
		"user": func(w *world, team, user int64) error {
			_, err := w.d.UpdateUser(w.Context(), w.p, user, UserChange{TeamID: &team})
			return err
		},
	}
	for name, join := range ways {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				ann := w.newUser("ann", Agent)
				_, err := w.d.SetStatus(w.Context(), w.p, ann.ID, Online)
				require.NoError(w, err)
				team, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "Support"})
				require.NoError(w, err)
				w.publish(assignToSupport)
				require.Zero(w, w.writes("ida", "m-1", "hello").AssigneeID)
				require.NoError(w, join(w, team.ID, ann.ID))
				require.Equal(w, ann.ID, w.contact("ida").AssigneeID)
			})
		})
	}
}

func TestDeletedTeamFailsThoseWhoWaitForIt(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		team, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "Support", UserIDs: []int64{ann.ID}})
		require.NoError(w, err)
		w.publish(assignToSupport)
		c := w.writes("ida", "m-1", "hello")
		require.NoError(w, w.d.DeleteTeam(w.Context(), w.p, team.ID))
		w.pump()
		require.Zero(w, w.count(&QueueEntry{}, "1 = 1"))
		var step RunStep
		require.NoError(w, w.db.Read(w.Context()).Where("run_id = ?", w.run(c).ID).Take(&step).Error)
		require.Equal(w, "assign.team_gone", step.Code)
		u, err := w.d.User(w.Context(), w.p, ann.ID)
		require.NoError(w, err)
		require.Nil(w, u.Team)
	})
}

func TestLastOwnerStays(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann, ben := w.newUser("ann", Owner), w.newUser("ben", Agent)
		agent, yes := Agent, true
		_, err := w.d.RemoveUser(w.Context(), w.p, ann.ID)
		w.requireCode(err, Conflict, "last_owner")
		_, err = w.d.UpdateUser(w.Context(), w.p, ann.ID, UserChange{Role: &agent})
		w.requireCode(err, Conflict, "last_owner")
		_, err = w.d.UpdateUser(w.Context(), w.p, ann.ID, UserChange{Disabled: &yes})
		w.requireCode(err, Conflict, "last_owner")
		owner := Owner
		_, err = w.d.UpdateUser(w.Context(), w.p, ben.ID, UserChange{Role: &owner})
		require.NoError(w, err)
		_, err = w.d.RemoveUser(w.Context(), w.p, ann.ID)
		require.NoError(w, err)
		again := w.newUser("ann", Agent)
		require.NotEqual(w, ann.ID, again.ID, "the e-mail address is free again")
	})
}

func TestRemovedUserLeavesContactsAndTokens(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann, ben := w.newUser("ann", Agent), w.newUser("ben", Agent)
		_, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "Support", UserIDs: []int64{ann.ID}})
		require.NoError(w, err)
		_, err = w.d.SetStatus(w.Context(), w.p, ann.ID, Online)
		require.NoError(w, err)
		w.publish(assignToSupport)
		for _, who := range []string{"ida", "kim"} {
			require.Equal(w, ann.ID, w.writes(who, "m-"+who, "hello").AssigneeID)
		}
		_, token, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "ann's", UserID: ann.ID})
		require.NoError(w, err)
		_, err = w.d.Authenticate(w.Context(), token, "")
		require.NoError(w, err)

		n, err := w.d.RemoveUser(w.Context(), w.p, ann.ID)
		require.NoError(w, err)
		require.Equal(w, 2, n)
		for _, who := range []string{"ida", "kim"} {
			c := w.contact(who)
			require.Zero(w, c.AssigneeID)
			types := w.events(c)
			require.Equal(w, AssigneeUpdated, types[len(types)-1])
		}
		_, err = w.d.Authenticate(w.Context(), token, "")
		w.requireCode(err, Unauthorized, "unauthorized")
		_, err = w.d.User(w.Context(), w.p, ann.ID)
		w.requireCode(err, NotFound, "not_found")
		require.EqualValues(w, 1, w.count(&Event{}, "type = ?", UserRemovedEvent))
		_, err = w.d.SetTeamMembers(w.Context(), w.p, 1, []int64{ann.ID, ben.ID, 999})
		require.Len(w, w.requireCode(err, Invalid, "invalid_argument").Details, 2)
	})
}

func TestOneTeamAUser(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann, ben := w.newUser("ann", Agent), w.newUser("ben", Agent)
		a, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "A", UserIDs: []int64{ann.ID, ben.ID}})
		require.NoError(w, err)
		require.Len(w, a.Members, 2)
		w.advance(time.Minute)
		b, err := w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: "B", UserIDs: []int64{ann.ID}})
		require.NoError(w, err)
		require.Len(w, b.Members, 1)
		a, err = w.d.Team(w.Context(), w.p, a.ID)
		require.NoError(w, err)
		require.Len(w, a.Members, 1, "Ann has left A")
		joined := a.Members[0].TeamJoinedAt

		w.advance(time.Minute)
		a, err = w.d.SetTeamMembers(w.Context(), w.p, a.ID, []int64{ann.ID, ben.ID})
		require.NoError(w, err)
		require.Equal(w, []string{"ben", "ann"}, []string{a.Members[0].FirstName, a.Members[1].FirstName}, "in the order of joining")
		require.Equal(w, joined, a.Members[0].TeamJoinedAt, "who stays keeps the place")
		_, err = w.d.CreateTeam(w.Context(), w.p, TeamInput{Name: " a "})
		w.requireCode(err, Conflict, "already_exists")
	})
}

func TestManagersManageAgentsOnly(t *testing.T) {
	eachWorld(t, func(w *world) {
		boss, ann, mia := w.newUser("boss", Owner), w.newUser("ann", Agent), w.newUser("mia", Manager)
		p := w.as(&mia.User)
		manager, name := Manager, "X"
		_, err := w.d.CreateUser(w.Context(), p, UserInput{Email: "o@example.com", FirstName: "O", Role: Owner})
		w.requireCode(err, Forbidden, "forbidden")
		_, err = w.d.UpdateUser(w.Context(), p, boss.ID, UserChange{FirstName: &name})
		w.requireCode(err, Forbidden, "forbidden")
		_, err = w.d.UpdateUser(w.Context(), p, ann.ID, UserChange{Role: &manager})
		w.requireCode(err, Forbidden, "forbidden")
		_, err = w.d.RemoveUser(w.Context(), p, mia.ID)
		w.requireCode(err, Forbidden, "forbidden")
		_, err = w.d.UpdateUser(w.Context(), p, ann.ID, UserChange{FirstName: &name, Restrictions: &[]string{ShowOnlyMine}})
		require.NoError(w, err)
		_, err = w.d.SetStatus(w.Context(), p, mia.ID, Online)
		require.NoError(w, err, "her own")
		_, err = w.d.SetStatus(w.Context(), w.as(&ann.User), mia.ID, Online)
		w.requireCode(err, Forbidden, "forbidden")

		u, err := w.d.UpdateUser(w.Context(), w.p, ann.ID, UserChange{Role: &manager})
		require.NoError(w, err)
		require.Empty(w, u.Restrictions, "what is for agents only goes with the role")
	})
}

func TestDisabledUser(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.newUser("boss", Owner)
		ann := w.newUser("ann", Agent)
		_, err := w.d.SetStatus(w.Context(), w.p, ann.ID, Online)
		require.NoError(w, err)
		_, token, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "ann's", UserID: ann.ID})
		require.NoError(w, err)
		yes, no := true, false
		u, err := w.d.UpdateUser(w.Context(), w.p, ann.ID, UserChange{Disabled: &yes})
		require.NoError(w, err)
		require.Equal(w, Offline, u.Status)
		_, err = w.d.Authenticate(w.Context(), token, "")
		w.requireCode(err, Unauthorized, "unauthorized")
		_, err = w.d.Activity(w.Context(), w.p, ann.ID)
		w.requireCode(err, Conflict, "invalid_state")
		u, err = w.d.UpdateUser(w.Context(), w.p, ann.ID, UserChange{Disabled: &no})
		require.NoError(w, err)
		require.Equal(w, Online, u.Status)
		require.EqualValues(w, 3, w.statusEvents())
	})
}
