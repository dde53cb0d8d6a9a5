package acceptance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// assignTo is a workflow that assigns by a rule.
func assignTo(config, rest string, more ...string) string {
	return flowFile("assign", byContact, append([]string{step("assign", "assign_to", config, rest)}, more...)...)
}

// come lets n new contacts write and tells who got them.
func (w *world) come(prefix string, n int) string {
	w.Helper()
	var got []string
	for i := range n {
		who := fmt.Sprintf("%s%d", prefix, i)
		w.writes(who, "hi")
		got = append(got, w.assignee(who))
	}
	return strings.Join(got, " ")
}

// load gives a user n open contacts by hand.
func (w *world) load(user string, n int) {
	w.Helper()
	for i := range n {
		who := fmt.Sprintf("%s-load-%d", user, i)
		w.writes(who, "hi")
		w.assigns(user, who, user)
	}
}

const (
	roundRobin = "{action: user_in_team, team: Sales, logic: round_robin}"
	onlyOnline = "{action: user_in_team, team: Sales, logic: round_robin, only_online: true}"
)

// assignScenarios are 53 to 67: Assign To.
func assignScenarios() []scenario {
	return []scenario{
		{53, "given round robin on A, B, C, all eligible when 6 contacts come then A, B, C, A, B, C", true, func(w *world) {
			w.team("Sales", "A", "B", "C")
			w.publishes(assignTo(roundRobin, ""))
			require.Equal(w, "A B C A B C", w.come("c", 6))
		}},
		{54, "given only-online and B busy when 4 contacts come then A, C, A, C", true, func(w *world) {
			w.team("Sales", "A", "B", "C")
			w.status("B", "busy")
			w.publishes(assignTo(onlyOnline, ""))
			require.Equal(w, "A C A C", w.come("c", 4))
		}},
		{55, "given B comes online again when the next contacts come then B is served in turn without catch-up", true, func(w *world) {
			w.team("Sales", "A", "B", "C")
			w.status("B", "busy")
			w.publishes(assignTo(onlyOnline, ""))
			require.Equal(w, "A C A", w.come("c", 3))
			w.status("B", "online")
			require.Equal(w, "B C A B", w.come("d", 4))
		}},
		{56, "given least open A=3, B=1, C=1, C served earlier than B when assigned then C", true, func(w *world) {
			w.team("Sales", "A", "B", "C")
			w.publishes(assignTo("{action: user_in_team, team: Sales, logic: least_open_contacts, only_online: true}", ""))
			w.status("A", "busy")
			w.status("B", "busy")
			require.Equal(w, "C", w.come("c", 1)) // C is served first, then B
			w.status("B", "online")
			w.status("C", "busy")
			require.Equal(w, "B", w.come("d", 1))
			w.status("A", "online")
			w.status("C", "online")
			w.load("A", 3)
			require.Equal(w, "C", w.come("e", 1))
		}},
		{57, "given fewer than 5 and A has 5 when assigned then A is skipped and with 4 A is chosen", true, func(w *world) {
			w.team("Sales", "A", "B")
			w.load("A", 5)
			w.publishes(assignTo("{action: user_in_team, team: Sales, logic: round_robin, open_contacts_below: 5}", ""))
			require.Equal(w, "B", w.come("c", 1))
			w.closes("A", "A-load-0")
			require.Equal(w, "A", w.come("d", 1))
		}},
		{58, "given all offline, only-online, no timeout arm when assigned then waits and at 7 days the run ends with timeout", true, func(w *world) {
			w.team("Sales", "A", "B")
			w.status("A", "offline")
			w.status("B", "offline")
			w.publishes(assignTo(onlyOnline, "next: note", step("note", "add_comment", "{text: assigned}", "")))
			w.writes("ana", "hi")
			require.Equal(w, object{"kind": "assignment", "reason": "waiting: A offline; B offline"}, w.run("ana")["waitingFor"])
			w.pass(7*24*time.Hour - time.Second)
			require.Equal(w, "waiting", w.run("ana")["state"])
			w.pass(time.Second)
			w.ended(w.run("ana"), "exited", "timeout")
			require.Empty(w, w.comments("ana"))
		}},
		{59, "given the same with timeout arm 10m and send when 10 minutes pass then that message is sent", true, func(w *world) {
			w.team("Sales", "A")
			w.status("A", "offline")
			w.publishes(assignTo("{action: user_in_team, team: Sales, logic: round_robin, only_online: true, timeout: 10m}", "arms: {timeout: busy}", send("busy", "All are busy", "")))
			w.writes("ana", "hi")
			w.pass(10*time.Minute - time.Second)
			require.Empty(w, w.said("ana"))
			w.pass(time.Second)
			require.Equal(w, []string{"All are busy"}, w.said("ana"))
			require.Empty(w, w.assignee("ana"))
		}},
		{60, "given two queued contacts when one user comes online with limit fewer than 1 then only the older is assigned", true, func(w *world) {
			w.team("Sales", "A")
			w.status("A", "offline")
			w.publishes(assignTo("{action: user_in_team, team: Sales, logic: round_robin, only_online: true, open_contacts_below: 1}", ""))
			w.writes("ana", "hi")
			w.writes("bob", "hi")
			w.status("A", "online")
			require.Equal(w, []string{"A", ""}, []string{w.assignee("ana"), w.assignee("bob")})
		}},
		{61, "given two contacts reach the step in the same millisecond when the limit leaves one place then one is assigned and one queued", true, func(w *world) {
			w.team("Sales", "A")
			w.publishes(assignTo("{action: user_in_team, team: Sales, logic: round_robin, open_contacts_below: 1}", ""))
			w.together("ana", "bob")
			states := []string{w.assignee("ana"), w.assignee("bob")}
			require.ElementsMatch(w, []string{"A", ""}, states)
			require.Len(w, w.queue("Sales"), 1)
		}},
		{62, "given assign a specific user who is offline when run then assigned at once", true, func(w *world) {
			w.users("Ann")
			w.status("Ann", "offline")
			w.publishes(assignTo("{action: specific_user, user: ann@example.com}", ""))
			w.writes("ana", "hi")
			require.Equal(w, "Ann", w.assignee("ana"))
			w.ended(w.run("ana"), "completed", "end_of_path")
		}},
		{63, "given a workflow that unassigns after a conversation closes when a conversation closes then the contact has no assignee", true, func(w *world) {
			w.users("Ann")
			w.publishes(flowFile("unassign-after-close", onClose, step("unassign", "assign_to", "{action: unassign}", "")))
			w.writes("ana", "hi")
			w.assigns("Ann", "ana", "Ann")
			w.closes("Ann", "ana")
			require.Empty(w, w.assignee("ana"))
		}},
		{64, "given no such workflow when a conversation closes then the assignee is kept", true, func(w *world) {
			w.users("Ann")
			w.writes("ana", "hi")
			w.assigns("Ann", "ana", "Ann")
			w.closes("Ann", "ana")
			require.Equal(w, "Ann", w.assignee("ana"))
		}},
		{65, "given a user idle past the inactivity timeout when checked then offline and on activity the former status returns", true, func(w *world) {
			w.users("Ann")
			w.settings(object{"userInactivityTimeout": 10}).ok()
			w.pass(10*time.Minute - time.Second)
			require.Equal(w, "online", w.presence("Ann"))
			w.pass(2 * time.Second)
			require.Equal(w, "offline", w.presence("Ann"))
			w.call("POST", fmt.Sprintf("/v2/space/user/%d/activity", w.user("Ann")), object{}).ok()
			require.Equal(w, "online", w.presence("Ann"))
		}},
		{66, "given a user who chose busy and goes idle when they return then busy, not online", true, func(w *world) {
			w.users("Ann")
			w.status("Ann", "busy")
			w.settings(object{"userInactivityTimeout": 10}).ok()
			w.pass(11 * time.Minute)
			require.Equal(w, "offline", w.presence("Ann"))
			w.call("POST", fmt.Sprintf("/v2/space/user/%d/activity", w.user("Ann")), object{}).ok()
			require.Equal(w, "busy", w.presence("Ann"))
		}},
		{67, "given inactivity timeout 61 when saved then refused (1–60)", false, func(w *world) {
			for minutes, ok := range map[int]bool{0: false, 1: true, 60: true, 61: false} {
				a := w.settings(object{"userInactivityTimeout": minutes})
				require.Equal(w, ok, a.Status == 200, "%d: %s", minutes, a.Text)
			}
		}},
	}
}

// presence is a user's effective status.
func (w *world) presence(user string) any {
	w.Helper()
	return w.call("GET", fmt.Sprintf("/v2/space/user/%d/status", w.user(user)), nil).ok()["effective"]
}
