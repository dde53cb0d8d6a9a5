package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// workflow builds a definition from a trigger and a chain of steps.
func workflow(t *testing.T, name, trigger string, steps ...string) *flow.Definition {
	t.Helper()
	file := "format: 1\nid: " + strings.ToLower(name) + "\nname: " + name + "\ntrigger: " + trigger + "\nsteps:\n"
	for i, step := range steps {
		file += "  - {id: s" + string(rune('0'+i)) + ", " + step
		if i+1 < len(steps) {
			if strings.Contains(step, "ask_question") {
				file += ", arms: {success: s" + string(rune('1'+i)) + "}"
			} else {
				file += ", next: s" + string(rune('1'+i))
			}
		}
		file += "}\n"
	}
	def := read(t, file)
	require.Empty(t, flow.Check(def, office{}, flow.Publish))
	return def
}

func TestFindLoop(t *testing.T) {
	const (
		onOpen     = "{type: conversation_opened}"
		onClose    = "{type: conversation_closed}"
		open       = "type: open_conversation"
		closing    = "type: close_conversation"
		byContact  = "{type: conversation_opened, conditions: [{category: source, operator: is_equal_to, value: contact}]}"
		notByFlow  = "{type: conversation_closed, conditions: [{category: source, operator: is_not_equal_to, value: workflow}]}"
		onSolved   = "{type: conversation_closed, conditions: [{category: conversation_category, operator: is_equal_to, value: Solved}]}"
		either     = "{type: conversation_closed, match: any, conditions: [{category: source, operator: is_equal_to, value: user}, {category: conversation_category, operator: is_equal_to, value: Solved}]}"
		solved     = "type: close_conversation, config: {category: Solved}"
		once       = "{type: conversation_opened, once_per_contact: true}"
		question   = "type: ask_question, config: {question: Hi, question_type: text}"
		shortWait  = "type: wait, config: {wait_for: 59s}"
		longWait   = "type: wait, config: {wait_for: 1m}"
		wayAround  = "type: assign_to, config: {action: unassign}"
		onMessages = "{type: message_received}"
	)
	tests := map[string]struct {
		trigger string
		steps   []string
		others  [][]string // name, trigger, steps …
		want    []string
	}{
		"closes on opened, alone":          {onOpen, []string{closing}, nil, nil},
		"opens itself":                     {onOpen, []string{open}, nil, []string{"A"}},
		"closes itself behind other steps": {onClose, []string{wayAround, shortWait, closing}, nil, []string{"A"}},
		"a wait of a minute breaks it":     {onClose, []string{longWait, closing}, nil, nil},
		"a question breaks it":             {onClose, []string{question, closing}, nil, nil},
		"only by the contact":              {byContact, []string{open}, nil, nil},
		"not by a workflow":                {notByFlow, []string{closing}, nil, nil},
		"once per contact":                 {once, []string{open}, nil, nil},
		"another category":                 {onSolved, []string{closing}, nil, nil},
		"the same category":                {onSolved, []string{solved}, nil, []string{"A"}},
		"one of two conditions":            {either, []string{solved}, nil, []string{"A"}},
		"none of two conditions":           {either, []string{closing}, nil, nil},
		"two workflows":                    {onOpen, []string{closing}, [][]string{{"B", onClose, open}}, []string{"A", "B"}},
		"two workflows, B once":            {onClose, []string{open}, [][]string{{"B", once, closing}}, nil},
		"a loop of others":                 {onMessages, []string{open}, [][]string{{"B", onOpen, open}}, nil},
		"its own older version":            {onOpen, []string{wayAround}, [][]string{{"A", onOpen, open}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			this := workflow(t, "A", tt.trigger, tt.steps...)
			var published []*flow.Definition
			for _, other := range tt.others {
				published = append(published, workflow(t, other[0], other[1], other[2:]...))
			}
			require.Equal(t, tt.want, flow.FindLoop(this, published))
		})
	}
}

func TestLoopProblem(t *testing.T) {
	p := flow.LoopProblem([]string{"A", "B"}, flow.Publish)
	require.Equal(t, flow.SeverityError, p.Severity)
	require.Contains(t, p.Message, "Workflow loop detected")
	require.Contains(t, p.Message, "A → B → A")
	require.Equal(t, flow.SeverityWarning, flow.LoopProblem([]string{"A"}, flow.Save).Severity)
}
