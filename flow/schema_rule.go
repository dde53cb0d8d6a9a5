package flow

import "slices"

// limits are what the schema says of single keys beside their types: the same
// numbers as in the checks. "[]" names the items of a list.
func limits() map[string][]any {
	https := []any{"pattern", `^(https://|\$|\{\{\$)`, wrongPattern, "Write an https address, or a variable."}
	name := []any{"$ref", "#/$defs/variable_name"}
	interval := []any{"pattern", `^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`, wrongPattern, "Write an interval such as 09:00-17:00."}
	day := []any{"pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, wrongPattern, "Write a day as 2026-12-24."}
	all := map[string][]any{
		"workflow.format":      {"const", Format},
		"workflow.id":          {"pattern", slug.String(), wrongPattern, idHint, "maxLength", maxID},
		"workflow.name":        {"pattern", filled, "maxLength", maxName},
		"workflow.description": {"maxLength", maxDescription},
		"workflow.category":    {"enum", Categories()},
		"workflow.steps":       {"minItems", 1, "maxItems", MaxStepsInFile},

		"send_message.message": {"properties", obj("type", obj("enum", []string{MessageText, MessageMedia}))},

		"message.text":          {"pattern", filled, "maxLength", maxText},
		"message.caption":       {"maxLength", maxText},
		"message.subject":       {"maxLength", maxText},
		"message.file":          https,
		"message.replies":       {"minItems", 1, "maxItems", maxReplies},
		"message.attachments":   {"maxItems", maxAttachments},
		"message.attachments[]": https,
		"message.parameters[]":  {"maxLength", maxText},

		"ask_question.question":         {"maxLength", maxText},
		"ask_question.retry_message":    {"maxLength", maxText},
		"ask_question.options":          {"minItems", 1, "maxItems", maxOptions},
		"ask_question.retries":          {"minimum", 0, "maximum", maxRetries},
		"ask_question.save_as_variable": name,

		"assign_to.open_contacts_below": {"minimum", 1},
		"branch.branches":               {"maxItems", maxBranches},
		"branch_arm.name":               {"maxLength", maxBranchName, "not", obj("pattern", "^[Ee][Ll][Ss][Ee]$")},
		"branch_arm.conditions":         {"minItems", 1},
		"update_contact_tag.tags":       {"maxItems", maxTags},
		"close_conversation.summary":    {"maxLength", maxSummary},
		"add_comment.text":              {"maxLength", maxComment},
		"jump_to.step":                  {"$ref", "#/$defs/step_id"},
		"jump_to.max_jumps":             {"minimum", 1, "maximum", maxJumps},

		"date_range.from": day,
		"date_range.to":   day,

		"http_request.url":              {"pattern", `^\s*([Hh][Tt][Tt][Pp][Ss]?://|\$|\{\{\$)`, wrongPattern, "Begin with http:// or https://, or with a variable."},
		"http_request.headers":          {"maxProperties", maxHeaders},
		"http_request.response_mapping": {"maxProperties", maxMappings, "propertyNames", refTo("variable_name")},
		"http_request.save_status_as":   name,
		"add_google_sheets_row.sheet":   {"maxLength", maxSheetName},
		"add_google_sheets_row.values":  {"minProperties", 1, "maxProperties", maxColumns},
		"ai_agent.instructions":         {"maxLength", maxInstructions},
		"ai_agent.collect":              {"maxItems", maxCollect},
		"collect_item.variable":         name,

		"collect_item.question": {"maxLength", maxText},

		"shortcut.icon":              {"maxLength", maxIcon},
		"shortcut.description":       {"maxLength", maxFormText},
		"shortcut.form":              {"maxItems", maxFormFields},
		"form_field.label":           {"maxLength", maxFormText},
		"form_field.variable":        name,
		"form_field.options":         {"maxItems", maxFormOptions},
		"form_field.options[]":       {"maxLength", maxFormText},
		"incoming_webhook.variables": {"propertyNames", refTo("variable_name")},
		"click_to_chat_ads.ads":      {"anyOf", []*node{obj("const", AllAds), obj("type", "array", "minItems", 1), obj("pattern", `\$\{`)}},
	}
	for _, weekday := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		all["business_hours."+weekday+"[]"] = interval
	}
	return all
}

