package flow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func read(t *testing.T, file string) *flow.Definition {
	t.Helper()
	def, problems := flow.Read([]byte(file))
	require.Empty(t, problems)
	require.NotNil(t, def)
	return def
}

func codesOf(problems flow.Problems) (codes []string) {
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	return codes
}

// exampleFiles are the examples of the workflow specification, 9.8 and 9.9, and
// files in which every key of section 9 occurs.
func exampleFiles(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, name := range append(names, "../templates/assignment-round-robin-online-only/flow.yaml") {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		files[name] = data
	}
	return files
}

func TestReadKnowsWhatIsWritten(t *testing.T) {
	def := read(t, string(exampleFiles(t)["testdata/simple-chat-menu.yaml"]))
	require.Equal(t, "Simple Chat Menu", def.Name)
	require.Equal(t, flow.Trigger{Type: flow.ConversationOpened, Conditions: []flow.Condition{
		{Category: flow.CatSource, Operator: flow.OpEqual, Value: &flow.Value{V: "contact"}},
	}}, def.Trigger)
	require.Equal(t, flow.Settings{ExitOnOutgoingMessage: true}, def.Settings)
	require.Len(t, def.Parameters, 3)
	require.Equal(t, "sales_team", def.Parameters[0].Name)

	menu := def.Steps[0]
	require.Equal(t, "Main menu", menu.Name)
	require.Equal(t, &flow.AskQuestion{
		Question: "Hi $contact.firstname|there, how can we help you?", QuestionType: flow.AskChoice,
		Options: []string{"Sales", "Support", "Opening hours"}, SaveAsVariable: "menu_choice", Timeout: flow.Duration(10 * time.Minute),
	}, menu.Config)
	require.Equal(t, map[flow.Arm]string{"success": "by-choice", "failure": "sorry", "timeout": "timeout-to-support", "message_failure": "end"}, menu.Arms)
	require.Equal(t, "Assign To", def.Step("assign-sales").Name, "the default name")
	require.Equal(t, "${sales_team}", def.Step("assign-sales").Config.(*flow.AssignTo).Team.Name)
}

func TestReadScalars(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want any // the text, or the problem's code
		ok   bool
	}{
		"plain":               {"Hello", "Hello", true},
		"quoted number":       {`"5"`, "5", true},
		"number":              {"5", "step.config.invalid", false},
		"true":                {"true", "step.config.invalid", false},
		"yes is text":         {"yes", "yes", true},
		"off is text":         {"off", "off", true},
		"True is text":        {"True", "True", true},
		"octal is text":       {"0777", "0777", true},
		"date is text":        {"2026-01-02", "2026-01-02", true},
		"time is text":        {"12:30", "12:30", true},
		"block":               {"|\n        a\n        b", "a\nb\n", true},
		"folded":              {">-\n        a\n        b", "a b", true},
		"nothing":             {"", "step.config.missing", false},
		"null":                {"null", "step.config.missing", false},
		"list":                {"[a]", "step.config.invalid", false},
		"object":              {"{a: b}", "step.config.invalid", false},
		"emoji":               {"\U0001F44B hello", "\U0001F44B hello", true},
		"parameter is text":   {"${hello}", "${hello}", true},
		"anchor":              {"&x a", "file.syntax", false},
		"custom tag":          {"!x a", "file.syntax", false},
		"standard tag":        {"!!str 5", "file.syntax", false},
		"escaped NUL":         {`"a\0b"`, "file.syntax", false},
		"unfinished":          {`"a`, "file.syntax", false},
		"a second document":   {"a\n---\nb: c", "file.syntax", false},
		"merge key":           {"a\n      <<: {a: b}", "file.syntax", false},
		"key that is a list":  {"a\n      ? [b]\n      : c", "file.syntax", false},
		"tab for indentation": {"a\n\t\tb: c", "file.syntax", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			def, problems := flow.Read([]byte(one("add_comment", "text: ") + ""))
			require.NotNil(t, def)
			require.Empty(t, problems)
			file := head + "steps:\n  - id: a\n    type: add_comment\n    config:\n      text: " + tt.yaml + "\n"
			if !tt.ok {
				require.Equal(t, []string{tt.want.(string)}, codesOf(fileProblems(t, file)))
				return
			}
			require.Equal(t, tt.want, read(t, file).Steps[0].Config.(*flow.AddComment).Text)
		})
	}
}

func TestReadRefusesWhatIsNoWorkflow(t *testing.T) {
	tests := map[string]struct{ file, code string }{
		"nothing":           {"", "file.syntax"},
		"only a comment":    {"# hello\n", "file.syntax"},
		"a list":            {"- a\n", "file.syntax"},
		"text":              {"hello", "file.syntax"},
		"alias":             {"format: 1\na: &x 1\nb: *x\n", "file.syntax"},
		"broken UTF-8":      {"format: 1\nname: \xff\n", "file.syntax"},
		"JSON cut short":    {`{"format": 1, "id": `, "file.syntax"},
		"JSON twice":        {`{"format": 1} {"format": 1}`, "file.syntax"},
		"deep JSON":         {`{"a":` + strings.Repeat("[", 5000), "file.syntax"},
		"deep YAML":         {"a: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "file.syntax"},
		"no format":         {"id: x\n", "file.format.unsupported"},
		"format as text":    {"format: '1'\n", "file.format.unsupported"},
		"format of a later": {"format: 2\n", "file.format.unsupported"},
		"too large":         {strings.Repeat(" ", flow.MaxFile+1), "file.too_large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			def, problems := flow.Read([]byte(tt.file))
			require.Nil(t, def)
			require.Equal(t, []string{tt.code}, codesOf(problems))
		})
	}
}

