package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func TestTheStatesOfAWorkflow(t *testing.T) { // 3, 4, 5
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		file := note("w", "trigger: {type: message_received}")
		v := w.saved(file)
		require.Equal(w, Draft, v.State)
		require.Zero(w, v.LastPublishedAt)
		c := w.writes("zoe", "m1", "hello")
		require.Empty(w, w.runs(c), "the trigger of a draft does not fire")

		w.advance(time.Minute)
		manager := w.as(users[0])
		manager.Role = Manager
		_, err := w.d.PublishWorkflow(w.Context(), manager, "w", 0)
		require.NoError(w, err)
		v, err = w.d.Workflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, Published, v.State)
		require.Equal(w, w.clock.Load(), v.LastPublishedAt)
		require.Equal(w, Actor{Kind: SourceUser, ID: users[0].ID, Name: "Ann"}, v.LastPublishedBy)
		w.writes("zoe", "m2", "hello")
		require.Len(w, w.runs(c), 1)

		w.saved(file) // an unpublished change does not matter
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		w.writes("zoe", "m3", "hello")
		require.Len(w, w.runs(c), 1, "a stopped one starts nothing")
		_, err = w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID)})
		w.requireCode(err, Conflict, "not_published")
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, "w")
		w.requireCode(err, Conflict, "invalid_state")
	})
}

func TestOncePerContactCountsWhatWasBefore(t *testing.T) { // 10, 11
	eachWorld(t, func(w *world) {
		w.publish(note("w", "trigger: {type: message_received}"))
		zoe := w.writes("zoe", "m1", "hello")
		w.writes("zoe", "m2", "hello")
		require.Len(w, w.runs(zoe), 2, "off")
		w.publish(note("w", "trigger: {type: message_received, once_per_contact: true}"))
		w.writes("zoe", "m3", "hello")
		require.Len(w, w.runs(zoe), 2, "entries made while it was off count")
		ida := w.writes("ida", "m4", "hello")
		w.writes("ida", "m5", "hello")
		require.Len(w, w.runs(ida), 1)
		require.Equal(w, []string{"once_per_contact", "matched"}, w.reasons(ida, DecisionFilter{}))
	})
}

func TestStopEndsEveryKindOfWait(t *testing.T) { // 109
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		w.publish(manual("survey", sleepsHour))
		w.publish(manual("w", "  - {id: nap, type: wait, config: {wait_for: 1h}, next: ask}\n"+
			"  - {id: ask, type: ask_question, config: {question: ok?, question_type: text}, arms: {success: assign}}\n"+
			"  - {id: assign, type: assign_to, config: {"+roundRobin(", only_online: true")+"}, next: call}\n"+
			"  - {id: call, type: trigger_another_workflow, config: {target: survey}}\n"))
		kinds := map[string]flow.WaitKind{"nap": flow.WaitTimer, "ask": flow.WaitAnswer, "assign": flow.WaitAssignment, "call": flow.WaitChild}
		for step, kind := range kinds {
			c := w.writes(step, "m-"+step, "hello")
			_, err := w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID), StartFrom: step})
			require.NoError(w, err)
			w.pump()
			require.Equal(w, kind, w.runIn(c, "w").WaitKind)
		}
		require.Len(w, w.queue(team), 1)
		_, ended, err := w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, len(kinds), ended)
		require.Empty(w, w.queue(team))
		w.status(users[0], Online)
		w.advance(8 * 24 * time.Hour)
		w.wake()
		for step := range kinds {
			c := w.writes(step, "n-"+step, "too late")
			require.Equal(w, flow.EndWorkflowStopped, w.runIn(c, "w").ExitReason, step)
			require.Zero(w, c.AssigneeID)
		}
		require.Equal(w, flow.EndParentEnded, w.runIn(w.contact("call"), "survey").ExitReason)
	})
}
