package desk

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// draft makes a workflow without publishing it.
func (w *world) draft(file string) {
	w.Helper()
	_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(file), ImportInput{Replace: true})
	require.NoError(w, err)
}

// refusedToPublish is the error of publishing a workflow.
func (w *world) refusedToPublish(slug string) *Error {
	w.Helper()
	_, err := w.d.PublishWorkflow(w.Context(), w.p, slug, 0)
	require.NotNil(w, AsError(err), "%v", err)
	return AsError(err)
}

func TestALoopIsNotPublished(t *testing.T) { // 88
	eachWorld(t, func(w *world) {
		w.publish(manual("b", commented("note")))
		w.publish(manual("a", calls("b", "")))
		w.draft(manual("b", calls("a", "")))
		e := w.refusedToPublish("b")
		require.Equal(w, Conflict, e.Code)
		require.Equal(w, "workflow_loop", e.Word)
		require.Equal(w, "Workflow loop detected", e.Message)
		require.Len(w, e.Problems, 1)
		require.Equal(w, "workflow.loop", e.Problems[0].Code)
		require.Equal(w, flow.SeverityError, e.Problems[0].Severity)
		require.Contains(w, e.Problems[0].Message, "Workflow loop detected: b → a → b")

		v, err := w.d.Workflow(w.Context(), w.p, "b")
		require.NoError(w, err)
		require.EqualValues(w, 1, v.Version, "the old version stays")
		require.Equal(w, Published, v.State)
		require.Equal(w, "workflow.loop", v.Problems[len(v.Problems)-1].Code)
		require.Equal(w, flow.SeverityWarning, v.Problems[len(v.Problems)-1].Severity)
		problems, err := w.d.ValidateWorkflow(w.Context(), w.p, []byte(manual("b", calls("a", ""))))
		require.NoError(w, err)
		require.Equal(w, "workflow.loop", problems[len(problems)-1].Code)

		w.publish(manual("b", "  - {id: nap, type: wait, config: {wait_for: 1m}, next: call}\n"+calls("a", "")))
	})
	eachWorld(t, func(w *world) { // through a tag that was renamed meanwhile, known to one by id and to the other by name
		tag := &Tag{WorkspaceID: w.p.WorkspaceID, Name: "Early", NameKey: "early", CreatedAt: w.clock.Load()}
		w.insert(tag)
		w.draft(starting("writes", "conversation_opened", "  - {id: tag, type: update_contact_tag, config: {action: add, tags: [VIP]}}\n"))
		_, err := w.d.PublishWorkflow(w.Context(), w.p, "writes", 0)
		require.NoError(w, err)
		w.draft("format: 1\nid: reads\nname: reads\ntrigger: {type: contact_tag_updated, config: {action: added, tags: [early]}}\nsteps: [{id: open, type: open_conversation}]\n")
		w.exec("UPDATE tags SET name = 'VIP', name_key = 'vip' WHERE id = ?", tag.ID)
		require.Equal(w, "workflow_loop", w.refusedToPublish("reads").Word)
		w.exec("UPDATE tags SET name = 'Late', name_key = 'late' WHERE id = ?", tag.ID)
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "reads", 0)
		require.NoError(w, err)
	})
}

func TestTheTargetIsChecked(t *testing.T) {
	eachWorld(t, func(w *world) {
		codes := func(file string) []string {
			problems, err := w.d.ValidateWorkflow(w.Context(), w.p, []byte(file))
			require.NoError(w, err)
			var out []string
			for _, x := range problems {
				out = append(out, fmt.Sprintf("%s %s %s", x.Severity, x.Code, x.Path))
			}
			return out
		}
		caller := manual("caller", "  - {id: call, type: trigger_another_workflow, config: {target: survey, start_from: ask}}\n")
		const target, from = "steps[0].config.target", "steps[0].config.start_from"
		require.Equal(w, []string{"error reference.unknown " + target}, codes(caller))

		w.draft(starting("survey", "conversation_closed", commented("note")))
		require.Equal(w, []string{"error target.not_manual " + target, "error target.step.unknown " + from}, codes(caller))
		w.draft(manual("survey", asksName))
		require.Equal(w, []string{"warning target.not_published " + target}, codes(caller))
		w.draft(caller)
		e := w.refusedToPublish("caller")
		require.Equal(w, "workflow_invalid", e.Word)
		require.Equal(w, "target.not_published", e.Problems[0].Code)
		require.Equal(w, flow.SeverityError, e.Problems[0].Severity)

		_, err := w.d.PublishWorkflow(w.Context(), w.p, "survey", 0)
		require.NoError(w, err)
		require.Empty(w, codes(caller))
		w.draft(starting("survey", "conversation_closed", commented("note")))
		require.Empty(w, codes(caller), "a draft does not count while the published version is what runs")
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "survey", 0)
		require.NoError(w, err)
		require.Equal(w, []string{"error target.not_manual " + target, "error target.step.unknown " + from}, codes(caller))
		w.draft(manual("survey", asksName))
		require.Equal(w, []string{"warning target.not_published " + target, "error target.step.unknown " + from}, codes(caller), "the newest version has another trigger")
		w.publish(manual("survey", asksName))
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, "survey")
		require.NoError(w, err)
		require.Equal(w, []string{"warning target.not_published " + target}, codes(caller))

		v, err := w.d.Workflow(w.Context(), w.p, "caller")
		require.NoError(w, err)
		require.Contains(w, string(v.Definition), `"target":"survey"`, "shown by its id in the file")
	})
}

