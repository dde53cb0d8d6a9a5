package flow

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// section5 is the table of workflow specification 5 and 3, as it is printed
// there: place, category and operators.
func section5() map[string]map[Category][]Operator {
	compare := []Operator{OpEqual, OpNotEqual, OpContains, OpNotContains, OpGreater, OpLess, OpBetween, OpTimestampAfter, OpTimestampBefore,
		OpTimestampBetween, OpExists, OpNotExists}
	is := []Operator{OpEqual, OpNotEqual, OpExists, OpNotExists}
	since := []Operator{OpGreater, OpLess, OpBetween, OpTimestampAfter, OpTimestampBefore, OpTimestampBetween}
	choose := []Operator{OpEqual, OpNotEqual, OpAnyOf}
	return map[string]map[Category][]Operator{
		"branch": {
			CatContactField:       compare,
			CatContactTag:         {OpAnyOf, OpAllOf, OpNoneOf, OpExists, OpNotExists},
			CatVariable:           compare,
			CatAssigneeStatus:     is,
			CatLastChannel:        is,
			CatLastIncoming:       {OpEqual, OpContains, OpNotContains, OpRegex, OpExists, OpNotExists},
			CatLastOutgoing:       {OpContains, OpNotContains, OpExists, OpNotExists},
			CatLastOutgoingSource: is,
			CatSinceIncoming:      since,
			CatSinceOutgoing:      since,
		},
		string(ConversationOpened): {CatSource: choose},
		string(ConversationClosed): {CatSource: choose, CatConvCategory: {OpEqual, OpNotEqual, OpAnyOf, OpExists, OpNotExists}},
		string(MessageReceived): {
			CatMessageText: {OpContains, OpNotContains, OpEqual, OpNotEqual, OpRegex},
			CatMessageType: {OpEqual, OpAnyOf},
			CatChannel:     choose,
			CatConvStatus:  {OpEqual},
		},
	}
}

// places are where conditions are offered, with what is offered there.
func places() map[string][]offered {
	all := map[string][]offered{"branch": branchOffers()}
	for _, t := range TriggerTypes() {
		if offers := triggerOffers(t); offers != nil {
			all[string(t)] = offers
		}
	}
	return all
}

func TestOffersAreThoseOfTheSpecification(t *testing.T) {
	got := map[string]map[Category][]Operator{}
	for place, offers := range places() {
		got[place] = map[Category][]Operator{}
		for _, o := range offers {
			got[place][o.category] = o.operators
		}
	}
	want := section5()
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	for place, categories := range want {
		require.ElementsMatch(t, slices.Collect(maps.Keys(categories)), slices.Collect(maps.Keys(got[place])), place)
		for category, operators := range categories {
			require.ElementsMatch(t, operators, got[place][category], "%s %s", place, category)
		}
	}
}

// span is a range of two operands.
type span struct{ from, to string }

// operand rows: a value made of operands, which each sample spells in its own
// way, and whether the condition holds.
type operandRow struct {
	value any // string = one, []string = a list, span = a range, nil = none
	want  bool
}

