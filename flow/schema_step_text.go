package flow

func messageSentences() map[string]string {
	return map[string]string{
		"send_message":                   "Sends one message on a channel.",
		"send_message.channel":           "last_interacted, or one channel by name.",
		"send_message.message":           "The message: text or media.",
		"send_message.channel_responses": "Messages that are used instead on certain channels, at most one a channel.",
		"channel_response.channel":       "The channel, by name.",
		"channel_response.message":       "The message on this channel.",

		"message.type":        "What kind of message it is.",
		"message.subject":     "Subject of the e-mail; may be left out.",
		"message.text":        "The text; it may hold variables.",
		"message.message_tag": "Why the message may be sent outside the window, on channels that have such tags.",
		"message.file":        "https address of the file.",
		"message.caption":     "Text below the file.",
		"message.attachments": "https addresses of files that go with the e-mail.",
		"message.replies":     "Answers that the contact can tap.",
		"message.template":    "Name of the template at the provider.",
		"message.language":    "Language of the template, such as en or pt_BR.",
		"message.parameters":  "Values of the template's placeholders, in their order.",
		"message.payload":     "JSON that is handed to the channel as it is; it may hold variables.",

		"ask_question":                       "Sends a question on the last interacted channel and waits for the answer.",
		"ask_question.question":              "The question; it may hold variables.",
		"ask_question.question_type":         "Which answers are valid.",
		"ask_question.options":               "The answers to choose from, at most 20 characters each; multiple_choice only.",
		"ask_question.min":                   "The smallest valid number; number only.",
		"ask_question.max":                   "The largest valid number; number only.",
		"ask_question.save_as_contact_field": "Contact field that gets the answer.",
		"ask_question.save_as_variable":      "Workflow variable that gets the answer.",
		"ask_question.save_as_tag":           "The chosen option becomes a tag of the contact; multiple_choice only.",
		"ask_question.timeout":               "How long to wait for the answer, from the latest question on.",
		"ask_question.retries":               "How often to ask again after an invalid answer.",
		"ask_question.retry_message":         "What to say then; empty means the question again.",
	}
}

func stepSentences() map[string]string {
	return map[string]string{
		"assign_to":                     "Gives the contact to a user, or to nobody.",
		"assign_to.action":              "Among whom to choose.",
		"assign_to.user":                "The user, by e-mail; specific_user only.",
		"assign_to.team":                "The team, by name; user_in_team only.",
		"assign_to.logic":               "How to choose: each in turn, or whoever has the fewest open contacts.",
		"assign_to.only_online":         "Only users who are online.",
		"assign_to.open_contacts_below": "Only users with fewer open contacts than this.",
		"assign_to.keep_assignee":       "Keep the present assignee when they could be chosen.",
		"assign_to.timeout":             "How long to wait in the queue when nobody can take the contact.",

		"branch":                "Goes the way of the first branch whose conditions hold, or else.",
		"branch.branches":       "The branches, from top to bottom.",
		"branch_arm.name":       "Name of the branch, which is also the name of its arm.",
		"branch_arm.match":      "Whether all conditions must hold, or any of them.",
		"branch_arm.conditions": "The conditions of the branch.",

		"update_contact_tag":        "Adds tags to the contact, or removes them.",
		"update_contact_tag.action": "Whether the tags are added or removed.",
		"update_contact_tag.tags":   "The tags, by name; unknown ones are made when they are added.",

		"update_contact_field":       "Sets a contact field, or clears it.",
		"update_contact_field.field": "The field, by the key used in $contact.…",
		"update_contact_field.value": "The new value; it may hold variables. When it turns out empty, the field is left alone.",
		"update_contact_field.clear": "Clear the field instead.",

		"open_conversation":           "Opens the contact's conversation.",
		"close_conversation":          "Closes the contact's conversation; the assignee stays.",
		"close_conversation.category": "Category of the closing note, by name.",
		"close_conversation.summary":  "Summary of the closing note; it may hold variables.",

		"add_comment":      "Writes an internal note on the contact, which is never sent.",
		"add_comment.text": "The note; it may hold variables and mention users as {{@user@example.com}}.",

		"jump_to":           "Goes to another step, a limited number of times; then to next.",
		"jump_to.step":      "Id of the step to go to.",
		"jump_to.max_jumps": "How often in one run.",

		"wait":          "Pauses the run; messages of the contact do not shorten it.",
		"wait.wait_for": "How long.",

		"date_time":                "Asks whether the present moment lies within business hours or a range of days.",
		"date_time.timezone":       "IANA name such as Europe/Rome; by default that of the workspace.",
		"date_time.mode":           "What is asked.",
		"date_time.business_hours": "Intervals of each weekday; a day without any is off.",
		"date_time.date_range":     "Whole days, both inclusive.",
		"business_hours.monday":    "Intervals such as 09:00-17:00; one that ends before it begins goes on into the next day.",
		"business_hours.tuesday":   "As monday.",
		"business_hours.wednesday": "As monday.",
		"business_hours.thursday":  "As monday.",
		"business_hours.friday":    "As monday.",
		"business_hours.saturday":  "As monday.",
		"business_hours.sunday":    "As monday.",
		"date_range.from":          "The first day, as \"2026-12-24\".",
		"date_range.to":            "The last day, as \"2026-12-31\".",

		"trigger_another_workflow":            "Starts another workflow, which has the Manual Trigger, for the same contact.",
		"trigger_another_workflow.target":     "The workflow, by id.",
		"trigger_another_workflow.start_from": "Id of the step to begin with, or beginning.",
		"trigger_another_workflow.wait":       "Go on only when the other workflow has ended.",
		"trigger_another_workflow.timeout":    "How long to wait for its end, when the arm timeout is on.",
	}
}

func outsideSentences() map[string]string {
	return map[string]string{
		"http_request":                  "Calls an outside system over HTTP.",
		"http_request.method":           "The method of the request.",
		"http_request.url":              "The address; it may hold variables and secrets.",
		"http_request.headers":          "Headers of the request; values may hold variables and secrets.",
		"http_request.content_type":     "Type of the body.",
		"http_request.body":             "The body; variables are put in as its type demands.",
		"http_request.response_mapping": "Workflow variables and the JSON paths of their values in the answer.",
		"http_request.save_status_as":   "Workflow variable that gets the status; 0 when there was no answer.",
		"http_request.timeout":          "How long one attempt may take, 1 to 60 seconds.",
		"http_request.retry":            "Try POST and PATCH again too; the others are tried again anyway.",

		"add_google_sheets_row":             "Appends one row to a Google sheet.",
		"add_google_sheets_row.spreadsheet": "Id or address of the spreadsheet, which is shared with the workspace's account.",
		"add_google_sheets_row.sheet":       "Name of the sheet.",
		"add_google_sheets_row.values":      "Titles of columns in row 1 and the texts for them; they may hold variables.",

		"ai_agent":                         "Hands the conversation to a language model until its objective is met.",
		"ai_agent.objective":               "What it is for: to answer questions, or to collect information.",
		"ai_agent.instructions":            "How it should behave; it may hold variables.",
		"ai_agent.collect":                 "What it finds out; collect_information only.",
		"ai_agent.knowledge_sources":       "The knowledge sources that it may use, by name.",
		"ai_agent.use_snippets":            "It may use the workspace's snippets too.",
		"ai_agent.reply_outside_knowledge": "It may answer from general knowledge when the sources hold no answer.",
		"ai_agent.idle_timeout":            "How long to wait for the contact, when the arm idle is on.",
		"collect_item.question":            "What to find out.",
		"collect_item.variable":            "Workflow variable that gets the answer.",
	}
}
