package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// What a step names may be deleted after publish, and what it writes may turn out
// too long: the run says so in its log and goes on.
func TestWhatIsGoneOrTooLongIsLogged(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.makeField("Note", flow.FieldText)
		_, err := w.d.CreateCategory(w.Context(), w.p, CategoryInput{Category: "Sales"})
		require.NoError(w, err)
		w.publish(manualOr("conversation_opened", "gone") +
			"  - {id: pause, type: wait, config: {wait_for: 1m}, next: empty}\n" +
			"  - {id: empty, type: update_contact_field, config: {field: firstname, value: $contact.lastname}, next: field}\n" +
			"  - {id: field, type: update_contact_field, config: {field: note, value: x}, next: armed}\n" +
			"  - {id: armed, type: update_contact_field, config: {field: note, clear: true}, next: never, arms: {failure: comment}}\n" +
			"  - {id: never, type: open_conversation}\n" +
			"  - {id: comment, type: add_comment, config: {text: $last_incoming_message}, next: close}\n" +
			"  - {id: close, type: close_conversation, config: {category: Sales, summary: $last_incoming_message}}\n")
		c := w.writes("zoe", "m1", strings.Repeat("é", MaxComment+1))
		w.exec("DELETE FROM custom_fields WHERE slug = 'note'")
		w.exec("DELETE FROM closing_categories")
		w.advance(time.Minute)
		w.wake()

		run := w.run(c)
		require.Equal(w, []string{"pause ok next ", "empty ok next ", "field failed next field.gone", "armed failed failure field.gone", "comment ok next ", "close ok next "}, w.logged(run))
		var steps []RunStep
		require.NoError(w, w.db.Read(w.Context()).Where("run_id = ?", run.ID).Order("seq").Find(&steps).Error)
		require.Equal(w, "the value is empty: field left alone", steps[1].Detail["reason"])
		require.Equal(w, []string{"the comment was cut to 1,000 characters"}, steps[4].Warnings)
		require.Equal(w, []string{"the summary was cut to 512 characters", "closing.category_gone"}, steps[5].Warnings)
		require.Equal(w, "zoe", w.contact("zoe").FirstName)
		require.Equal(w, []string{strings.Repeat("é", MaxComment)}, w.notes(c))
		closed, err := first[Conversation](w.db.Read(w.Context()).Where("contact_id = ?", c.ID))
		require.NoError(w, err)
		require.Equal(w, []string{"", strings.Repeat("é", MaxSummary)}, []string{closed.Category, closed.Summary})
	})
}

// A variable holds 10,000 characters; the run goes on with what fits.
func TestALongVariableIsCut(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(noting("long", "{type: message_received}", "$trigger.text"))
		c := w.writes("zoe", "m1", strings.Repeat("x", flow.MaxVariable+1))
		require.Len(w, w.run(c).Vars["trigger.text"], flow.MaxVariable)
	})
}
