package flow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func template(t *testing.T, file string) *flow.Template {
	t.Helper()
	tpl, problems := flow.ReadTemplate([]byte(file))
	require.Empty(t, problems)
	return tpl
}

// everyKind has a parameter of every kind of place: whole values of each type,
// inside text, a list, a condition value.
const everyKind = `format: 1
id: every-kind
name: Every kind
category: auto_responder
trigger:
  type: conversation_opened
  conditions:
    - {category: source, operator: is_equal_to, value: "${source}"}
parameters:
  source: {type: choice, options: [contact, api], default: contact}
  jumps: {type: number, min: 1, max: 10, required: true}
  pause: {type: duration, required: true}
  labels: {type: list, required: true}
  online: {type: boolean, default: true}
  team: {type: team, required: true}
  extra: {type: text}
  link: {type: url, default: "https://example.com/"}
steps:
  - id: ask
    type: ask_question
    config:
      question: "See ${link}, ${jumps} times, in ${pause}: ${labels}.${extra}"
      question_type: multiple_choice
      options: ${labels}
    arms: {success: wait}
  - id: wait
    type: wait
    config: {wait_for: "${pause}"}
    next: assign
  - id: assign
    type: assign_to
    config: {action: user_in_team, team: "${team}", logic: round_robin, only_online: "${online}", timeout: 1h}
    next: jump
  - id: jump
    type: jump_to
    config: {step: ask, max_jumps: "${jumps}"}
`

func TestUseTemplate(t *testing.T) {
	tpl := template(t, everyKind)
	require.Equal(t, 4, tpl.StepCount)
	def, problems := tpl.Use(map[string]any{"jumps": 3, "pause": "1h30m", "labels": []any{"A", "B"}, "team": "Support"})
	require.Empty(t, problems)
	require.Empty(t, flow.Check(def, office{}, flow.Publish))
	require.Empty(t, def.Parameters)
	require.Empty(t, def.Category)
	require.Equal(t, "every-kind", def.ID)

	q := def.Steps[0].Config.(*flow.AskQuestion)
	require.Equal(t, "See https://example.com/, 3 times, in 1h30m: A, B.", q.Question)
	require.Equal(t, []string{"A", "B"}, q.Options)
	assign := def.Steps[2].Config.(*flow.AssignTo)
	require.True(t, assign.OnlyOnline)
	require.Equal(t, flow.Ref{ID: 1, Name: "Support"}, assign.Team)
	require.Equal(t, 3, def.Steps[3].Config.(*flow.JumpTo).MaxJumps)
	require.Equal(t, "contact", def.Trigger.Conditions[0].Value.Text())

	byID, problems := tpl.Use(map[string]any{"jumps": 3.0, "pause": "1h", "labels": []string{"A"}, "team": 2, "source": "api", "online": false})
	require.Empty(t, problems)
	require.Empty(t, flow.Check(byID, office{}, flow.Save))
	require.Equal(t, flow.Ref{ID: 2, Name: "Sales"}, byID.Steps[2].Config.(*flow.AssignTo).Team)
}

// Scenario 140, and what comes after it: the draft is stored, read, edited.
func TestOpenParameter(t *testing.T) {
	def, problems := template(t, everyKind).Use(map[string]any{"jumps": 3, "team": " "})
	require.Empty(t, problems)
	missing := map[string][]string{}
	for _, st := range []flow.Stage{flow.Save, flow.Publish} {
		problems = flow.Check(def, office{}, st)
		require.True(t, problems.Blocking())
		for _, p := range problems {
			require.Equal(t, "parameter.missing", p.Code, p)
			if st == flow.Save {
				missing[p.StepID] = append(missing[p.StepID], strings.TrimPrefix(p.Path[8:], ".config."))
			}
		}
	}
	require.Equal(t, map[string][]string{"ask": {"question", "options"}, "wait": {"wait_for"}, "assign": {"team"}}, missing)

	file := encode(t, def, flow.YAML)
	require.Contains(t, file, "wait_for: ${pause}")
	require.Equal(t, file, encode(t, read(t, file), flow.YAML), "an open draft is exported and imported")
	body, err := flow.EncodeBody(def)
	require.NoError(t, err)
	require.Empty(t, flow.ReadBody(body, def), "the API sends back what it got")
	require.Len(t, flow.Check(def, office{}, flow.Save), 4)

	edited := strings.NewReplacer(`"${labels}"`, `["A"]`, `${labels}`, `A`, `${pause}`, `1h`, `${team}`, `Sales`).Replace(string(body))
	require.Empty(t, flow.ReadBody([]byte(edited), def))
	require.Empty(t, flow.Check(def, office{}, flow.Publish), "nothing uses the parameters any more")
}

