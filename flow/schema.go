package flow

import (
	"reflect"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of the workflow file, in YAML and
// JSON alike: what an editor completes, explains and marks as wrong. It is made
// from the struct tags by which the reader works, the catalogues of steps,
// triggers and condition categories, and the tables of this package; see
// docs/reference/workflow.schema.json.
//
// It knows the structure, not the workspace: that references exist, that the
// steps form a tree and that texts use known variables is for Check to say. It
// is stricter than the reader in two places: a key without a value is left out
// in the file, and the words of conditions are written in lower case.
func Schema() []byte {
	w := &schemaWriter{defs: obj()}
	root := obj(
		"$schema", "https://json-schema.org/draft/2020-12/schema",
		"title", "ucal workflow",
		"description", "A workflow or a template of ucal, as a YAML or JSON file.",
	)
	root.members = append(root.members, w.structure(reflect.TypeFor[Definition](), placeWorkflow).members...)
	w.shared()
	root.put("$defs", w.defs)
	return root.jsonFile()
}

// schemaWriter makes nodes of Go types. A struct becomes an entry of $defs under
// the name of its place; the place and the key name a sentence of sentences(),
// limits and forks.
type schemaWriter struct {
	defs      *node
	templates bool // below a configuration, where ${name} may stand for any value
}

// The places that are no step or trigger type.
const (
	placeWorkflow  = "workflow"
	placeTrigger   = "trigger"
	placeStep      = "step"
	placeArm       = "arm"
	placeParameter = "parameter"
	placeCondition = "condition"
)

// placeOf names a struct of the file that is part of another one.
func placeOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Settings]():
		return "settings"
	case reflect.TypeFor[Trigger]():
		return placeTrigger
	case reflect.TypeFor[Message]():
		return "message"
	case reflect.TypeFor[ChannelResponse]():
		return "channel_response"
	case reflect.TypeFor[BranchArm]():
		return "branch_arm"
	case reflect.TypeFor[BusinessHours]():
		return "business_hours"
	case reflect.TypeFor[DateRange]():
		return "date_range"
	case reflect.TypeFor[FormField]():
		return "form_field"
	case reflect.TypeFor[CollectItem]():
		return "collect_item"
	}
	return strings.ToLower(t.Name())
}

// structure is the schema of an object with the keys of a struct.
func (w *schemaWriter) structure(t reflect.Type, place string) *node {
	keys, fields := settingsOf(t)
	props, required := obj(), []string{}
	for i, s := range keys {
		props.put(s.key, w.property(place, s, t.Field(fields[i]).Type))
		if s.required || place == placeWorkflow && (s.key == "id" || s.key == "name" || s.key == "trigger") {
			required = append(required, s.key)
		}
	}
	n := obj("type", "object", "properties", props)
	if len(required) > 0 {
		n.put("required", jsonNode(required))
	}
	n.put("additionalProperties", jsonNode(false))
	if rules := w.forksOf(place, props); len(rules) > 0 {
		n.put("allOf", jsonNode(rules))
	}
	return n
}

// property is the schema of one key, with its title and sentence.
func (w *schemaWriter) property(place string, s setting, t reflect.Type) *node {
	n := described(place+"."+s.key, titleOf(s.key))
	n.members = append(n.members, w.value(place, s, t).members...)
	switch t.Kind() {
	case reflect.Bool:
		n.put("default", jsonNode(s.fallback == "true"))
	default:
		if s.fallback != "" {
			n.put("default", jsonNode(s.fallback))
		}
	}
	return n
}

// described begins a schema with a title and what sentences() says of a name.
func described(name, title string) *node {
	return obj("title", title, "description", sentences()[name])
}

// define puts a schema under a name into $defs, once, and refers to it.
func (w *schemaWriter) define(name string, schema func() *node) *node {
	if w.defs.get(name) == nil {
		at := &member{key: name, value: obj()}
		w.defs.members = append(w.defs.members, at)
		at.value = schema()
	}
	return refTo(name)
}

func refTo(name string) *node { return obj("$ref", "#/$defs/"+name) }

// shared are the parts that others refer to.
func (w *schemaWriter) shared() {
	const id = `[a-z0-9]+(-[a-z0-9]+)*`
	w.define("step_id", func() *node {
		return obj("type", "string", "pattern", "^"+id+"$", wrongPattern, idHint, "maxLength", maxStepID, "not", obj("const", End))
	})
	w.define("target", func() *node {
		return obj("type", "string", "pattern", "^"+id+"$", wrongPattern, idHint, "maxLength", maxStepID)
	})
	w.define("variable_name", func() *node {
		return obj("type", "string", "pattern", variableName.String(), wrongPattern, "Use a to z, 0 to 9 and _, beginning with a letter, at most 50 characters, without $.", "not", obj("enum", Reserved()))
	})
	w.define("duration", func() *node {
		return obj("type", "string", "pattern", durationPattern, wrongPattern, "Write whole numbers with d, h, m or s, largest unit first, for example 10m or 1h30m.",
			"not", obj("pattern", "^[0dhms]*$"), "examples", []string{"30s", "10m", "1h30m", "7d"})
	})
	w.define("reference", func() *node {
		return obj("anyOf", []*node{obj("type", "string", "pattern", filled), obj("type", "integer", "minimum", 1)})
	})
	w.define("scalar", func() *node { return obj("type", []string{"string", "number", "boolean"}) })
	w.define("scalars", func() *node {
		return obj("anyOf", []*node{refTo("scalar"), obj("type", "array", "minItems", 1, "items", refTo("scalar"))})
	})
	w.define("range", func() *node {
		return obj("type", "object", "properties", obj(
			"from", described("range.from", "From").with("$ref", "#/$defs/scalar"),
			"to", described("range.to", "To").with("$ref", "#/$defs/scalar")),
			"required", []string{"from", "to"}, "additionalProperties", false)
	})
	w.define("value", func() *node { return obj("anyOf", []*node{refTo("scalars"), refTo("range")}) })
	w.define("parameter_use", func() *node {
		return obj("$comment", sentences()["parameter_use"], "type", "string", "pattern", "^"+parameterUse.String()+"$")
	})
	w.define("variable_use", func() *node {
		return obj("$comment", sentences()["variable_use"], "type", "string", "pattern", `\$`)
	})
}

// wrongPattern is a keyword of editors: what they say instead of the pattern.
const wrongPattern = "patternErrorMessage"

const idHint = "Use lower-case letters, digits and single dashes."

// durationPattern is a written duration: largest unit first, each at most once.
const durationPattern = "^([0-9]+d([0-9]+h)?([0-9]+m)?([0-9]+s)?|[0-9]+h([0-9]+m)?([0-9]+s)?|[0-9]+m([0-9]+s)?|[0-9]+s)$"

// filled is a text that is not blank.
const filled = `\S`
