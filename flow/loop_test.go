package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// town is a workspace whose workflows trigger each other: a, b and c exist, and
// tags by any name but "new".
type town struct{ office }

func (town) Find(kind flow.RefKind, ref flow.Ref) []flow.Ref {
	var names []string
	switch kind {
	case flow.RefWorkflow:
		names = []string{"a", "b", "c"}
	case flow.RefTag:
		names = []string{"vip", "lead"}
	case flow.RefField:
		if ref.ID == 0 && (ref.Name == "phone" || ref.Name == "country") {
			return []flow.Ref{{Name: ref.Name}}
		}
		names = []string{"city", "age"}
	default:
		return office{}.Find(kind, ref)
	}
	for i, name := range names {
		if ref.ID == int64(i+1) || ref.ID == 0 && strings.EqualFold(ref.Name, name) {
			return []flow.Ref{{ID: int64(i + 1), Name: name}}
		}
	}
	return nil
}

func (town) Field(key string) (flow.FieldInfo, bool) {
	return flow.FieldInfo{Key: key, Type: flow.FieldText, Settable: true}, true
}

func (town) Target(int64) (flow.Target, bool) {
	return flow.Target{Trigger: flow.ManualTrigger, Published: true, Steps: []string{"s0", "s1"}}, true
}

// workflow builds a definition from a trigger and a chain of steps.
func workflow(t *testing.T, name, trigger string, steps ...string) *flow.Definition {
	t.Helper()
	file := "format: 1\nid: " + strings.ToLower(name) + "\nname: " + name + "\ntrigger: " + trigger + "\nsteps:\n"
	for i, step := range steps {
		file += "  - {id: s" + string(rune('0'+i)) + ", " + step
		if i+1 < len(steps) {
			if strings.Contains(step, "ask_question") || strings.Contains(step, "ai_agent") {
				file += ", arms: {success: s" + string(rune('1'+i)) + "}"
			} else {
				file += ", next: s" + string(rune('1'+i))
			}
		}
		file += "}\n"
	}
	def := read(t, file)
	require.False(t, flow.Check(def, town{}, flow.Publish).Blocking(), "%+v", flow.Check(def, town{}, flow.Publish))
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

		manual    = "{type: manual_trigger}"
		another   = "type: trigger_another_workflow, config: {target: %s}"
		tagged    = "{type: contact_tag_updated, config: {action: %s, tags: [lead, vip]}}"
		addVIP    = "type: update_contact_tag, config: {action: add, tags: [VIP]}"
		addNew    = "type: update_contact_tag, config: {action: add, tags: [new]}"
		addAny    = "type: update_contact_tag, config: {action: add, tags: [$contact.city]}"
		removeVIP = "type: update_contact_tag, config: {action: remove, tags: [vip]}"
		choice    = "type: ask_question, config: {question: Hi, question_type: multiple_choice, options: [%s], save_as_tag: true}"
		changed   = "{type: contact_field_updated, config: {field: %s}}"
		write     = "type: update_contact_field, config: {field: %s, value: x}"
		clearCity = "type: update_contact_field, config: {field: city, clear: true}"
		askCity   = "type: ask_question, config: {question: Hi, question_type: text, save_as_contact_field: city}"
		agent     = "type: ai_agent, config: {objective: answer_questions}"
		queue     = "type: assign_to, config: {action: user_in_workspace, logic: round_robin}"
	)
	f := fmt.Sprintf
	tests := map[string]struct {
		trigger string
		steps   []string
		others  [][]string // name, trigger, steps …
		want    []string
	}{
		"closes on opened, alone":           {onOpen, []string{closing}, nil, nil},
		"opens itself":                      {onOpen, []string{open}, nil, []string{"A"}},
		"closes itself behind other steps":  {onClose, []string{wayAround, shortWait, closing}, nil, []string{"A"}},
		"a wait of a minute breaks it":      {onClose, []string{longWait, closing}, nil, nil},
		"a question breaks it":              {onClose, []string{question, closing}, nil, nil},
		"only by the contact":               {byContact, []string{open}, nil, nil},
		"not by a workflow":                 {notByFlow, []string{closing}, nil, nil},
		"once per contact":                  {once, []string{open}, nil, nil},
		"another category":                  {onSolved, []string{closing}, nil, nil},
		"the same category":                 {onSolved, []string{solved}, nil, []string{"A"}},
		"one of two conditions":             {either, []string{solved}, nil, []string{"A"}},
		"none of two conditions":            {either, []string{closing}, nil, nil},
		"two workflows":                     {onOpen, []string{closing}, [][]string{{"B", onClose, open}}, []string{"A", "B"}},
		"two workflows, B once":             {onClose, []string{open}, [][]string{{"B", once, closing}}, nil},
		"a loop of others":                  {onMessages, []string{open}, [][]string{{"B", onOpen, open}}, nil},
		"triggers itself":                   {manual, []string{f(another, "a")}, nil, []string{"A"}},
		"88: triggers one that triggers it": {manual, []string{f(another, "b")}, [][]string{{"B", manual, f(another, "a")}}, []string{"A", "B"}},
		"by three":                          {manual, []string{f(another, "b")}, [][]string{{"B", manual, f(another, "c")}, {"C", manual, f(another, "a")}}, []string{"A", "B", "C"}},
		"triggers another":                  {manual, []string{f(another, "b")}, [][]string{{"B", manual, f(another, "c")}}, nil},
		"triggers it a minute later":        {manual, []string{f(another, "b")}, [][]string{{"B", manual, longWait, f(another, "a")}}, nil},
		"triggers what is not manual":       {onOpen, []string{f(another, "b")}, [][]string{{"B", onClose, open}}, nil},
		"tag added":                         {f(tagged, "added"), []string{addVIP}, nil, []string{"A"}},
		"tag removed":                       {f(tagged, "removed"), []string{removeVIP}, nil, []string{"A"}},
		"another action":                    {f(tagged, "removed"), []string{addVIP}, nil, nil},
		"another tag":                       {f(tagged, "added"), []string{addNew}, nil, nil},
		"any tag":                           {f(tagged, "added"), []string{addAny}, nil, []string{"A"}},
		"any tag, another action":           {f(tagged, "removed"), []string{addAny}, nil, nil},
		"an option becomes a tag":           {f(tagged, "added"), []string{f(choice, "No, VIP")}, nil, []string{"A"}},
		"another option becomes a tag":      {f(tagged, "added"), []string{f(choice, "No, VIPs")}, nil, nil},
		"any option becomes a tag":          {f(tagged, "added"), []string{f(choice, "No, $contact.city")}, nil, []string{"A"}},
		"no tag event of a removed one":     {f(tagged, "removed"), []string{f(choice, "VIP")}, nil, nil},
		"field written":                     {f(changed, "city"), []string{f(write, "city")}, nil, []string{"A"}},
		"field cleared":                     {f(changed, "city"), []string{clearCity}, nil, []string{"A"}},
		"field answered":                    {f(changed, "city"), []string{askCity}, nil, []string{"A"}},
		"another field":                     {f(changed, "city"), []string{f(write, "age")}, nil, nil},
		"behind a question":                 {f(changed, "city"), []string{question, f(write, "city")}, nil, nil},
		"standard field":                    {f(changed, "country"), []string{f(write, "country")}, nil, []string{"A"}},
		"a phone number sets the country":   {f(changed, "country"), []string{f(write, "phone")}, nil, []string{"A"}},
		"a country sets no phone number":    {f(changed, "phone"), []string{f(write, "country")}, nil, nil},
		"106: tag on, tag off":              {f(tagged, "added"), []string{removeVIP}, [][]string{{"B", f(tagged, "removed"), addVIP}}, []string{"A", "B"}},
		"106: with a minute between":        {f(tagged, "added"), []string{longWait, removeVIP}, [][]string{{"B", f(tagged, "removed"), longWait, addVIP}}, nil},
		"by three kinds":                    {f(tagged, "added"), []string{f(write, "city")}, [][]string{{"B", f(changed, "city"), closing}, {"C", onClose, addVIP}}, []string{"A", "B", "C"}},
		"a queue breaks nothing":            {onOpen, []string{queue, open}, nil, []string{"A"}},
		"an AI Agent waits":                 {onOpen, []string{agent, open}, nil, nil},

		"its own older version": {onOpen, []string{wayAround}, [][]string{{"A", onOpen, open}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			this := workflow(t, "A", tt.trigger, tt.steps...)
			var published []*flow.Definition
			for _, other := range tt.others {
				published = append(published, workflow(t, other[0], other[1], other[2:]...))
			}
			require.Equal(t, tt.want, flow.FindLoop(this, published, town{}))
		})
	}
}

