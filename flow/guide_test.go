package flow_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// TestGuidesHoldGoodFiles: what the guides show as YAML can be pasted. A part of
// a workflow may name steps that the guide does not show.
func TestGuidesHoldGoodFiles(t *testing.T) {
	elsewhere := []string{"step.target.unknown", "step.orphan", "variable.unknown"}
	const head = "format: 1\nid: guide\nname: Guide\n"
	names, err := filepath.Glob("../docs/guide/*.md")
	require.NoError(t, err)
	blocks := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, block := range yamlBlocks(string(text)) {
			blocks++
			switch {
			case strings.Contains(block, "\nformat:"):
			case strings.HasPrefix(block, "trigger:"):
				block = head + block + "steps:\n  - {id: only, type: open_conversation}\n"
			default:
				block = head + "trigger: {type: manual_trigger}\nsteps:\n" + block
			}
			def, problems := flow.Read([]byte(block))
			require.NotNil(t, def, "%s: %+v\n%s", name, problems, block)
			problems = slices.DeleteFunc(flow.Check(def, nil, flow.Publish), func(p flow.Problem) bool { return slices.Contains(elsewhere, p.Code) })
			require.Empty(t, problems, "%s:\n%s", name, block)
		}
	}
	require.NotZero(t, blocks)
}

// yamlBlocks are the code blocks of a page that are marked as YAML.
func yamlBlocks(page string) (blocks []string) {
	for i, part := range strings.Split(page, "\n```") {
		if block, ok := strings.CutPrefix(part, "yaml\n"); ok && i > 0 {
			blocks = append(blocks, block+"\n")
		}
	}
	return blocks
}
