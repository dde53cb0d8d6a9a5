package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// Every rule that a code covers beside the one of its smallest file.
func TestRules(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string
	}{
		"a range":                    {condition("category: contact_field\nfield: age\noperator: is_between\nvalue: {from: 1, to: 5}"), nil},
		"a range for one value":      {condition("category: contact_field\nfield: age\noperator: is_equal_to\nvalue: {from: 1, to: 5}"), []string{"condition.value.invalid"}},
		"one value for a range":      {condition("category: contact_field\nfield: age\noperator: is_between\nvalue: 1"), []string{"condition.value.invalid"}},
		"half a range":               {condition("category: contact_field\nfield: age\noperator: is_between\nvalue: {from: 1}"), []string{"condition.value.invalid"}},
		"one tag instead of a list":  {condition("category: contact_tag\noperator: has_any_of\nvalue: vip"), nil},
		"a tag that is not there":    {condition("category: contact_tag\noperator: has_any_of\nvalue: [vip, gone]"), []string{"reference.unknown"}},
		"a list for contains":        {condition("category: last_incoming_message\noperator: contains\nvalue: [a, b]"), nil},
		"a list for one value":       {condition("category: last_incoming_message\noperator: is_equal_to\nvalue: [a, b]"), []string{"condition.value.invalid"}},
		"exists with a value":        {condition("category: contact_tag\noperator: exists\nvalue: vip"), []string{"condition.value.invalid"}},
		"no field":                   {condition("category: contact_field\noperator: exists"), []string{"condition.value.missing"}},
		"unknown field":              {condition("category: contact_field\nfield: shoe\noperator: exists"), []string{"reference.unknown"}},
		"field where there is none":  {condition("category: contact_tag\nfield: x\noperator: exists"), []string{"condition.value.invalid"}},
		"standard fields":            {condition("category: contact_field\nfield: assignee\noperator: exists"), nil},
		"variable with a dollar":     {condition("category: variable\nfield: $contact.name\noperator: exists"), []string{"condition.value.invalid"}},
		"variable nobody sets":       {condition("category: variable\nfield: mood\noperator: exists"), []string{"variable.unknown"}},
		"secret as variable":         {condition("category: variable\nfield: secret.token\noperator: exists"), []string{"variable.secret.not_allowed"}},
		"durations":                  {condition("category: time_since_last_incoming_message\noperator: is_greater_than\nvalue: 1h"), nil},
		"no duration":                {condition("category: time_since_last_incoming_message\noperator: is_greater_than\nvalue: 5"), []string{"duration.invalid"}},
		"dates":                      {condition("category: contact_field\nfield: age\noperator: is_timestamp_after\nvalue: 2026-01-31"), nil},
		"no date":                    {condition("category: contact_field\nfield: age\noperator: is_timestamp_after\nvalue: 31.01.2026"), []string{"condition.value.invalid"}},
		"no number":                  {condition("category: contact_field\nfield: age\noperator: is_less_than\nvalue: many"), []string{"condition.value.invalid"}},
		"a variable as number":       {condition("category: contact_field\nfield: age\noperator: is_less_than\nvalue: $contact.age"), nil},
		"a long expression":          {condition("category: last_incoming_message\noperator: matches_regex\nvalue: " + strings.Repeat("a", 201)), []string{"condition.regex.invalid"}},
		"a channel by source":        {condition("category: last_interacted_channel\nfield: source\noperator: is_equal_to\nvalue: telegram"), nil},
		"a channel by name":          {condition("category: last_interacted_channel\noperator: is_equal_to\nvalue: telegram"), []string{"reference.unknown"}},
		"unknown key of a condition": {condition("category: contact_tag\noperator: exists\nnot: true"), []string{"step.config.unknown"}},
		"source of another trigger":  {withTrigger("type: conversation_opened\nconditions:\n  - {category: source, operator: is_equal_to, value: auto_close}"), []string{"condition.value.invalid"}},
		"manual with a condition":    {withTrigger("type: manual_trigger\nconditions:\n  - {category: source, operator: is_equal_to, value: user}"), []string{"condition.category.unknown"}},
		"match of neither kind":      {withTrigger("type: message_received\nmatch: some"), []string{"file.value.type"}},
		"trigger variables":          {withTrigger("type: message_received") + "    next: b\n" + strings.Replace(note("b", ""), "Hello", "$trigger.text", 1), nil},
		"variables of no trigger":    {one("add_comment", "text: $trigger.text"), []string{"variable.unknown"}},

		"text with a caption":      {sayOn("Web", "type: text\ntext: Hi\ncaption: Hi"), []string{"step.config.not_allowed"}},
		"media without a file":     {sayOn("Web", "type: media"), []string{"step.config.missing"}},
		"media over http":          {sayOn("Web", "type: media\nfile: http://example.com/a.png"), []string{"step.config.invalid"}},
		"media from a variable":    {sayOn("Web", "type: media\nfile: $contact.profilepic"), nil},
		"unknown message type":     {sayOn("Web", "type: dance"), []string{"step.config.invalid"}},
		"unknown channel":          {sayOn("Fax", "type: text\ntext: Hi"), []string{"reference.unknown"}},
		"channel by id":            {sayOn("2", "type: text\ntext: Hi"), nil},
		"channel by an odd id":     {sayOn("2.5", "type: text\ntext: Hi"), []string{"step.config.invalid"}},
		"no message":               {one("send_message", "channel: Web"), []string{"step.config.missing"}},
		"a response not supported": {one("send_message", "channel: Web\nmessage: {type: text, text: Hi}\nchannel_responses:\n  - {channel: WhatsApp, message: {type: quick_reply, text: Hi, replies: [Yes]}}"), []string{"message.type.unsupported"}},
		"a payload that is no JSON": {one("send_message", "channel: Web\nmessage: {type: text, text: Hi}\nchannel_responses:\n  - {channel: Web, message: {type: custom_payload, payload: '{'}}"),
			[]string{"step.config.invalid", "message.type.unsupported"}},

		"a payload with variables":         {reply("Custom", `{type: custom_payload, payload: '{"name": "$contact.firstname", "n": $contact.age}'}`), nil},
		"a payload that no variable mends": {reply("Custom", `{type: custom_payload, payload: '{"name": $contact.firstname'}`), []string{"step.config.invalid"}},
		"an unknown name in a payload":     {reply("Custom", `{type: custom_payload, payload: '{"price": $5}'}`), []string{"step.config.invalid"}},

		"an e-mail":                      {reply("Mail", "{type: email, text: Hi}"), nil},
		"an e-mail without text":         {reply("Mail", "{type: email, subject: Hi}"), []string{"message.text.missing"}},
		"an e-mail elsewhere":            {reply("WhatsApp", "{type: email, text: Hi}"), []string{"message.type.unsupported"}},
		"an e-mail as default":           {sayOn("Mail", "type: email\ntext: Hi"), []string{"message.type.unsupported"}},
		"an attachment over http":        {reply("Mail", "{type: email, text: Hi, attachments: ['http://example.com/a.pdf']}"), []string{"step.config.invalid"}},
		"an attachment from a variable":  {reply("Mail", "{type: email, text: Hi, attachments: ['{{$contact.profilepic}}']}"), nil},
		"an empty attachment":            {reply("Mail", "{type: email, text: Hi, attachments: ['']}"), []string{"step.config.missing"}},
		"five attachments":               {reply("Mail", "{type: email, text: Hi, attachments: ["+strings.Repeat("'https://example.com/a', ", 5)+"]}"), nil},
		"a subject of a text":            {reply("Mail", "{type: text, text: Hi, subject: Hi}"), []string{"step.config.not_allowed"}},
		"attachments of media":           {reply("Mail", "{type: media, file: 'https://example.com/a', attachments: ['https://example.com/a']}"), []string{"step.config.not_allowed"}},
		"a template":                     {reply("WhatsApp", "{type: whatsapp_template, template: welcome}"), nil},
		"a template without a name":      {reply("WhatsApp", "{type: whatsapp_template, language: en}"), []string{"step.config.missing"}},
		"a template elsewhere":           {reply("Messenger", "{type: whatsapp_template, template: welcome}"), []string{"message.type.unsupported"}},
		"a template with an empty value": {reply("WhatsApp", "{type: whatsapp_template, template: welcome, parameters: [Ana, '']}"), []string{"step.config.missing"}},
		"a template with a text":         {reply("WhatsApp", "{type: whatsapp_template, template: welcome, text: Hi}"), []string{"step.config.not_allowed"}},
		"a language of a text":           {reply("WhatsApp", "{type: text, text: Hi, language: en, parameters: [Ana]}"), []string{"step.config.not_allowed", "step.config.not_allowed"}},
		"a facebook template":            {reply("Messenger", "{type: facebook_template, template: welcome, parameters: [$contact.name]}"), nil},
		"a tag":                          {reply("Messenger", "{type: text, text: Hi, message_tag: ACCOUNT_UPDATE}"), nil},
		"a tag on a named channel":       {sayOn("Messenger", "type: text\ntext: Hi\nmessage_tag: ACCOUNT_UPDATE"), nil},
		"a tag for every channel":        {sayOn("last_interacted", "type: text\ntext: Hi\nmessage_tag: ACCOUNT_UPDATE"), []string{"step.config.not_allowed"}},
		"a tag elsewhere":                {reply("WhatsApp", "{type: text, text: Hi, message_tag: ACCOUNT_UPDATE}"), []string{"message.type.unsupported"}},
		"a tag that it does not have":    {reply("Messenger", "{type: text, text: Hi, message_tag: POST_PURCHASE_UPDATE}"), []string{"message.type.unsupported"}},
		"a tag that nobody has":          {reply("Messenger", "{type: text, text: Hi, message_tag: HELLO}"), []string{"step.config.invalid"}},
		"a tag of media":                 {reply("Messenger", "{type: media, file: 'https://example.com/a', message_tag: ACCOUNT_UPDATE}"), []string{"step.config.not_allowed"}},
		"a caption that is too long":     {sayOn("Web", "type: media\nfile: https://example.com/a.png\ncaption: "+strings.Repeat("x", 2001)), []string{"message.text.limit"}},
		"eleven replies":                 {reply("Web", "{type: quick_reply, text: Hi, replies: [a, b, c, d, e, f, g, h, i, j, k]}"), []string{"step.config.invalid"}},
		"a blank reply":                  {reply("Web", "{type: quick_reply, text: Hi, replies: [a, ' ']}"), []string{"step.config.missing"}},

		"options of a text question": {one("ask_question", ask+"text\noptions: [A]"), []string{"step.config.not_allowed"}},
		"range of a text question":   {one("ask_question", ask+"text\nmin: 1"), []string{"step.config.not_allowed"}},
		"an option with a variable":  {one("ask_question", ask+"multiple_choice\noptions: ['$contact.firstname|somebody else']"), nil},
		"a field nobody may set":     {one("ask_question", ask+"url\nsave_as_contact_field: profilepic"), []string{"step.config.invalid"}},
		"a new tag":                  {one("update_contact_tag", "action: add\ntags: [brand new]"), nil},
		"removing an unknown tag":    {one("update_contact_tag", "action: remove\ntags: [brand new]"), []string{"reference.unknown"}},
		"eleven tags":                {one("update_contact_tag", "action: add\ntags: [a, b, c, d, e, f, g, h, i, j, k]"), []string{"step.config.invalid"}},
		"a value that does not fit":  {one("update_contact_field", "field: age\nvalue: old"), []string{"step.config.invalid"}},
		"value and clear":            {one("update_contact_field", "field: age\nvalue: 5\nclear: true"), []string{"step.config.not_allowed"}},
		"neither value nor clear":    {one("update_contact_field", "field: age"), []string{"step.config.missing"}},
		"no team":                    {one("assign_to", "action: user_in_team\nlogic: round_robin"), []string{"step.config.missing"}},
		"a team and unassign":        {one("assign_to", "action: unassign\nteam: Support"), []string{"step.config.not_allowed"}},
		"half a user":                {one("assign_to", "action: user_in_workspace\nlogic: round_robin\nopen_contacts_below: 1.5"), []string{"assign.limit.invalid"}},
		"no configuration":           {head + "steps:\n  - {id: a, type: wait}\n", []string{"step.config.missing"}},
		"configuration is a list":    {head + "steps:\n  - {id: a, type: wait, config: []}\n", []string{"step.config.invalid"}},
		"a setting of nothing":       {head + "steps:\n  - {id: a, type: open_conversation, config: {x: 1}}\n", []string{"step.config.unknown"}},
		"zero seconds":               {one("wait", "wait_for: 0s"), []string{"duration.invalid"}},
		"a long comment":             {one("add_comment", "text: "+strings.Repeat("x", 1001)), []string{"step.config.invalid"}},
		"dollars in a price":         {one("add_comment", "text: US$100 or $5"), nil},

		"a step leads to itself":      {head + "steps:\n" + note("a", "    next: a\n"), []string{"step.cycle"}},
		"a circle beside the tree":    {head + "steps:\n" + note("a", "") + note("b", "    next: c\n") + note("c", "    next: b\n"), []string{"step.cycle"}},
		"a chain beside the tree":     {head + "steps:\n" + note("a", "") + note("b", "    next: c\n") + note("c", ""), []string{"step.orphan"}},
		"a way to the first step":     {head + "steps:\n" + note("a", "") + note("b", "    next: a\n"), []string{"step.parent.many", "step.orphan"}},
		"next to end":                 {head + "steps:\n" + note("a", "    next: end\n"), nil},
		"a step that is text":         {head + "steps:\n  - hello\n", []string{"file.value.type"}},
		"a step without a type":       {head + "steps:\n  - {id: a}\n", []string{"step.type.unknown"}},
		"a step whose type is a list": {head + "steps:\n  - {id: a, type: [wait]}\n", []string{"file.value.type"}},
	}
	schema := schemaOf(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, codesOf(fileProblems(t, tt.file)))
			if len(tt.want) == 0 {
				require.NoError(t, fits(t, schema, tt.file), "the schema is stricter than the check")
			}
		})
	}
}