// An AI Agent may fail before it has said anything.
func TestAFailingAgentDoesNotWait(t *testing.T) {
	def := workflow(t, "A", "{type: conversation_opened}", "type: ai_agent, config: {objective: answer_questions}", "type: open_conversation")
	def.Steps[0].Arms = map[flow.Arm]string{flow.ArmFailure: "s1"}
	require.Equal(t, []string{"A"}, flow.FindLoop(def, nil, nil))
}

// A rename after publishing hides no loop, and a name that was given again makes
// none.
func TestLoopsFollowPresentNames(t *testing.T) {
	const adds = "type: update_contact_tag, config: {action: add, tags: [%s]}"
	onVIP := func(name string) *flow.Definition {
		def := workflow(t, name, "{type: contact_tag_updated, config: {action: added, tags: [vip]}}", "type: open_conversation")
		def.Trigger.Config.(*flow.TagUpdated).Tags[0].Name = "as it was"
		return def
	}
	this := workflow(t, "A", "{type: conversation_opened}", fmt.Sprintf(adds, "new"))
	tag := &this.Steps[0].Config.(*flow.UpdateContactTag).Tags[0]
	for name, tt := range map[string]struct {
		tag  flow.Ref
		loop bool
	}{
		"by id":                       {flow.Ref{ID: 1, Name: "older"}, true},
		"written before it existed":   {flow.Ref{Name: "VIP"}, true},
		"the name that it had":        {flow.Ref{Name: "as it was"}, false},
		"another one":                 {flow.Ref{ID: 2, Name: "as it was"}, false},
		"one that is gone, by a name": {flow.Ref{Name: "gone"}, false},
	} {
		*tag = tt.tag
		require.Equal(t, tt.loop, flow.FindLoop(this, []*flow.Definition{onVIP("B")}, town{}) != nil, name)
	}

	// b was deleted, and another workflow has its id now
	this = workflow(t, "A", "{type: manual_trigger}", "type: trigger_another_workflow, config: {target: b}")
	other := workflow(t, "B", "{type: manual_trigger}", "type: trigger_another_workflow, config: {target: a}")
	require.NotNil(t, flow.FindLoop(this, []*flow.Definition{other}, town{}))
	this.Steps[0].Config.(*flow.TriggerAnother).Target.ID = 99
	require.Nil(t, flow.FindLoop(this, []*flow.Definition{other}, town{}))
}

func TestLoopProblem(t *testing.T) {
	p := flow.LoopProblem([]string{"A", "B"}, flow.Publish)
	require.Equal(t, flow.SeverityError, p.Severity)
	require.Contains(t, p.Message, "Workflow loop detected")
	require.Contains(t, p.Message, "A → B → A")
	require.Equal(t, flow.SeverityWarning, flow.LoopProblem([]string{"A"}, flow.Save).Severity)
}
