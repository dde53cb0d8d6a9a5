package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

const callBack = `
format: 1
id: call-back
name: Call back
trigger:
  type: shortcut
  config:
    icon: "\U0001F4DE"
    description: Ask for a call
    form:
      - {label: Why, type: text, variable: reason, required: true}
      - {label: When, type: list, variable: slot, options: [Today, Tomorrow]}
      - {label: How many, type: number, variable: count}
steps:
  - id: note
    type: add_comment
    config: {text: "$reason/$slot/$count by $trigger.user.name $trigger.user.email $trigger.user.id"}
    next: nap
  - {id: nap, type: wait, config: {wait_for: 1h}}
`

func TestShortcutsOfAContact(t *testing.T) { // 22
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann")
		agent := w.as(users[0])
		wf := w.publish(callBack)
		w.publish(noting("zz", "{type: shortcut, once_per_contact: true}", "again"))
		w.publish(noting("other", "{type: manual_trigger}", "x"))
		c := w.writes("zoe", "m1", "hello")
		look := func() []ShortcutView {
			list, err := w.d.Shortcuts(w.Context(), agent, ByID(c.ID))
			require.NoError(w, err)
			return list
		}
		list := look()
		require.Len(w, list, 2)
		require.Equal(w, []any{wf.ID, "Call back", "\U0001F4DE", "Ask for a call", 3, ""},
			[]any{list[0].WorkflowID, list[0].Name, list[0].Icon, list[0].Description, len(list[0].Form), list[0].DisabledReason})

		run, err := w.d.StartShortcut(w.Context(), agent, ByID(c.ID), wf.ID, Form{"reason": "late", "slot": "today", "count": "2.50"})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, []string{"late/Today/2.5 by Ann ann@example.com " + number(users[0].ID)}, w.notes(c))
		require.Equal(w, []any{flow.Shortcut, SourceUser, Actor{Kind: SourceUser, ID: users[0].ID, Name: "Ann"}}, []any{run.TriggerType, run.TriggerSource, run.TriggerActor})
		trace := w.traceOf(c)
		require.Equal(w, []any{"shortcut picked by Ann", "shortcut", run.ID}, []any{trace[0].Event.Summary, trace[0].Event.Type, trace[0].RunID})

		require.Equal(w, "already_enrolled", look()[0].DisabledReason)
		_, err = w.d.StartShortcut(w.Context(), agent, ByID(c.ID), wf.ID, Form{"reason": "again"})
		require.Equal(w, "already_enrolled", AsError(err).Word)
		require.Equal(w, "already_enrolled", w.traceOf(c)[0].Reason, "a refusal is recorded too")

		_, err = w.d.StartShortcut(w.Context(), agent, ByID(c.ID), list[1].WorkflowID, nil)
		require.NoError(w, err)
		w.pump()
		require.Equal(w, "once_per_contact", look()[1].DisabledReason)
		_, err = w.d.StartShortcut(w.Context(), agent, ByID(c.ID), list[1].WorkflowID, nil)
		require.Equal(w, "once_per_contact", AsError(err).Word)

		_, err = w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		require.Equal(w, "contact_blocked", look()[0].DisabledReason)
	})
}

func TestAFormThatIsNotFilledIn(t *testing.T) { // 21
	eachWorld(t, func(w *world) {
		wf := w.publish(callBack)
		c := w.writes("zoe", "m1", "hello")
		for name, call := range map[string]func(Form) error{
			"shortcut": func(f Form) error {
				_, err := w.d.StartShortcut(w.Context(), w.p, ByID(c.ID), wf.ID, f)
				return err
			},
			"api": func(f Form) error {
				_, err := w.d.StartRun(w.Context(), w.p, wf.Slug, RunRequest{Contact: ByID(c.ID), Form: f})
				return err
			},
		} {
			bad := AsError(call(Form{"reason": " ", "count": "many", "colour": "red"}))
			require.NotNil(w, bad, name)
			require.Equal(w, "unknown_field", bad.Word)
			require.Len(w, bad.Details, 3, "everything at once")
			require.Equal(w, []string{"form.reason", "form.count", "form.colour"}, []string{bad.Details[0].Path, bad.Details[1].Path, bad.Details[2].Path})
			bad = AsError(call(nil))
			require.Equal(w, []any{Invalid, "invalid_argument", "form.reason"}, []any{bad.Code, bad.Word, bad.Details[0].Path})
		}
		require.Empty(w, w.runs(c))
		require.Empty(w, w.traceOf(c), "nothing was tried")
	})
}

func TestAShortcutStartedByTheAPI(t *testing.T) { // 111
	eachWorld(t, func(w *world) {
		wf := w.publish(callBack)
		other := w.publish(noting("other", "{type: message_received, once_per_contact: true}", "x"))
		c := w.writes("zoe", "m1", "hello")
		v, err := w.d.StartRun(w.Context(), w.p, wf.Slug, RunRequest{Contact: ByID(c.ID), Form: Form{"reason": "late"}})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, []any{TriggerAPI, SourceAPI}, []any{v.TriggerType, v.TriggerSource})
		require.Contains(w, w.notes(c), "late// by   ", "nobody in person started it")

		_, err = w.d.StartRun(w.Context(), w.p, other.Slug, RunRequest{Contact: ByID(c.ID), Form: Form{"reason": "late"}})
		require.Equal(w, "form", AsError(err).Details[0].Path)
		_, err = w.d.StartRun(w.Context(), w.p, other.Slug, RunRequest{Contact: ByID(c.ID)})
		require.Equal(w, "once_per_contact", AsError(err).Word)
		require.Equal(w, "once_per_contact", w.traceOf(c)[0].Reason)
	})
}

func TestShortcutsThatAreNotThere(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ann", "Ben")
		wf := w.publish(callBack)
		manual := w.publish(noting("other", "{type: manual_trigger}", "x"))
		c := w.writes("zoe", "m1", "hello")
		ann := w.as(users[0])
		ann.Limits = []string{ShowOnlyMine}
		_, err := w.d.Shortcuts(w.Context(), ann, ByID(c.ID))
		require.Equal(w, NotFound, AsError(err).Code, "a contact that the user cannot see")
		_, err = w.d.StartShortcut(w.Context(), ann, ByID(c.ID), wf.ID, Form{"reason": "x"})
		require.Equal(w, NotFound, AsError(err).Code)

		start := func(id int64) *Error {
			_, err := w.d.StartShortcut(w.Context(), w.p, ByID(c.ID), id, Form{"reason": "x"})
			return AsError(err)
		}
		require.Equal(w, NotFound, start(manual.ID).Code, "no shortcut")
		require.Equal(w, NotFound, start(wf.ID+99).Code)
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, wf.Slug)
		require.NoError(w, err)
		require.Equal(w, "not_published", start(wf.ID).Word)
		list, err := w.d.Shortcuts(w.Context(), w.p, ByID(c.ID))
		require.NoError(w, err)
		require.Empty(w, list)
		require.Empty(w, w.runs(c))
	})
}
