package acceptance

import (
	"fmt"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/desk"
)

// queueScenarios are 131 to 137: the assignment queue.
func queueScenarios() []scenario {
	limited := func(id, rule string) string {
		return flowFile(id, fmt.Sprintf("{type: message_received, conditions: [{category: message_text, operator: is_equal_to, value: %s}]}", id), step("assign", "assign_to", rule, "next: note"),
			step("note", "add_comment", "{text: went on}", ""))
	}
	return []scenario{
		{131, "given workflows A and B queueing for the same team, A's contact older when a user comes online then A's contact is first", true, func(w *world) {
			w.team("Sales", "Ann")
			w.status("Ann", "offline")
			rule := "{action: user_in_team, team: Sales, logic: round_robin, only_online: true, open_contacts_below: 1}"
			w.publishes(limited("a", rule))
			w.publishes(limited("b", rule))
			w.writes("ana", "a")
			w.writes("bob", "b")
			w.status("Ann", "online")
			require.Equal(w, []string{"Ann", ""}, []string{w.assignee("ana"), w.assignee("bob")})
		}},
		{132, "given the oldest entry demands fewer than 1 and the next only online when a user with 3 open contacts comes online then the second is assigned and the first keeps place 1", true, func(w *world) {
			w.team("Sales", "Ann")
			w.load("Ann", 3)
			w.status("Ann", "offline")
			w.publishes(limited("a", "{action: user_in_team, team: Sales, logic: round_robin, only_online: true, open_contacts_below: 1}"))
			w.publishes(limited("b", onlyOnline))
			w.writes("ana", "a")
			w.writes("bob", "b")
			w.status("Ann", "online")
			require.Equal(w, []string{"", "Ann"}, []string{w.assignee("ana"), w.assignee("bob")})
			queue := w.queue("Sales")
			require.Len(w, queue, 1)
			require.EqualValues(w, 1, queue[0]["position"])
			require.EqualValues(w, w.contact("ana"), queue[0]["contactId"])
		}},
		{133, "given an entry in the queue and a new contact reaching the step when one place frees then the older entry gets it", true, func(w *world) {
			w.team("Sales", "Ann")
			w.load("Ann", 1)
			w.publishes(limited("a", "{action: user_in_team, team: Sales, logic: round_robin, open_contacts_below: 1}"))
			w.writes("ana", "a")
			w.closes("Ann", "Ann-load-0")
			w.writes("bob", "a")
			require.Equal(w, []string{"Ann", ""}, []string{w.assignee("ana"), w.assignee("bob")})
		}},
		{134, "given round robin after Ann with Ben busy when Cem is picked then the stored reason says so", true, func(w *world) {
			w.team("Sales", "Ann", "Ben", "Cem")
			w.publishes(limited("a", onlyOnline))
			w.writes("ana", "a")
			require.Equal(w, "Ann", w.assignee("ana"))
			w.status("Ben", "busy")
			w.writes("bob", "a")
			require.Equal(w, "Cem", w.assignee("bob"))
			reason := "round robin: next after Ann; Ben skipped: busy"
			require.Equal(w, reason, w.entry(w.run("bob"), "assign")["detail"].(object)["reason"])
			require.Contains(w, fmt.Sprint(w.timeline("bob")), reason)
		}},
		{135, "given a queued contact when its conversation is closed then the run ends with conversation_closed", true, func(w *world) {
			w.team("Sales", "Ann")
			w.status("Ann", "offline")
			w.publishes(limited("a", onlyOnline))
			w.writes("ana", "a")
			w.closes("", "ana")
			w.ended(w.run("ana"), "exited", "conversation_closed")
			require.Empty(w, w.queue("Sales"))
		}},
		{136, "given a queued contact when a user picks it by hand then the run continues and the assignee stays", true, func(w *world) {
			w.team("Sales", "Ann")
			w.users("Mia:manager")
			w.status("Ann", "offline")
			w.publishes(limited("a", onlyOnline))
			w.writes("ana", "a")
			w.assigns("Mia", "ana", "Mia")
			w.ended(w.run("ana"), "completed", "end_of_path")
			require.Equal(w, []string{"went on"}, w.comments("ana"))
			w.status("Ann", "online")
			require.Equal(w, "Mia", w.assignee("ana"))
		}},
		{137, "given keep_assignee and the assignee online when run then kept with the cursor unmoved and offline then reassigned", true, func(w *world) {
			w.team("Sales", "Ann", "Ben", "Cem")
			w.publishes(limited("a", strings.TrimSuffix(onlyOnline, "}")+", keep_assignee: true}"))
			w.writes("ana", "a") // Ann
			w.writes("bob", "x")
			w.assigns("Cem", "bob", "Cem")
			w.writes("bob", "a")
			require.Equal(w, "Cem", w.assignee("bob"))
			require.Equal(w, "kept: Cem is eligible", w.entry(w.run("bob"), "assign")["detail"].(object)["reason"])
			w.writes("cleo", "a")
			require.Equal(w, "Ben", w.assignee("cleo"), "the cursor stands behind Ann")
			w.status("Cem", "offline")
			w.writes("bob", "a")
			require.Equal(w, "Ann", w.assignee("bob"))
		}},
	}
}

// queue are the waiting contacts of a team, first in line first.
func (w *world) queue(team string) []object {
	w.Helper()
	t := &desk.Team{}
	require.NoError(w, w.db.Read(w.Context()).Where("name = ?", team).Take(t).Error)
	var out []object
	for _, x := range w.call("GET", fmt.Sprintf("/v2/queue?teamId=%d&limit=100", t.ID), nil).ok()["items"].([]any) {
		out = append(out, x.(object))
	}
	return out
}

// together lets contacts write at the same moment, from goroutines of their own,
// and drives their runs side by side.
func (w *world) together(who ...string) {
	w.Helper()
	on := w.channels["Telegram"]
	var all sync.WaitGroup
	errs := make([]error, len(who))
	for i, name := range who {
		all.Go(func() {
			m := channel.Text("hi")
			errs[i] = w.desk.Receive(w.Context(), on, []channel.Inbound{{ExternalID: name, Profile: channel.Profile{FirstName: name},
				Events: []channel.Event{{Kind: channel.EventMessage, ProviderID: "at-once-" + name, At: w.now(), Message: &m}}}})
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(w, err)
	}
	rows, err := w.desk.LeaseOutbox(w.Context(), 50, 60_000)
	require.NoError(w, err)
	for _, r := range rows {
		all.Go(func() { w.drive(r.RunID) })
	}
	all.Wait()
	_, err = w.desk.DoneOutbox(w.Context(), rows...)
	require.NoError(w, err)
	w.pump()
}
