package flow_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// office is a small workspace for checks.
type office struct{}

func (office) Connected(flow.Service) bool { return false }

func (office) HasSecret(name string) bool { return name == "crm_token" }

func (office) RefusesURL(u *url.URL) string {
	if u.Hostname() == "10.0.0.5" {
		return "the address is not public"
	}
	return ""
}

func (office) Find(kind flow.RefKind, ref flow.Ref) []flow.Ref {
	names := map[flow.RefKind][]string{
		flow.RefUser:     {"ann@example.com", "ben@example.com"},
		flow.RefTeam:     {"Support", "Sales", "Twin", "Twin"},
		flow.RefTag:      {"vip"},
		flow.RefChannel:  {"Web", "WhatsApp", "Mail", "Messenger", "Custom"},
		flow.RefField:    {"email", "age", "profilepic", "city"},
		flow.RefCategory: {"Solved"},
		flow.RefWorkflow: {"survey", "draft", "welcome"},
		flow.RefSource:   {"Handbook"},
	}
	var found []flow.Ref
	for i, name := range names[kind] {
		here := flow.Ref{ID: int64(i + 1), Name: name}
		if ref.ID == here.ID || ref.ID == 0 && strings.EqualFold(ref.Name, name) {
			found = append(found, here)
		}
	}
	return found
}

func (office) Field(key string) (flow.FieldInfo, bool) {
	types := map[string]flow.FieldType{"email": flow.FieldEmail, "age": flow.FieldNumber, "profilepic": flow.FieldURL, "city": flow.FieldText}
	t, ok := types[key]
	return flow.FieldInfo{Key: key, Type: t, Settable: key != "profilepic"}, ok
}

func (office) Channel(id int64) (flow.ChannelInfo, bool) {
	more := []string{"quick_reply", "whatsapp_template", "email", "facebook_template", "custom_payload"}
	info := flow.ChannelInfo{Types: []string{"text", "media", more[id-1]}}
	if id == 4 {
		info.Tags = []string{"ACCOUNT_UPDATE"}
	}
	return info, true
}

func (office) Target(id int64) (flow.Target, bool) {
	targets := []flow.Target{
		{Trigger: flow.ManualTrigger, Published: true, Steps: []string{"start", "step-3"}},
		{Trigger: flow.ManualTrigger, Steps: []string{"start"}},
		{Trigger: flow.ConversationOpened, Steps: []string{"start"}},
	}
	return targets[id-1], true
}

// head is the beginning of the smallest files: five lines, steps from line 6.
const head = "format: 1\nid: x\nname: X\ntrigger:\n  type: manual_trigger\n"

// one is a workflow of one step: `type` is on line 8, the keys of config begin
// on line 10.
func one(kind, config string) string {
	return head + "steps:\n  - id: a\n    type: " + kind + "\n    config:\n" + indent(6, config)
}

func indent(n int, text string) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+pad) + "\n"
}

// note is the shortest step; its keys are on four lines.
func note(id, more string) string {
	return "  - id: " + id + "\n    type: add_comment\n    config:\n      text: Hello\n" + more
}

const (
	ask    = "question: Hello?\nquestion_type: "
	branch = "branches:\n  - name: yes-way\n    conditions:\n"
)

func sayOn(channel, message string) string {
	return one("send_message", "channel: "+channel+"\nmessage:\n"+indent(2, message))
}

// reply is a Send step with a message for one channel.
func reply(channel, message string) string {
	return one("send_message", "channel: last_interacted\nmessage: {type: text, text: Hi}\nchannel_responses:\n  - {channel: "+channel+", message: "+message+"}")
}

