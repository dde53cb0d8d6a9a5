package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

const (
	tagTrigger     = "type: contact_tag_updated\nconfig:\n  action: added\n  tags: [vip]\n"
	fieldTrigger   = "type: contact_field_updated\nconfig:\n  field: city\n"
	hookTrigger    = "type: incoming_webhook\nconfig:\n  identifier_type: email\n  identifier_path: $.email\n"
	adsTrigger     = "type: click_to_chat_ads\nconfig:\n  account: act_1\n  ads: all\n"
	formTrigger    = "type: shortcut\nconfig:\n  icon: \"\\U0001F4DE\"\n  description: Call back\n  form:\n"
	formField      = "    - {label: Why, type: text, variable: reason, required: true}\n"
	listField      = "    - {label: When, type: list, variable: slot, options: [Today, Tomorrow]}\n"
	formFieldPath  = "trigger.config.form[0]"
	webhookVarPath = "trigger.config.variables."
)

// Every setting of a trigger that is missing or wrong has its code and path, and
// nothing else is said of it.
func TestTriggerConfigurations(t *testing.T) {
	long := strings.Repeat("x", 256)
	missing, invalid := "trigger.config.missing", "trigger.config.invalid"
	for name, c := range map[string]struct {
		trigger string
		want    []string // code path
	}{
		"tags":             {tagTrigger, nil},
		"tags, removed":    {strings.Replace(tagTrigger, "added", "removed", 1), nil},
		"tags: no config":  {"type: contact_tag_updated\n", []string{missing + " trigger.config.action", missing + " trigger.config.tags"}},
		"tags: none":       {strings.Replace(tagTrigger, "[vip]", "[]", 1), []string{missing + " trigger.config.tags"}},
		"tags: action":     {strings.Replace(tagTrigger, "added", "changed", 1), []string{invalid + " trigger.config.action"}},
		"tags: unknown":    {strings.Replace(tagTrigger, "vip", "vip, new", 1), []string{"reference.unknown trigger.config.tags[1]"}},
		"tags: conditions": {tagTrigger + "conditions: [{category: source, operator: is_equal_to, value: api}]\n", []string{"condition.category.unknown trigger.conditions[0].category"}},
		"tags: once":       {tagTrigger + "once_per_contact: true\n", nil},

		"field":          {fieldTrigger, nil},
		"field: none":    {"type: contact_field_updated\n", []string{missing + " trigger.config.field"}},
		"field: unknown": {strings.Replace(fieldTrigger, "city", "shoe", 1), []string{"reference.unknown trigger.config.field"}},
		"field: a list":  {strings.Replace(fieldTrigger, "city", "[city, email]", 1), []string{invalid + " trigger.config.field"}},

		"ads":             {adsTrigger, nil},
		"ads: list":       {strings.Replace(adsTrigger, "all", "[120, \"121\"]", 1), nil},
		"ads: nothing":    {"type: click_to_chat_ads\n", []string{missing + " trigger.config.account", missing + " trigger.config.ads"}},
		"ads: no account": {strings.Replace(adsTrigger, "account: act_1", "account: ''", 1), []string{missing + " trigger.config.account"}},
		"ads: a word":     {strings.Replace(adsTrigger, "all", "some", 1), []string{invalid + " trigger.config.ads"}},
		"ads: a number":   {strings.Replace(adsTrigger, "all", "120", 1), []string{invalid + " trigger.config.ads"}},
		"ads: a blank id": {strings.Replace(adsTrigger, "all", "[120, ' ']", 1), []string{missing + " trigger.config.ads[1]"}},
		"ads: empty list": {strings.Replace(adsTrigger, "all", "[]", 1), []string{missing + " trigger.config.ads"}},

		"hook":                 {hookTrigger + "  create_contact: true\n  variables: {order: \"$.order.id\", all: $}\n", nil},
		"hook: nothing":        {"type: incoming_webhook\n", []string{missing + " trigger.config.identifier_type", missing + " trigger.config.identifier_path"}},
		"hook: type":           {strings.Replace(hookTrigger, "email", "name", 1), []string{invalid + " trigger.config.identifier_type"}},
		"hook: path":           {strings.Replace(hookTrigger, "$.email", "$.people[*].email", 1), []string{invalid + " trigger.config.identifier_path"}},
		"hook: create by id":   {strings.Replace(hookTrigger, "email", "contact_id", 1) + "  create_contact: true\n", []string{invalid + " trigger.config.create_contact"}},
		"hook: create, phone":  {strings.Replace(hookTrigger, "email", "phone", 1) + "  create_contact: true\n", nil},
		"hook: variable name":  {hookTrigger + "  variables: {Order: $.a}\n", []string{"variable.name.invalid " + webhookVarPath + "Order"}},
		"hook: reserved name":  {hookTrigger + "  variables: {contact: $.a}\n", []string{"variable.name.reserved " + webhookVarPath + "contact"}},
		"hook: same name":      {hookTrigger + "  variables: {a: $.a, a: $.b}\n", []string{"file.key.duplicate " + webhookVarPath + "a"}},
		"hook: variable path":  {hookTrigger + "  variables: {a: order}\n", []string{invalid + " " + webhookVarPath + "a"}},
		"hook: variable blank": {hookTrigger + "  variables: {a: ''}\n", []string{missing + " " + webhookVarPath + "a"}},

		"shortcut":                 {"type: shortcut\n", nil},
		"shortcut: form":           {formTrigger + formField + listField, nil},
		"shortcut: 20 fields":      {formTrigger + repeat(20, "    - {label: L, type: text, variable: v%d}\n"), nil},
		"shortcut: 21 fields":      {formTrigger + repeat(21, "    - {label: L, type: text, variable: v%d}\n"), []string{invalid + " trigger.config.form"}},
		"shortcut: icon":           {"type: shortcut\nconfig: {icon: a word is no icon}\n", []string{invalid + " trigger.config.icon"}},
		"shortcut: description":    {"type: shortcut\nconfig: {description: " + long + "}\n", []string{invalid + " trigger.config.description"}},
		"shortcut: empty field":    {formTrigger + "    - {}\n", []string{missing + " " + formFieldPath + ".label", missing + " " + formFieldPath + ".type", missing + " " + formFieldPath + ".variable"}},
		"shortcut: label":          {formTrigger + strings.Replace(formField, "Why", long, 1), []string{invalid + " " + formFieldPath + ".label"}},
		"shortcut: type":           {formTrigger + strings.Replace(formField, "text", "colour", 1), []string{invalid + " " + formFieldPath + ".type"}},
		"shortcut: variable":       {formTrigger + strings.Replace(formField, "reason", "1st", 1), []string{"variable.name.invalid " + formFieldPath + ".variable"}},
		"shortcut: reserved":       {formTrigger + strings.Replace(formField, "reason", "trigger", 1), []string{"variable.name.reserved " + formFieldPath + ".variable"}},
		"shortcut: twice":          {formTrigger + formField + formField, []string{invalid + " trigger.config.form[1].variable"}},
		"shortcut: options":        {formTrigger + strings.Replace(formField, "required: true", "options: [a]", 1), []string{invalid + " " + formFieldPath + ".options"}},
		"shortcut: no options":     {formTrigger + strings.Replace(listField, "[Today, Tomorrow]", "[]", 1), []string{missing + " " + formFieldPath + ".options"}},
		"shortcut: blank option":   {formTrigger + strings.Replace(listField, "Today", "' '", 1), []string{missing + " " + formFieldPath + ".options[0]"}},
		"shortcut: equal options":  {formTrigger + strings.Replace(listField, "Tomorrow", "today", 1), []string{invalid + " " + formFieldPath + ".options[1]"}},
		"shortcut: long option":    {formTrigger + strings.Replace(listField, "Today", long, 1), []string{invalid + " " + formFieldPath + ".options[0]"}},
		"shortcut: unknown key":    {"type: shortcut\nconfig: {colour: red}\n", []string{invalid + " trigger.config.colour"}},
		"manual: has none of this": {"type: manual_trigger\nconfig: {field: city}\n", []string{invalid + " trigger.config.field"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range fileProblems(t, withTrigger(c.trigger)) {
				got = append(got, p.Code+" "+p.Path)
				require.NotZero(t, p.Line+len(c.want), p.Path)
				require.Equal(t, flow.SeverityError, p.Severity)
			}
			require.ElementsMatch(t, c.want, got)
		})
	}
}

