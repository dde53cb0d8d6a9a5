// Package acceptance is the acceptance suite: every scenario of section 12 of
// the workflow specification, 1 to 140, as one named test.
//
// A scenario acts through the public API, the webhooks and fake channels, on a
// real database and on the real activities; the runs are driven by engine_test.go
// with a virtual clock, so that seven days pass in no time. What must be shown on
// a real Temporal server is in package e2e.
//
// Start reading here; world_test.go is the world that the scenarios act in. The
// scenarios stand in files by their section: workflow_test.go, trigger_test.go …
package acceptance

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
	"ucal/store"
)

// scenario is one row of section 12. The text is the row's, given/when/then.
type scenario struct {
	no       int
	text     string
	database bool // the database matters: run on SQLite and PostgreSQL
	test     func(w *world)
}

// scenarios are all of them, in the order of their numbers.
func scenarios() []scenario {
	all := slices.Concat(workflowScenarios(), triggerScenarios(), sendScenarios(), askScenarios(), jumpScenarios(), assignScenarios(),
		branchScenarios(), httpScenarios(), variableScenarios(), closeScenarios(), structureScenarios(), durabilityScenarios(), runScenarios(),
		stepScenarios(), callScenarios(), textScenarios(), queueScenarios(), fileScenarios())
	slices.SortFunc(all, func(a, b scenario) int { return a.no - b.no })
	return all
}

// name is the scenario's test: TestScenario/057 given …
func (s scenario) name() string { return fmt.Sprintf("%03d %s", s.no, s.text) }

func TestScenario(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name(), func(t *testing.T) {
			if !s.database {
				s.test(newWorld(t, dbtest.SQLite(t)))
				return
			}
			dbtest.Each(t, func(t *testing.T, db *store.DB) { s.test(newWorld(t, db)) })
		})
	}
}

// TestEveryScenarioIsHere: 1 to 140, each once.
func TestEveryScenarioIsHere(t *testing.T) {
	var numbers, want []int
	for _, s := range scenarios() {
		numbers = append(numbers, s.no)
		require.NotEmpty(t, s.text, "scenario %d", s.no)
	}
	for no := 1; no <= 140; no++ {
		want = append(want, no)
	}
	require.Equal(t, want, numbers)
}
