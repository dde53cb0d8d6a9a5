package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// noting is a workflow that writes one comment.
func noting(id, trigger, text string) string {
	return "format: 1\nid: " + id + "\nname: " + id + "\ntrigger: " + trigger + "\nsteps: [{id: note, type: add_comment, config: {text: \"" + text + "\"}}]\n"
}

func tagged(action string, tags string) string {
	return "{type: contact_tag_updated, config: {action: " + action + ", tags: [" + tags + "]}}"
}

func onField(field string) string {
	return "{type: contact_field_updated, config: {field: " + field + "}}"
}

// notes are the texts of a contact's comments, oldest first.
func (w *world) notes(c *Contact) []string {
	w.Helper()
	texts := []string{}
	require.NoError(w, w.db.Read(w.Context()).Model(&Comment{}).Where("contact_id = ?", c.ID).Order("id").Pluck("text", &texts).Error)
	return texts
}

func (w *world) makeTags(names ...string) {
	w.Helper()
	for _, name := range names {
		_, err := w.d.CreateTag(w.Context(), w.p, TagInput{Name: name})
		require.NoError(w, err)
	}
}

func (w *world) addTags(c *Contact, names ...string) {
	w.Helper()
	_, err := w.d.TagContact(w.Context(), w.p, ByID(c.ID), names)
	require.NoError(w, err)
	w.pump()
}

func (w *world) removeTags(c *Contact, names ...string) {
	w.Helper()
	_, err := w.d.UntagContact(w.Context(), w.p, ByID(c.ID), names)
	require.NoError(w, err)
	w.pump()
}

func (w *world) makeField(name string, kind flow.FieldType) *CustomField {
	w.Helper()
	f, err := w.d.CreateCustomField(w.Context(), w.p, CustomFieldInput{Name: name, DataType: kind})
	require.NoError(w, err)
	return f
}

func (w *world) editFields(c *Contact, in ContactFields) {
	w.Helper()
	_, err := w.d.UpdateContact(w.Context(), w.p, ByID(c.ID), in)
	require.NoError(w, err)
	w.pump()
}

func (w *world) traceOf(c *Contact) []DecisionView {
	w.Helper()
	l, err := w.d.Decisions(w.Context(), w.p, ByID(c.ID), DecisionFilter{}, Page{Limit: MaxPage})
	require.NoError(w, err)
	return l.Items
}

// meant are the reasons of the decisions on events that the triggers' configurations mean.
func (w *world) meant(c *Contact) []string {
	w.Helper()
	return slices.DeleteFunc(w.reasons(c, DecisionFilter{}), func(r string) bool { return r == "condition_false configuration" })
}

func TestATagThatIsAdded(t *testing.T) { // 18, 19, 108
	eachWorld(t, func(w *world) {
		w.makeTags("VIP", "Gold", "Other")
		w.publish(noting("added", tagged("added", "VIP, Gold"), "$trigger.tag was $trigger.action"))
		w.publish(noting("removed", tagged("removed", "vip"), "$trigger.tag was $trigger.action"))
		c := w.writes("ann", "m1", "hello")

		w.addTags(c, "vip", "Other")
		w.addTags(c, "VIP") // present: nothing changes
		require.Equal(w, []string{"VIP was added"}, w.notes(c))
		run := w.run(c)
		require.Equal(w, flow.ContactTagUpdated, run.TriggerType)
		require.Equal(w, SourceAPI, run.TriggerSource)

		seen := w.traceOf(c) // two events, offered to two workflows each
		require.Len(w, seen, 4)
		require.Equal(w, []string{"condition_false configuration", "condition_false configuration", "condition_false configuration", "matched"}, w.reasons(c, DecisionFilter{}))
		require.Equal(w, "tag VIP added", seen[3].Event.Summary)
		require.Equal(w, run.TriggerEvent, seen[3].Event.ID)
		require.Equal(w, run.ID, seen[3].RunID)

		w.removeTags(c, "vip", "Gold") // Gold is not there: no event
		require.Equal(w, []string{"VIP was added", "VIP was removed"}, w.notes(c))
		w.removeTags(c, "VIP")
		require.Len(w, w.traceOf(c), 6)

		w.addTags(c, "Gold")
		require.NoError(w, w.d.DeleteTag(w.Context(), w.p, "Gold"))
		w.pump()
		require.Equal(w, []string{"VIP was added", "VIP was removed", "Gold was added"}, w.notes(c), "deleting a tag is no tag event")
	})
}

