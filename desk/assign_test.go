package desk

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// assigning is a workflow that assigns; rule is the rest of the step's settings.
func assigning(id, rule, arms string) string {
	return fmt.Sprintf(`
format: 1
id: %[1]s
name: Assign %[1]s
trigger:
  type: conversation_opened
steps:
  - id: assign
    type: assign_to
    config: {%[2]s}
%[3]s
`, id, rule, arms)
}

func roundRobin(more string) string {
	return "action: user_in_team, team: Support, logic: round_robin" + more
}

// arrive lets new contacts write one after the other and names their assignees.
func (w *world) arrive(users []*User, names ...string) []string {
	w.Helper()
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = w.name(users, w.writes(n, "m-"+n, "hello").AssigneeID)
	}
	return out
}

func (w *world) name(users []*User, id int64) string {
	for _, u := range users {
		if u.ID == id {
			return u.FirstName
		}
	}
	return ""
}

// busyWith gives a user open contacts that no workflow has assigned.
func (w *world) busyWith(u *User, n int) {
	w.Helper()
	for i := range n {
		c := &Contact{WorkspaceID: w.p.WorkspaceID, FirstName: fmt.Sprintf("%s's %d", u.FirstName, i), AssigneeID: u.ID, AddedBy: SourceAPI}
		w.insert(c)
		conv := &Conversation{WorkspaceID: w.p.WorkspaceID, ContactID: c.ID, OpenedSource: SourceContact}
		w.insert(conv)
		w.exec("UPDATE contacts SET conversation_id = ? WHERE id = ?", conv.ID, c.ID)
	}
}

func (w *world) queue(team *Team) []QueuePlace {
	w.Helper()
	l, err := w.d.Queue(w.Context(), w.p, team.ID, Page{})
	require.NoError(w, err)
	return l.Items
}

func TestRoundRobinTakesTurns(t *testing.T) { // 53
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben", "Cem")
		w.publish(assigning("rr", roundRobin(""), ""))
		require.Equal(w, []string{"Ann", "Ben", "Cem", "Ann", "Ben", "Cem"}, w.arrive(users, "a", "b", "c", "d", "e", "f"))
	})
}

func TestRoundRobinSkipsTheBusyWithoutCatchUp(t *testing.T) { // 54, 55, 134
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben", "Cem")
		w.status(users[1], Busy)
		w.publish(assigning("rr", roundRobin(", only_online: true"), ""))
		require.Equal(w, []string{"Ann", "Cem", "Ann", "Cem"}, w.arrive(users, "a", "b", "c", "d"))
		run, err := w.d.RunOf(w.Context(), w.p, w.run(w.contact("b")).ID)
		require.NoError(w, err)
		require.Equal(w, "round robin: next after Ann; Ben skipped: busy", run.Steps[0].Detail["reason"])
		w.status(users[1], Online)
		require.Equal(w, []string{"Ann", "Ben", "Cem", "Ann"}, w.arrive(users, "e", "f", "g", "h"))
	})
}

func TestLeastOpenContacts(t *testing.T) { // 56, 57
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben", "Cem")
		w.publish(assigning("least", "action: user_in_team, team: Support, logic: least_open_contacts", ""))
		require.Equal(w, []string{"Ann", "Ben", "Cem"}, w.arrive(users, "a", "b", "c"))
		w.exec("UPDATE assignment_turns SET turn = 10 WHERE user_id = ?", users[1].ID) // Cem was served earlier than Ben
		w.busyWith(users[0], 2)
		require.Equal(w, []string{"Cem"}, w.arrive(users, "d"))
	})
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben")
		w.busyWith(users[0], 5)
		w.busyWith(users[1], 6)
		w.publish(assigning("limit", roundRobin(", open_contacts_below: 5"), ""))
		require.Equal(w, []string{""}, w.arrive(users, "a"))
		w.exec("UPDATE contacts SET is_blocked = ? WHERE first_name = ?", true, "Ann's 0")
		require.Equal(w, []string{""}, w.arrive(users, "b"), "the older entry took the place")
		require.Equal(w, "Ann", w.name(users, w.contact("a").AssigneeID))
	})
}

func TestNobodyEligibleWaitsThenTimesOut(t *testing.T) { // 58, 59
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.publish(assigning("week", roundRobin(", only_online: true"), ""))
		c := w.writes("a", "m1", "hello")
		require.Equal(w, "waiting: Ann offline", w.queue(team)[0].Reason)
		require.Equal(w, flow.WaitAssignment, w.run(c).WaitKind)
		w.advance(7*24*time.Hour - time.Second)
		w.wake()
		require.Equal(w, flow.RunWaiting, w.run(c).State)
		w.advance(time.Second)
		w.wake()
		require.Equal(w, flow.EndTimeout, w.run(c).ExitReason)
		require.Empty(w, w.queue(team))
	})
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.publish(assigning("arm", roundRobin(", only_online: true, timeout: 10m"), "    arms: {timeout: sorry}\n"+
			"  - {id: sorry, type: send_message, config: {channel: last_interacted, message: {type: text, text: Please wait}}}"))
		c := w.writes("a", "m1", "hello")
		require.Len(w, w.queue(team), 1)
		w.advance(10 * time.Minute)
		w.wake()
		require.Equal(w, flow.EndOfPath, w.run(c).ExitReason)
		require.Equal(w, "Please wait", w.sent[0].Message.Text)
	})
}

