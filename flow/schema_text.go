package flow

import "maps"

// sentences explain the file to whoever writes it in an editor: one sentence a
// key, by place and key, and one for each type, arm and category. Every key has
// one: a test walks them.
func sentences() map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{workflowSentences(), triggerSentences(), conditionSentences(), messageSentences(), stepSentences(), outsideSentences()} {
		maps.Copy(all, some)
	}
	return all
}

func workflowSentences() map[string]string {
	return map[string]string{
		"workflow.format":      "Version of the file format: 1.",
		"workflow.id":          "Short name, unique in the workspace: lower-case letters, digits and single dashes; it stays when the name changes.",
		"workflow.name":        "Name that people see.",
		"workflow.description": "What the workflow is for.",
		"workflow.category":    "Where a template stands in the catalogue; templates only.",
		"workflow.trigger":     "The event that starts a run.",
		"workflow.settings":    "What else ends a run; all off by default.",
		"workflow.parameters":  "What a workspace fills in when it uses the file as a template; written ${name} in configurations and condition values.",
		"workflow.steps":       "The steps; the first one is the start. Every other step has exactly one parent.",

		"settings.allow_manual_stop":         "Users who may see the contact can end its run from the inbox.",
		"settings.exit_on_outgoing_message":  "The run ends when a user sends the contact a message.",
		"settings.exit_on_incoming_message":  "The run ends when the contact sends a message that the run does not take as an answer.",
		"settings.exit_on_manual_assignment": "The run ends when a user changes the assignee by hand.",

		"parameter.type":     "What kind of value is filled in.",
		"parameter.label":    "How the parameter is called in the form.",
		"parameter.help":     "What to write, in a sentence.",
		"parameter.required": "Without a value the workflow can be neither saved nor published.",
		"parameter.default":  "The value when nothing is filled in.",
		"parameter.options":  "The values to choose from; choice only.",
		"parameter.min":      "The smallest number; number only.",
		"parameter.max":      "The largest number; number only.",
		"parameter_use":      "A parameter of the template, written ${name}.",
		"variable_use":       "Text with a variable, such as $contact.firstname.",

		"step.id":     "Short name of the step, unique in the workflow: lower-case letters, digits and single dashes, not end.",
		"step.type":   "What the step does.",
		"step.name":   "Name that people see; by default that of the type.",
		"step.config": "The settings of the step.",
		"step.next":   "The step that follows; none, or end, ends the run.",
		"step.arms":   "The steps that follow each way out; end ends the run. An optional arm is on when it is written.",

		"arm.success":          "The step did what it should: the answer is valid, the moment lies inside, the objective is met.",
		"arm.failure":          "The step could not do it.",
		"arm.timeout":          "The time limit is over.",
		"arm.message_failure":  "The message could not be sent.",
		"arm.else":             "No branch matches.",
		"arm.speak_to_human":   "The contact asks for a person.",
		"arm.unable_to_answer": "The sources hold no answer.",
		"arm.idle":             "The contact has not written for the idle timeout.",
	}
}

func triggerSentences() map[string]string {
	return map[string]string{
		"trigger.type":             "Which event starts a run.",
		"trigger.once_per_contact": "A contact enters the workflow once only, whatever version.",
		"trigger.config":           "The settings of the trigger.",
		"trigger.match":            "Whether all conditions must hold, or any of them.",
		"trigger.conditions":       "Further conditions; none means always.",

		"conversation_opened":   "A conversation with the contact is opened.",
		"conversation_closed":   "The conversation is closed.",
		"contact_tag_updated":   "One of the tags is added to the contact, or removed.",
		"contact_field_updated": "The contact field changes.",
		"shortcut":              "A user picks the workflow in the inbox.",
		"incoming_webhook":      "An outside system posts JSON to the workflow's address.",
		"click_to_chat_ads":     "The contact clicks a Meta ad, or writes because of it.",
		"manual_trigger":        "A Trigger Another Workflow step or the API starts it.",
		"message_received":      "The contact writes a message that is no answer to a question.",

		"contact_tag_updated.action":  "Whether the tag is added or removed.",
		"contact_tag_updated.tags":    "Any of these tags, by name.",
		"contact_field_updated.field": "The field, by the key used in $contact.…",

		"shortcut.icon":        "An emoji that stands beside the name.",
		"shortcut.description": "What the shortcut does, for the users.",
		"shortcut.form":        "Questions to the user before the run starts.",
		"form_field.label":     "The question.",
		"form_field.type":      "What kind of answer is taken.",
		"form_field.variable":  "The workflow variable that holds the answer.",
		"form_field.required":  "The form cannot be sent without an answer.",
		"form_field.options":   "The answers to choose from; list only.",

		"incoming_webhook.identifier_type": "How the request names the contact.",
		"incoming_webhook.identifier_path": "JSON path of the value that names the contact, such as $.email.",
		"incoming_webhook.variables":       "Workflow variables and the JSON paths of their values.",
		"incoming_webhook.create_contact":  "Make the contact when there is none; by e-mail or phone only.",

		"click_to_chat_ads.account": "Id of the ad account.",
		"click_to_chat_ads.ads":     "all, or a list of the ids of ads.",
	}
}

func conditionSentences() map[string]string {
	return map[string]string{
		"condition.category": "What the condition looks at.",
		"condition.field":    "Which contact field, which variable (without $), or name or source of a channel.",
		"condition.operator": "How it is compared with the value.",
		"condition.value":    "What it is compared with: one value, a list, or {from, to}; it may hold variables.",
		"range.from":         "The lower end, inclusive.",
		"range.to":           "The upper end, inclusive.",

		"condition.contact_field":                    "A contact field, by the key used in $contact.…; status and assignee too.",
		"condition.contact_tag":                      "The contact's tags.",
		"condition.variable":                         "Any variable, named without $.",
		"condition.assignee_status":                  "Presence of the assignee: online, busy or offline.",
		"condition.last_interacted_channel":          "The channel of the latest message, by its name, or by its source with the field source.",
		"condition.last_incoming_message":            "Text of the contact's latest message.",
		"condition.last_outgoing_message":            "Text of our latest message.",
		"condition.last_outgoing_message_source":     "Who sent our latest message.",
		"condition.time_since_last_incoming_message": "How long ago, or when, the contact wrote last.",
		"condition.time_since_last_outgoing_message": "How long ago, or when, we wrote last.",
		"condition.source":                           "Who or what opened or closed the conversation.",
		"condition.conversation_category":            "Category of the closing note.",
		"condition.message_text":                     "Text of the message.",
		"condition.message_type":                     "Type of the message.",
		"condition.channel":                          "The channel of the message, by its name, or by its source with the field source.",
		"condition.conversation_status":              "Status of the conversation before the message.",
	}
}