// operatorRows are, for every operator, its truth without a left side and its
// rows. The operands: the left side is `same`; `other` and `else` are different
// values; a text has a `part`, numbers and moments lie `under` and `over` it,
// tags have `also`.
func operatorRows(kind string) map[Operator]struct {
	missing bool
	rows    []operandRow
} {
	type rows = []operandRow
	type table = map[Operator]struct {
		missing bool
		rows    []operandRow
	}
	present := table{OpExists: {false, rows{{nil, true}}}, OpNotExists: {true, rows{{nil, false}}}}
	moments := table{
		OpTimestampAfter:  {false, rows{{"under", true}, {"same", false}, {"over", false}}},
		OpTimestampBefore: {false, rows{{"over", true}, {"same", false}, {"under", false}}},
		OpTimestampBetween: {false, rows{{span{"under", "over"}, true}, {span{"same", "over"}, true}, {span{"under", "same"}, true}, {span{"same", "same"}, true},
			{span{"over", "far"}, false}, {span{"over", "under"}, false}}},
	}
	all := map[string]table{
		"text": {
			OpEqual:       {false, rows{{"same", true}, {"other", false}}},
			OpNotEqual:    {true, rows{{"other", true}, {"same", false}}},
			OpContains:    {false, rows{{"part", true}, {"same", true}, {"other", false}, {[]string{"other", "part"}, true}, {[]string{"other", "else"}, false}}},
			OpNotContains: {true, rows{{"other", true}, {"part", false}, {[]string{"other", "else"}, true}, {[]string{"other", "part"}, false}}},
			OpRegex:       {false, rows{{"pattern", true}, {"antipattern", false}}},
			OpAnyOf:       {false, rows{{[]string{"else", "same"}, true}, {[]string{"else", "other"}, false}, {"same", true}, {"other", false}}},
		},
		"tags": {
			OpAnyOf: {false, rows{{[]string{"other", "same"}, true}, {[]string{"other", "else"}, false}, {"same", true}, {"other", false}}},
			OpAllOf: {false, rows{{[]string{"also", "same"}, true}, {[]string{"same", "other"}, false}, {"same", true}, {"other", false}}},
			OpNoneOf: {true, rows{{[]string{"other", "else"}, true}, {[]string{"other", "same"}, false}, {"other", true},
				{"same", false}}},
		},
		"number": {
			OpEqual:    {false, rows{{"same", true}, {"over", false}}},
			OpNotEqual: {true, rows{{"over", true}, {"same", false}}},
			OpGreater:  {false, rows{{"under", true}, {"same", false}, {"over", false}}},
			OpLess:     {false, rows{{"over", true}, {"same", false}, {"under", false}}},
			OpBetween: {false, rows{{span{"under", "over"}, true}, {span{"same", "over"}, true}, {span{"under", "same"}, true}, {span{"same", "same"}, true},
				{span{"over", "far"}, false}, {span{"over", "under"}, false}}},
		},
		"moment": {},
	}
	rowsOf := all[kind]
	if kind == "moment" {
		maps.Copy(rowsOf, moments)
	}
	if kind == "text" || kind == "tags" {
		maps.Copy(rowsOf, present)
	}
	return rowsOf
}

// sample is a left side of a category, with its operands.
type sample struct {
	kind     string // of operatorRows
	field    string
	left     any // string, []string (tags), time.Duration (how long ago), bool (was open)
	operands map[string]string
	only     []Operator // of the kind's, if not nil: what the left side can have no row for
}

func textSample(field, left string) sample {
	return sample{kind: "text", field: field, left: left, operands: map[string]string{
		"same": " " + swapCase(left) + " ", "part": swapCase(left[1:3]), "other": "xyz", "else": "qqq", "pattern": "^" + left[:2] + ".*$", "antipattern": "^x"}}
}

func wordSample(field, left, other, third string) sample {
	return sample{kind: "text", field: field, left: left, operands: map[string]string{"same": swapCase(left), "other": other, "else": third}}
}

func numberSample(field string) sample {
	return sample{kind: "number", field: field, left: "12.50",
		operands: map[string]string{"same": "12.5", "under": "-3", "over": "12.51", "far": "1000"}}
}

func dateSample(field, left string) sample {
	return sample{kind: "moment", field: field, left: left, operands: map[string]string{
		"same": left, "under": "2026-03-08 08:00:00", "over": "2026-03-10 23:00:00", "far": "2027-01-01"}}
}

// sinceSamples: the message came an hour before 2026-03-10 23:30 UTC.
func sinceSamples() []sample {
	return []sample{
		{kind: "number", left: time.Hour, operands: map[string]string{"same": "1h", "under": "59m59s", "over": "1h1s", "far": "7d"},
			only: []Operator{OpGreater, OpLess, OpBetween}},
		{kind: "moment", left: time.Hour, operands: map[string]string{"same": "2026-03-10 22:30:00", "under": "2026-03-10 22:29:59", "over": "2026-03-10 22:30:01",
			"far": "2026-03-11"}},
	}
}

