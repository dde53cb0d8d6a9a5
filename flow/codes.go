package flow

import "slices"

// Code documents one problem code. Codes are stable: they may only be added to.
type Code struct {
	Code     string
	Severity Severity
	Meaning  string
	Mend     string
	Publish  bool // blocks Publish only: a warning until then
}

// Codes lists every problem code that this release reports. A code that is not
// in the list cannot be reported: the tests go through all of them. Codes that
// need the whole workspace (workflow.id.taken, workflow.limit) are reported by
// those who store workflows.
func Codes() []Code {
	return slices.Concat(fileProblems(), workflowProblems(), stepProblems(), configProblems(), warnings())
}

func fileProblems() []Code {
	return errorCodes([][3]string{
		{"file.syntax", "not valid YAML or JSON", "correct the place that line and column name"},
		{"file.too_large", "over 1 MiB", "split the workflow"},
		{"file.format.unsupported", "`format` missing or not 1", "begin the file with `format: 1`"},
		{"file.key.unknown", "key not in the format", "remove the key or correct its spelling"},
		{"file.key.duplicate", "key given twice", "remove one of the two"},
		{"file.value.type", "value has the wrong type", "write the type that the message names"},
	})
}

func workflowProblems() []Code {
	list := errorCodes([][3]string{
		{"workflow.id.invalid", "not a slug", "use lower-case letters, digits and single dashes, at most 60 characters"},
		{"workflow.id.taken", "used by another workflow", "choose another id, or replace that workflow"},
		{"workflow.name.missing", "the workflow has no name", "give it a name"},
		{"workflow.name.limit", "name over 100 or description over 255 characters", "shorten it"},
		{"workflow.limit", "the workspace already has the allowed number of workflows", "delete a workflow, or raise the limit"},
		{"workflow.steps.missing", "trigger without a step", "add a step"},
		{"workflow.steps.limit", "more than 100 steps", "split the workflow"},
		{"trigger.missing", "the workflow has no trigger", "choose a trigger"},
		{"trigger.type.unknown", "there is no such trigger", "use a trigger that the message names"},
		{"trigger.config.missing", "a required trigger setting is empty", "fill in the setting that path names"},
		{"trigger.config.invalid", "wrong trigger setting", "remove or correct the setting"},
		{"trigger.once.not_allowed", "once per contact on Manual Trigger", "remove once_per_contact"},
		{"condition.limit", "more than 10 conditions", "remove conditions, or use a second branch"},
		{"condition.category.unknown", "category not offered here", "use a category that the message names"},
		{"condition.operator.unknown", "operator not offered for this category", "use an operator that the message names"},
		{"condition.value.missing", "the condition has nothing to compare with, or no field", "give the value or the field"},
		{"condition.value.invalid", "wrong value or field", "write what the message names"},
		{"condition.regex.invalid", "not RE2, or over 200 characters", "correct or shorten the expression"},
		{"parameter.missing", "a required template parameter is open", "fill in the value at this place"},
		{"parameter.unknown", "no such template parameter", "use a parameter of the template"},
		{"parameter.type", "the value does not fit the parameter", "give a value of the parameter's type"},
	})
	return append(list, Code{"workflow.loop", SeverityError, "the workflow would start itself again", "add a condition, a question, or once per contact", true},
		Code{"target.not_published", SeverityError, "the workflow to trigger is not published", "publish it first", true})
}

func stepProblems() []Code {
	return errorCodes([][3]string{
		{"step.id.missing", "the step has no id", "give the step an id"},
		{"step.id.invalid", "not a slug, over 50 characters, or the reserved `end`", "use lower-case letters, digits and single dashes"},
		{"step.id.duplicate", "two steps have this id", "rename one of them"},
		{"step.type.unknown", "there is no such step type", "use a type that the message names"},
		{"step.config.missing", "a required setting is empty", "fill in the setting that path names"},
		{"step.config.unknown", "setting not offered by this type", "remove it or correct its spelling"},
		{"step.config.invalid", "wrong value", "write what the message names"},
		{"step.config.not_allowed", "setting does not fit the others", "remove the setting"},
		{"step.arm.unknown", "this type has no such arm", "use an arm that the message names"},
		{"step.next.not_allowed", "`next` on a type that has only arms", "use the arms"},
		{"step.target.unknown", "`next` or an arm names a step that does not exist", "name an existing step, or `end`"},
		{"step.orphan", "no path leads to the step", "lead a path to the step, or remove it"},
		{"step.parent.many", "two steps lead to it", "use Jump To for the second way"},
		{"step.cycle", "`next` and arms form a circle", "use Jump To for the way back"},
	})
}