// Scenario 138: everything wrong is said in one answer.
func TestAllProblemsInOneAnswer(t *testing.T) {
	file := head + "steps:\n" +
		note("a", "    next: c\n    colour: red\n    arms:\n      sideways: c\n") + note("b", "") + note("c", "")
	problems := fileProblems(t, file)
	require.ElementsMatch(t, []string{"file.key.unknown", "step.arm.unknown", "step.orphan", "step.parent.many"}, codesOf(problems))
	require.True(t, problems.Blocking())
	for i, p := range problems {
		require.Positive(t, p.Line, p)
		require.Positive(t, p.Column, p)
		require.NotEmpty(t, p.StepID, p)
		if i > 0 {
			require.LessOrEqual(t, problems[i-1].Path[:8], p.Path[:8], "ordered by step")
		}
	}
}

func TestJSONHasPlaces(t *testing.T) {
	file := "{\n  \"format\": 1, \"id\": \"x\",\n  \"name\": \"é\", \"oops\": [1, 2],\n  \"trigger\": {\"type\": \"manual_trigger\"},\n  \"steps\": [\n    {\"id\": \"a\", \"type\": \"wait\", \"config\": {\"wait_for\": 5}}\n  ]\n}"
	problems := fileProblems(t, file)
	require.Equal(t, []string{"file.key.unknown", "duration.invalid"}, codesOf(problems))
	require.Equal(t, []int{3, 16, 6, 56}, []int{problems[0].Line, problems[0].Column, problems[1].Line, problems[1].Column})
	require.Equal(t, "steps[0].config.wait_for", problems[1].Path)
	require.Equal(t, "a", problems[1].StepID)
}

func TestReadBodyAndSettings(t *testing.T) {
	def := &flow.Definition{Format: flow.Format, ID: "x", Name: "X"}
	require.Empty(t, flow.ReadBody([]byte(`{"trigger": {"type": "manual_trigger"}, "steps": [{"id": "a", "type": "wait", "config": {"wait_for": "1h"}}]}`), def))
	require.Empty(t, flow.ReadSettings([]byte(`{"allow_manual_stop": true}`), def))
	require.Empty(t, flow.Check(def, office{}, flow.Save))
	require.True(t, def.Settings.AllowManualStop)

	body, err := flow.EncodeBody(def)
	require.NoError(t, err)
	require.JSONEq(t, `{"trigger": {"type": "manual_trigger"}, "steps": [{"id": "a", "type": "wait", "config": {"wait_for": "1h"}}]}`, string(body))
	require.JSONEq(t, `{"allow_manual_stop": true, "exit_on_outgoing_message": false, "exit_on_incoming_message": false, "exit_on_manual_assignment": false}`, string(flow.EncodeSettings(def)))

	t.Run("problems stay until the part is read anew", func(t *testing.T) {
		bad := flow.ReadBody([]byte(`{"trigger": {"type": "manual_trigger"}, "steps": [{"id": "a", "type": "wait", "config": {"wait": 1}}], "id": "y"}`), def)
		require.Equal(t, []string{"file.key.unknown", "step.config.unknown"}, codesOf(bad))
		require.Zero(t, bad[1].Line)
		require.Empty(t, flow.ReadSettings([]byte(`{}`), def))
		require.Contains(t, codesOf(flow.Check(def, nil, flow.Save)), "step.config.unknown")
		require.Empty(t, flow.ReadBody([]byte(`{"trigger": {"type": "manual_trigger"}, "steps": [{"id": "a", "type": "wait", "config": {"wait_for": "1h"}}]}`), def))
		require.NotContains(t, codesOf(flow.Check(def, nil, flow.Save)), "step.config.unknown")
	})
	t.Run("unreadable JSON changes nothing", func(t *testing.T) {
		for _, raw := range []string{"", "null", "[]", `{"trigger"`} {
			require.True(t, flow.ReadBody([]byte(raw), def).Blocking(), raw)
		}
		require.Len(t, def.Steps, 1)
	})
}

// A stored definition keeps everything: ids of references too.
func TestStoredForm(t *testing.T) {
	for name, data := range exampleFiles(t) {
		def := read(t, string(data))
		flow.Check(def, office{}, flow.Publish)
		raw, err := json.Marshal(def)
		require.NoError(t, err)
		var back flow.Definition
		require.NoError(t, json.Unmarshal(raw, &back))
		again, err := json.Marshal(&back)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(again), name)
		fromFile, err := flow.Encode(def, flow.YAML)
		require.NoError(t, err)
		fromStore, err := flow.Encode(&back, flow.YAML)
		require.NoError(t, err)
		require.Equal(t, string(fromFile), string(fromStore), name)
	}
}

func TestManyMistakesStayCheap(t *testing.T) {
	var keys, steps strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
		fmt.Fprintf(&steps, "- {id: s%d, type: teleport, next: nowhere}\n", i)
	}
	problems := fileProblems(t, head+keys.String()+"steps:\n"+steps.String())
	require.True(t, problems.Blocking())
	require.LessOrEqual(t, len(problems), 1_001)
}
