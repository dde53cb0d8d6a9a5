package flow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchTrigger(t *testing.T) {
	opened := Happening{Type: ConversationOpened, Source: "contact"}
	closed := Happening{Type: ConversationClosed, Source: "user", Category: "Refund"}
	message := Happening{Type: MessageReceived, Text: "What is the price?", MessageType: "text", Channel: "Main", ChannelKind: "telegram"}
	type row struct {
		h     Happening
		head  string
		value any
		want  bool
	}
	for name, r := range map[string]row{
		"source equal":              {opened, "source is_equal_to", "contact", true},
		"source other":              {opened, "source is_equal_to", "user", false},
		"source not equal":          {opened, "source is_not_equal_to", "user", true},
		"source any":                {opened, "source has_any_of", []any{"user", "contact"}, true},
		"source none of the list":   {opened, "source has_any_of", []any{"user", "api"}, false},
		"category equal":            {closed, "conversation_category is_equal_to", "refund", true},
		"category not equal":        {closed, "conversation_category is_not_equal_to", "Sales", true},
		"category any":              {closed, "conversation_category has_any_of", []any{"Sales", "Refund"}, true},
		"category exists":           {closed, "conversation_category exists", nil, true},
		"no category exists":        {Happening{Type: ConversationClosed}, "conversation_category exists", nil, false},
		"no category":               {Happening{Type: ConversationClosed}, "conversation_category does_not_exist", nil, true},
		"no category, not equal":    {Happening{Type: ConversationClosed}, "conversation_category is_not_equal_to", "Sales", true},
		"no category, any":          {Happening{Type: ConversationClosed}, "conversation_category has_any_of", []any{"Sales"}, false},
		"text contains":             {message, "message_text contains", []any{"cost", "Price"}, true},
		"text does not contain":     {message, "message_text does_not_contain", "cost", true},
		"text equal":                {message, "message_text is_equal_to", "what is the PRICE? ", true},
		"text not equal":            {message, "message_text is_not_equal_to", "price", true},
		"text regex":                {message, "message_text matches_regex", `pric(e|es)\?`, true},
		"text regex is exact":       {message, "message_text matches_regex", `PRICE`, false},
		"text with variable":        {message, "message_text contains", "$keyword", true},
		"type equal":                {message, "message_type is_equal_to", "text", true},
		"type any":                  {message, "message_type has_any_of", []any{"location", "attachment"}, false},
		"channel name":              {message, "channel is_equal_to", "main", true},
		"channel name, written":     {message, "channel:name is_not_equal_to", "Other", true},
		"channel source":            {message, "channel:source has_any_of", []any{"line", "telegram"}, true},
		"deleted channel":           {message, "channel is_not_equal_to", "Removed", false},
		"was closed":                {message, "conversation_status is_equal_to", "close", true},
		"was closed, other word":    {message, "conversation_status is_equal_to", "closed", true},
		"was not open":              {message, "conversation_status is_equal_to", "open", false},
		"was open":                  {Happening{Type: MessageReceived, WasOpen: true}, "conversation_status is_equal_to", "open", true},
		"category of branches only": {message, "contact_field:firstname exists", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			env := ana()
			env.gone = map[string]bool{"Removed": true}
			with := WithVars(env, map[string]string{"keyword": "price"})
			trigger := Trigger{Type: r.h.Type, Conditions: []Condition{condition(t, r.head, r.value)}}
			got, seen := MatchTrigger(trigger, r.h, with)
			require.Equal(t, r.want, got)
			require.Len(t, seen, 1)
		})
	}
}

func TestMatchTriggerJoins(t *testing.T) {
	h := Happening{Type: ConversationClosed, Source: "api"}
	cs := []Condition{condition(t, "source is_equal_to", "api"), condition(t, "conversation_category exists", nil)}
	ok, seen := MatchTrigger(Trigger{Type: ConversationClosed, Conditions: cs}, h, ana())
	require.False(t, ok)
	require.Equal(t, "api", *seen[0].Actual)
	require.Nil(t, seen[1].Actual)
	ok, _ = MatchTrigger(Trigger{Type: ConversationClosed, Match: MatchAny, Conditions: cs}, h, ana())
	require.True(t, ok)
	ok, _ = MatchTrigger(Trigger{Type: ConversationClosed}, h, ana())
	require.True(t, ok, "no conditions: every close fires")
	ok, seen = MatchTrigger(Trigger{Type: ConversationOpened}, h, ana())
	require.False(t, ok, "another type")
	require.Nil(t, seen)
}

func TestTriggerVars(t *testing.T) {
	h := Happening{Type: MessageReceived, Text: "Prices for 12 pieces?", MessageType: "text", Channel: "Main"}
	for name, c := range map[string]struct {
		head, match string
		value       any
	}{
		"keyword":            {"message_text contains", "price", []any{"cost", "price"}},
		"regex":              {"message_text matches_regex", "12 pieces", `\d+ \w+`},
		"equal":              {"message_text is_equal_to", "prices FOR 12 pieces?", "prices FOR 12 pieces?"},
		"condition is false": {"message_text contains", "", "cost"},
		"nothing to match":   {"message_text does_not_contain", "", "cost"},
		"other category":     {"message_type is_equal_to", "", "text"},
	} {
		trigger := Trigger{Type: MessageReceived, Conditions: []Condition{condition(t, c.head, c.value)}}
		require.Equal(t, map[string]string{"trigger.text": h.Text, "trigger.type": "text", "trigger.channel": "Main", "trigger.match": c.match},
			TriggerVars(trigger, h, ana()), name)
	}
	require.Empty(t, TriggerVars(Trigger{Type: ConversationOpened}, Happening{Type: ConversationOpened}, ana()))
}