// fork says which keys of an object another one decides about. A key that no way
// names is free; the others may be given in the ways that name them only.
type fork struct {
	place, key string
	ways       []prong
}

// prong is what must and what may be given beside a word.
type prong struct {
	word      string
	must, may []string
}

func forks() []fork {
	pool := []string{"only_online", "open_contacts_below", "keep_assignee", "timeout"}
	template := []string{"language", "parameters"}
	return []fork{
		{"message", "type", []prong{
			{"text", []string{"text"}, []string{"message_tag"}},
			{"media", []string{"file"}, []string{"caption"}},
			{"email", []string{"text"}, []string{"subject", "attachments"}},
			{"quick_reply", []string{"text", "replies"}, nil},
			{"whatsapp_template", []string{"template"}, template},
			{"facebook_template", []string{"template"}, template},
			{"custom_payload", []string{"payload"}, nil},
		}},
		{"ask_question", "question_type", []prong{
			{"multiple_choice", []string{"options"}, []string{"save_as_tag"}},
			{"number", nil, []string{"min", "max"}},
			{"text", nil, nil}, {"date", nil, nil}, {"phone", nil, nil}, {"email", nil, nil}, {"url", nil, nil}, {"rating", nil, nil}, {"location", nil, nil},
		}},
		{"assign_to", "action", []prong{
			{"specific_user", []string{"user"}, nil},
			{"user_in_team", []string{"team", "logic"}, pool},
			{"user_in_workspace", []string{"logic"}, pool},
			{"unassign", nil, nil},
		}},
		{"date_time", "mode", []prong{
			{"business_hours", []string{"business_hours"}, nil},
			{"date_range", []string{"date_range"}, nil},
		}},
		{"ai_agent", "objective", []prong{
			{"collect_information", []string{"collect"}, nil},
			{"answer_questions", nil, nil},
		}},
		{"form_field", "type", []prong{
			{"list", []string{"options"}, nil},
			{"text", nil, nil}, {"checkbox", nil, nil}, {"number", nil, nil}, {"date", nil, nil}, {"time", nil, nil}, {"phone", nil, nil}, {"email", nil, nil}, {"url", nil, nil},
		}},
		{"incoming_webhook", "identifier_type", []prong{
			{"contact_id", nil, nil},
			{"email", nil, []string{"create_contact"}},
			{"phone", nil, []string{"create_contact"}},
		}},
		{placeParameter, "type", []prong{{"choice", []string{"options"}, nil}}},
	}
}

// forksOf are the forks of a place as schemas.
func (w *schemaWriter) forksOf(place string, props *node) (rules []*node) {
	for _, f := range forks() {
		if f.place != place {
			continue
		}
		var ruled []string
		for _, way := range f.ways {
			ruled = slices.Concat(ruled, way.must, way.may)
		}
		slices.Sort(ruled)
		for _, way := range f.ways {
			then, refused := obj(), obj()
			for _, key := range slices.Compact(slices.Clone(ruled)) {
				if !slices.Contains(way.must, key) && !slices.Contains(way.may, key) {
					refused.put(key, absent(props.get(key)))
				}
			}
			if len(refused.members) > 0 {
				then.put("properties", refused)
			}
			if len(way.must) > 0 {
				then.put("required", jsonNode(way.must))
			}
			rules = append(rules, obj("if", is(f.key, way.word), "then", then))
		}
	}
	if place == string(TypeUpdateContactField) {
		rules = append(rules, obj("if", obj("properties", obj("clear", obj("const", true)), "required", []string{"clear"}),
			"then", obj("properties", obj("value", false)), "else", obj("required", []string{"value"})))
	}
	if place == string(TypeTriggerAnother) {
		rules = append(rules, obj("if", obj("properties", obj("wait", obj("const", false)), "required", []string{"wait"}),
			"then", obj("properties", obj("timeout", false))))
	}
	return rules
}

// absent is what a key that is not offered may hold: a switch may be off.
func absent(schema *node) *node {
	if schema.get("default") != nil && schema.get("default").kind == isBoolean {
		return obj("const", false)
	}
	return jsonNode(false)
}
