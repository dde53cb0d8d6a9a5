package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// inEnv runs fn with the variables of a contact, as an effect of a run has
// them; without one as a trigger that is being matched.
func (w *world) inEnv(c *Contact, run *Run, fn func(env flow.Env)) error {
	w.Helper()
	return w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) error {
		c, err := t.contact(c.ID)
		if err != nil {
			return err
		}
		if run != nil {
			t.actor = Actor{Kind: SourceWorkflow, ID: run.WorkflowID, Name: "Support"}
		}
		fn(t.env(c, run))
		return nil
	})
}

// shows is a text with the variables of a contact put in.
func (w *world) shows(c *Contact, run *Run, text string) (out string) {
	w.Helper()
	require.NoError(w, w.inEnv(c, run, func(env flow.Env) { out = flow.Render(text, env) }))
	return out
}

// names looks every name up: it must be known, whatever it is worth.
func (w *world) names(c *Contact, run *Run, want map[string]string) {
	w.Helper()
	require.NoError(w, w.inEnv(c, run, func(env flow.Env) {
		for name, value := range want {
			got, known := env.Lookup(name)
			require.True(w, known, name)
			require.Equal(w, value, got, name)
		}
	}))
}

// emptyNames are the names of 6.2 that are empty for a contact of whom nothing is
// known, and those that conditions use besides.
func emptyNames() map[string]string {
	names := map[string]string{}
	for ns, rest := range map[string][]string{
		"contact":  {"name", "firstname", "lastname", "email", "phone", "country", "language", "tags", "profilepic"},
		"assignee": {"id", "name", "firstname", "lastname", "email", "team"},
		"conversation": {"id", "status", "opened_at", "opened_by", "opened_source", "first_incoming_message", "first_incoming_channel", "is_new_contact",
			"first_response_at", "first_response_time", "first_assignee", "last_assignee", "closed_at", "closed_by", "closed_source", "category", "summary",
			"resolution_time", "last_broadcast"},
		"run": {"id"}, "workflow": {"id", "name"},
	} {
		for _, name := range rest {
			names[ns+"."+name] = ""
		}
	}
	for _, name := range []string{flow.NameLastIncoming, flow.NameLastOutgoing, flow.NameLastOutgoingSource, flow.NameLastChannel, flow.NameLastChannelSource, flow.NameAssigneeStatus} {
		names[name] = ""
	}
	return names
}

func TestNamesWithoutValue(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := &Contact{WorkspaceID: w.p.WorkspaceID, AddedBy: SourceAPI, CreatedAt: w.clock.Load()}
		w.insert(c)
		names := emptyNames()
		for name := range names {
			if name[0] != '@' {
				require.True(w, flow.KnownName(name, nil), name)
			}
		}
		w.names(c, nil, names)
		require.Equal(w, fmt.Sprintf("%d close", c.ID), w.shows(c, nil, "$contact.id $contact.status"))
		require.NoError(w, w.inEnv(c, nil, func(env flow.Env) {
			require.Empty(w, env.Tags())
			for _, incoming := range []bool{true, false} {
				_, ok := env.LastMessageAt(incoming)
				require.False(w, ok)
			}
			for _, name := range []string{"contact.town", "contact.created_at", "assignee.role", "conversation.subject", "run.state", "workflow.slug", "weather", ""} {
				_, known := env.Lookup(name)
				require.False(w, known, name)
			}
		}))
	})
}

