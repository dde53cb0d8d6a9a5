package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// reasons are the decisions on a contact's events, newest first.
func (w *world) reasons(c *Contact, f DecisionFilter) []string {
	w.Helper()
	l, err := w.d.Decisions(w.Context(), w.p, ByID(c.ID), f, Page{Limit: MaxPage})
	require.NoError(w, err)
	out := make([]string, len(l.Items))
	for i, d := range l.Items {
		out[i] = d.Reason
		if d.Detail != "" {
			out[i] += " " + d.Detail
		}
	}
	return out
}

func note(id, head string) string {
	return "format: 1\nid: " + id + "\nname: " + id + "\n" + head + "\nsteps: [{id: note, type: add_comment, config: {text: hi}}]\n"
}

func TestDecisionsSayWhy(t *testing.T) {
	const message = "trigger: {type: message_received}"
	for name, tc := range map[string]struct {
		file  string
		twice bool
		want  []string
	}{
		"matched":  {note("w", message), false, []string{"matched"}},
		"false":    {note("w", "trigger: {type: message_received, conditions: [{category: message_text, operator: contains, value: price}]}"), false, []string{"condition_false"}},
		"once":     {note("w", "trigger: {type: message_received, once_per_contact: true}"), true, []string{"once_per_contact", "matched"}},
		"enrolled": {"format: 1\nid: w\nname: w\n" + message + "\nsteps: [{id: wait, type: wait, config: {wait_for: 1h}}]\n", true, []string{"already_enrolled", "matched"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				w.publish(tc.file)
				c := w.writes("ann", "m1", "hello")
				if tc.twice {
					w.writes("ann", "m2", "hello again")
				}
				require.Equal(w, tc.want, w.reasons(c, DecisionFilter{}))
			})
		})
	}
}

func TestADecisionShowsWhatItsConditionsSaw(t *testing.T) {
	eachWorld(t, func(w *world) {
		wf := w.publish(note("w", "trigger: {type: message_received, conditions: [{category: message_text, operator: contains, value: price}]}"))
		c := w.writes("ann", "m1", "hello")
		l, err := w.d.Decisions(w.Context(), w.p, ByID(c.ID), DecisionFilter{WorkflowID: wf.ID, From: 1, To: w.clock.Load()}, Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 1)
		require.Equal(w, "hello", *l.Items[0].Conditions[0].Actual)
		require.Equal(w, "w", l.Items[0].Workflow)
		require.Equal(w, "message received on Shop", l.Items[0].Event.Summary)
	})
}

func TestLoopsAndFloodsAreStopped(t *testing.T) {
	eachWorld(t, func(w *world) {
		// two workflows that would open and close for ever; a question between them lets them be published
		w.publish("format: 1\nid: closes\nname: Closes\ntrigger: {type: conversation_opened}\nsteps: [{id: a, type: wait, config: {wait_for: 1m}, next: b}, {id: b, type: close_conversation}]\n")
		w.publish("format: 1\nid: opens\nname: Opens\ntrigger: {type: conversation_closed}\nsteps: [{id: a, type: wait, config: {wait_for: 1m}, next: b}, {id: b, type: open_conversation}]\n")
		c := w.writes("ann", "m1", "hello")
		for range 3 {
			w.advance(time.Minute)
			w.wake()
		}
		require.Equal(w, []string{"loop_guard own_effect", "matched", "matched"}, w.reasons(c, DecisionFilter{}))
		require.Len(w, w.runs(c), 2)
	})
	eachWorld(t, func(w *world) {
		w.d.StartsPerHour = 2
		w.publish(note("w", "trigger: {type: message_received}"))
		c := w.writes("ann", "m1", "1")
		w.writes("ann", "m2", "2")
		w.writes("ann", "m3", "3")
		require.Equal(w, []string{"throttled 2 starts in the last hour", "matched", "matched"}, w.reasons(c, DecisionFilter{}))
		_, err := w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID)})
		require.Equal(w, RateLimited, AsError(err).Code)
		w.advance(time.Hour)
		_, err = w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID)})
		require.NoError(w, err)
		_, err = w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		_, err = w.d.StartRun(w.Context(), w.p, "w", RunRequest{Contact: ByID(c.ID)})
		require.Equal(w, "contact_blocked", AsError(err).Word)
		require.Equal(w, "contact_blocked", w.reasons(c, DecisionFilter{})[0], "a refused call is recorded too")
	})
}