func TestAnAssignmentWinsOverTheTimeout(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.status(users[0], Busy)
		w.publish(assigning("arm", roundRobin(", only_online: true, timeout: 10m"), "    arms: {timeout: end}"))
		c := w.writes("a", "m1", "hello")
		w.exec("UPDATE users SET chosen = 'online' WHERE id = ?", users[0].ID) // a drain that was missed
		w.advance(10 * time.Minute)
		w.wake()
		require.Equal(w, users[0].ID, w.contact("a").AssigneeID)
		require.Equal(w, flow.EndOfPath, w.run(c).ExitReason)
	})
}

func TestTheOlderEntryIsServedFirst(t *testing.T) { // 60, 131, 132, 133
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.publish(assigning("a", roundRobin(", only_online: true, open_contacts_below: 1"), ""))
		require.Equal(w, []string{"", ""}, w.arrive(users, "a", "b"))
		require.Equal(w, []int64{1, 2}, []int64{w.queue(team)[0].Position, w.queue(team)[1].Position})
		w.status(users[0], Online)
		require.Equal(w, users[0].ID, w.contact("a").AssigneeID)
		require.Zero(w, w.contact("b").AssigneeID)
		require.Equal(w, flow.RunCompleted, w.run(w.contact("a")).State)

		require.Equal(w, []string{""}, w.arrive(users, "c"))
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(w.contact("a").ID), ClosingNote{})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, users[0].ID, w.contact("b").AssigneeID, "the place that was freed")
		require.Zero(w, w.contact("c").AssigneeID)
		require.Equal(w, users[0].ID, w.contact("a").AssigneeID, "closing keeps the assignee")
	})
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.busyWith(users[0], 3)
		w.publish(assigning("picky", roundRobin(", only_online: true, open_contacts_below: 1"), ""))
		require.Equal(w, []string{""}, w.arrive(users, "a"))
		_, _, err := w.d.StopWorkflow(w.Context(), w.p, "picky")
		require.NoError(w, err)
		require.Empty(w, w.queue(team), "stopping a workflow empties its places")

		w.publish(assigning("picky", roundRobin(", only_online: true, open_contacts_below: 1"), ""))
		require.Equal(w, []string{""}, w.arrive(users, "b"))
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, "picky")
		require.NoError(w, err)
	})
	eachWorld(t, func(w *world) { // the first entry cannot be served and blocks nobody
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.busyWith(users[0], 3)
		w.publish("format: 1\nid: picky\nname: Picky\ntrigger: {type: message_received, conditions: [{category: message_text, operator: contains, value: picky}]}\n" +
			"steps: [{id: assign, type: assign_to, config: {" + roundRobin(", only_online: true, open_contacts_below: 1") + "}}]\n")
		w.publish("format: 1\nid: easy\nname: Easy\ntrigger: {type: message_received, conditions: [{category: message_text, operator: contains, value: easy}]}\n" +
			"steps: [{id: assign, type: assign_to, config: {" + roundRobin(", only_online: true") + "}}]\n")
		w.writes("a", "m1", "picky")
		w.writes("b", "m2", "easy")
		w.status(users[0], Online)
		require.Zero(w, w.contact("a").AssigneeID)
		require.Equal(w, users[0].ID, w.contact("b").AssigneeID)
		require.EqualValues(w, 1, w.queue(team)[0].Position)
		require.Equal(w, "waiting: Ann 3 open, limit fewer than 1", w.queue(team)[0].Reason)
	})
}

func TestOnePlaceIsGivenOnce(t *testing.T) { // 61
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.publish(assigning("one", roundRobin(", open_contacts_below: 1"), ""))
		const n = 8
		for i := range n {
			w.says(fmt.Sprintf("c%d", i), fmt.Sprintf("m%d", i), "hello")
		}
		rows, err := w.d.LeaseOutbox(w.Context(), n, 60_000)
		require.NoError(w, err)
		require.Len(w, rows, n)
		var all sync.WaitGroup
		for _, r := range rows {
			all.Go(func() { w.drive(r.RunID) })
		}
		all.Wait()
		require.EqualValues(w, 1, w.count(&Contact{}, "assignee_id = ?", users[0].ID))
		require.Len(w, w.queue(team), n-1)
	})
}

func TestContactsAtTheSameInstantGetDifferentUsers(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben", "Cem", "Dan")
		w.publish(assigning("rr", roundRobin(""), ""))
		const n = 20
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { w.says(fmt.Sprintf("c%d", i), fmt.Sprintf("m%d", i), "hello") })
		}
		all.Wait()
		rows, err := w.d.LeaseOutbox(w.Context(), n, 60_000)
		require.NoError(w, err)
		for _, r := range rows {
			all.Go(func() { w.drive(r.RunID) })
		}
		all.Wait()
		for _, u := range users {
			require.EqualValues(w, n/len(users), w.count(&Contact{}, "assignee_id = ?", u.ID), u.FirstName)
		}
	})
}