// A setting of the trigger waits for its parameter like one of a step.
func TestOpenParameterOfTheTrigger(t *testing.T) {
	tpl := template(t, `format: 1
id: x
name: X
trigger:
  type: incoming_webhook
  config: {identifier_type: "${kind}", identifier_path: $.email, create_contact: "${create}"}
parameters:
  kind: {type: choice, options: [email, phone], required: true}
  create: {type: boolean, required: true}
steps:
`+note("a", ""))
	def, problems := tpl.Use(nil)
	require.Empty(t, problems)
	missing := func(def *flow.Definition) (paths []string) {
		for _, p := range flow.Check(def, office{}, flow.Save) {
			require.Equal(t, "parameter.missing", p.Code)
			paths = append(paths, p.Path)
		}
		return paths
	}
	want := []string{"trigger.config.identifier_type", "trigger.config.create_contact"}
	require.Equal(t, want, missing(def))
	file := encode(t, def, flow.YAML)
	require.Contains(t, file, "create_contact: ${create}")
	require.Equal(t, file, encode(t, read(t, file), flow.YAML))
	raw, err := json.Marshal(def)
	require.NoError(t, err)
	var stored flow.Definition
	require.NoError(t, json.Unmarshal(raw, &stored))
	require.Equal(t, want, missing(&stored))
	body, err := flow.EncodeBody(&stored)
	require.NoError(t, err)
	require.Empty(t, flow.ReadBody([]byte(strings.NewReplacer(`"${create}"`, "true", "${kind}", "phone").Replace(string(body))), &stored))
	require.Empty(t, flow.Check(&stored, office{}, flow.Publish))

	def, problems = tpl.Use(map[string]any{"kind": "email", "create": true})
	require.Empty(t, problems)
	require.True(t, def.Trigger.Config.(*flow.WebhookConfig).CreateContact)
}

// A file that declares a parameter wrongly says so wherever it is checked.
func TestParametersAreChecked(t *testing.T) {
	problems := fileProblems(t, head+"parameters:\n  p: {type: moon}\nsteps:\n"+note("a", ""))
	require.Equal(t, []string{"parameter.type"}, codesOf(problems))
	require.Equal(t, "parameters.p.type", problems[0].Path)
	require.Equal(t, 7, problems[0].Line)
}

func TestUseRefusesValues(t *testing.T) {
	tpl := template(t, everyKind)
	tests := map[string]struct {
		value any
		code  string
	}{
		"jumps":  {"3", "parameter.type"},
		"pause":  {"soon", "parameter.type"},
		"labels": {[]any{"A", 1}, "parameter.type"},
		"online": {"true", "parameter.type"},
		"team":   {-1, "parameter.type"},
		"extra":  {5, "parameter.type"},
		"link":   {"ftp://example.com", "parameter.type"},
		"source": {"zapier", "parameter.type"},
		"nobody": {"x", "parameter.unknown"},
	}
	for name, tt := range tests {
		_, problems := tpl.Use(map[string]any{name: tt.value})
		require.Equal(t, []string{tt.code}, codesOf(problems), name)
		require.Equal(t, "parameters."+name, problems[0].Path)
	}
	for _, jumps := range []any{0, 11, 2.5e10, map[string]any{}, func() {}} {
		_, problems := tpl.Use(map[string]any{"jumps": jumps})
		require.Equal(t, []string{"parameter.type"}, codesOf(problems))
	}
}

func TestTemplateProblems(t *testing.T) {
	begin := "format: 1\nid: x\nname: X\ntrigger: {type: manual_trigger}\nparameters:\n"
	end := "steps:\n" + note("a", "")
	tests := map[string]struct {
		file, code, path string
		line             int
	}{
		"undeclared":        {begin + "  p: {type: text}\nsteps:\n  - {id: a, type: add_comment, config: {text: 'x ${q}'}}\n", "parameter.unknown", "steps[0].config.text", 8},
		"unknown type":      {begin + "  p: {type: moon}\n" + end, "parameter.type", "parameters.p.type", 6},
		"default":           {begin + "  p:\n    type: number\n    default: x\n" + end, "parameter.type", "parameters.p.default", 8},
		"choice of nothing": {begin + "  p: {type: choice}\n" + end, "parameter.type", "parameters.p.options", 6},
		"name":              {begin + "  My Name: {type: text}\n" + end, "variable.name.invalid", "parameters.My Name", 6},
		"unknown key":       {begin + "  p: {type: text, colour: red}\n" + end, "file.key.unknown", "parameters.p.colour", 6},
		"not an object":     {begin + "  - p\n" + end, "file.value.type", "parameters", 6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems := flow.ReadTemplate([]byte(tt.file))
			require.Equal(t, []string{tt.code}, codesOf(problems))
			require.Equal(t, tt.path, problems[0].Path)
			require.Equal(t, tt.line, problems[0].Line)
		})
	}
	tpl, problems := flow.ReadTemplate([]byte("format: 2\n"))
	require.Nil(t, tpl)
	require.Equal(t, []string{"file.format.unsupported"}, codesOf(problems))
}

func TestWithoutParametersItIsPlainText(t *testing.T) {
	def := read(t, one("add_comment", "text: Hello ${name}"))
	require.Empty(t, flow.Check(def, office{}, flow.Publish))
	def, problems := template(t, one("add_comment", "text: Hello ${name}")).Use(nil)
	require.Empty(t, problems)
	require.Equal(t, "Hello ${name}", def.Steps[0].Config.(*flow.AddComment).Text)
}