func TestATagIsFollowedWhenItIsRenamed(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeTags("VIP")
		w.publish(noting("w", tagged("added", "VIP"), "$trigger.tag"))
		_, err := w.d.UpdateTagOf(w.Context(), w.p, "VIP", TagChange{Name: ptr("Gold")})
		require.NoError(w, err)
		c := w.writes("ann", "m1", "hello")
		w.addTags(c, "Gold")
		require.Equal(w, []string{"Gold"}, w.notes(c))
		w.addTags(c, "VIP") // a new tag of the old name
		require.Equal(w, []string{"Gold"}, w.notes(c))
	})
}

func TestWhoeverTagsTheContact(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		w.makeTags("Gold", "Silver", "Auto")
		w.publish(noting("listener", tagged("added", "Gold, Silver"), "$trigger.tag"))
		w.publish(noting("other", tagged("added", "Auto"), "$trigger.tag"))
		w.publish("format: 1\nid: asks\nname: Asks\ntrigger: {type: conversation_opened}\nsteps:\n" +
			"  - {id: ask, type: ask_question, config: {question: \"?\", question_type: multiple_choice, options: [Gold, Lead], save_as_tag: true}, arms: {success: tag}}\n" +
			"  - {id: tag, type: update_contact_tag, config: {action: add, tags: [Auto]}}\n")
		c := w.writes("zoe", "m1", "hello")
		w.writes("zoe", "m2", "gold")
		_, err := w.d.TagContact(w.Context(), w.as(users[0]), ByID(c.ID), []string{"Silver"})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, []string{"Gold", "Auto", "Silver"}, w.notes(c))
		var sources []Source
		for _, r := range w.runs(c) {
			if r.TriggerType == flow.ContactTagUpdated {
				sources = append(sources, r.TriggerSource)
				require.Len(w, r.Chain, map[Source]int{SourceWorkflow: 2, SourceUser: 1}[r.TriggerSource])
			}
		}
		require.Equal(w, []Source{SourceWorkflow, SourceWorkflow, SourceUser}, sources)
	})
}

func TestAFieldThatReallyChanges(t *testing.T) { // 20
	eachWorld(t, func(w *world) {
		city := w.makeField("City", flow.FieldText)
		w.publish(noting("city", onField("city"), "$trigger.field: $trigger.old_value -> $trigger.new_value"))
		c := w.writes("ann", "m1", "hello")
		set := func(v *string) { w.editFields(c, ContactFields{Custom: []CustomValue{{Name: city.Name, Value: v}}}) }
		set(ptr("Rome"))
		set(ptr("Rome"))
		set(ptr("  Rome ")) // the same once it is normalised
		set(nil)
		set(nil)
		require.Equal(w, []string{"city:  -> Rome", "city: Rome -> "}, w.notes(c))
		require.Equal(w, 2, times(w.events(c), ContactUpdated))
		require.Equal(w, "contact field city changed", w.traceOf(c)[0].Event.Summary)
		require.Empty(w, w.reasons(c, DecisionFilter{From: w.clock.Load() + 1}))
	})
}