// Branch arms are the branch's names; else always exists.
func TestBranchArms(t *testing.T) {
	file := condition("category: contact_tag\noperator: exists") + "    arms:\n      yes-way: b\n      else: end\n      maybe: end\n" + note("b", "")
	require.Equal(t, []string{"step.arm.unknown"}, codesOf(fileProblems(t, file)))
}

func TestWindowRisk(t *testing.T) {
	say := "  - {id: say, type: send_message, config: {channel: %s, message: {type: text, text: Hi}}}\n"
	tests := map[string]struct {
		steps string
		risk  bool
	}{
		"short wait":               {"  - {id: a, type: wait, config: {wait_for: 23h}, next: say}\n" + say, false},
		"long wait":                {"  - {id: a, type: wait, config: {wait_for: 1d1s}, next: say}\n" + say, true},
		"two waits":                {"  - {id: a, type: wait, config: {wait_for: 20h}, next: b}\n  - {id: b, type: wait, config: {wait_for: 20h}, next: say}\n" + say, true},
		"an answer in between":     {"  - {id: a, type: wait, config: {wait_for: 20h}, next: b}\n  - {id: b, type: ask_question, config: {question: Hi, question_type: text}, arms: {success: c}}\n  - {id: c, type: wait, config: {wait_for: 20h}, next: say}\n" + say, false},
		"nobody answers":           {"  - {id: b, type: ask_question, config: {question: Hi, question_type: text, timeout: 2d}, arms: {timeout: say}}\n" + say, true},
		"a queue":                  {"  - {id: a, type: assign_to, config: {action: user_in_team, team: Support, logic: round_robin}, next: say}\n" + say, true},
		"a short queue":            {"  - {id: a, type: assign_to, config: {action: user_in_team, team: Support, logic: round_robin, timeout: 1h}, next: say}\n" + say, false},
		"another workflow":         {"  - {id: a, type: trigger_another_workflow, config: {target: survey}, next: say}\n" + say, true},
		"another one in time":      {"  - {id: a, type: trigger_another_workflow, config: {target: survey, timeout: 1h}, arms: {timeout: say}}\n" + say, false},
		"another, not waited for":  {"  - {id: a, type: trigger_another_workflow, config: {target: survey, wait: false}, next: say}\n" + say, false},
		"another that cannot be":   {"  - {id: a, type: trigger_another_workflow, config: {target: survey}, arms: {failure: say}}\n" + say, false},
		"a specific user":          {"  - {id: a, type: assign_to, config: {action: specific_user, user: ann@example.com}, next: say}\n" + say, false},
		"waits that are jumped":    {"  - {id: a, type: wait, config: {wait_for: 13h}, next: say}\n" + strings.Replace(say, "}}}", "}}, next: j}", 1) + "  - {id: j, type: jump_to, config: {step: a, max_jumps: 1}}\n", true},
		"a template":               {"  - {id: a, type: wait, config: {wait_for: 2d}, next: say}\n  - {id: say, type: send_message, config: {channel: WhatsApp, message: {type: text, text: Hi}, channel_responses: [{channel: WhatsApp, message: {type: whatsapp_template, template: hi}}]}}\n", false},
		"a tag":                    {"  - {id: a, type: wait, config: {wait_for: 2d}, next: say}\n  - {id: say, type: send_message, config: {channel: Messenger, message: {type: text, text: Hi, message_tag: ACCOUNT_UPDATE}}}\n", false},
		"a text beside a template": {"  - {id: a, type: wait, config: {wait_for: 2d}, next: say}\n  - {id: say, type: send_message, config: {channel: last_interacted, message: {type: text, text: Hi}, channel_responses: [{channel: WhatsApp, message: {type: whatsapp_template, template: hi}}]}}\n", true},
		"a channel that has none":  {"  - {id: a, type: wait, config: {wait_for: 2d}, next: say}\n" + strings.ReplaceAll(say, "%s", "Web"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			problems := fileProblems(t, head+"steps:\n"+strings.ReplaceAll(tt.steps, "%s", "last_interacted"))
			want := []string(nil)
			if tt.risk {
				want = []string{"message.window.risk"}
			}
			require.Equal(t, want, codesOf(problems))
			require.False(t, problems.Blocking())
		})
	}
}

