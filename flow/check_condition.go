package flow

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// offered is a condition category with the operators and fields that a place
// offers for it.
type offered struct {
	category  Category
	operators []Operator
	words     []string // the only values, if not nil
}

func compareOperators() []Operator {
	return []Operator{OpEqual, OpNotEqual, OpContains, OpNotContains, OpGreater, OpLess, OpBetween,
		OpTimestampAfter, OpTimestampBefore, OpTimestampBetween, OpExists, OpNotExists}
}

// branchOffers are the categories of Branch.
func branchOffers() []offered {
	is := []Operator{OpEqual, OpNotEqual, OpExists, OpNotExists}
	text := []Operator{OpContains, OpNotContains, OpExists, OpNotExists}
	since := []Operator{OpGreater, OpLess, OpBetween, OpTimestampAfter, OpTimestampBefore, OpTimestampBetween}
	return []offered{
		{CatContactField, compareOperators(), nil},
		{CatContactTag, []Operator{OpAnyOf, OpAllOf, OpNoneOf, OpExists, OpNotExists}, nil},
		{CatVariable, compareOperators(), nil},
		{CatAssigneeStatus, is, []string{"online", "busy", "offline"}},
		{CatLastChannel, is, nil},
		{CatLastIncoming, slices.Concat([]Operator{OpEqual, OpRegex}, text), nil},
		{CatLastOutgoing, text, nil},
		{CatLastOutgoingSource, is, []string{"user", "workflow", "broadcast", "api", "zapier", "make", "n8n", "bot", "ai_agent", "echo"}},
		{CatSinceIncoming, since, nil},
		{CatSinceOutgoing, since, nil},
	}
}

// triggerOffers are the categories of a trigger.
func triggerOffers(t TriggerType) []offered {
	choose := []Operator{OpEqual, OpNotEqual, OpAnyOf}
	switch t {
	case ConversationOpened:
		return []offered{{CatSource, choose, []string{"user", "contact", "workflow", "api", "zapier", "make", "ctc_ads", "growth_widget"}}}
	case ConversationClosed:
		return []offered{
			{CatSource, choose, []string{"user", "workflow", "api", "zapier", "make", "n8n", "bot", "ai_agent", "auto_close"}},
			{CatConvCategory, slices.Concat(choose, []Operator{OpExists, OpNotExists}), nil},
		}
	case MessageReceived:
		return []offered{
			{CatMessageText, []Operator{OpContains, OpNotContains, OpEqual, OpNotEqual, OpRegex}, nil},
			{CatMessageType, []Operator{OpEqual, OpAnyOf}, []string{"text", "attachment", "location", "email", "whatsapp_interactive", "whatsapp_order"}},
			{CatChannel, choose, nil},
			{CatConvStatus, []Operator{OpEqual}, []string{"open", "close", "closed", "done"}},
		}
	}
	return nil
}

// conditions checks a list of conditions against what the place offers.
func (c *checker) conditions(path string, list []Condition, offers []offered) {
	if len(list) > maxConditions {
		c.report("condition.limit", path, "There are %d conditions. Use at most %d.", len(list), maxConditions)
	}
	for i := range min(len(list), maxConditions) {
		c.condition(item(path, i), &list[i], offers)
	}
}

func (c *checker) condition(path string, cond *Condition, offers []offered) {
	i := slices.IndexFunc(offers, func(o offered) bool { return o.category == cond.Category })
	if i < 0 {
		names := make([]Category, len(offers))
		for i, o := range offers {
			names[i] = o.category
		}
		hint := "Use one of " + words(names) + "."
		if len(offers) == 0 {
			hint = "This trigger takes no conditions; remove it."
		}
		c.final("condition.category.unknown", join(path, "category"), "The category %q is not offered here. %s", cut(string(cond.Category), 40), hint)
		return
	}
	if !slices.Contains(offers[i].operators, cond.Operator) {
		c.final("condition.operator.unknown", join(path, "operator"), "The operator %q is not offered for %s. Use one of %s.", cut(string(cond.Operator), 40), cond.Category, words(offers[i].operators))
		return
	}
	c.conditionField(join(path, "field"), cond)
	c.conditionValue(join(path, "value"), cond, offers[i].words)
}

// conditionField checks the left side.
func (c *checker) conditionField(path string, cond *Condition) {
	f := cond.Field
	switch cond.Category {
	case CatContactField:
		switch {
		case f == "":
			c.report("condition.value.missing", path, "Name the contact field.")
		case f == "assignee" || c.field(f):
		default:
			c.conditionKey(path, cond)
		}
	case CatVariable:
		switch {
		case f == "":
			c.report("condition.value.missing", path, "Name the variable, without $.")
		case strings.HasPrefix(f, "$"):
			c.report("condition.value.invalid", path, "Write the variable without $: %q.", f[1:])
		case f == "secret" || strings.HasPrefix(f, "secret."):
			c.report("variable.secret.not_allowed", path, "A secret may be used in an HTTP Request only. Compare something else.")
		case !c.known(f):
			c.report("variable.unknown", path, "%q is not a variable of this workflow, so the condition sees nothing. Correct the name.", cut(f, 60))
		}
	case CatLastChannel, CatChannel:
		if f != "" && f != "name" && f != "source" {
			c.report("condition.value.invalid", path, "%q is not possible here. Use name or source.", cut(f, 40))
		}
	default:
		if f != "" {
			c.report("condition.value.invalid", path, "%s has no field. Remove it.", cond.Category)
		}
	}
}