func TestStandardFieldsFireUnderTheirKeys(t *testing.T) {
	eachWorld(t, func(w *world) {
		keys := []string{"firstname", "lastname", "email", "phone", "country", "language", "profilepic"}
		for _, key := range keys {
			w.publish(noting(key, onField(key), "$trigger.field=$trigger.new_value"))
		}
		c := w.writes("ann", "m1", "hello")
		w.editFields(c, ContactFields{FirstName: ptr("Ann"), LastName: ptr("Lee"), Email: ptr("Ann@X.io"), Phone: ptr("+39 02 1234 5678"), Language: ptr("it-IT"),
			ProfilePic: ptr("https://x.io/a.png")})
		want := []string{"country=IT", "email=ann@x.io", "firstname=Ann", "language=it", "lastname=Lee", "phone=+390212345678", "profilepic=https://x.io/a.png"}
		got := w.notes(c)
		slices.Sort(got)
		require.Equal(w, want, got, "one start for each field of the edit, the derived country too")
		require.Equal(w, 1, times(w.events(c), ContactUpdated), "one event for the edit")

		w.editFields(c, ContactFields{Email: ptr("ann@x.io"), Phone: ptr("00390212345678"), Language: ptr("IT")})
		require.Len(w, w.notes(c), len(want), "normalised, nothing has changed")
		for _, key := range []string{"status", "assignee", "name", "tags"} {
			v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(noting("never", onField(key), "x")), ImportInput{Replace: true})
			require.NoError(w, err)
			require.Equal(w, "trigger.config.invalid", v.Problems[0].Code)
		}
	})
}

func times[T comparable](list []T, x T) (n int) {
	for _, y := range list {
		if x == y {
			n++
		}
	}
	return n
}

func TestStepsThatChangeFieldsFire(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeField("City", flow.FieldText)
		w.makeField("Size", flow.FieldNumber)
		w.publish(noting("city", onField("city"), "city $trigger.new_value"))
		w.publish(noting("size", onField("size"), "size $trigger.new_value"))
		w.publish("format: 1\nid: asks\nname: Asks\ntrigger: {type: conversation_opened}\nsteps:\n" +
			"  - {id: ask, type: ask_question, config: {question: \"?\", question_type: number, save_as_contact_field: size}, arms: {success: set}}\n" +
			"  - {id: set, type: update_contact_field, config: {field: city, value: Rome}, next: again}\n" +
			"  - {id: again, type: update_contact_field, config: {field: city, value: Rome}}\n")
		c := w.writes("zoe", "m1", "hello")
		w.writes("zoe", "m2", "07")
		require.Equal(w, []string{"size 7", "city Rome"}, w.notes(c))
	})
}

// What a channel tells of its contact is an edit too. The runs that it starts
// come after the message: its exit settings do not touch them.
func TestAProfileThatTheChannelFills(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish("format: 1\nid: mail\nname: Mail\ntrigger: " + onField("email") + "\nsettings: {exit_on_incoming_message: true}\nsteps: [{id: nap, type: wait, config: {wait_for: 1h}}]\n")
		c := w.writes("ann", "m1", "hello")
		require.Empty(w, w.runs(c), "a new contact is created, not edited")
		in := w.inbound("ann", "m2", "my address")
		in.Profile.Email = "ann@x.io"
		require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{in}))
		require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{in}))
		w.pump()
		run := w.run(c)
		require.Equal(w, flow.RunWaiting, run.State)
		require.Equal(w, SourceContact, run.TriggerSource)
		w.writes("ann", "m3", "more")
		require.Equal(w, flow.EndIncomingMessage, w.run(c).ExitReason)

		_, err := w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		before := len(w.events(c))
		in.Profile.ProfilePic, in.Events[0].ProviderID = "https://x.io/new.png", "m4"
		require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{in}))
		require.Len(w, w.events(c), before, "nothing is taken of a blocked contact")
		require.Empty(w, w.contact("ann").ProfilePic)
	})
}

// $conversation is the one whose opening or closing started the run; for any
// other trigger it is the one that is open at the time.
func TestWhichConversationARunMeans(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeTags("VIP")
		file := func(id, trigger string) string {
			return "format: 1\nid: " + id + "\nname: " + id + "\ntrigger: " + trigger + "\nsteps:\n  - {id: nap, type: wait, config: {wait_for: 1m}, next: note}\n" +
				"  - {id: note, type: add_comment, config: {text: \"" + id + " $conversation.id\"}}\n"
		}
		w.publish(file("opened", "{type: conversation_opened, once_per_contact: true}"))
		w.publish(file("tagged", tagged("added", "VIP")))
		c := w.writes("ann", "m1", "hello")
		first := c.ConversationID
		w.addTags(c, "VIP")
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		second := w.writes("ann", "m2", "hello again").ConversationID
		require.NotEqual(w, first, second)
		w.advance(time.Minute)
		w.wake()
		require.ElementsMatch(w, []string{"opened " + number(first), "tagged " + number(second)}, w.notes(c))
	})
}