func TestLiveRunsKeepTheirVersion(t *testing.T) { // 101, 102, 109
	eachWorld(t, func(w *world) {
		asks := func(text string) string {
			return "format: 1\nid: w\nname: W\ntrigger: {type: conversation_opened}\nsteps:\n" +
				"  - {id: ask, type: ask_question, config: {question: \"ok?\", question_type: text}, arms: {success: note}}\n  - {id: note, type: add_comment, config: {text: " + text + "}}\n"
		}
		require.EqualValues(w, 1, w.publish(asks("one")).Version)
		ann := w.writes("ann", "m1", "hello")
		require.EqualValues(w, 1, w.publish(asks("one")).Version, "unchanged")
		require.EqualValues(w, 2, w.publish(asks("two")).Version)
		ben := w.writes("ben", "m2", "hello")
		w.writes("ann", "m3", "yes")
		w.writes("ben", "m4", "yes")
		for c, want := range map[*Contact]string{ann: "one", ben: "two"} {
			l, err := w.d.Comments(w.Context(), w.p, ByID(c.ID), Page{})
			require.NoError(w, err)
			require.Equal(w, want, l.Items[0].Text)
		}
		cem := w.writes("cem", "m5", "hello")
		_, ended, err := w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, 1, ended)
		w.pump()
		require.Equal(w, flow.EndWorkflowStopped, w.run(cem).ExitReason)
		dan := w.writes("dan", "m6", "hello")
		require.Empty(w, w.runs(dan), "a stopped workflow starts nothing")

		wf, err := w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		require.EqualValues(w, 2, wf.Version, "re-armed, no new version")
		eve := w.writes("eve", "m7", "hello")
		_, ended, err = w.d.DeleteWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		require.Equal(w, 1, ended)
		w.pump()
		run, err := w.d.RunOf(w.Context(), w.p, w.run(eve).ID)
		require.NoError(w, err, "runs stay readable")
		require.Equal(w, "W", run.Workflow)
		require.Equal(w, flow.EndWorkflowDeleted, run.ExitReason)
		require.NotNil(w, w.publish(asks("three")), "the id is free again")
	})
}

func TestTheWorkflowLimit(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.MaxWorkflows = 1
		w.publish(note("one", "trigger: {type: manual_trigger}"))
		_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(note("two", "trigger: {type: manual_trigger}")), ImportInput{})
		require.Equal(w, "workflow.limit", AsError(err).Problems[0].Code)
	})
}

func TestOnlyOnePublishClosesALoop(t *testing.T) {
	eachWorld(t, func(w *world) {
		for _, f := range []string{
			"format: 1\nid: a\nname: A\ntrigger: {type: conversation_opened}\nsteps: [{id: a, type: close_conversation}]\n",
			"format: 1\nid: b\nname: B\ntrigger: {type: conversation_closed}\nsteps: [{id: b, type: open_conversation}]\n",
		} {
			_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(f), ImportInput{})
			require.NoError(w, err)
		}
		errs := make(chan error, 2)
		for _, slug := range []string{"a", "b"} {
			go func() {
				_, err := w.d.PublishWorkflow(w.Context(), w.p, slug, 0)
				errs <- err
			}()
		}
		refused := 0
		for range 2 {
			if err := <-errs; err != nil {
				require.Equal(w, "workflow_loop", AsError(err).Word)
				refused++
			}
		}
		require.Equal(w, 1, refused)
	})
}

