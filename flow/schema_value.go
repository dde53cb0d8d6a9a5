package flow

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// obj makes an object of keys and values by turns.
func obj(pairs ...any) *node {
	n := &node{kind: isObject}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.put(pairs[i].(string), jsonNode(pairs[i+1]))
	}
	return n
}

// with returns the object with one member more.
func (n *node) with(key string, value any) *node {
	n.put(key, jsonNode(value))
	return n
}

// jsonNode is a plain Go value as a node.
func jsonNode(v any) *node {
	switch x := v.(type) {
	case *node:
		return x
	case string:
		return textNode(x)
	case bool:
		return &node{kind: isBoolean, text: strconv.FormatBool(x)}
	case int:
		return &node{kind: isNumber, text: strconv.Itoa(x)}
	}
	n, list := &node{kind: isList}, reflect.ValueOf(v)
	for i := range list.Len() {
		item := list.Index(i)
		if item.Kind() == reflect.String { // a word of any named type
			n.items = append(n.items, textNode(item.String()))
			continue
		}
		n.items = append(n.items, jsonNode(item.Interface()))
	}
	return n
}

// titleOf is a key in words: save_as_variable is "Save as variable".
func titleOf(key string) string {
	words := strings.ReplaceAll(key, "_", " ")
	switch key {
	case "url":
		return "URL"
	case "id":
		return "Id"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// value is the schema of a value of a Go type, without its title.
func (w *schemaWriter) value(place string, s setting, t reflect.Type) *node {
	name := place + "." + s.key
	n := w.bare(name, s, t)
	for i, facts := 0, limits()[name]; i+1 < len(facts); i += 2 {
		key := facts[i].(string)
		n.members = slices.DeleteFunc(n.members, func(m *member) bool { return m.key == key })
		n.put(key, jsonNode(facts[i+1]))
	}
	if w.templates && takesParameter(t, n) {
		return obj("anyOf", []*node{n, refTo("parameter_use")})
	}
	return n
}

func (w *schemaWriter) bare(name string, s setting, t reflect.Type) *node {
	switch t {
	case reflect.TypeFor[Trigger]():
		return w.trigger()
	case reflect.TypeFor[[]Step]():
		return obj("type", "array", "items", w.define(placeStep, w.step))
	case reflect.TypeFor[[]Parameter]():
		return obj("type", "object", "propertyNames", obj("pattern", variableName.String()),
			"additionalProperties", w.define(placeParameter, w.parameter))
	case reflect.TypeFor[Duration]():
		return refTo("duration")
	case reflect.TypeFor[Ref]():
		return refTo("reference")
	case reflect.TypeFor[ChannelChoice]():
		return obj("anyOf", []*node{obj("const", LastInteracted), refTo("reference")})
	case reflect.TypeFor[Value](), reflect.TypeFor[*Value]():
		return refTo("value")
	case reflect.TypeFor[Pairs]():
		return obj("type", "object", "additionalProperties", obj("type", []string{"string", "number", "boolean"}))
	case reflect.TypeFor[[]Condition]():
		return obj("type", "array", "maxItems", maxConditions, "items", w.define("condition_branch", func() *node { return w.condition(branchOffers()) }))
	}
	switch t.Kind() {
	case reflect.String:
		return text(s)
	case reflect.Bool:
		return obj("type", "boolean")
	case reflect.Int:
		return obj("type", "integer")
	case reflect.Pointer: // *float64
		return obj("type", "number")
	case reflect.Slice:
		one := setting{key: s.key + "[]", required: true}
		place, _, _ := strings.Cut(name, ".")
		n := obj("type", "array", "items", w.value(place, one, t.Elem()))
		if s.required {
			n.put("minItems", jsonNode(1))
		}
		return n
	}
	place := placeOf(t)
	return w.define(place, func() *node { return w.structure(t, place) })
}

func text(s setting) *node {
	switch {
	case len(s.enum) > 0:
		return obj("enum", s.enum)
	case s.required:
		return obj("type", "string", "pattern", filled)
	}
	return obj("type", "string")
}

// takesParameter reports whether ${name} alone is a value of its own in this
// place. Plain texts and references hold it as they hold any text.
func takesParameter(t reflect.Type, n *node) bool {
	switch t {
	case reflect.TypeFor[Duration](), reflect.TypeFor[BusinessHours]():
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int:
		return true
	case reflect.Pointer:
		return t.Elem().Kind() == reflect.Float64
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String || t.Elem() == reflect.TypeFor[Ref]()
	case reflect.String:
		return slices.ContainsFunc(n.members, func(m *member) bool {
			return m.key == "enum" || m.key == "$ref" || m.key == "pattern" && m.value.text != filled
		})
	}
	return false
}

// step is the schema of one step: its type decides what else it holds.
func (w *schemaWriter) step() *node {
	types, texts, rules := []StepType{}, []string{}, []*node{}
	for _, k := range Kinds() {
		types, texts = append(types, k.Type), append(texts, k.Title+". "+sentences()[string(k.Type)])
		rules = append(rules, w.kind(k))
	}
	key := func(name string, schema *node) *node {
		n := described(placeStep+"."+name, titleOf(name))
		n.members = append(n.members, schema.members...)
		return n
	}
	return obj("type", "object",
		"properties", obj(
			"id", key("id", refTo("step_id")),
			"type", key("type", obj("enum", types, "enumDescriptions", texts)),
			"name", key("name", obj("type", "string", "maxLength", maxName)),
			"config", key("config", obj("type", "object")),
			"next", key("next", refTo("target")),
			"arms", key("arms", obj("type", "object"))),
		"required", []string{"id", "type"}, "additionalProperties", false, "allOf", rules)
}

// kind is what a step of one type must and may hold.
func (w *schemaWriter) kind(k Kind) *node {
	arms := obj()
	for _, arm := range slices.Concat(k.Arms, k.Optional) {
		arms.put(string(arm), described(placeArm+"."+string(arm), titleOf(string(arm))).with("$ref", "#/$defs/target"))
	}
	others := jsonNode(false)
	if k.Type == TypeBranch {
		others = refTo("target") // its own names
	}
	config := w.config(string(k.Type), reflect.TypeOf(k.New()).Elem())
	then := obj("title", k.Title, "description", sentences()[string(k.Type)], "properties", obj(
		"config", config,
		"arms", obj("properties", arms, "additionalProperties", others)))
	if !k.Next {
		then.get("properties").put("next", jsonNode(false))
	}
	if w.defs.get(string(k.Type)).get("required") != nil {
		then.put("required", jsonNode([]string{"config"}))
	}
	return obj("if", is("type", string(k.Type)), "then", then)
}

// config defines the configuration of a step or trigger type.
func (w *schemaWriter) config(name string, t reflect.Type) *node {
	w.templates = true
	defer func() { w.templates = false }()
	return w.define(name, func() *node { return w.structure(t, name) })
}

// trigger is the schema of the trigger: its type decides what else it holds.
func (w *schemaWriter) trigger() *node {
	n := w.define(placeTrigger, func() *node {
		types, texts, rules := []TriggerType{}, []string{}, []*node{}
		for _, k := range TriggerKinds() {
			types, texts = append(types, k.Type), append(texts, k.Title+". "+sentences()[string(k.Type)])
			rules = append(rules, w.triggerKind(k))
		}
		props := obj()
		keys, fields := settingsOf(reflect.TypeFor[Trigger]())
		for i, s := range keys {
			schema := obj("type", "object")
			switch s.key {
			case "type":
				schema = obj("enum", types, "enumDescriptions", texts)
			case "conditions":
				schema = obj("type", "array", "maxItems", maxConditions)
			case "config":
			default:
				props.put(s.key, w.property(placeTrigger, s, reflect.TypeFor[Trigger]().Field(fields[i]).Type))
				continue
			}
			n := described(placeTrigger+"."+s.key, titleOf(s.key))
			n.members = append(n.members, schema.members...)
			props.put(s.key, n)
		}
		return obj("type", "object", "properties", props, "required", []string{"type"}, "additionalProperties", false, "allOf", rules)
	})
	return n
}

// triggerKind is what a trigger of one type must and may hold.
func (w *schemaWriter) triggerKind(k TriggerKind) *node {
	props := obj()
	then := obj("title", k.Title, "description", sentences()[string(k.Type)], "properties", props)
	if k.New == nil {
		props.put("config", obj("maxProperties", 0))
	} else {
		props.put("config", w.config(string(k.Type), reflect.TypeOf(k.New()).Elem()))
		if w.defs.get(string(k.Type)).get("required") != nil {
			then.put("required", jsonNode([]string{"config"}))
		}
	}
	if offers := triggerOffers(k.Type); len(offers) > 0 {
		name := "condition_" + string(k.Type)
		props.put("conditions", obj("items", w.define(name, func() *node { return w.condition(offers) })))
	} else {
		props.put("conditions", obj("maxItems", 0))
	}
	if k.Type == ManualTrigger {
		props.put("once_per_contact", obj("const", false))
	}
	return obj("if", is("type", string(k.Type)), "then", then)
}

// parameter is the schema of a template's parameter.
func (w *schemaWriter) parameter() *node {
	n := w.structure(reflect.TypeFor[Parameter](), placeParameter)
	n.get("properties").get("type").with("enum", ParameterTypes())
	return n
}

// is holds for an object in which a key has a word.
func is(key string, words ...string) *node {
	cond := obj("enum", words)
	if len(words) == 1 {
		cond = obj("const", words[0])
	}
	return obj("properties", obj(key, cond), "required", []string{key})
}