// conditionKey puts the key of a contact field that is written in another way:
// as any reference to a field it is found by its name too, ignoring case.
func (c *checker) conditionKey(path string, cond *Condition) {
	if info, ok := c.dir.Field(cond.Field); ok {
		cond.Field = info.Key
		return
	}
	c.unknownReference(path, RefField, Ref{Name: cond.Field})
}

// conditionValue checks the right side.
func (c *checker) conditionValue(path string, cond *Condition, only []string) {
	op, v := cond.Operator, Value{}
	if cond.Value != nil {
		v = *cond.Value
	}
	if op == OpExists || op == OpNotExists {
		if !v.IsZero() {
			c.report("condition.value.invalid", path, "%s takes no value. Remove it.", op)
		}
		return
	}
	texts := v.List()
	from, to, isRange := v.Range()
	if isRange {
		texts = []string{from, to}
	}
	if v.IsZero() || len(texts) == 0 || slices.ContainsFunc(texts, blankText) {
		c.report("condition.value.missing", path, "Give the value to compare with.")
		return
	}
	if want := shape(op); want != shapeOf(v, isRange) && (want != listShape || isRange) {
		c.report("condition.value.invalid", path, "%s takes %s. Write it so.", op, want)
		return
	}
	if op == OpRegex {
		c.regex(path, texts[0])
		return
	}
	refs := make([]Ref, len(texts))
	for i, text := range texts {
		if len(Names(text)) == 0 {
			refs[i] = c.literal(path, cond, i, text, only)
		}
	}
	c.keepRefs(cond, refs)
}

// keepRefs notes the objects that a condition names, and what they are called now.
func (c *checker) keepRefs(cond *Condition, refs []Ref) {
	if c.dir == nil || cond.names() == "" {
		return
	}
	cond.Refs = nil
	if slices.ContainsFunc(refs, func(r Ref) bool { return r.ID != 0 }) {
		cond.Refs = refs
		cond.eachRef(func(RefKind, *Ref) {}) // the value's texts are the present names
	}
}

// listShape is a list, or one value as a list of one.
const listShape = "one value or a list"

// shape is what an operator compares with.
func shape(op Operator) string {
	switch op {
	case OpBetween, OpTimestampBetween:
		return "a range {from, to}"
	case OpContains, OpNotContains, OpAnyOf, OpAllOf, OpNoneOf:
		return listShape
	}
	return "one value"
}

func shapeOf(v Value, isRange bool) string {
	if _, isList := v.V.([]Value); isList {
		return listShape
	}
	if isRange {
		return "a range {from, to}"
	}
	return "one value"
}

func (c *checker) regex(path, text string) {
	if length(text) > MaxRegex {
		c.report("condition.regex.invalid", path, "The expression has %d characters. Use at most %d.", length(text), MaxRegex)
		return
	}
	if _, err := regexp.Compile(text); err != nil {
		c.report("condition.regex.invalid", path, "This is not a regular expression in RE2 syntax: %s.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

// literal checks the nth value, which has no variables, and returns the object
// that it names.
func (c *checker) literal(path string, cond *Condition, n int, text string, only []string) Ref {
	fold := func(w string) bool { return equalText(w, text) }
	switch {
	case only != nil && !slices.ContainsFunc(only, fold):
		c.report("condition.value.invalid", path, "%q is not possible here. Use one of %s.", cut(text, 40), strings.Join(only, ", "))
	case slices.Contains([]Operator{OpTimestampAfter, OpTimestampBefore, OpTimestampBetween}, cond.Operator):
		if _, _, ok := moment(text, time.UTC); !ok {
			c.report("condition.value.invalid", path, "%q is not a date. Write YYYY-MM-DD or YYYY-MM-DD hh:mm:ss.", cut(text, 40))
		}
	case cond.Category == CatSinceIncoming || cond.Category == CatSinceOutgoing:
		if _, err := ParseDuration(text); err != nil {
			c.report("duration.invalid", path, "%q is not a duration. Write for example 10m, 1h30m or 7d.", cut(text, 40))
		}
	case slices.Contains([]Operator{OpGreater, OpLess, OpBetween}, cond.Operator):
		if decimal(text) == nil {
			c.report("condition.value.invalid", path, "%q is not a number.", cut(text, 40))
		}
	default:
		return c.conditionObject(path, cond, n, text)
	}
	return Ref{}
}

// conditionObject finds the object that the nth value names: by the id that the
// stored workflow keeps, else by its name.
func (c *checker) conditionObject(path string, cond *Condition, n int, text string) Ref {
	kind := cond.names()
	if kind == "" || c.dir == nil || c.waiting(text) != nil {
		return Ref{}
	}
	r := Ref{ID: cond.ref(n).ID, Name: text}
	found := c.dir.Find(kind, r)
	switch {
	case len(found) == 0:
		c.unknownReference(path, kind, r)
		return r // a deleted object keeps its id: it was meant, and no namesake
	case len(found) > 1:
		c.report("reference.ambiguous", path, "%s fits %d objects of the kind %s. Rename one of them.", r.shown(), len(found), kind)
		return Ref{}
	}
	return found[0]
}
