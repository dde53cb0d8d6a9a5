package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// family publishes hello → middle → survey, each waiting for the next, lets a
// contact in, and returns it when the survey has asked.
func (w *world) family(settings string) *Contact {
	w.Helper()
	w.publish(manual("survey", asksName))
	w.publish(manual("middle", calls("survey", "")))
	w.publish(starting("hello", "conversation_opened", calls("middle", "")) + settings)
	c := w.writes("zoe", "m1", "hello")
	require.Equal(w, flow.WaitAnswer, w.runIn(c, "survey").WaitKind)
	return c
}

// ends are the reasons for which the runs of hello, middle and survey ended;
// "" = it lives.
func (w *world) ends(c *Contact) [3]flow.EndReason {
	w.Helper()
	return [3]flow.EndReason{w.runIn(c, "hello").ExitReason, w.runIn(c, "middle").ExitReason, w.runIn(c, "survey").ExitReason}
}

// drivenToTheEnd moves every run once more, as a late wake-up does: nothing
// changes.
func (w *world) drivenToTheEnd(c *Contact) {
	w.Helper()
	before := w.ends(c)
	for _, r := range w.runs(c) {
		w.drive(r.ID)
	}
	w.pump()
	require.Equal(w, before, w.ends(c))
}

func TestAChildEndsWithItsCaller(t *testing.T) { // 118
	const parent = flow.EndParentEnded
	stop := func(slug string) func(w *world, c *Contact) error {
		return func(w *world, c *Contact) error {
			return errorOf(w.d.StopRun(w.Context(), w.p, w.runIn(c, slug).ID, ""))
		}
	}
	stopWorkflow := func(slug string) func(w *world, c *Contact) error {
		return func(w *world, _ *Contact) error { return errorOf2(w.d.StopWorkflow(w.Context(), w.p, slug)) }
	}
	deleteWorkflow := func(w *world, _ *Contact) error { return errorOf2(w.d.DeleteWorkflow(w.Context(), w.p, "hello")) }
	stopAll := func(w *world, c *Contact) error { return errorOf(w.d.StopRunsOfContact(w.Context(), w.p, ByID(c.ID))) }
	block := func(w *world, c *Contact) error { return errorOf(w.d.Block(w.Context(), w.p, ByID(c.ID), "")) }
	remove := func(w *world, c *Contact) error { return errorOf(w.d.DeleteContact(w.Context(), w.p, ByID(c.ID))) }
	lose := func(slug string) func(w *world, c *Contact) error {
		return func(w *world, c *Contact) error {
			return errorOf(w.d.EndLost(w.Context(), w.runIn(c, slug).ID, flow.Ending{State: flow.RunFailed, Reason: flow.EndError}))
		}
	}
	answer := func(w *world, _ *Contact) error { w.says("zoe", "m2", "Zoe"); return nil }
	userWrites := func(w *world, c *Contact) error {
		p := Principal{WorkspaceID: w.p.WorkspaceID, Role: Owner, Source: SourceUser, UserID: 1, UserName: "Ann"}
		return errorOf(w.d.SendMessage(w.Context(), p, ByID(c.ID), DraftMessage{Message: channel.Text("I take over")}))
	}
	const (
		onIncoming = "settings: {exit_on_incoming_message: true}\n"
		onOutgoing = "settings: {exit_on_outgoing_message: true}\n"
	)
	type reasons = [3]flow.EndReason // of hello, middle and survey; "" = it lives
	for name, tc := range map[string]struct {
		settings string
		end      func(w *world, c *Contact) error
		want     reasons
	}{
		"the caller is stopped":          {"", stop("hello"), reasons{flow.EndStoppedByUser, parent, parent}},
		"the one in the middle":          {"", stop("middle"), reasons{flow.EndOfPath, flow.EndStoppedByUser, parent}},
		"the child is stopped":           {"", stop("survey"), reasons{flow.EndOfPath, flow.EndOfPath, flow.EndStoppedByUser}},
		"the caller's workflow stops":    {"", stopWorkflow("hello"), reasons{flow.EndWorkflowStopped, parent, parent}},
		"the child's workflow stops":     {"", stopWorkflow("survey"), reasons{flow.EndOfPath, flow.EndOfPath, flow.EndWorkflowStopped}},
		"the caller's workflow goes":     {"", deleteWorkflow, reasons{flow.EndWorkflowDeleted, parent, parent}},
		"all runs of the contact":        {"", stopAll, reasons{flow.EndStoppedByUser, flow.EndStoppedByUser, flow.EndStoppedByUser}},
		"the contact is blocked":         {"", block, reasons{flow.EndContactBlocked, flow.EndContactBlocked, flow.EndContactBlocked}},
		"the contact is deleted":         {"", remove, reasons{flow.EndContactDeleted, flow.EndContactDeleted, flow.EndContactDeleted}},
		"the caller is lost":             {"", lose("hello"), reasons{flow.EndError, parent, parent}},
		"the child is lost":              {"", lose("survey"), reasons{flow.EndOfPath, flow.EndOfPath, flow.EndError}},
		"a message that the child takes": {"", answer, reasons{flow.EndOfPath, flow.EndOfPath, flow.EndOfPath}},
		"a message that ends the caller": {onIncoming, answer, reasons{flow.EndIncomingMessage, parent, parent}},
		"a message of a user":            {onOutgoing, userWrites, reasons{flow.EndOutgoingMessage, parent, parent}},
		"a message of a user, no matter": {"", userWrites, reasons{}},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				c := w.family(tc.settings)
				require.NoError(w, tc.end(w, c))
				w.pump()
				require.Equal(w, tc.want, w.ends(c))
				w.drivenToTheEnd(c)
				for _, r := range w.runs(c) {
					ends := w.count(&Event{}, "type = ? AND contact_id = ? AND data LIKE ?", WorkflowEnded, c.ID, fmt.Sprintf(`%%"runId":%d,%%`, r.ID))
					if name == "the contact is deleted" {
						continue // its timeline is gone
					}
					require.EqualValues(w, ends, map[bool]int{true: 0, false: 1}[r.Live()], "the timeline tells of an end once")
				}
				require.Zero(w, w.count(&OutboxRow{}, "1 = 1"))
				require.Zero(w, w.count(&Run{}, "claim <> ''"), "no answer for a run that has ended")
			})
		})
	}
}

