package flow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRender(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no variable":                      {"Hello", "Hello"},
		"variable":                         {"Hi $contact.firstname", "Hi Ana"},
		"braces":                           {"Hi {{$contact.firstname}}!", "Hi Ana!"},
		"glued to text":                    {"A{{$contact.firstname}}B$contact.id", "AAnaB1"},
		"dot behind":                       {"To $contact.email.", "To ana@example.com."},
		"word behind a dot":                {"$contact.email.Thanks", "ana@example.com.Thanks"},
		"longer than any name":             {"$contact.email.a.b.c.d.e", "ana@example.com.a.b.c.d.e"},
		"no word behind without a dot":     {"$contact.emails", "$contact.emails"},
		"braces want the whole name":       {"{{$contact.email.Thanks}}", "{{$contact.email.Thanks}}"},
		"fallback not used":                {"Hi $contact.firstname|there, hi", "Hi Ana, hi"},
		"fallback used":                    {"Hi $contact.lastname|there, hi", "Hi there, hi"},
		"fallback of letters and dashes":   {"$contact.lastname|dear-Élodie_2.", "dear-Élodie_2."},
		"fallback with space is none":      {"$contact.lastname| there", "| there"},
		"fallback behind a word":           {"$contact.email.Thanks|there", "ana@example.com.Thanks|there"},
		"fallback in braces":               {"{{$contact.lastname|dear customer}}", "dear customer"},
		"empty fallback in braces":         {"<{{$contact.lastname|}}>", "<>"},
		"fallback up to the first braces":  {"{{$contact.lastname|a}}}", "a}"},
		"fallback is not interpolated":     {"{{$contact.lastname|$contact.firstname}}", "$contact.firstname"},
		"unused fallback disappears":       {"{{$contact.firstname|$contact.id}}", "Ana"},
		"known, empty":                     {"From $contact.country.", "From ."},
		"known, empty, braces":             {"From {{$contact.country}}.", "From ."},
		"unknown":                          {"$foo", "$foo"},
		"unknown with fallback":            {"$foo|bar", "$foo|bar"},
		"unknown with fallback, braces":    {"{{$foo|$contact.firstname}}", "{{$foo|$contact.firstname}}"},
		"money":                            {"$5 off, US$100, $", "$5 off, US$100, $"},
		"double dollar":                    {"$$contact.firstname", "$Ana"},
		"behind letters":                   {"US$contact.id", "US1"},
		"two in a row":                     {"$contact.id$contact.id", "11"},
		"case-sensitive":                   {"$Contact.firstname $contact.Firstname", "$Contact.firstname $contact.Firstname"},
		"open braces":                      {"{{$contact.firstname", "{{Ana"},
		"space in braces":                  {"{{$contact.firstname }}", "{{Ana }}"},
		"three braces":                     {"{{{$contact.firstname}}}", "{Ana}"},
		"mention":                          {"{{@ann@example.com}} $contact.id", "{{@ann@example.com}} 1"},
		"namespace alone":                  {"$contact and $contact.", "$contact and $contact."},
		"two dots":                         {"$contact..email", "$contact..email"},
		"last message":                     {"You: $last_incoming_message", "You: What is the PRICE?"},
		"workflow variable":                {"$menu_choice.", "Sales."},
		"unset workflow variable":          {"<$reason>", "<>"},
		"trigger variable":                 {"$trigger.text", "hello"},
		"secret":                           {"$secret.crm_token {{$secret.crm_token}}", "$secret.crm_token {{$secret.crm_token}}"},
		"internal names cannot be written": {"$@last_channel.name $last_channel.name", "$@last_channel.name $last_channel.name"},
		"unknown system name":              {"$system.load", "$system.load"},
		"clock":                            {"$system.current_datetime|$system.current_date|$system.current_time", "2026-03-10 23:30:00|2026-03-10|23:30:00"},
		"invalid UTF-8":                    {"\xff$contact.id|\xff", "\xff1|\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			env := WithVars(ana(), map[string]string{"menu_choice": "Sales", "reason": "", "trigger.text": "hello"})
			require.Equal(t, c.want, Render(c.text, env))
		})
	}
}

func TestRenderStrict(t *testing.T) {
	env := ana()
	env.strict = true
	for text, want := range map[string]string{
		"From $contact.country.":       "From $contact.country.",
		"{{$contact.country}}":         "{{$contact.country}}",
		"$contact.country|abroad":      "abroad",
		"<{{$contact.country|}}>":      "<>",
		"$contact.firstname":           "Ana",
		"$contact.country.x $foo":      "$contact.country.x $foo",
		"$contact.country|no $foo|bar": "no $foo|bar",
	} {
		require.Equal(t, want, Render(text, env), text)
	}
}