func TestASpecificUserNeedNotBeOnline(t *testing.T) { // 62
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.publish(assigning("vip", "action: specific_user, user: ann@example.com", ""))
		require.Equal(w, []string{"Ann"}, w.arrive(users, "a"))
	})
}

func TestClosingKeepsTheAssigneeUnlessAWorkflowTakesIt(t *testing.T) { // 63, 64
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.publish(assigning("rr", roundRobin(""), ""))
		c := w.writes("a", "m1", "hello")
		closeIt := func() {
			_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
			require.NoError(w, err)
			w.pump()
		}
		closeIt()
		require.Equal(w, users[0].ID, w.contact("a").AssigneeID)
		w.publish("format: 1\nid: un\nname: Unassign\ntrigger: {type: conversation_closed}\nsteps: [{id: un, type: assign_to, config: {action: unassign}}]\n")
		_, err := w.d.OpenConversation(w.Context(), w.p, ByID(c.ID))
		require.NoError(w, err)
		w.pump()
		closeIt()
		require.Zero(w, w.contact("a").AssigneeID)
	})
}

func TestAQueuedContactIsClosedOrPicked(t *testing.T) { // 135, 136
	for _, exit := range []bool{false, true} {
		eachWorld(t, func(w *world) {
			team, users := w.team("Support", "Ann", "Ben")
			w.status(users[0], Offline)
			w.status(users[1], Offline)
			settings := ""
			if exit {
				settings = "\nsettings: {exit_on_manual_assignment: true}"
			}
			w.publish(assigning("rr", roundRobin(", only_online: true"), "    next: note\n  - {id: note, type: add_comment, config: {text: went on}}") + settings)
			require.Equal(w, []string{"", ""}, w.arrive(users, "a", "b"))

			_, err := w.d.CloseConversation(w.Context(), w.p, ByID(w.contact("a").ID), ClosingNote{})
			require.NoError(w, err)
			w.pump()
			require.EqualValues(w, "conversation_closed", w.run(w.contact("a")).ExitReason)

			_, err = w.d.SetAssignee(w.Context(), w.as(users[1]), ByID(w.contact("b").ID), AssigneeChoice{Email: "BEN@example.com"})
			require.NoError(w, err)
			w.pump()
			require.Empty(w, w.queue(team))
			b := w.contact("b")
			require.Equal(w, users[1].ID, b.AssigneeID)
			if exit {
				require.Equal(w, flow.EndManualAssignment, w.run(b).ExitReason)
				require.Zero(w, w.count(&Comment{}, "1 = 1"))
			} else {
				require.Equal(w, flow.EndOfPath, w.run(b).ExitReason)
				require.EqualValues(w, 1, w.count(&Comment{}, "contact_id = ?", b.ID))
			}
		})
	}
}

func TestKeepAssignee(t *testing.T) { // 137
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben")
		w.publish(assigning("keep", roundRobin(", only_online: true, keep_assignee: true"), ""))
		c := w.writes("a", "m1", "hello")
		require.Equal(w, users[0].ID, c.AssigneeID)
		again := func(id string) *Contact {
			_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
			require.NoError(w, err)
			w.pump()
			return w.writes("a", id, "again")
		}
		require.Equal(w, users[0].ID, again("m2").AssigneeID, "kept")
		w.status(users[0], Offline)
		require.Equal(w, users[1].ID, again("m3").AssigneeID, "the cursor did not move, and Ann is offline")
	})
}

func TestAssigningByHand(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben")
		c := w.writes("zoe", "m1", "hello")
		set := func(to AssigneeChoice) error {
			_, err := w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), to)
			return err
		}
		w.exec("UPDATE users SET state = 'disabled' WHERE id = ?", users[1].ID)
		require.Equal(w, Invalid, AsError(set(AssigneeChoice{ID: 999})).Code)
		require.Equal(w, Invalid, AsError(set(AssigneeChoice{ID: users[1].ID})).Code)
		require.Equal(w, Invalid, AsError(set(AssigneeChoice{Email: "nobody@example.com"})).Code)
		before := len(w.events(c))
		require.NoError(w, set(AssigneeChoice{}), "nobody again")
		require.Len(w, w.events(c), before)
		require.NoError(w, set(AssigneeChoice{ID: users[0].ID}))
		require.NoError(w, set(AssigneeChoice{ID: users[0].ID}), "the same again")
		require.Len(w, w.events(c), before+1)
		conv, err := w.d.Conversation(w.Context(), w.p, c.ConversationID)
		require.NoError(w, err)
		require.EqualValues(w, 1, conv.Assignments)
		require.Equal(w, SourceAPI, conv.FirstAssignmentSource)
	})
}