func condition(lines string) string {
	return one("branch", branch+"      - "+strings.ReplaceAll(lines, "\n", "\n        "))
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// trigger is a workflow with another trigger; its keys begin on line 5.
func withTrigger(keys string) string {
	return "format: 1\nid: x\nname: X\ntrigger:\n" + indent(2, keys) + "steps:\n" + note("a", "")
}

type codeCase struct {
	file, path string
	line       int
	warning    bool
}

// smallest holds for every code the smallest file that has the problem.
func smallest() map[string]codeCase {
	long := strings.Repeat("x", 2001)
	return map[string]codeCase{
		"file.syntax":             {file: "format: 1\nid: [\n", path: "", line: 3},
		"file.too_large":          {file: "# " + strings.Repeat("x", flow.MaxFile), path: ""},
		"file.format.unsupported": {file: "id: x\nformat: 2\n", path: "format", line: 2},
		"file.key.unknown":        {file: head + "colour: red\nsteps:\n" + note("a", ""), path: "colour", line: 6},
		"file.key.duplicate":      {file: head + "name: Y\nsteps:\n" + note("a", ""), path: "name", line: 6},
		"file.value.type":         {file: head + "settings:\n  allow_manual_stop: yes\nsteps:\n" + note("a", ""), path: "settings.allow_manual_stop", line: 7},

		"workflow.id.invalid":    {file: strings.Replace(head, "id: x", "id: My Id", 1) + "steps:\n" + note("a", ""), path: "id", line: 2},
		"workflow.name.missing":  {file: strings.Replace(head, "name: X", "name:", 1) + "steps:\n" + note("a", ""), path: "name", line: 3},
		"workflow.name.limit":    {file: strings.Replace(head, "name: X", "name: "+long, 1) + "steps:\n" + note("a", ""), path: "name", line: 3},
		"workflow.steps.missing": {file: head + "steps: []\n", path: "steps", line: 6},
		"workflow.steps.limit": {file: head + "steps:\n" + repeat(101, "  - id: s%[1]d\n    type: add_comment\n    config:\n      text: Hi\n    next: s%[1]d-n\n"),
			path: "steps", line: 6},
		"trigger.missing":          {file: "format: 1\nid: x\nname: X\nsteps:\n" + note("a", ""), path: "trigger", line: 1},
		"trigger.type.unknown":     {file: withTrigger("type: full_moon"), path: "trigger.type", line: 5},
		"trigger.config.missing":   {file: withTrigger("type: contact_field_updated\nconfig:\n  field:"), path: "trigger.config.field", line: 7},
		"trigger.config.invalid":   {file: withTrigger("type: manual_trigger\nconfig:\n  icon: star"), path: "trigger.config.icon", line: 7},
		"trigger.once.not_allowed": {file: withTrigger("type: manual_trigger\nonce_per_contact: true"), path: "trigger.once_per_contact", line: 6},

		"condition.limit": {file: withTrigger("type: conversation_opened\nconditions:\n" + strings.Repeat("  - {category: source, operator: is_equal_to, value: api}\n", 11)),
			path: "trigger.conditions", line: 6},
		"condition.category.unknown": {file: withTrigger("type: conversation_opened\nconditions:\n  - category: weather\n    operator: exists"),
			path: "trigger.conditions[0].category", line: 7},
		"condition.operator.unknown": {file: condition("category: contact_tag\noperator: is_equal_to\nvalue: vip"),
			path: "steps[0].config.branches[0].conditions[0].operator", line: 14},
		"condition.value.missing": {file: condition("category: contact_tag\noperator: has_any_of"),
			path: "steps[0].config.branches[0].conditions[0].value", line: 13},
		"condition.value.invalid": {file: condition("category: assignee_status\noperator: is_equal_to\nvalue: asleep"),
			path: "steps[0].config.branches[0].conditions[0].value", line: 15},
		"condition.regex.invalid": {file: condition("category: last_incoming_message\noperator: matches_regex\nvalue: a(b"),
			path: "steps[0].config.branches[0].conditions[0].value", line: 15},

		"step.id.missing":     {file: head + "steps:\n  - type: add_comment\n    config:\n      text: Hi\n", path: "steps[0].id", line: 7},
		"step.id.invalid":     {file: head + "steps:\n" + note("end", ""), path: "steps[0].id", line: 7},
		"step.id.duplicate":   {file: head + "steps:\n" + note("a", "") + note("a", ""), path: "steps[1].id", line: 11},
		"step.type.unknown":   {file: one("teleport", "to: moon"), path: "steps[0].type", line: 8},
		"step.config.missing": {file: one("add_comment", "text: ''"), path: "steps[0].config.text", line: 10},
		"step.config.unknown": {file: one("add_comment", "text: Hi\ncolour: red"), path: "steps[0].config.colour", line: 11},
		"step.config.invalid": {file: one("add_comment", "text: 5"), path: "steps[0].config.text", line: 10},
		"step.config.not_allowed": {file: one("assign_to", "action: specific_user\nuser: ann@example.com\nlogic: round_robin"),
			path: "steps[0].config.logic", line: 12},
		"step.arm.unknown":      {file: head + "steps:\n" + note("a", "    arms:\n      failure: end\n"), path: "steps[0].arms.failure", line: 12},
		"step.next.not_allowed": {file: one("ask_question", ask+"text") + "    next: end\n", path: "steps[0].next", line: 12},
		"step.target.unknown":   {file: head + "steps:\n" + note("a", "    next: b\n"), path: "steps[0].next", line: 11},
		"step.orphan":           {file: head + "steps:\n" + note("a", "") + note("b", ""), path: "steps[1]", line: 11},
		"step.parent.many": {file: one("ask_question", ask+"text") + "    arms:\n      success: b\n      failure: b\n" + note("b", ""),
			path: "steps[1]", line: 15},
		"step.cycle": {file: head + "steps:\n" + note("a", "    next: b\n") + note("b", "    next: a\n"), path: "steps[1].next", line: 16},

		"jump.limit":       {file: head + "steps:\n" + note("b", "    next: a\n") + "  - id: a\n    type: jump_to\n    config: {step: b, max_jumps: 11}\n", path: "steps[1].config.max_jumps", line: 14},
		"jump.target":      {file: one("jump_to", "step: a\nmax_jumps: 1"), path: "steps[0].config.step", line: 10},
		"duration.invalid": {file: one("wait", "wait_for: soon"), path: "steps[0].config.wait_for", line: 10},
		"duration.limit":   {file: one("wait", "wait_for: 8d"), path: "steps[0].config.wait_for", line: 10},

		"message.text.missing": {file: sayOn("last_interacted", "type: text"), path: "steps[0].config.message.text", line: 11},
		"message.text.limit":   {file: sayOn("last_interacted", "type: text\ntext: "+long), path: "steps[0].config.message.text", line: 13},
		"message.type.unsupported": {file: sayOn("last_interacted", "type: quick_reply\ntext: Hi\nreplies: [Yes]"),
			path: "steps[0].config.message.type", line: 12},
		"message.attachments.limit": {file: one("send_message", "channel: last_interacted\nmessage: {type: text, text: Hi}\nchannel_responses:\n- channel: Mail\n  message:\n    type: email\n    text: Hi\n"+
			"    attachments:\n"+repeat(6, "    - https://example.com/%d.pdf\n")),
			path: "steps[0].config.channel_responses[0].message.attachments", line: 17},
		"message.channel_response.duplicate": {file: one("send_message", "channel: last_interacted\nmessage: {type: text, text: Hi}\nchannel_responses:\n"+
			"  - {channel: Web, message: {type: text, text: A}}\n  - {channel: web, message: {type: text, text: B}}"),
			path: "steps[0].config.channel_responses[1].channel", line: 14},
		"message.window.risk": {file: one("wait", "wait_for: 2d") + "    next: b\n  - id: b\n    type: send_message\n    config:\n      channel: last_interacted\n      message: {type: text, text: Hi}\n",
			path: "steps[1].config.message", line: 16, warning: true},

		"question.options.limit":     {file: one("ask_question", ask+"multiple_choice"), path: "steps[0].config.options", line: 9},
		"question.options.length":    {file: one("ask_question", ask+"multiple_choice\noptions:\n  - a label that is too long"), path: "steps[0].config.options[0]", line: 13},
		"question.options.duplicate": {file: one("ask_question", ask+"multiple_choice\noptions:\n  - Sales\n  - sales"), path: "steps[0].config.options[1]", line: 14},
		"question.range":             {file: one("ask_question", ask+"number\nmin: 5\nmax: 1"), path: "steps[0].config.min", line: 12},
		"question.save.tag":          {file: one("ask_question", ask+"text\nsave_as_tag: true"), path: "steps[0].config.save_as_tag", line: 12},
		"question.save.type":         {file: one("ask_question", ask+"text\nsave_as_contact_field: age"), path: "steps[0].config.save_as_contact_field", line: 12, warning: true},
		"question.retries.limit":     {file: one("ask_question", ask+"text\nretries: 6"), path: "steps[0].config.retries", line: 12},

		"branch.limit":              {file: one("branch", "branches:\n"+repeat(10, "  - name: b%d\n    conditions: [{category: contact_tag, operator: exists}]\n")), path: "steps[0].config.branches", line: 10},
		"branch.name.duplicate":     {file: one("branch", "branches:\n"+strings.Repeat("  - name: b\n    conditions: [{category: contact_tag, operator: exists}]\n", 2)), path: "steps[0].config.branches[1].name", line: 13},
		"branch.name.reserved":      {file: one("branch", "branches:\n  - name: else\n    conditions: [{category: contact_tag, operator: exists}]"), path: "steps[0].config.branches[0].name", line: 11},
		"branch.conditions.missing": {file: one("branch", "branches:\n  - name: b"), path: "steps[0].config.branches[0].conditions", line: 11},
		"assign.limit.invalid": {file: one("assign_to", "action: user_in_workspace\nlogic: round_robin\nopen_contacts_below: 0"),
			path: "steps[0].config.open_contacts_below", line: 12},

		"target.not_manual":    {file: one("trigger_another_workflow", "target: welcome"), path: "steps[0].config.target", line: 10},
		"target.not_published": {file: one("trigger_another_workflow", "target: draft"), path: "steps[0].config.target", line: 10},
		"target.step.unknown":  {file: one("trigger_another_workflow", "target: survey\nstart_from: step-9"), path: "steps[0].config.start_from", line: 11},

		"datetime.interval.invalid": {file: one("date_time", "mode: business_hours\nbusiness_hours:\n  monday:\n    - 9-17"), path: "steps[0].config.business_hours.monday[0]", line: 13},
		"datetime.range.invalid":    {file: one("date_time", "mode: date_range\ndate_range:\n  from: 2026-12-26\n  to: 2026-12-24"), path: "steps[0].config.date_range", line: 11},
		"datetime.timezone.unknown": {file: one("date_time", "mode: date_range\ntimezone: Rome\ndate_range: {from: 2026-12-24, to: 2026-12-24}"), path: "steps[0].config.timezone", line: 11},
		"http.url.invalid":          {file: one("http_request", "method: GET\nurl: ftp://example.com"), path: "steps[0].config.url", line: 11},
		"http.url.refused":          {file: one("http_request", "method: GET\nurl: http://10.0.0.5/x"), path: "steps[0].config.url", line: 11},
		"http.headers.limit":        {file: one("http_request", "method: GET\nurl: https://example.com\nheaders:\n"+repeat(11, "  X-%d: a\n")), path: "steps[0].config.headers", line: 12},
		"http.mapping.limit":        {file: one("http_request", "method: GET\nurl: https://example.com\nresponse_mapping:\n"+repeat(11, "  v%d: $.a\n")), path: "steps[0].config.response_mapping", line: 12},
		"http.mapping.path":         {file: one("http_request", "method: GET\nurl: https://example.com\nresponse_mapping:\n  a: $..a"), path: "steps[0].config.response_mapping.a", line: 13},
		"variable.secret.unknown":   {file: one("http_request", "method: GET\nurl: https://example.com\nheaders:\n  X-Key: $secret.old"), path: "steps[0].config.headers.X-Key", line: 13},

		"reference.unknown":           {file: one("assign_to", "action: user_in_team\nlogic: round_robin\nteam: Nobody"), path: "steps[0].config.team", line: 12},
		"reference.ambiguous":         {file: one("assign_to", "action: user_in_team\nlogic: round_robin\nteam: Twin"), path: "steps[0].config.team", line: 12},
		"variable.name.invalid":       {file: one("ask_question", ask+"text\nsave_as_variable: Menu"), path: "steps[0].config.save_as_variable", line: 12},
		"variable.limit":              {file: head + "steps:\n" + greedy(10), path: "steps", line: 6},
		"variable.name.reserved":      {file: one("ask_question", ask+"text\nsave_as_variable: contact"), path: "steps[0].config.save_as_variable", line: 12},
		"variable.unknown":            {file: one("add_comment", "text: Hello $nobody"), path: "steps[0].config.text", line: 10, warning: true},
		"variable.secret.not_allowed": {file: one("add_comment", "text: Hello $secret.token"), path: "steps[0].config.text", line: 10},
		"sheets.not_connected":        {file: one("add_google_sheets_row", "spreadsheet: 1a2B\nsheet: Leads\nvalues:\n  Name: $contact.name"), path: "steps[0].type", line: 8, warning: true},
		"ai.not_configured":           {file: one("ai_agent", "objective: answer_questions"), path: "steps[0].type", line: 8, warning: true},
		"parameter.missing":           {file: one("add_comment", "text: ${hello}") + "parameters:\n  hello:\n    type: text\n    required: true\n", path: "steps[0].config.text", line: 10},
	}
}

// elsewhere are the codes that no single file can have, and the test that shows them.
func elsewhere() map[string]string {
	return map[string]string{
		"workflow.id.taken": "package desk", "workflow.limit": "package desk", "workflow.loop": "TestFindLoop",
		"parameter.unknown": "TestTemplateProblems", "parameter.type": "TestTemplateProblems",
	}
}

// fileProblems reads and checks a file for publishing.
func fileProblems(t *testing.T, file string) flow.Problems {
	t.Helper()
	def, problems := flow.Read([]byte(file))
	if def != nil {
		problems = flow.Check(def, office{}, flow.Publish)
	}
	for _, p := range problems {
		listed := slices.ContainsFunc(flow.Codes(), func(c flow.Code) bool { return c.Code == p.Code && c.Severity == p.Severity })
		require.True(t, listed, "not in Codes: %+v", p)
	}
	return problems
}

func TestEveryCodeHasItsFile(t *testing.T) {
	cases := smallest()
	for _, code := range flow.Codes() {
		t.Run(code.Code, func(t *testing.T) {
			require.NotEmpty(t, code.Meaning)
			require.NotEmpty(t, code.Mend)
			if elsewhere()[code.Code] != "" {
				return
			}
			want, ok := cases[code.Code]
			require.True(t, ok, "no file has this problem")
			var got *flow.Problem
			problems := fileProblems(t, want.file)
			for i, p := range problems {
				if p.Code == code.Code && (got == nil || p.Path == want.path) {
					got = &problems[i]
				}
			}
			require.NotNil(t, got, "%+v", problems)
			require.Equal(t, want.path, got.Path)
			require.Equal(t, want.line, got.Line, got.Message)
			require.Equal(t, want.line > 0, got.Column > 0)
			require.Equal(t, want.warning, got.Severity == flow.SeverityWarning)
			require.True(t, strings.HasSuffix(got.Message, "."), got.Message)
			if strings.HasPrefix(want.path, "steps[0]") && code.Code != "step.id.missing" {
				require.NotEmpty(t, got.StepID)
			}
		})
		delete(cases, code.Code)
	}
	require.Empty(t, cases, "codes that are not in the list")
}

// Small files have the one problem they are about and no echo of it.
func TestOneMistakeIsReportedOnce(t *testing.T) {
	for code, c := range smallest() {
		t.Run(code, func(t *testing.T) {
			problems := fileProblems(t, c.file)
			require.Len(t, problems, 1, "%+v", problems)
		})
	}
}

// greedy are n HTTP requests, one after the other, that save into 11 variables each.
func greedy(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- {id: s%d, type: http_request, config: {method: GET, url: 'https://crm.example.com', save_status_as: v%d_10, response_mapping: {", i, i)
		for j := range 10 {
			fmt.Fprintf(&b, "v%d_%d: $.a, ", i, j)
		}
		b.WriteString("}}")
		if i < n-1 {
			fmt.Fprintf(&b, ", next: s%d", i+1)
		}
		b.WriteString("}\n")
	}
	return b.String()
}