func TestTwoWorkflowsPassATagOnce(t *testing.T) { // 106
	eachWorld(t, func(w *world) {
		passes := func(id, on, action string) string {
			return "format: 1\nid: " + id + "\nname: " + id + "\ntrigger: {type: contact_tag_updated, config: {action: " + on + ", tags: [VIP]}}\nsteps:\n" +
				"  - {id: nap, type: wait, config: {wait_for: 1m}, next: tag}\n  - {id: tag, type: update_contact_tag, config: {action: " + action + ", tags: [VIP]}}\n"
		}
		w.insert(&Tag{WorkspaceID: w.p.WorkspaceID, Name: "VIP", NameKey: "vip", CreatedAt: w.clock.Load()})
		w1, w2 := w.publish(passes("w1", "added", "remove")), w.publish(passes("w2", "removed", "add"))
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.TagContact(w.Context(), w.p, ByID(c.ID), []string{"VIP"})
		require.NoError(w, err)
		w.pump()
		for range 4 {
			w.advance(time.Minute)
			w.wake()
		}
		require.Len(w, w.runs(c), 2, "each runs once")
		require.Equal(w, []int64{w1.ID, w2.ID}, w.runIn(c, "w2").Chain)
		require.Equal(w, "loop_guard own_effect", w.reasons(c, DecisionFilter{WorkflowID: w1.ID})[0])
		require.Equal(w, 1, countOf("matched", w.reasons(c, DecisionFilter{WorkflowID: w1.ID})))
		require.Equal(w, 1, countOf("matched", w.reasons(c, DecisionFilter{WorkflowID: w2.ID})))
		var tags []string
		require.NoError(w, w.db.Read(w.Context()).Table("contact_tags").Select("tag_id").Where("contact_id = ?", c.ID).Scan(&tags).Error)
		require.Len(w, tags, 1, "VIP is on again")
	})
}

func countOf(want string, list []string) (n int) {
	for _, x := range list {
		if x == want {
			n++
		}
	}
	return n
}

func TestAChainHasTenWorkflows(t *testing.T) { // 107
	eachWorld(t, func(w *world) {
		last := w.publish(manual("w11", commented("eleven")))
		for i := 10; i > 1; i-- {
			w.publish(manual(fmt.Sprintf("w%d", i), calls(fmt.Sprintf("w%d", i+1), "")))
		}
		w.publish(starting("w1", "conversation_opened", calls("w2", "")))
		c := w.writes("zoe", "m1", "hello")
		runs := w.runs(c)
		require.Len(w, runs, 10, "the 11th is not started")
		for _, r := range runs {
			require.Equal(w, flow.RunCompleted, r.State, "every caller goes on")
		}
		require.Len(w, runs[9].Chain, 10)
		require.Equal(w, []string{"loop_guard depth"}, w.reasons(c, DecisionFilter{WorkflowID: last.ID}))
		require.Equal(w, []string{"call failed next loop_guard", "went-on ok next "}, w.logged(runs[9]))
		require.Equal(w, 10, countOf("went-on", w.comments(c)))
	})
}