func TestCheckWithoutDirectory(t *testing.T) {
	def := read(t, one("assign_to", "action: user_in_team\nteam: Nobody knows\nlogic: round_robin"))
	require.Empty(t, flow.Check(def, nil, flow.Publish))
	require.Zero(t, def.Steps[0].Config.(*flow.AssignTo).Team.ID)
}

func TestCheckResolvesReferences(t *testing.T) {
	def := read(t, one("assign_to", "action: user_in_team\nteam: sALES\nlogic: round_robin"))
	require.Empty(t, flow.Check(def, office{}, flow.Publish))
	require.Equal(t, flow.Ref{ID: 2, Name: "Sales"}, def.Steps[0].Config.(*flow.AssignTo).Team)
}

// A definition built in memory has no lines, and the same rules.
func TestCheckInMemory(t *testing.T) {
	def := &flow.Definition{Name: "X", Trigger: flow.Trigger{Type: flow.ManualTrigger}, Steps: []flow.Step{
		{ID: "a", Type: flow.TypeJumpTo, Config: &flow.JumpTo{Step: "b"}},
		{ID: "c", Type: flow.TypeWait},
		{ID: "d", Type: "teleport"},
	}}
	problems := flow.Check(def, office{}, flow.Save)
	require.Equal(t, []string{"step.config.missing", "jump.target", "step.orphan", "step.config.missing", "step.orphan", "step.type.unknown"}, codesOf(problems))
	for _, p := range problems {
		require.Zero(t, p.Line)
	}
	require.Equal(t, []string{"workflow.name.missing", "workflow.steps.missing", "trigger.missing"}, codesOf(flow.Check(&flow.Definition{}, nil, flow.Save)))
}