func TestDeletingAContact(t *testing.T) { // 110
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.publish(assigning("rr", roundRobin(", open_contacts_below: 1"), ""))
		w.publish(question("asks", ""))
		zoe := w.writes("zoe", "m1", "hello")
		require.Equal(w, users[0].ID, zoe.AssigneeID)
		yan := w.writes("yan", "m2", "hello")
		require.Zero(w, yan.AssigneeID)
		m, err := w.d.SendMessage(w.Context(), w.p, ByID(zoe.ID), DraftMessage{Message: channel.Text("on its way")})
		require.NoError(w, err)

		_, err = w.d.DeleteContact(w.Context(), w.p, ByID(zoe.ID))
		require.NoError(w, err)
		w.pump() // the runs hear of it and end without their contact
		require.Equal(w, users[0].ID, w.contact("yan").AssigneeID, "the place that was freed")
		for _, model := range []any{&Message{}, &Identity{}, &Comment{}} {
			require.Zero(w, w.count(model, "contact_id = ?", zoe.ID))
		}
		runs := w.runs(zoe)
		require.Len(w, runs, 2)
		require.Equal(w, flow.EndContactDeleted, runs[1].ExitReason)
		require.Empty(w, runs[1].Vars)
		require.EqualValues(w, 1, w.count(&Conversation{}, "contact_id = ?", zoe.ID), "counters stay")
		dl, err := w.d.ClaimMessage(w.Context(), m.ID)
		require.NoError(w, err)
		require.Equal(w, flow.Ended, dl.Final.Outcome)

		again := w.writes("zoe", "m9", "hello")
		require.NotEqual(w, zoe.ID, again.ID, "a new contact")
	})
}

func TestAgentsSeeWhatTheyMay(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben")
		_, others := w.team("Sales", "Cem")
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{ID: users[1].ID})
		require.NoError(w, err)
		for name, tc := range map[string]struct {
			user  *User
			limit string
			sees  bool
		}{
			"no restriction": {others[0], "", true},
			"own":            {users[1], ShowOnlyMine, true},
			"a colleague's":  {users[0], ShowOnlyMine, false},
			"the team's":     {users[0], ShowTeamContacts, true},
			"another team's": {others[0], ShowTeamContacts, false},
		} {
			p := w.as(tc.user)
			if tc.limit != "" {
				p.Limits = []string{tc.limit}
			}
			_, err := w.d.Contact(w.Context(), p, ByID(c.ID))
			_, convErr := w.d.Conversation(w.Context(), p, c.ConversationID)
			l, listErr := w.d.Contacts(w.Context(), p, ContactFilter{}, Page{})
			require.NoError(w, listErr)
			if tc.sees {
				require.NoError(w, err, name)
				require.NoError(w, convErr, name)
				require.Len(w, l.Items, 1, name)
			} else {
				require.Equal(w, NotFound, AsError(err).Code, name)
				require.Equal(w, NotFound, AsError(convErr).Code, name)
				require.Empty(w, l.Items, name)
			}
		}
	})
}

func TestStuckRuns(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish("format: 1\nid: w\nname: W\ntrigger: {type: conversation_opened}\nsteps: [{id: nap, name: Nap, type: wait, config: {wait_for: 1m}}]\n")
		c := w.writes("ann", "m1", "hello")
		look := func() (RunView, int) {
			run, err := w.d.RunOf(w.Context(), w.p, w.run(c).ID)
			require.NoError(w, err)
			l, err := w.d.Runs(w.Context(), w.p, RunFilter{Stuck: ptr(true)}, Page{})
			require.NoError(w, err)
			return run.RunView, len(l.Items)
		}
		run, stuck := look()
		require.Equal(w, "Nap", run.Current.Name)
		require.Equal(w, flow.WaitTimer, run.WaitKind)
		require.Zero(w, stuck)
		w.advance(7 * time.Minute)
		run, stuck = look()
		require.True(w, run.Stuck)
		require.Equal(w, 1, stuck)
		w.wake()
		run, stuck = look()
		require.False(w, run.Stuck)
		require.Nil(w, run.Current)
		require.Zero(w, stuck)
	})
}
