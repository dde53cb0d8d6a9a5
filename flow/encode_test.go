package flow_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func encode(t *testing.T, def *flow.Definition, f flow.FileFormat) string {
	t.Helper()
	out, err := flow.Encode(def, f)
	require.NoError(t, err)
	return string(out)
}

// Scenario 139: export → import → export is byte-identical, also by way of JSON.
func TestRoundTrip(t *testing.T) {
	for name, data := range exampleFiles(t) {
		t.Run(name, func(t *testing.T) {
			def := read(t, string(data))
			first := encode(t, def, flow.YAML)
			require.Empty(t, cmp.Diff(first, encode(t, read(t, first), flow.YAML)))
			asJSON := encode(t, read(t, first), flow.JSON)
			require.Empty(t, cmp.Diff(first, encode(t, read(t, asJSON), flow.YAML)))
			require.Empty(t, cmp.Diff(asJSON, encode(t, read(t, asJSON), flow.JSON)))

			flow.Check(def, office{}, flow.Save)
			require.Empty(t, cmp.Diff(first, encode(t, def, flow.YAML)), "resolved references are written by name")
		})
	}
}

// What the example files say is what is written, but for comments, empty lines
// and quotes.
func TestCanonicalForm(t *testing.T) {
	bare := func(text string) string {
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			if i := strings.Index(line, " # "); i >= 0 {
				line = line[:i]
			}
			if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "#") {
				lines = append(lines, strings.TrimRight(line, " "))
			}
		}
		return strings.ReplaceAll(strings.Join(lines, "\n"), `"`, "")
	}
	for name, data := range exampleFiles(t) {
		if name == "testdata/every-setting.yaml" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(bare(string(data)), bare(encode(t, read(t, string(data)), flow.YAML))))
		})
	}
}

func TestEverySettingIsFineAndWrittenBack(t *testing.T) {
	data := exampleFiles(t)["testdata/every-setting.yaml"]
	def := read(t, string(data))
	problems := flow.Check(def, office{}, flow.Publish)
	require.False(t, problems.Blocking(), "%+v", problems)
	want := strings.Replace(string(data), `question: "How old are you?\nIn years, please."`, "question: |-\n        How old are you?\n        In years, please.", 1)
	require.Empty(t, cmp.Diff(want, encode(t, def, flow.YAML)))
}

func TestDefaultsAreLeftOut(t *testing.T) {
	spelt := read(t, "format: 1\nid: x\nname: X\ndescription: ''\ntrigger: {type: manual_trigger, once_per_contact: false, match: all, config: {}}\nsettings: {allow_manual_stop: false}\n"+
		"steps:\n- {id: a, type: ask_question, name: Ask a Question, config: {question: Hi, question_type: text, timeout: 7d, retries: 0, save_as_tag: false}, arms: {success: end, failure: end}}\n")
	require.Equal(t, "format: 1\nid: x\nname: X\ntrigger:\n  type: manual_trigger\nsteps:\n  - id: a\n    type: ask_question\n    config:\n      question: Hi\n      question_type: text\n", encode(t, spelt, flow.YAML))
}

// Texts that look like something else read back as they were.
func TestTextsSurvive(t *testing.T) {
	texts := []string{"", " ", "a ", " a", "true", "Null", "~", "5", "-1.5e3", "0x1f", "- a", "a: b", "a:", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a",
		"[a", "{a", "a]", "'a'", `"a"`, `a\b`, "a\nb", "a\nb\n", "a\n\nb\n\n", "\na", "a\n b", "a\tb", "\t", "a\r\nb", "a\u0085b", "a\u2028b\ufeff", "\x7f\x1b", "日本語",
		"\U0001F44B", "\U0001F44B\nb", "<a&b>", "---", "...", "- ", "? a", "| a", "> a", "y", "No", "${a}", "$contact.firstname|there", "https://example.com/?a=b#c", "=", "<<", "1:2", "e\u0301", "\u200b"}
	for _, text := range texts {
		def := &flow.Definition{ID: "x", Name: "X", Trigger: flow.Trigger{Type: flow.ManualTrigger},
			Steps: []flow.Step{{ID: "a", Type: flow.TypeAddComment, Config: &flow.AddComment{Text: "x" + text}},
				{ID: "b", Type: flow.TypeAddComment, Config: &flow.AddComment{Text: text}, Arms: map[flow.Arm]string{flow.Arm(text): "a"}}}}
		for _, f := range []flow.FileFormat{flow.YAML, flow.JSON} {
			file := encode(t, def, f)
			back := read(t, file)
			for i := range back.Steps {
				require.Equal(t, def.Steps[i].Config, back.Steps[i].Config, file)
			}
			require.Equal(t, def.Steps[1].Arms, back.Steps[1].Arms, file)
		}
	}
}

func TestEachRef(t *testing.T) {
	def := read(t, string(exampleFiles(t)["testdata/every-setting.yaml"]))
	flow.Check(def, office{}, flow.Save)
	var seen []string
	def.EachRef(func(kind flow.RefKind, r *flow.Ref) {
		seen = append(seen, string(kind)+" "+r.Name)
		r.Name = "renamed"
	})
	require.Equal(t, []string{"tag vip", "tag new: tag", "contact_field age", "contact_field age", "channel Web", "channel Web",
		"contact_field email", "user ann@example.com", "workflow survey", "workflow survey", "knowledge_source Handbook",
		"channel Messenger", "channel Mail", "channel WhatsApp", "channel Messenger", "channel Custom", "closing_category Solved", "tag vip"}, seen)
	require.Contains(t, encode(t, def, flow.YAML), "user: renamed")
}

func TestUnknownFileFormat(t *testing.T) {
	_, err := flow.Encode(&flow.Definition{ID: "x"}, "toml")
	require.ErrorContains(t, err, "toml")
}
