package flow

// Condition is one test of a branch or a trigger.
type Condition struct {
	Category Category `json:"category" flow:"category" code:"condition.category.unknown"`
	Field    string   `json:"field,omitempty" flow:"field" code:"condition.value.invalid"`
	Operator Operator `json:"operator" flow:"operator" code:"condition.operator.unknown"`
	Value    *Value   `json:"value,omitempty" flow:"value,vars" code:"condition.value.invalid"`

	// Refs are the tags, channels or closing categories that the texts of Value
	// name, one a text: a stored workflow keeps their ids, so that a rename
	// breaks nothing. An entry is empty where the text holds a variable.
	Refs []Ref `json:"refs,omitempty"`
}

// names is the kind of object that a condition's value names; "" if it names none.
func (c *Condition) names() RefKind {
	switch {
	case c.Value == nil:
		return ""
	case c.Category == CatContactTag:
		return RefTag
	case c.Category == CatConvCategory:
		return RefCategory
	case (c.Category == CatLastChannel || c.Category == CatChannel) && c.Field != "source":
		return RefChannel
	}
	return ""
}

// ref is the object that the nth text of the value names; empty when it is not
// known by its id.
func (c *Condition) ref(n int) Ref {
	if n < len(c.Refs) {
		return c.Refs[n]
	}
	return Ref{}
}

// eachRef calls fn for the objects that are known by their id. A name that fn
// changes is the value's new text.
func (c *Condition) eachRef(fn func(kind RefKind, r *Ref)) {
	kind := c.names()
	if kind == "" {
		return
	}
	n := -1
	value := c.Value.each(func(text string) string {
		n++
		if c.ref(n).ID == 0 {
			return text
		}
		fn(kind, &c.Refs[n])
		return c.Refs[n].Name
	})
	c.Value = &value
}

// Category says what a condition looks at.
type Category string

// The categories of branches, and those that only triggers offer.
const (
	CatContactField       Category = "contact_field"
	CatContactTag         Category = "contact_tag"
	CatVariable           Category = "variable"
	CatAssigneeStatus     Category = "assignee_status"
	CatLastChannel        Category = "last_interacted_channel"
	CatLastIncoming       Category = "last_incoming_message"
	CatLastOutgoing       Category = "last_outgoing_message"
	CatLastOutgoingSource Category = "last_outgoing_message_source"
	CatSinceIncoming      Category = "time_since_last_incoming_message"
	CatSinceOutgoing      Category = "time_since_last_outgoing_message"

	CatSource       Category = "source"
	CatConvCategory Category = "conversation_category"
	CatMessageText  Category = "message_text"
	CatMessageType  Category = "message_type"
	CatChannel      Category = "channel"
	CatConvStatus   Category = "conversation_status"
)

// Operator says how the left side is compared with the value.
type Operator string

// The operators of section 5.
const (
	OpEqual            Operator = "is_equal_to"
	OpNotEqual         Operator = "is_not_equal_to"
	OpContains         Operator = "contains"
	OpNotContains      Operator = "does_not_contain"
	OpGreater          Operator = "is_greater_than"
	OpLess             Operator = "is_less_than"
	OpBetween          Operator = "is_between"
	OpTimestampAfter   Operator = "is_timestamp_after"
	OpTimestampBefore  Operator = "is_timestamp_before"
	OpTimestampBetween Operator = "is_timestamp_between"
	OpExists           Operator = "exists"
	OpNotExists        Operator = "does_not_exist"
	OpAnyOf            Operator = "has_any_of"
	OpAllOf            Operator = "has_all_of"
	OpNoneOf           Operator = "has_none_of"
	OpRegex            Operator = "matches_regex"
)

// Seen is what one condition saw: kept in the step log and in trigger
// decisions, so that "why" always has an answer.
type Seen struct {
	Branch   string   `json:"branch,omitempty"` // name of the branch; "" on a trigger
	Index    int      `json:"index"`            // among the conditions of that branch or trigger
	Category Category `json:"category"`
	Field    string   `json:"field,omitempty"`
	Operator Operator `json:"operator"`
	Expected string   `json:"expected"`
	Actual   *string  `json:"actual"` // nil = missing
	Result   bool     `json:"result"`
}