func TestNamesOfTheContact(t *testing.T) {
	eachWorld(t, func(w *world) {
		team, users := w.team("Support", "Ben")
		w.exec("UPDATE users SET last_name = 'Hur', chosen = 'busy' WHERE id = ?", users[0].ID)
		c := w.writes("zoe", "m1", "hello")
		text := func(s string) *string { return &s }
		_, err := w.d.UpdateContact(w.Context(), w.p, ByID(c.ID), ContactFields{FirstName: text("Zoë"), LastName: text("Smith"), Email: text("Zoe@Example.com"),
			Phone: text("+60 11-223 3455"), Language: text("en_GB"), ProfilePic: text("https://example.com/zoe.png")})
		require.NoError(w, err)
		_, err = w.d.TagContact(w.Context(), w.p, ByID(c.ID), []string{"VIP", "Gold"})
		require.NoError(w, err)
		w.gives(c, users[0])
		run := &Run{ID: 71, WorkflowID: 5, ContactID: c.ID}
		w.names(c, run, map[string]string{
			"contact.id": fmt.Sprint(c.ID), "contact.name": "Zoë Smith", "contact.firstname": "Zoë", "contact.lastname": "Smith", "contact.email": "zoe@example.com",
			"contact.phone": "+60112233455", "contact.country": "MY", "contact.language": "en", "contact.tags": "VIP, Gold", "contact.status": "open",
			"contact.profilepic": "https://example.com/zoe.png", "contact.assignee": "ben@example.com",
			"assignee.id": fmt.Sprint(users[0].ID), "assignee.name": "Ben Hur", "assignee.firstname": "Ben", "assignee.lastname": "Hur",
			"assignee.email": "ben@example.com", "assignee.team": team.Name, flow.NameAssigneeStatus: "busy",
			"run.id": "71", "workflow.id": "5", "workflow.name": "Support",
		})
		w.exec("UPDATE users SET last_activity_at = 0 WHERE id = ?", users[0].ID)
		w.names(c, run, map[string]string{flow.NameAssigneeStatus: "offline"})
		w.exec("UPDATE users SET team_id = 0 WHERE id = ?", users[0].ID)
		w.names(c, run, map[string]string{"assignee.team": ""})
		w.gives(c, nil)
		w.names(c, run, map[string]string{"assignee.name": "", "assignee.email": "", "contact.assignee": "", flow.NameAssigneeStatus: ""})
	})
}

func TestNamesOfTheMessages(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, users := w.team("Support", "Ben")
		c := w.writes("zoe", "m1", "What is the price?")
		w.names(c, nil, map[string]string{flow.NameLastIncoming: "What is the price?", flow.NameLastOutgoing: "", flow.NameLastOutgoingSource: "",
			flow.NameLastChannel: "Shop", flow.NameLastChannelSource: "fake"})
		at := w.clock.Load()
		w.advance(time.Minute)
		w.reply(users[0], c)
		w.names(c, nil, map[string]string{flow.NameLastOutgoing: "hello", flow.NameLastOutgoingSource: "user"})
		require.NoError(w, w.inEnv(c, nil, func(env flow.Env) {
			in, ok := env.LastMessageAt(true)
			require.True(w, ok)
			require.Equal(w, timeOf(at), in)
			out, ok := env.LastMessageAt(false)
			require.True(w, ok)
			require.Equal(w, timeOf(at).Add(time.Minute), out)
		}))

		w.advance(time.Minute)
		w.reply(nil, c)
		w.names(c, nil, map[string]string{flow.NameLastOutgoingSource: "api"})
		lat, lng := 3.15, 101.71
		w.sends("zoe", "m2", channel.Message{Type: channel.TypeLocation, Latitude: &lat, Longitude: &lng})
		w.names(c, nil, map[string]string{flow.NameLastIncoming: "3.15,101.71"})

		_, err := w.d.UpdateChannel(w.Context(), w.p, w.ch.ID, ChannelChange{Name: pointer("Store")})
		require.NoError(w, err)
		w.names(c, nil, map[string]string{flow.NameLastChannel: "Store"})
	})
}

func pointer[T any](v T) *T { return &v }

