package desk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// The workflows of these tests: conditions on a tag, a channel and a closing
// category, in a branch and in triggers, positive and negative.
const (
	namesObjects = `format: 1
id: names
name: names
trigger: {type: message_received, conditions: [{category: channel, operator: is_equal_to, value: shop}]}
steps:
  - id: sort
    type: branch
    config:
      branches:
        - {name: plain, conditions: [{category: contact_tag, operator: has_none_of, value: [vip, $trigger.text]}, {category: last_interacted_channel, operator: is_equal_to, value: Shop}]}
        - {name: special, conditions: [{category: contact_tag, operator: has_any_of, value: [VIP]}]}
    arms: {plain: plain, special: special, else: other}
  - {id: plain, type: add_comment, config: {text: plain}}
  - {id: special, type: add_comment, config: {text: special}}
  - {id: other, type: add_comment, config: {text: other}}
`
	namesCategory = `format: 1
id: closing
name: closing
trigger: {type: conversation_closed, conditions: [{category: conversation_category, operator: has_any_of, value: [Refund]}]}
steps: [{id: note, type: add_comment, config: {text: refunded}}]
`
)

// named is a world with the tag VIP, the closing category Refund, the channel
// Shop, and the two workflows published.
func (w *world) named() (*Tag, *ClosingCategory) {
	w.Helper()
	tag, err := w.d.CreateTag(w.Context(), w.p, TagInput{Name: "VIP"})
	require.NoError(w, err)
	category, err := w.d.CreateCategory(w.Context(), w.p, CategoryInput{Category: "Refund"})
	require.NoError(w, err)
	w.publish(namesObjects)
	w.publish(namesCategory)
	return tag, category
}

// closedAfter is what the workflows comment when a contact writes and the
// conversation is closed with a category.
func (w *world) closedAfter(who, id, category string) []string {
	w.Helper()
	c := w.writes(who, id, "hello")
	_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{Category: category})
	require.NoError(w, err)
	w.pump()
	return w.comments(c)
}

func (w *world) view(slug string) *WorkflowView {
	w.Helper()
	v, err := w.d.Workflow(w.Context(), w.p, slug)
	require.NoError(w, err)
	return v
}

// Save resolves references to ids, so a later rename breaks nothing; export
// prints the present name (workflow specification 9.1).
func TestConditionsAfterARename(t *testing.T) {
	eachWorld(t, func(w *world) {
		tag, category := w.named()
		require.Equal(w, []string{"plain", "refunded"}, w.closedAfter("ann", "m1", "Refund"))

		_, err := w.d.UpdateTagOf(w.Context(), w.p, tag.Name, TagChange{Name: pointer("Important")})
		require.NoError(w, err)
		_, err = w.d.UpdateCategory(w.Context(), w.p, category.ID, CategoryChange{Category: pointer("Money back")})
		require.NoError(w, err)
		ch, err := w.d.UpdateChannel(w.Context(), w.p, w.ch.ID, ChannelChange{Name: pointer("Store")})
		require.NoError(w, err)
		w.ch = ch
		require.Equal(w, []string{"plain", "refunded"}, w.closedAfter("ben", "m2", "Money back"))
		c := w.writes("eva", "m3", "hello")
		_, err = w.d.TagContact(w.Context(), w.p, ByID(c.ID), []string{"important"})
		require.NoError(w, err)
		w.writes("eva", "m4", "again")
		require.Equal(w, []string{"plain", "special"}, w.comments(c))
		require.Equal(w, "Important, hello", w.runSaw(c))
		require.Equal(w, "VIP, hello", w.runSaw(w.contact("ann")), "told by the names of that time")

		for _, format := range []flow.FileFormat{flow.YAML, flow.JSON} {
			file := w.file("names", format) + w.file("closing", format)
			for _, name := range []string{"Important", "Money back", "Store", "$trigger.text"} {
				require.Contains(w, file, name)
			}
			for _, name := range []string{"VIP", "vip", "Refund", "Shop"} {
				require.NotContains(w, file, name)
			}
		}
		for _, slug := range []string{"names", "closing"} {
			v := w.view(slug)
			require.False(w, v.Unpublished(), slug)
			require.Empty(w, v.Problems, slug)
			wf, err := w.d.PublishWorkflow(w.Context(), w.p, slug, 0)
			require.NoError(w, err)
			require.EqualValues(w, 1, wf.Version, "nothing to publish")
			old, err := w.d.Version(w.Context(), w.p, slug, 1)
			require.NoError(w, err)
			require.JSONEq(w, string(v.Definition), string(old.Definition))
		}
	})
}

// runSaw is what the first condition of a contact's first run was compared with.
func (w *world) runSaw(c *Contact) string {
	w.Helper()
	v, err := w.d.RunOf(w.Context(), w.p, w.runs(c)[0].ID)
	require.NoError(w, err)
	seen := v.Steps[0].Detail["conditions"].([]any)
	return seen[0].(map[string]any)["expected"].(string)
}

