package flow

import "slices"

// condition is the schema of a condition in a place that offers some categories.
func (w *schemaWriter) condition(offers []offered) *node {
	var categories []Category
	var rules []*node
	for _, o := range offers {
		categories = append(categories, o.category)
		rules = append(rules, obj("if", is("category", string(o.category)), "then", w.offer(o)))
	}
	rules = append(rules, operands()...)
	key := func(name string) *node { return described(placeCondition+"."+name, titleOf(name)) }
	return obj("type", "object",
		"properties", obj(
			"category", key("category").with("enum", categories),
			"field", key("field").with("type", "string"),
			"operator", key("operator").with("type", "string"),
			"value", key("value").with("$ref", "#/$defs/value")),
		"required", []string{"category", "operator"}, "additionalProperties", false, "allOf", rules)
}

// offer is what a category takes.
func (w *schemaWriter) offer(o offered) *node {
	props := obj("operator", obj("enum", o.operators))
	then := obj("description", sentences()[placeCondition+"."+string(o.category)], "properties", props)
	switch o.category {
	case CatContactField, CatVariable:
		props.put("field", obj("pattern", filled))
		then.put("required", jsonNode([]string{"field"}))
	case CatLastChannel, CatChannel:
		props.put("field", obj("enum", []string{"name", "source"}))
	default:
		props.put("field", jsonNode(false))
	}
	if o.words != nil {
		word := obj("anyOf", []*node{obj("enum", o.words), refTo("variable_use")})
		if slices.Contains(o.operators, OpAnyOf) {
			word = obj("anyOf", []*node{obj("enum", o.words), refTo("variable_use"), obj("type", "array", "items", word)})
		}
		props.put("value", word)
	}
	if o.category == CatSinceIncoming || o.category == CatSinceOutgoing {
		one := obj("anyOf", []*node{refTo("duration"), refTo("variable_use")})
		then.put("allOf", jsonNode([]*node{
			obj("if", is("operator", string(OpGreater), string(OpLess)), "then", obj("properties", obj("value", one))),
			obj("if", is("operator", string(OpBetween)), "then", obj("properties", obj("value", ends(one)))),
		}))
	}
	return then
}

// ends narrows both ends of a range.
func ends(one *node) *node { return obj("properties", obj("from", one, "to", one)) }

// operands are the values that operators take, whatever the category.
func operands() []*node {
	day := obj("anyOf", []*node{obj("type", "string", "pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?$`), refTo("variable_use")})
	list := func(ops ...Operator) []string {
		texts := make([]string, len(ops))
		for i, op := range ops {
			texts[i] = string(op)
		}
		return texts
	}
	takes := func(value *node, ops ...Operator) *node {
		return obj("if", is("operator", list(ops...)...), "then", obj("properties", obj("value", value), "required", []string{"value"}))
	}
	return []*node{
		obj("if", is("operator", list(OpExists, OpNotExists)...), "then", obj("properties", obj("value", false))),
		takes(refTo("scalar"), OpEqual, OpNotEqual, OpGreater, OpLess),
		takes(refTo("scalar").with("maxLength", MaxRegex), OpRegex),
		takes(refTo("scalars"), OpContains, OpNotContains, OpAnyOf, OpAllOf, OpNoneOf),
		takes(refTo("range"), OpBetween),
		takes(day, OpTimestampAfter, OpTimestampBefore),
		takes(obj("allOf", []*node{refTo("range"), ends(day)}), OpTimestampBetween),
	}
}