// A custom field of every type prints as 6.1 says.
func TestCustomFieldsPrint(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		for slug, x := range map[string]struct {
			kind       flow.FieldType
			put, shown string
		}{
			"town":     {flow.FieldText, "  Kuala Lumpur ", "Kuala Lumpur"},
			"Size_EU":  {flow.FieldList, "large", "Large"},
			"agreed":   {flow.FieldCheckbox, "TRUE", "true"},
			"refused":  {flow.FieldCheckbox, "false", "false"},
			"mail2":    {flow.FieldEmail, "A@Example.com", "a@example.com"},
			"score":    {flow.FieldNumber, "012.500", "12.5"},
			"whole":    {flow.FieldNumber, "12.0", "12"},
			"account":  {flow.FieldNumber, "12345678901234567890", "12345678901234567890"},
			"site":     {flow.FieldURL, "example.com/a", "https://example.com/a"},
			"birthday": {flow.FieldDate, "2000-02-29", "2000-02-29"},
			"alarm":    {flow.FieldTime, "07:05", "07:05"},
		} {
			in := CustomFieldInput{Name: "Field " + slug, Slug: slug, DataType: x.kind}
			if x.kind == flow.FieldList {
				in.AllowedValues = []string{"Small", "Large"}
			}
			_, err := w.d.CreateCustomField(w.Context(), w.p, in)
			require.NoError(w, err, slug)
			require.Equal(w, "<>", w.shows(c, nil, "<$contact."+slug+">"), "known and empty")
			_, err = w.d.UpdateContact(w.Context(), w.p, ByID(c.ID), ContactFields{Custom: []CustomValue{{Name: slug, Value: pointer(x.put)}}})
			require.NoError(w, err, slug)
			require.Equal(w, "<"+x.shown+">", w.shows(c, nil, "<$contact."+slug+">"))
		}
		for _, as := range []string{"$contact.Town", "$contact.size_eu", "$contact.FirstName", "$Contact.town"} {
			require.Equal(w, as, w.shows(c, nil, as), "names are case-sensitive")
		}
		field, err := first[CustomField](w.db.Read(w.Context()).Where("slug = 'town'"))
		require.NoError(w, err)
		require.NoError(w, w.d.DeleteCustomField(w.Context(), w.p, field.ID))
		require.Equal(w, "$contact.town", w.shows(c, nil, "$contact.town"))
	})
}

func TestEmptyVariablesOfAStrictWorkspace(t *testing.T) { // 81
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		const text = "From $contact.country. $contact.country|abroad {{$contact.country|}} $contact.firstname"
		require.Equal(w, "From . abroad  zoe", w.shows(c, nil, text))
		ws, err := w.d.Settings(w.Context(), w.p)
		require.NoError(w, err)
		_, err = w.d.UpdateSettings(w.Context(), w.p, SettingChange{Revision: ws.Revision, StrictEmptyVariables: pointer(true)})
		require.NoError(w, err)
		require.Equal(w, "From $contact.country. abroad  zoe", w.shows(c, nil, text))
	})
}

func TestTimesOfTheWorkspace(t *testing.T) { // 82
	eachWorld(t, func(w *world) {
		w.clock.Store(time.Date(2026, 3, 10, 23, 30, 5, 0, time.UTC).UnixMilli())
		c := w.writes("zoe", "m1", "hello")
		const now = "$system.current_date $system.current_time, $system.current_datetime, $conversation.opened_at"
		require.Equal(w, "2026-03-10 23:30:05, 2026-03-10 23:30:05, 2026-03-10 23:30:05", w.shows(c, nil, now))
		for _, zone := range []struct{ name, want string }{
			{"Asia/Tokyo", "2026-03-11 08:30:05, 2026-03-11 08:30:05, 2026-03-11 08:30:05"},
			{"America/New_York", "2026-03-10 19:30:05, 2026-03-10 19:30:05, 2026-03-10 19:30:05"}, // summer time since the 8th
		} {
			w.exec("UPDATE workspaces SET timezone = ?", zone.name)
			require.Equal(w, zone.want, w.shows(c, nil, now))
		}
	})
}

// What cannot be read is not taken for empty: the effect fails and is repeated.
func TestAVariableThatCannotBeRead(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, err := w.d.CreateCustomField(w.Context(), w.p, CustomFieldInput{Name: "Town", DataType: flow.FieldText})
		require.NoError(w, err)
		w.publish(manual("note", "  - {id: nap, type: wait, config: {wait_for: 1m}, next: note}\n  - {id: note, type: add_comment, config: {text: \"from $contact.town|nowhere\"}}\n"))
		c := w.writes("zoe", "m1", "hello")
		run := w.start("note", c)
		w.exec("UPDATE custom_fields SET allowed_values = '['") // as a damaged disk or a newer program may leave it
		comment := func() error {
			_, err := w.d.Comment(w.Context(), flow.Call{RunID: run.ID, No: 9}, flow.Comment{Text: "from $contact.town|nowhere"})
			return err
		}
		require.ErrorContains(w, comment(), "look up a variable")
		require.Empty(w, w.comments(c))
		w.exec("UPDATE custom_fields SET allowed_values = '[]'")
		require.NoError(w, comment())
		require.Equal(w, []string{"from nowhere"}, w.comments(c))
	})
}