func TestTheChecksOfAStartOnTagsToo(t *testing.T) { // 10, 11, 27, 28
	eachWorld(t, func(w *world) {
		w.makeTags("VIP")
		once := strings.Replace(tagged("added", "VIP"), "{type", "{once_per_contact: true, type", 1)
		w.publish(noting("once", once, "once"))
		w.publish("format: 1\nid: naps\nname: Naps\ntrigger: " + tagged("added", "VIP") + "\nsteps: [{id: nap, type: wait, config: {wait_for: 1h}}]\n")
		w.publish(noting("often", tagged("added", "VIP"), "often"))
		c := w.writes("ann", "m1", "hello")
		w.addTags(c, "VIP")
		w.removeTags(c, "VIP")
		w.addTags(c, "VIP")
		require.Equal(w, []string{"once", "often", "often"}, w.notes(c))
		require.Equal(w, []string{"matched", "already_enrolled", "once_per_contact", "matched", "matched", "matched"}, w.meant(c))
		_, err := w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		w.removeTags(c, "VIP")
		w.addTags(c, "VIP")
		require.Equal(w, []string{"contact_blocked", "contact_blocked", "contact_blocked"}, w.meant(c)[:3])
	})
}

func TestAThrottledStartWarns(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.StartsPerHour = 2
		w.makeTags("VIP")
		wf := w.publish(noting("w", tagged("added", "VIP"), "x"))
		c := w.writes("ann", "m1", "hello")
		for range 4 {
			w.addTags(c, "VIP")
			w.removeTags(c, "VIP")
		}
		require.Len(w, w.runs(c), 2)
		require.Equal(w, "throttled 2 starts in the last hour", w.meant(c)[0])
		warnings, err := first[WorkflowWarning](w.db.Read(w.Context()).Where("workflow_id = ?", wf.ID))
		require.NoError(w, err)
		require.Equal(w, []any{"throttled", int64(2)}, []any{warnings.Code, warnings.Count})
		w.advance(time.Hour)
		w.addTags(c, "VIP")
		require.Len(w, w.runs(c), 3)
	})
}

// Ten people tag ten contacts in parallel: each contact starts once.
func TestTagsInParallel(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeTags("VIP")
		w.publish("format: 1\nid: w\nname: W\ntrigger: " + tagged("added", "VIP") + "\nsteps: [{id: nap, type: wait, config: {wait_for: 1h}}]\n")
		c := w.writes("ann", "m1", "hello")
		errs := make(chan error)
		for range 10 {
			go func() {
				_, err := w.d.TagContact(w.Context(), w.p, ByID(c.ID), []string{"VIP"})
				errs <- err
			}()
		}
		for range 10 {
			require.NoError(w, <-errs)
		}
		require.Len(w, w.runs(c), 1)
		require.Equal(w, []string{"matched"}, w.reasons(c, DecisionFilter{}), "one event only")
	})
}

// Events are offered in the order in which workflows were first published.
func TestTheOrderOfWorkflows(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeTags("VIP")
		for i := range 3 {
			_, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(noting(fmt.Sprint("w", i), tagged("added", "VIP"), fmt.Sprint(i))), ImportInput{})
			require.NoError(w, err)
		}
		for _, slug := range []string{"w2", "w0", "w1"} {
			_, err := w.d.PublishWorkflow(w.Context(), w.p, slug, 0)
			require.NoError(w, err)
			w.advance(time.Second)
		}
		c := w.writes("ann", "m1", "hello")
		w.addTags(c, "VIP")
		require.Equal(w, []string{"2", "0", "1"}, w.notes(c))
	})
}