// Fields that nobody edits never fire.
func TestFieldsThatNeverChange(t *testing.T) {
	for _, field := range []string{"id", "name", "tags", "status", "assignee"} {
		def, problems := flow.Read([]byte(withTrigger(strings.Replace(fieldTrigger, "city", field, 1))))
		require.Empty(t, problems)
		problems = flow.Check(def, nil, flow.Save)
		require.Len(t, problems, 1, field)
		require.Equal(t, "trigger.config.invalid", problems[0].Code)
	}
}

// The variables of a trigger are known to the texts of the steps.
func TestTriggerVariablesAreKnown(t *testing.T) {
	for trigger, text := range map[string]string{
		tagTrigger:              "$trigger.tag $trigger.action",
		fieldTrigger:            "$trigger.field $trigger.old_value $trigger.new_value",
		adsTrigger:              "$ad.id $ad.title $ad.description $ad.url $ad.source $ad.click_id",
		formTrigger + formField: "$reason $trigger.user.id $trigger.user.name $trigger.user.email",
		hookTrigger + "  variables: {order: $.a}": "$order",
	} {
		file := func(trigger string) string {
			return "format: 1\nid: x\nname: X\ntrigger:\n" + indent(2, trigger) + "steps:\n" + strings.Replace(note("a", ""), "Hello", text, 1)
		}
		require.Empty(t, fileProblems(t, file(trigger)), trigger)
		other := fileProblems(t, file("type: manual_trigger\n"))
		require.Len(t, other, 1)
		require.Equal(t, "variable.unknown", other[0].Code, fmt.Sprint(other))
	}
}
