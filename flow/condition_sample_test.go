package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// value spells a row's value with the operands of the sample, which stand in
// the value itself or in variables that it names.
func (s sample) value(row any, inVariable bool) (v *Value, vars map[string]string, shape string) {
	vars = map[string]string{}
	spell := func(operand string) string {
		text, ok := s.operands[operand]
		if !ok {
			panic(fmt.Sprintf("the sample of %v has no operand %q", s.left, operand))
		}
		if !inVariable {
			return text
		}
		vars["v_"+operand] = text
		return "$v_" + operand
	}
	var raw any
	switch x := row.(type) {
	case nil:
		return nil, vars, "none"
	case string:
		raw, shape = spell(x), "one"
	case []string:
		list := make([]string, len(x))
		for i, operand := range x {
			list[i] = spell(operand)
		}
		raw, shape = list, "list"
	case span:
		raw, shape = between(spell(x.from), spell(x.to)), "range"
	}
	if inVariable {
		shape += " of variables"
	}
	got, err := ValueOf(raw)
	if err != nil {
		panic(err)
	}
	return &got, vars, shape
}

// offeredProblems are the problems of a condition where o is offered.
func offeredProblems(cond Condition, o offered) []string {
	vars := []string{"answer"}
	for _, operand := range []string{"same", "other", "else", "also", "part", "pattern", "antipattern", "under", "over", "far"} {
		vars = append(vars, "v_"+operand)
	}
	def := &Definition{Steps: make([]Step, len(vars))}
	for i, name := range vars {
		def.Steps[i].Config = &AskQuestion{SaveAsVariable: name}
	}
	c := &checker{def: def}
	c.conditions("conditions", []Condition{cond}, []offered{o})
	var codes []string
	for _, p := range c.problems {
		codes = append(codes, p.Code+": "+p.Message)
	}
	return codes
}

// holdsIn evaluates a condition in its place with a left side; nil = there is none.
func holdsIn(place string, c Condition, left any, vars map[string]string) bool {
	env := &fakeEnv{now: time.Date(2026, 3, 10, 23, 30, 0, 0, time.UTC), zone: "UTC", names: map[string]string{"contact.city": "", NameAssigneeStatus: "",
		NameLastChannel: "", NameLastChannelSource: "", NameLastOutgoingSource: "", NameLastIncoming: "", NameLastOutgoing: "", "answer": ""}}
	text, _ := left.(string)
	if place != "branch" {
		h := Happening{Type: TriggerType(place)}
		switch c.Category {
		case CatSource:
			h.Source = text
		case CatConvCategory:
			h.Category = text
		case CatMessageText:
			h.Text = text
		case CatMessageType:
			h.MessageType = text
		case CatChannel:
			h.Channel, h.ChannelKind = text, text
		case CatConvStatus:
			h.WasOpen, _ = left.(bool)
			if left == nil { // it is always open or not
				return false
			}
		}
		ok, _ := MatchTrigger(Trigger{Type: h.Type, Conditions: []Condition{c}}, h, WithVars(env, vars))
		return ok
	}
	switch c.Category {
	case CatContactField:
		env.names["contact.city"] = text
	case CatVariable:
		env.names["answer"] = text
	case CatContactTag:
		env.tags, _ = left.([]string)
	case CatAssigneeStatus:
		env.names[NameAssigneeStatus] = text
	case CatLastChannel:
		env.names[NameLastChannel], env.names[NameLastChannelSource] = text, text
	case CatLastOutgoingSource:
		env.names[NameLastOutgoingSource] = text
	case CatLastIncoming:
		env.names[NameLastIncoming] = text
		if left != nil {
			env.incoming = env.now
		}
	case CatLastOutgoing:
		env.names[NameLastOutgoing] = text
		if left != nil {
			env.outgoing = env.now
		}
	case CatSinceIncoming, CatSinceOutgoing:
		if ago, ok := left.(time.Duration); ok && c.Category == CatSinceIncoming {
			env.incoming = env.now.Add(-ago)
		} else if ok {
			env.outgoing = env.now.Add(-ago)
		}
	}
	ok, _ := MatchConditions([]Condition{c}, MatchAll, WithVars(env, vars))
	return ok
}

// A value of a shape that the operator does not take is refused, whatever the category.
func TestShapesThatAreNotOffered(t *testing.T) {
	values := map[string]any{"none": nil, "one": "2026-03-10", "list": []any{"2026-03-10"}, "range": between("2026-03-10", "2026-03-11")}
	for place, offers := range places() {
		for _, o := range offers {
			if o.category == CatSinceIncoming || o.category == CatSinceOutgoing { // durations and moments: see the table
				continue
			}
			field := map[Category]string{CatContactField: "city", CatVariable: "answer"}[o.category]
			for _, op := range o.operators {
				for shape, raw := range values {
					head := string(o.category) + ":" + field + " " + string(op)
					problems := offeredProblems(condition(t, head, raw), offered{o.category, o.operators, nil})
					numbers := op == OpGreater || op == OpLess || op == OpBetween
					takes := false
					for _, s := range shapesOf(op) {
						takes = takes || s == shape
					}
					if takes && !numbers {
						require.Empty(t, problems, "%s: %s takes a %s", place, head, shape)
						continue
					}
					require.NotEmpty(t, problems, "%s: %s takes no %s", place, head, shape)
				}
			}
		}
	}
}
