package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// The limit does not count the contact that is being assigned: an older entry
// that nobody can take must not hide one whose own assignee can keep it.
func TestTheOwnAssigneeIsEligibleBehindAHopelessEntry(t *testing.T) {
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.publish(assigning("one", roundRobin(", open_contacts_below: 1"), ""))
		w.busyWith(users[0], 2)
		w.arrive(users, "old", "own") // both wait: Ann has 2
		own := w.contact("own")
		w.exec("UPDATE contacts SET assignee_id = ? WHERE id = ?", users[0].ID, own.ID)
		var others []Contact
		require.NoError(w, w.db.Read(w.Context()).Where("first_name LIKE 'Ann%'").Find(&others).Error)
		for _, c := range others {
			_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
			require.NoError(w, err)
		}
		w.pump()
		require.Equal(w, flow.RunCompleted, w.run(own).State, "kept by Ann, whose only contact it is")
		require.Len(w, w.queue(team), 1)
	})
}

func TestUnassigningByHandIsNoAssignment(t *testing.T) {
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann", "Ben")
		w.status(users[0], Offline)
		w.status(users[1], Offline)
		w.publish(assigning("rr", roundRobin(", only_online: true"), ""))
		c := w.writes("zoe", "m1", "hello")
		w.exec("UPDATE contacts SET assignee_id = ? WHERE id = ?", users[0].ID, c.ID)
		_, err := w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{})
		require.NoError(w, err)
		w.pump()
		require.Len(w, w.queue(team), 1, "it still waits for somebody")
		require.True(w, ptr(w.run(c)).Live())
	})
}
