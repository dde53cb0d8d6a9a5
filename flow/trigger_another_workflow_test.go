package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func TestCheckTriggerAnotherWorkflow(t *testing.T) {
	const arm = "    arms:\n      timeout: end\n"
	another := func(config, arms string) string { return one("trigger_another_workflow", config) + arms }
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"the shortest":                  {another("target: survey", ""), nil},
		"by id":                         {another("target: 1", ""), nil},
		"ignoring case":                 {another("target: Survey", ""), nil},
		"every setting":                 {another("target: survey\nstart_from: step-3\nwait: true\ntimeout: 1h", arm), nil},
		"the beginning":                 {another("target: survey\nstart_from: beginning", ""), nil},
		"the default timeout":           {another("target: survey", arm), nil},
		"both arms":                     {another("target: survey", "    arms:\n      timeout: end\n      failure: end\n"), nil},
		"not waiting":                   {another("target: survey\nwait: false", "    arms:\n      failure: end\n"), nil},
		"no target":                     {another("wait: true", ""), []string{"step.config.missing"}},
		"no such workflow":              {another("target: gone", ""), []string{"reference.unknown"}},
		"no such arm":                   {another("target: survey", "    arms:\n      success: end\n"), []string{"step.arm.unknown"}},
		"a timeout without its arm":     {another("target: survey\ntimeout: 1h", ""), []string{"step.config.not_allowed"}},
		"a timeout nobody waits for":    {another("target: survey\nwait: false\ntimeout: 1h", ""), []string{"step.config.not_allowed"}},
		"a timeout arm nobody takes":    {another("target: survey\nwait: false", arm), []string{"step.arm.unknown"}},
		"both, nobody waits":            {another("target: survey\nwait: false\ntimeout: 1h", arm), []string{"step.arm.unknown", "step.config.not_allowed"}},
		"over 7 days":                   {another("target: survey\ntimeout: 8d", arm), []string{"duration.limit"}},
		"another trigger, and its step": {another("target: welcome\nstart_from: step-9", ""), []string{"target.not_manual", "target.step.unknown"}},
		"a draft, and its step":         {another("target: draft\nstart_from: start", ""), []string{"target.not_published"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, tt.want, codesOf(fileProblems(t, tt.file)))
		})
	}
}

// Only Publish needs a target that is published.
func TestTheTargetMayBePublishedLater(t *testing.T) {
	problems := flow.Check(read(t, one("trigger_another_workflow", "target: draft")), office{}, flow.Save)
	require.Equal(t, []string{"target.not_published"}, codesOf(problems))
	require.False(t, problems.Blocking())
}

func TestTriggerAnotherWorkflowKeepsItsForm(t *testing.T) {
	for config, want := range map[string]flow.TriggerAnother{
		"target: survey": {Target: flow.Ref{Name: "survey"}, Wait: true},
		"target: survey\nstart_from: beginning\nwait: true":  {Target: flow.Ref{Name: "survey"}, Wait: true},
		"target: survey\nstart_from: step-3\nwait: false":    {Target: flow.Ref{Name: "survey"}, StartFrom: "step-3"},
		"target: survey\ntimeout: 7d":                        {Target: flow.Ref{Name: "survey"}, Wait: true, Timeout: flow.Duration(flow.MaxWait)},
		"target: survey\nstart_from: step-3\ntimeout: 1h30m": {Target: flow.Ref{Name: "survey"}, StartFrom: "step-3", Wait: true, Timeout: flow.Duration(90 * 60 * 1e9)},
	} {
		def := read(t, one("trigger_another_workflow", config))
		require.Equal(t, &want, def.Steps[0].Config, config)
		file, err := flow.Encode(def, flow.YAML)
		require.NoError(t, err)
		require.Equal(t, !want.Wait, strings.Contains(string(file), "wait: "), "the default is left out")
		again, err := flow.Encode(read(t, string(file)), flow.YAML)
		require.NoError(t, err)
		require.Equal(t, string(file), string(again), "byte-identical round trip")
	}
}