// errorOf and errorOf2 are the errors of calls whose answers do not matter.
func errorOf[T any](_ T, err error) error { return err }

func errorOf2[T, U any](_ T, _ U, err error) error { return err }

func TestANoteIsOnTheRunThatWasStopped(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.family("")
		hello := w.runIn(c, "hello")
		_, err := w.d.StopRun(w.Context(), w.p, hello.ID, "wrong customer")
		require.NoError(w, err)
		var ended []Event
		require.NoError(w, w.db.Read(w.Context()).Where("contact_id = ? AND type = ?", c.ID, WorkflowEnded).Order("id").Find(&ended).Error)
		require.Len(w, ended, 3)
		require.Equal(w, "wrong customer", ended[0].Data["note"])
		require.EqualValues(w, hello.ID, ended[0].Data["runId"])
		require.NotContains(w, ended[1].Data, "note")
		require.NotContains(w, ended[2].Data, "note")
	})
}

// A child of wait: false lives on, whatever becomes of the caller.
func TestAnIndependentChildOutlivesItsCaller(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", "  - {id: call, type: trigger_another_workflow, config: {target: survey, wait: false}, next: nap}\n"+sleepsHour))
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.StopRun(w.Context(), w.p, w.runIn(c, "hello").ID, "")
		require.NoError(w, err)
		w.pump()
		require.True(w, ptr(w.runIn(c, "survey")).Live())
		w.writes("zoe", "m2", "Zoe")
		require.Equal(w, flow.EndOfPath, w.runIn(c, "survey").ExitReason)
	})
}

func TestACallersPatienceEnds(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(manual("slow", sleepsHour))
		w.publish(starting("hello", "conversation_opened", "  - {id: call, type: trigger_another_workflow, config: {target: survey, timeout: 1h}, arms: {timeout: again}}\n"+
			"  - {id: again, type: trigger_another_workflow, config: {target: slow}, next: went-on}\n"+commented("went-on")))
		c := w.writes("zoe", "m1", "hello")
		hello := w.runIn(c, "hello")
		require.Equal(w, w.clock.Load()+time.Hour.Milliseconds(), hello.DueAt)
		w.advance(time.Hour - time.Millisecond)
		w.wake()
		require.Equal(w, hello.WaitNo, w.runIn(c, "hello").WaitNo, "never early")
		w.advance(time.Millisecond)
		w.wake()
		require.Equal(w, "call ok timeout ", w.logged(hello)[0])
		require.True(w, ptr(w.runIn(c, "survey")).Live(), "the child lives on")

		// Now the run waits for another child: the end of the first one is not for it.
		w.writes("zoe", "m2", "Zoe")
		require.Equal(w, flow.EndOfPath, w.runIn(c, "survey").ExitReason)
		require.Equal(w, flow.WaitChild, w.runIn(c, "hello").WaitKind)
		require.Empty(w, w.comments(c))
		w.advance(time.Hour)
		w.wake()
		require.Equal(w, []string{"went-on"}, w.comments(c))
	})
	eachWorld(t, func(w *world) { // in time, and at the last moment
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", calls("survey", ", timeout: 1h", "timeout")))
		ann, ben := w.writes("ann", "m1", "hello"), w.writes("ben", "m2", "hello")
		w.writes("ann", "m3", "Ann")
		require.Equal(w, []string{"went-on"}, w.comments(ann))
		w.advance(time.Hour)
		w.says("ben", "m4", "Ben")
		w.drive(w.runIn(ben, "survey").ID) // the child ended, then the timer of its caller fired
		w.wake()
		require.Equal(w, []string{"went-on"}, w.comments(ben))
	})
	eachWorld(t, func(w *world) { // a caller that ends after its patience did leaves the child alone
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", "  - {id: call, type: trigger_another_workflow, config: {target: survey, timeout: 1h}, arms: {timeout: nap}}\n"+sleepsHour))
		c := w.writes("zoe", "m1", "hello")
		w.advance(time.Hour)
		w.wake()
		_, err := w.d.StopRun(w.Context(), w.p, w.runIn(c, "hello").ID, "")
		require.NoError(w, err)
		require.True(w, ptr(w.runIn(c, "survey")).Live())
	})
}