// A workflow that waits a minute before it starts its caller may be published;
// at run time the chain stops it.
func TestAChildDoesNotStartItsCaller(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("b", commented("note")))
		a := w.publish(manual("a", calls("b", "")))
		w.publish(manual("b", "  - {id: nap, type: wait, config: {wait_for: 1m}, next: call}\n"+calls("a", "")))
		c := w.writes("zoe", "m1", "hello")
		_, err := w.d.StartRun(w.Context(), w.p, "a", RunRequest{Contact: ByID(c.ID)})
		require.NoError(w, err)
		w.pump()
		w.advance(time.Minute)
		w.wake()
		require.Equal(w, []string{"went-on", "went-on"}, w.comments(c))
		require.Equal(w, []string{"loop_guard own_effect", "matched"}, w.reasons(c, DecisionFilter{WorkflowID: a.ID}))
		require.Equal(w, "call failed next loop_guard", w.logged(w.runIn(c, "b"))[1])
	})
}

func TestAskingForTheLanguage(t *testing.T) { // 98, without the template
	eachWorld(t, func(w *world) {
		w.publish(manual("ask-language", "  - {id: ask, type: ask_question, config: {question: \"Which language?\", question_type: text, save_as_contact_field: language}}\n"))
		w.publish(starting("language", "conversation_opened", "  - {id: known, type: branch, config: {branches: [{name: known, conditions: [{category: contact_field, field: language, operator: exists}]}]}, arms: {known: greet, else: call}}\n"+
			commented("greet")+"  - {id: call, type: trigger_another_workflow, config: {target: ask-language}, next: again}\n"+
			"  - {id: again, type: jump_to, config: {step: known, max_jumps: 1}}\n"))
		c := w.writes("zoe", "m1", "hello")
		require.Equal(w, flow.WaitAnswer, w.runIn(c, "ask-language").WaitKind)
		w.writes("zoe", "m2", "fr")
		require.Equal(w, []string{"greet"}, w.comments(c))
		require.Equal(w, "fr", w.contact("zoe").Language)
		require.Len(w, w.runs(c), 2)
	})
}

// Whatever happens to the families of a contact at the same time, no child is
// left whose caller ended while it waited, and no caller waits for what ended.
func TestFamiliesEndTogether(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(manual("survey", asksName))
		w.publish(manual("assigns", "  - {id: a, type: assign_to, config: {action: user_in_workspace, logic: round_robin}, next: call}\n"+calls("survey", "")))
		w.publish(starting("hello", "conversation_opened", calls("assigns", "")))
		_, users := w.team("Support", "Ann")
		w.status(users[0], Offline)
		const contacts = 8
		for i := range contacts {
			w.writes(fmt.Sprintf("c%d", i), fmt.Sprintf("m%d", i), "hello")
		}
		errs := make(chan error, 100)
		var all sync.WaitGroup
		for i := range contacts {
			c := w.contact(fmt.Sprintf("c%d", i))
			hello, assigns := w.runIn(c, "hello").ID, w.runIn(c, "assigns").ID
			for k, do := range []func() error{
				func() error {
					return w.d.Receive(w.Context(), w.ch, []channel.Inbound{w.inbound(fmt.Sprintf("c%d", i), fmt.Sprintf("n%d", i), "Zoe")})
				},
				func() error { return notLate(w.d.StopRun(w.Context(), w.p, hello, "")) },
				func() error { return notLate(w.d.StopRun(w.Context(), w.p, assigns, "")) },
				func() error { _, err := w.d.SetStatus(w.Context(), w.p, users[0].ID, Online); return err },
				func() error { _, err := w.d.Block(w.Context(), w.p, ByID(c.ID), ""); return err },
				func() error { _, _, err := w.d.StopWorkflow(w.Context(), w.p, "hello"); return notLate(0, err) },
				func() error { _, err := w.pumpSome(20); return err },
			} {
				if (i+k)%3 == 0 {
					all.Go(func() { errs <- do() })
				}
			}
		}
		all.Wait()
		close(errs)
		for err := range errs {
			require.NoError(w, err)
		}
		w.pump()
		require.Zero(w, w.count(&Run{}, isLive+" AND parent_no > 0 AND EXISTS (SELECT 1 FROM runs p WHERE p.id = runs.parent_run_id AND p.state NOT IN ('running', 'waiting'))"))
		require.Zero(w, w.count(&Run{}, isLive+" AND wait_kind = 'child' AND NOT EXISTS (SELECT 1 FROM runs k WHERE k.parent_run_id = runs.id AND k.parent_no = runs.wait_no AND k.state IN ('running', 'waiting'))"))
		require.Zero(w, w.count(&QueueEntry{}, "NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = run_id AND r.state = 'waiting')"))
	})
}

// notLate is an error unless what was to be stopped had ended already.
func notLate[T any](_ T, err error) error {
	if e := AsError(err); e != nil && e.Code == Conflict {
		return nil
	}
	return err
}