// A tag, channel or category that was deleted makes its condition false, also a
// negative one, and the workflow shows it. A new one of the same name is another.
func TestConditionsOnWhatWasDeleted(t *testing.T) {
	eachWorld(t, func(w *world) {
		tag, category := w.named()
		require.NoError(w, w.d.DeleteTag(w.Context(), w.p, tag.Name))
		require.NoError(w, w.d.DeleteCategory(w.Context(), w.p, category.ID))
		gone := func(note string) {
			w.Helper()
			problems := w.view("names").Problems
			require.Equal(w, []string{"reference.unknown", "reference.unknown"}, codesIn(problems), note)
			for _, p := range problems {
				require.Equal(w, "sort", p.StepID)
				require.Contains(w, strings.ToLower(p.Message), `tag "vip"`)
			}
			problems = w.view("closing").Problems
			require.Equal(w, []string{"reference.unknown"}, codesIn(problems), note)
			require.Equal(w, "trigger.conditions[0].value", problems[0].Path)
			require.False(w, w.view("names").Unpublished())
		}
		gone("deleted")
		require.Equal(w, []string{"other"}, w.closedAfter("ann", "m1", ""))

		_, err := w.d.CreateTag(w.Context(), w.p, TagInput{Name: "VIP"})
		require.NoError(w, err)
		_, err = w.d.CreateCategory(w.Context(), w.p, CategoryInput{Category: "Refund"})
		require.NoError(w, err)
		gone("namesakes are others")
		c := w.writes("ben", "m2", "hello")
		_, err = w.d.TagContact(w.Context(), w.p, ByID(c.ID), []string{"VIP"})
		require.NoError(w, err)
		require.Equal(w, []string{"other", "other"}, w.closedAfter("ben", "m3", "Refund"))
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "names", 0)
		require.Equal(w, "reference.unknown", AsError(err).Problems[0].Code)

		w.publish(namesObjects) // whoever writes the name again means the new one
		w.publish(namesCategory)
		require.Empty(w, w.view("names").Problems)
		require.Equal(w, []string{"other", "other", "special", "refunded"}, w.closedAfter("ben", "m4", "Refund"))
		require.EqualValues(w, 2, w.view("names").Version)
	})
}

func TestAConditionOnAChannelThatWasDeleted(t *testing.T) {
	eachWorld(t, func(w *world) {
		shop := w.ch
		mail := &Channel{WorkspaceID: w.p.WorkspaceID, PublicID: "ch_mail", Source: fake, Name: "MÜNCHEN", Status: Connected, CreatedAt: w.clock.Load()}
		w.insert(mail)
		w.publish("format: 1\nid: a\nname: a\ntrigger: {type: message_received, conditions: [{category: channel, operator: is_not_equal_to, value: münchen}]}\n" +
			"steps: [{id: sort, type: branch, config: {branches: [{name: here, conditions: [{category: last_interacted_channel, operator: is_not_equal_to, value: München}]}]}, arms: {here: note}}, {id: note, type: add_comment, config: {text: ran}}]\n")
		require.Equal(w, []string{"ran"}, w.comments(w.writes("ann", "m1", "hello")))
		w.ch = mail
		require.Empty(w, w.comments(w.writes("ben", "m2", "hello")))

		require.NoError(w, w.d.DeleteChannel(w.Context(), w.p, mail.ID))
		w.ch = shop
		c := w.writes("eva", "m3", "hello")
		require.Empty(w, w.comments(c))
		require.Equal(w, []string{"condition_false"}, w.reasons(c, DecisionFilter{}))
		require.Equal(w, []string{"reference.unknown", "reference.unknown"}, codesIn(w.view("a").Problems))
	})
}

// The draft says nothing of what was deleted when it was changed since: then the
// published version has a warning of its own.
func TestThePublishedVersionTellsWhatIsGone(t *testing.T) {
	eachWorld(t, func(w *world) {
		tag, _ := w.named()
		w.draft(strings.Replace(manual("names", "  - {id: note, type: add_comment, config: {text: hi}, next: sort}\n  - {id: sort, type: open_conversation}\n"), "name: names", "name: Names", 1))
		require.Empty(w, w.view("names").Problems)
		require.NoError(w, w.d.DeleteTag(w.Context(), w.p, tag.Name))
		problems := w.view("names").Problems
		require.Equal(w, []string{"reference.unknown", "reference.unknown"}, codesIn(problems))
		for _, p := range problems {
			require.Equal(w, flow.SeverityWarning, p.Severity)
			require.Equal(w, []string{"sort", "steps[1]"}, []string{p.StepID, p.Path})
			require.Contains(w, p.Message, "Version 1, which is published, refers to something that was deleted. There is no tag")
		}
		require.False(w, problems.Blocking())
		_, err := w.d.PublishWorkflow(w.Context(), w.p, "names", 0)
		require.NoError(w, err)
		require.Empty(w, w.view("names").Problems)
		l, err := w.d.Workflows(w.Context(), w.p, WorkflowFilter{}, Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 2)
	})
}

func codesIn(problems flow.Problems) []string {
	codes := make([]string, len(problems))
	for i, p := range problems {
		codes[i] = p.Code
	}
	return codes
}
