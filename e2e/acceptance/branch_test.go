package acceptance

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// branch is a Branch step; a branch is written name: conditions.
func branch(match string, rest string, branches ...string) string {
	var list []string
	for _, b := range branches {
		name, conditions, _ := strings.Cut(b, ": ")
		list = append(list, fmt.Sprintf("{name: %s, match: %s, conditions: [%s]}", name, match, conditions))
	}
	return step("branch", "branch", "{branches: ["+strings.Join(list, ", ")+"]}", rest)
}

func note(id, text string) string {
	return step(id, "add_comment", fmt.Sprintf("{text: %q}", text), "")
}

// branchScenarios are 68 to 74: Branch, Wait, Date & Time.
func branchScenarios() []scenario {
	john := "{category: contact_field, field: firstname, operator: is_equal_to, value: John}"
	doe := "{category: last_incoming_message, operator: is_equal_to, value: Doe}"
	return []scenario{
		{68, "given branch with 9 branches when adding one then refused and else is always present", false, func(w *world) {
			many := func(n int) string {
				var list []string
				for i := range n {
					list = append(list, fmt.Sprintf("b%d: %s", i, john))
				}
				return flowFile("branches", byHand, branch("all", "arms: {else: rest}", list...), note("rest", "else"))
			}
			require.Equal(w, []string{"branch.limit at branch"}, w.saves(many(10)).problems())
			w.saves(many(9)).ok()
			require.Equal(w, []string{"branch.name.reserved at branch"}, w.saves(flowFile("x", byHand, branch("all", "", "else: "+john))).problems())
		}},
		{69, "given first name = John and last message = Doe when only one holds then else", true, func(w *world) {
			w.publishes(flowFile("branches", onMessage, branch("all", "arms: {both: yes-step, else: no-step}", "both: "+john+", "+doe), note("yes-step", "both"), note("no-step", "else")))
			w.writes("John", "hello")
			require.Equal(w, []string{"else"}, w.comments("John"))
			w.writes("John", " doe ")
			require.Equal(w, []string{"else", "both"}, w.comments("John"))
			w.writes("Jane", "Doe")
			require.Equal(w, []string{"else"}, w.comments("Jane"))
		}},
		{70, "given two branches both true when run then the first one only", false, func(w *world) {
			w.publishes(flowFile("branches", onMessage, branch("all", "arms: {one: first, two: second}", "one: "+john, "two: "+john), note("first", "one"), note("second", "two")))
			w.writes("John", "hi")
			require.Equal(w, []string{"one"}, w.comments("John"))
			require.Equal(w, []string{"branch→one", "first"}, path(w.run("John")))
		}},
		{71, "given wait 8d when saved then refused and 168h accepted", false, func(w *world) {
			wait := func(d string) string {
				return flowFile("waits", byHand, step("pause", "wait", "{wait_for: "+d+"}", ""))
			}
			require.Equal(w, []string{"duration.limit at pause"}, w.saves(wait("8d")).problems())
			w.saves(wait("168h")).ok()
		}},
		{72, "given wait 1h and the contact writes meanwhile when run then it still waits the hour", true, func(w *world) {
			w.publishes(flowFile("waits", byContact, step("pause", "wait", "{wait_for: 1h}", "next: after"), note("after", "an hour later")))
			w.writes("ana", "hi")
			w.pass(30 * time.Minute)
			w.writes("ana", "hello?")
			w.pass(30*time.Minute - time.Second)
			require.Empty(w, w.comments("ana"))
			w.pass(time.Second)
			require.Equal(w, []string{"an hour later"}, w.comments("ana"))
		}},
		{73, "given business hours Mon–Fri 09:00–17:00 Europe/Rome when Monday 08:59 then failure and 09:00 then success", true, func(w *world) {
			w.publishes(shifts("arms: {success: inside, failure: outside}", note("inside", "in"), note("outside", "out")))
			for at, want := range map[string]string{
				"2026-03-09T07:59:59Z": "out", // Rome is UTC+1: 08:59:59
				"2026-03-09T08:00:00Z": "in",
				"2026-03-09T15:59:59Z": "in",
				"2026-03-09T16:00:00Z": "out",
				"2026-03-30T06:59:59Z": "out", // from 29 March UTC+2
				"2026-03-30T07:00:00Z": "in",
				"2026-04-04T10:00:00Z": "out", // a Saturday
			} {
				moment, err := time.Parse(time.RFC3339, at)
				require.NoError(w, err)
				w.clock.Store(moment.UnixMilli())
				who := fmt.Sprint("c", moment.Unix())
				w.writes(who, "hi")
				require.Equal(w, []string{want}, w.comments(who), at)
			}
		}},
		{74, "given an empty failure arm when outside then the run ends", false, func(w *world) {
			w.publishes(shifts("arms: {success: inside}", note("inside", "in")))
			w.clock.Store(monday.Add(-12 * time.Hour).UnixMilli())
			w.writes("ana", "hi")
			w.ended(w.run("ana"), "completed", "end_of_path")
			require.Equal(w, []string{"hours→failure"}, path(w.run("ana")))
		}},
	}
}

// shifts asks for business hours in Rome.
func shifts(rest string, steps ...string) string {
	var days []string
	for _, d := range []string{"monday", "tuesday", "wednesday", "thursday", "friday"} {
		days = append(days, d+": ['09:00-17:00']")
	}
	return flowFile("shifts", byContact, append([]string{step("hours", "date_time", "{timezone: Europe/Rome, mode: business_hours, business_hours: {"+strings.Join(days, ", ")+"}}", rest)}, steps...)...)
}