func configProblems() []Code {
	return errorCodes([][3]string{
		{"jump.limit", "`max_jumps` not 1–10", "allow between 1 and 10 jumps"},
		{"jump.target", "target missing or the step itself", "name another step of this workflow"},
		{"duration.invalid", "not a duration", "write for example 10m, 1h30m or 7d"},
		{"duration.limit", "outside the allowed range", "use 1 second to 7 days"},
		{"message.text.missing", "the message has no text", "write the text"},
		{"message.text.limit", "over 2,000 characters", "shorten the text"},
		{"message.type.unsupported", "the channel cannot carry this type", "use a type that the message names"},
		{"message.attachments.limit", "more than 5 attachments", "send the others in another message"},
		{"message.channel_response.duplicate", "two responses for one channel", "remove one of them"},
		{"question.options.limit", "not 1–10 options", "give between 1 and 10 options"},
		{"question.options.length", "an option has over 20 characters", "shorten the option"},
		{"question.options.duplicate", "two options are equal, ignoring case", "change one of them"},
		{"question.range", "`min` above `max`", "exchange them"},
		{"question.save.tag", "`save_as_tag` on another type than multiple choice", "remove save_as_tag"},
		{"question.retries.limit", "not 0–5", "allow between 0 and 5 retries"},
		{"branch.limit", "more than 9 branches", "remove branches, or use a second Branch step"},
		{"branch.name.duplicate", "two branches have this name", "rename one of them"},
		{"branch.name.reserved", "a branch may not be called else", "rename the branch"},
		{"branch.conditions.missing", "a branch has no condition", "add a condition"},
		{"assign.limit.invalid", "`open_contacts_below` not a whole number of at least 1", "write a whole number from 1, or remove it"},
		{"datetime.interval.invalid", "not an interval of hours", "write for example 09:00-17:00"},
		{"datetime.range.invalid", "not an existing day, or the first day after the last", "write YYYY-MM-DD, the earlier day first"},
		{"datetime.timezone.unknown", "no such time zone", "write an IANA name, for example Europe/Rome"},
		{"http.url.invalid", "not an http or https address", "write for example https://crm.example.com/customers"},
		{"http.url.refused", "the installation's own host, or an address that is not public", "call another host, or have the operator allow the network"},
		{"http.headers.limit", "more than 10 headers", "remove headers"},
		{"http.mapping.limit", "more than 10 rows of response_mapping", "remove rows"},
		{"http.mapping.path", "not a JSON path to one value", "write for example $.customer.phone"},
		{"target.not_manual", "the workflow to trigger has another trigger", "choose one with Manual Trigger"},
		{"target.step.unknown", "the workflow to trigger has no such start step", "name one of its steps, or remove start_from"},
		{"reference.unknown", "the object does not exist", "name an existing object"},
		{"reference.ambiguous", "the name fits several objects", "use the id"},
		{"variable.name.invalid", "not the name of a variable", "use a to z, digits and _, beginning with a letter, at most 50 characters"},
		{"variable.name.reserved", "the name belongs to ucal", "choose another name"},
		{"variable.limit", "more than 100 variables in a workflow", "save into fewer names"},
		{"variable.secret.not_allowed", "`$secret` outside HTTP Request", "remove the secret"},
		{"variable.secret.unknown", "there is no such secret", "add the secret, or correct the name"},
	})
}

func warnings() []Code {
	list := errorCodes([][3]string{
		{"message.window.risk", "a free-form message can be reached more than 24 h after the contact's last message", "shorten the waits before it, or send on a channel without a window"},
		{"question.save.type", "the answer type does not fit the contact field", "choose another field or question type"},
		{"sheets.not_connected", "the workspace has no Google Sheets connection", "connect Google Sheets, or take the step out"},
		{"ai.not_configured", "the workspace has no language model", "connect one, or take the AI Agent step out"},
		{"variable.unknown", "a `$name` that will be sent as typed", "correct the name, or leave it when it is meant as typed"},
	})
	for i := range list {
		list[i].Severity = SeverityWarning
	}
	return list
}

func errorCodes(rows [][3]string) []Code {
	list := make([]Code, len(rows))
	for i, row := range rows {
		list[i] = Code{Code: row[0], Severity: SeverityError, Meaning: row[1], Mend: row[2]}
	}
	return list
}

// severity is how a code counts at a stage.
func severity(code string, st Stage) Severity {
	for _, c := range Codes() {
		if c.Code == code && c.Publish && st == Save {
			return SeverityWarning
		}
		if c.Code == code {
			return c.Severity
		}
	}
	return SeverityError
}