// A caller whose wait was skipped does not wait any more, though it has not gone
// on yet.
func TestASkippedChildLivesOn(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", calls("survey", ", timeout: 1h", "timeout")))
		c := w.writes("zoe", "m1", "hello")
		w.exec("UPDATE runs SET test = true WHERE contact_id = ?", c.ID)
		hello := w.runIn(c, "hello")
		_, err := w.d.SkipWait(w.Context(), w.p, hello.ID)
		require.NoError(w, err)
		_, err = w.d.StopRun(w.Context(), w.p, hello.ID, "")
		require.NoError(w, err)
		w.pump()
		require.True(w, ptr(w.runIn(c, "survey")).Live())
	})
}

// startChild carries out the effect alone: the run has not asked yet who won its
// wait.
func (w *world) startChild(run Run, no int, s flow.StartChild) flow.Result {
	w.Helper()
	res, err := w.d.StartChild(w.Context(), flow.Call{RunID: run.ID, No: no}, s)
	require.NoError(w, err)
	return res
}

func TestStartingAChildIsRepeated(t *testing.T) {
	eachWorld(t, func(w *world) {
		survey := w.publish(manual("survey", asksName))
		w.publish(starting("hello", "conversation_opened", sleepsHour))
		c := w.writes("zoe", "m1", "hello")
		hello := w.runIn(c, "hello")
		start := flow.StartChild{Target: flow.Ref{ID: survey.ID, Name: "survey"}, Wait: true, Timeout: time.Hour}
		first := w.startChild(hello, 50, start)
		require.Equal(w, flow.Result{Outcome: flow.Waiting, DueAt: timeOf(w.clock.Load() + time.Hour.Milliseconds())}, first)
		w.advance(time.Minute)
		require.Equal(w, first, w.startChild(hello, 50, start), "the stored result")
		require.EqualValues(w, 1, w.count(&Run{}, "parent_run_id = ?", hello.ID))
		require.EqualValues(w, 1, w.count(&TriggerDecision{}, "workflow_id = ?", survey.ID))

		// The child ends before the caller asks who won: the row keeps the claim.
		w.pump()
		w.says("zoe", "m2", "Zoe")
		child := w.runIn(c, "survey")
		w.drive(child.ID)
		require.Equal(w, first, w.startChild(hello, 50, start))
		wait := flow.Wait{No: 50, Kind: flow.WaitChild, DueAt: first.DueAt}
		for range 2 {
			res, err := w.d.EndWait(w.Context(), flow.Call{RunID: hello.ID, No: 51}, wait, false)
			require.NoError(w, err)
			require.Equal(w, flow.Result{Outcome: flow.Done, Detail: fmt.Sprintf("run %d completed: end_of_path", child.ID)}, res)
		}
		require.Equal(w, flow.RunRunning, w.runIn(c, "hello").State)

		_, err := w.d.StopRun(w.Context(), w.p, hello.ID, "")
		require.NoError(w, err)
		require.Equal(w, flow.Result{Outcome: flow.Ended, Code: "stopped_by_user"}, w.startChild(hello, 52, start))
		require.EqualValues(w, 1, w.count(&Run{}, "parent_run_id = ?", hello.ID))
	})
}

// A child that stands in a queue leaves it when its caller ends.
func TestAChildInAQueueEndsWithItsCaller(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("assigns", "  - {id: a, type: assign_to, config: {action: user_in_workspace, logic: round_robin}, next: done}\n"+commented("done")))
		w.publish(starting("hello", "conversation_opened", calls("assigns", "")))
		zoe, yan := w.writes("zoe", "m1", "hello"), w.writes("yan", "m2", "hello")
		require.EqualValues(w, 2, w.count(&QueueEntry{}, "1 = 1"))
		_, err := w.d.StopRun(w.Context(), w.p, w.runIn(zoe, "hello").ID, "")
		require.NoError(w, err)
		require.EqualValues(w, 1, w.count(&QueueEntry{}, "1 = 1"))
		w.pump()
		_, users := w.team("Support", "Ann")
		w.status(users[0], Online)
		require.Zero(w, w.contact("zoe").AssigneeID)
		require.Equal(w, users[0].ID, w.contact("yan").AssigneeID)
		require.Equal(w, []string{"done", "went-on"}, w.comments(yan))
	})
}
