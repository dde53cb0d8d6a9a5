package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// FuzzRead: no file makes the reader panic, and what reads without problems is
// written and read back unchanged, in both formats.
func FuzzRead(f *testing.F) {
	f.Add([]byte(everyKind))
	for _, c := range smallest() {
		if len(c.file) < 4096 {
			f.Add([]byte(c.file))
		}
	}
	f.Add([]byte(`{"format": 1, "id": "x", "name": "X", "trigger": {"type": "manual_trigger"}, "steps": [{"id": "a", "type": "wait", "config": {"wait_for": "1h"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		flow.ReadTemplate(data)
		fileProblems(t, string(data))
		def, problems := flow.Read(data)
		if def == nil {
			require.NotEmpty(t, problems)
			return
		}
		flow.Check(def, office{}, flow.Publish)
		if len(problems) > 0 {
			return
		}
		for _, format := range []flow.FileFormat{flow.YAML, flow.JSON} {
			first, err := flow.Encode(def, format)
			require.NoError(t, err)
			again, problems := flow.Read(first)
			require.Empty(t, problems, "%s", first)
			for _, other := range []flow.FileFormat{flow.YAML, flow.JSON} {
				want, err := flow.Encode(def, other)
				require.NoError(t, err)
				got, err := flow.Encode(again, other)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got))
			}
		}
	})
}

// FuzzUse: no value makes a template panic.
func FuzzUse(f *testing.F) {
	f.Add("Support", "1h", 3.0)
	f.Fuzz(func(t *testing.T, team, pause string, jumps float64) {
		tpl, _ := flow.ReadTemplate([]byte(everyKind))
		def, _ := tpl.Use(map[string]any{"team": team, "pause": pause, "jumps": jumps, "labels": []any{team, pause}})
		require.NotNil(t, def)
		flow.Check(def, office{}, flow.Save)
	})
}