func TestRenderZone(t *testing.T) {
	env := ana()
	env.zone = "Asia/Tokyo"
	require.Equal(t, "2026-03-11 08:30:00", Render("$system.current_datetime", env))
}

func TestNames(t *testing.T) {
	text := "$contact.email.Thanks {{$foo|$bar}} $5 $foo $secret.key|x {{$contact.city.x}} {{$nope"
	require.Equal(t, []string{"contact.email.Thanks", "foo", "secret.key", "contact.city.x", "nope"}, Names(text))
	require.Empty(t, Names("no $5"))

	known := func(name string) bool {
		return KnownName(name, func(slug string) bool { return slug == "city" }, "menu_choice")
	}
	require.Equal(t, []string{"foo", "secret.key", "contact.city.x", "nope"}, Unknown(text, known))
	require.Empty(t, Unknown("$contact.city.x $menu_choice. {{$contact.city|x}}", known))
}

func TestKnownName(t *testing.T) {
	city := func(slug string) bool { return slug == "city" }
	for _, name := range []string{"contact.firstname", "contact.city", "assignee.team", "system.current_time", "conversation.resolution_time",
		"last_incoming_message", "last_outgoing_message", "run.id", "workflow.name", "menu_choice", "trigger.text"} {
		require.True(t, KnownName(name, city, "menu_choice", "trigger.text"), name)
	}
	for _, name := range []string{"", "contact", "contact.", "contact.town", "assignee.status", "last_incoming_message.x", "secret.x",
		"trigger.text", "menu_choice", "system", NameLastChannel} {
		require.False(t, KnownName(name, city), name)
	}
	require.False(t, KnownName("contact.city", nil))
	for _, name := range Reserved() {
		require.False(t, KnownName(name+".nothing_such", nil), name)
	}
}

func TestDefinitionVariables(t *testing.T) {
	d := &Definition{Trigger: Trigger{Type: MessageReceived}, Steps: []Step{
		{ID: "a", Config: &AskQuestion{SaveAsVariable: "x"}},
		{ID: "b", Config: &AskQuestion{}},
		{ID: "c", Config: &AskQuestion{SaveAsVariable: "x"}},
		{ID: "d", Config: &AddComment{}},
	}}
	require.Equal(t, []string{"trigger.text", "trigger.type", "trigger.channel", "trigger.match", "x"}, d.Variables())
}

func TestWithVarsKeepsEnv(t *testing.T) {
	env := ana()
	env.gone = map[string]bool{"VIP": true}
	require.Same(t, env, WithVars(env, nil))
	with := WithVars(env, map[string]string{"a": "1"})
	require.False(t, exists(with, RefTag, "VIP"))
	require.True(t, exists(with, RefTag, "Gold"))
	require.True(t, exists(struct{ Env }{env}, RefTag, "VIP"), "an Env without the power")
	require.Equal(t, env.tags, with.Tags())
}

// FuzzRender shows that rendering never fails and never interpolates a value:
// it does not matter what the values hold.
func FuzzRender(f *testing.F) {
	for _, s := range []string{"Hi $contact.firstname|there", "{{$contact.firstname|dear customer}}", "{{$", "$contact.email.Thanks",
		"$$contact.firstname", "{{{$contact.firstname}}}", "$a.b.c.d.e.f", "{{$contact.lastname|", "\xff$contact.firstname|\xff"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		env := ana()
		env.strict = strict
		env.names["contact.firstname"] = "\x00"
		if strings.Contains(text, "\x00") {
			return
		}
		masked := Render(text, env)
		env.names["contact.firstname"] = "$contact.email {{$contact.id|x}}"
		require.Equal(t, strings.ReplaceAll(masked, "\x00", env.names["contact.firstname"]), Render(text, env))

		if len(Names(text)) == 0 {
			require.Equal(t, text, Render(text, env))
		}
		require.Subset(t, Names(text), Unknown(text, func(string) bool { return false }))
	})
}

func BenchmarkRender(b *testing.B) {
	env := WithVars(ana(), map[string]string{"menu_choice": "Sales"})
	for b.Loop() {
		Render("Hi $contact.firstname|there, thank you for your message. A colleague will be with you shortly.", env)
	}
}