func samples(place string, category Category) []sample {
	compared := func(name string) []sample {
		return []sample{textSample(name, "Kuala"), numberSample(name), dateSample(name, "2026-03-10 18:00:00")}
	}
	switch category {
	case CatContactField:
		return compared("city")
	case CatVariable:
		return compared("answer")
	case CatContactTag:
		return []sample{{kind: "tags", left: []string{"VIP", "Straße"}, operands: map[string]string{"same": " vip ", "also": "STRASSE", "other": "Gold", "else": "Silver"}}}
	case CatAssigneeStatus:
		return []sample{wordSample("", "online", "busy", "offline")}
	case CatLastChannel, CatChannel:
		return []sample{wordSample("", "Main", "Shop", "Mail"), wordSample("name", "Main", "Shop", "Mail"), wordSample("source", "telegram", "line", "viber")}
	case CatLastIncoming, CatLastOutgoing, CatMessageText:
		return []sample{textSample("", "Hello there")}
	case CatLastOutgoingSource:
		return []sample{wordSample("", "workflow", "user", "echo")}
	case CatSinceIncoming, CatSinceOutgoing:
		return sinceSamples()
	case CatSource:
		return []sample{wordSample("", "user", "api", "workflow")}
	case CatConvCategory:
		return []sample{wordSample("", "Refund", "Sales", "Other")}
	case CatMessageType:
		return []sample{wordSample("", "text", "email", "location")}
	case CatConvStatus:
		return []sample{{kind: "text", left: false, operands: map[string]string{"same": "Closed", "other": "open", "else": "open"}, only: []Operator{OpEqual}},
			{kind: "text", left: false, operands: map[string]string{"same": "done", "other": "open", "else": "open"}, only: []Operator{OpEqual}},
			{kind: "text", left: true, operands: map[string]string{"same": "OPEN", "other": "close", "else": "done"}, only: []Operator{OpEqual}}}
	}
	return nil
}

// TestEveryCategoryAndOperator goes through all that branches and triggers
// offer and demands for each pair a true and a false case and one without a left
// side, for every shape of the value, written out and in variables.
func TestEveryCategoryAndOperator(t *testing.T) {
	for place, offers := range places() {
		for _, o := range offers {
			for _, op := range o.operators {
				t.Run(fmt.Sprintf("%s/%s/%s", place, o.category, op), func(t *testing.T) {
					everyRow(t, place, o, op)
				})
			}
		}
	}
}

func everyRow(t *testing.T, place string, o offered, op Operator) {
	type seen struct{ yes, no, missing bool }
	shapes := map[string]*seen{}
	for _, s := range samples(place, o.category) {
		entry, ok := operatorRows(s.kind)[op]
		if !ok || s.only != nil && !slices.Contains(s.only, op) {
			continue
		}
		for _, row := range entry.rows {
			for _, inVariable := range []bool{false, true} {
				value, vars, shape := s.value(row.value, inVariable)
				cond := Condition{Category: o.category, Field: s.field, Operator: op, Value: value}
				require.Empty(t, offeredProblems(cond, o), "%v", value)
				tell := fmt.Sprintf("%v %s %v, variables %v", s.left, op, row.value, vars)
				require.Equal(t, row.want, holdsIn(place, cond, s.left, vars), tell)
				require.Equal(t, entry.missing, holdsIn(place, cond, nil, vars), "missing: "+tell)
				if shapes[shape] == nil {
					shapes[shape] = &seen{}
				}
				shapes[shape].yes = shapes[shape].yes || row.want
				shapes[shape].no = shapes[shape].no || !row.want
				shapes[shape].missing = true
			}
		}
	}
	want := shapesOf(op)
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(shapes)), "value shapes with rows")
	for shape, got := range shapes {
		if shape == "none" { // present or not is all there is: the other truth is the missing one
			continue
		}
		if o.category == CatConvStatus {
			got.missing = true // a conversation is open or not
		}
		require.Equal(t, seen{true, true, true}, *got, "a %s needs a true, a false and a missing case", shape)
	}
}

// shapesOf are the shapes of value that an operator takes.
func shapesOf(op Operator) []string {
	with := func(shapes ...string) []string {
		for _, s := range slices.Clone(shapes) {
			shapes = append(shapes, s+" of variables")
		}
		return shapes
	}
	switch op {
	case OpExists, OpNotExists:
		return []string{"none"}
	case OpBetween, OpTimestampBetween:
		return with("range")
	case OpContains, OpNotContains, OpAnyOf, OpAllOf, OpNoneOf:
		return with("one", "list")
	}
	return with("one")
}
