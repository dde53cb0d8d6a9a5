package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// condition writes a condition shortly: "category[:field] operator".
func condition(t testing.TB, head string, value any) Condition {
	t.Helper()
	left, op, _ := strings.Cut(head, " ")
	category, field, _ := strings.Cut(left, ":")
	c := Condition{Category: Category(category), Field: field, Operator: Operator(op)}
	if value != nil {
		v, err := ValueOf(value)
		require.NoError(t, err)
		c.Value = &v
	}
	return c
}

func between(from, to any) map[string]any { return map[string]any{"from": from, "to": to} }

func TestCondition(t *testing.T) {
	type row struct {
		head  string
		value any
		want  bool
	}
	for group, rows := range map[string][]row{
		"text": {
			{"contact_field:firstname is_equal_to", " aNA ", true},
			{"contact_field:firstname is_equal_to", "An", false},
			{"contact_field:firstname is_not_equal_to", "Bob", true},
			{"contact_field:firstname is_not_equal_to", "ANA", false},
			{"contact_field:city contains", "lumpur", true},
			{"contact_field:city contains", []any{"penang", "KUALA"}, true},
			{"contact_field:city contains", []any{"penang", "ipoh"}, false},
			{"contact_field:city contains", "", false},
			{"contact_field:city does_not_contain", []any{"penang", "KUALA"}, false},
			{"contact_field:city does_not_contain", []any{"penang", "ipoh"}, true},
			{"contact_field:city exists", nil, true},
			{"contact_field:city does_not_exist", nil, false},
			{"contact_field:status is_equal_to", "open", true},
			{"contact_field:status is_equal_to", "closed", false},
			{"contact_field:status is_not_equal_to", "Done", true},
		},
		"folding": {
			{"variable:greek is_equal_to", "ΣΟΦΟΣ", true},
			{"variable:greek contains", "ΦΟΣ", true},
			{"variable:greek contains", "φοσ", true},
			{"variable:kelvin contains", "K", true},
		},
		"numbers": {
			{"contact_field:score is_equal_to", 12.5, true},
			{"contact_field:score is_equal_to", "12.500", true},
			{"contact_field:score is_equal_to", "12,5", false},
			{"contact_field:score is_not_equal_to", 12.5, false},
			{"contact_field:score is_greater_than", 12, true},
			{"contact_field:score is_greater_than", 12.5, false},
			{"contact_field:score is_less_than", "13", true},
			{"contact_field:score is_less_than", "lots", false},
			{"contact_field:score is_between", between(12.5, 13), true},
			{"contact_field:score is_between", between(1, 12.5), true},
			{"contact_field:score is_between", between(13, 14), false},
			{"contact_field:score is_between", 12.5, false},
			{"contact_field:firstname is_greater_than", 1, false},
			{"contact_field:firstname is_between", between("A", "Z"), false},
			{"variable:long is_equal_to", "12345678901234567891", false},
			{"variable:long is_less_than", "12345678901234567891", true},
			{"variable:nan is_equal_to", "nan", true},
			{"variable:nan is_greater_than", "nan", false},
			{"variable:phone is_equal_to", "60123456789", true},
		},
		"dates": {
			{"contact_field:birthday is_timestamp_after", "2000-02-28", true},
			{"contact_field:birthday is_timestamp_after", "2000-02-29", false},
			{"contact_field:birthday is_timestamp_before", "2000-02-29", false},
			{"contact_field:birthday is_timestamp_before", "2000-02-29 00:00:01", true},
			{"contact_field:birthday is_timestamp_between", between("2000-02-29", "2000-02-29"), true},
			{"contact_field:birthday is_timestamp_between", between("2000-03-01", "2000-03-02"), false},
			{"contact_field:birthday is_timestamp_between", "2000-02-29", false},
			{"contact_field:birthday is_timestamp_between", between("2000-02-30", "2001-01-01"), false},
			{"contact_field:firstname is_timestamp_after", "2000-01-01", false},
			{"variable:opened is_timestamp_between", between("2026-03-01", "2026-03-10"), true},
			{"variable:opened is_timestamp_between", between("2026-03-01", "2026-03-10 12:00:00"), false},
			{"variable:opened is_timestamp_between", between("2026-03-01", "2026-03-10 18:00:00"), true},
			{"variable:opened is_timestamp_between", between("2026-03-10 18:00:00", "2026-03-11"), true},
			{"variable:opened is_timestamp_before", "$system.current_datetime", true},
		},
		"missing": {
			{"contact_field:country is_equal_to", "MY", false},
			{"contact_field:country is_not_equal_to", "MY", true},
			{"contact_field:country contains", "M", false},
			{"contact_field:country does_not_contain", "M", true},
			{"contact_field:country is_greater_than", -1, false},
			{"contact_field:country is_less_than", 1, false},
			{"contact_field:country is_between", between(-1, 1), false},
			{"contact_field:country is_timestamp_before", "2030-01-01", false},
			{"contact_field:country exists", nil, false},
			{"contact_field:country does_not_exist", nil, true},
			{"variable:nowhere does_not_exist", nil, true},
			{"variable:empty does_not_exist", nil, true},
			{"contact_field:assignee exists", nil, false},
			{"assignee_status is_equal_to", "online", false},
			{"assignee_status is_not_equal_to", "online", true},
			{"assignee_status does_not_exist", nil, true},
		},
		"deleted field": {
			{"contact_field:town is_equal_to", "x", false},
			{"contact_field:town is_not_equal_to", "x", false},
			{"contact_field:town does_not_exist", nil, false},
		},
		"tags": {
			{"contact_tag has_any_of", []any{"gold", "vip"}, true},
			{"contact_tag has_any_of", "gold", false},
			{"contact_tag has_all_of", []any{"Newsletter", "vip"}, true},
			{"contact_tag has_all_of", []any{"vip", "gold"}, false},
			{"contact_tag has_all_of", []any{}, false},
			{"contact_tag has_none_of", []any{"gold", "silver"}, true},
			{"contact_tag has_none_of", []any{"gold", "vip"}, false},
			{"contact_tag has_any_of", "$tag", true},
			{"contact_tag exists", nil, true},
			{"contact_tag does_not_exist", nil, false},
			{"contact_tag has_none_of", []any{"Removed"}, false},
			{"contact_tag has_any_of", []any{"vip", "Removed"}, false},
			{"contact_tag has_none_of", []any{"$low"}, true},
		},
		"variables": {
			{"variable:menu_choice is_equal_to", "sales", true},
			{"variable:conversation.first_response_time is_less_than", 61, true},
			{"contact_field:firstname is_equal_to", "$contact.name", true},
			{"contact_field:firstname is_equal_to", "{{$contact.nick|ana}}", true},
			{"contact_field:score is_between", between("$low", 13), true},
			{"variable:secret.crm_token exists", nil, false},
		},
		"channel": {
			{"last_interacted_channel is_equal_to", "main", true},
			{"last_interacted_channel:name is_not_equal_to", "Main", false},
			{"last_interacted_channel:source is_equal_to", "telegram", true},
			{"last_interacted_channel:source is_not_equal_to", "line", true},
			{"last_interacted_channel exists", nil, true},
			{"last_interacted_channel is_not_equal_to", "Removed", false},
			{"last_interacted_channel:source is_not_equal_to", "Removed", true},
		},
		"messages": {
			{"last_incoming_message is_equal_to", "what is the price?", true},
			{"last_incoming_message contains", []any{"cost", "price"}, true},
			{"last_incoming_message does_not_contain", "cost", true},
			{"last_incoming_message matches_regex", `PRICE\?$`, true},
			{"last_incoming_message matches_regex", `price`, false},
			{"last_incoming_message matches_regex", `(?i)price`, true},
			{"last_incoming_message matches_regex", `(`, false},
			{"last_incoming_message matches_regex", strings.Repeat("(?i)", 48) + "price", true},
			{"last_incoming_message matches_regex", strings.Repeat("(?i)", 49) + "price", false},
			{"last_incoming_message exists", nil, true},
			{"last_outgoing_message contains", "hell", true},
			{"last_outgoing_message exists", nil, true},
			{"last_outgoing_message_source is_equal_to", "workflow", true},
			{"last_outgoing_message_source is_not_equal_to", "user", true},
		},
		"time since": {
			{"time_since_last_incoming_message is_greater_than", "59m", true},
			{"time_since_last_incoming_message is_greater_than", "1h", false},
			{"time_since_last_incoming_message is_less_than", "1h", false},
			{"time_since_last_incoming_message is_less_than", "1h1s", true},
			{"time_since_last_incoming_message is_between", between("1h", "2h"), true},
			{"time_since_last_incoming_message is_between", between("10m", "1h"), true},
			{"time_since_last_incoming_message is_between", between("10m", "soon"), false},
			{"time_since_last_incoming_message is_greater_than", "soon", false},
			{"time_since_last_incoming_message is_greater_than", between("1m", "2m"), false},
			{"time_since_last_incoming_message is_timestamp_after", "2026-03-10", true},
			{"time_since_last_incoming_message is_timestamp_before", "2026-03-10 22:30:00", false},
			{"time_since_last_incoming_message is_timestamp_between", between("2026-03-10", "2026-03-10"), true},
			{"time_since_last_outgoing_message is_less_than", "1m", true},
		},
		"not offered": {
			{"contact_tag is_equal_to", "VIP", false},
			{"contact_field:firstname like", "Ana", false},
			{"weather is_equal_to", "rain", false},
			{"weather does_not_exist", nil, false},
			{"time_since_last_incoming_message contains", "1h", false},
		},
	} {
		t.Run(group, func(t *testing.T) {
			env := ana()
			env.incoming, env.outgoing = env.now.Add(-time.Hour), env.now.Add(-time.Second)
			env.gone = map[string]bool{"Removed": true, "$low": true} // what a variable holds need be no tag
			with := WithVars(env, map[string]string{"menu_choice": "Sales", "empty": "", "tag": "VIP", "low": "12.5", "nan": "NaN",
				"long": "12345678901234567890", "greek": "σοφος", "kelvin": "\u212a", "phone": "+60123456789", "opened": "2026-03-10 18:00:00",
				"conversation.first_response_time": "60"})
			for _, r := range rows {
				got, seen := MatchConditions([]Condition{condition(t, r.head, r.value)}, "", with)
				require.Equal(t, r.want, got, "%s %v", r.head, r.value)
				require.Equal(t, r.want, seen[0].Result)
			}
		})
	}
}

func TestConditionWithoutMessages(t *testing.T) {
	for head, want := range map[string]bool{
		"last_incoming_message exists":                          false,
		"last_incoming_message does_not_exist":                  true,
		"last_incoming_message does_not_contain":                true,
		"last_incoming_message is_equal_to":                     false,
		"time_since_last_outgoing_message is_greater_than":      false,
		"time_since_last_outgoing_message is_less_than":         false,
		"time_since_last_outgoing_message is_timestamp_after":   false,
		"time_since_last_outgoing_message does_not_exist":       true,
		"time_since_last_incoming_message is_timestamp_before":  false,
		"time_since_last_incoming_message is_timestamp_between": false,
		"last_outgoing_message contains":                        false,
		"last_outgoing_message does_not_exist":                  true,
	} {
		got, _ := MatchConditions([]Condition{condition(t, head, "1h")}, "", ana())
		require.Equal(t, want, got, head)
	}
}

// A message without text is still a message.
func TestConditionOnMessageWithoutText(t *testing.T) {
	env := ana()
	env.incoming, env.names[NameLastIncoming] = env.now, ""
	for head, want := range map[string]bool{"exists": true, "does_not_exist": false, "contains": false, "does_not_contain": true} {
		got, _ := MatchConditions([]Condition{condition(t, "last_incoming_message "+head, "a")}, "", env)
		require.Equal(t, want, got, head)
	}
}

func TestConditionDatesInZone(t *testing.T) {
	env := ana()
	env.zone, env.incoming = "Asia/Tokyo", env.now // 08:30 on 11 March there
	day := between("2026-03-11", "2026-03-11")
	got, _ := MatchConditions([]Condition{condition(t, "time_since_last_incoming_message is_timestamp_between", day)}, "", env)
	require.True(t, got)

	// The day on which the clock goes forward in Rome has 23 hours.
	env.zone, env.incoming = "Europe/Rome", time.Date(2026, 3, 29, 21, 59, 59, 0, time.UTC)
	day = between("2026-03-29", "2026-03-29")
	got, _ = MatchConditions([]Condition{condition(t, "time_since_last_incoming_message is_timestamp_between", day)}, "", env)
	require.True(t, got)
	env.incoming = env.incoming.Add(time.Second)
	got, _ = MatchConditions([]Condition{condition(t, "time_since_last_incoming_message is_timestamp_between", day)}, "", env)
	require.False(t, got)
}

func TestMatchJoins(t *testing.T) {
	yes, no := condition(t, "contact_field:firstname exists", nil), condition(t, "contact_field:country exists", nil)
	for name, c := range map[string]struct {
		cs   []Condition
		m    Match
		want bool
	}{
		"none": {nil, MatchAll, true}, "none, any": {nil, MatchAny, true},
		"all of both": {[]Condition{yes, no}, MatchAll, false}, "any of both": {[]Condition{no, yes}, MatchAny, true},
		"default is all": {[]Condition{no, yes}, "", false}, "any of none true": {[]Condition{no, no}, MatchAny, false},
	} {
		got, seen := MatchConditions(c.cs, c.m, ana())
		require.Equal(t, c.want, got, name)
		require.Len(t, seen, len(c.cs), "every condition is seen: %s", name)
	}
}

func TestEvaluateBranches(t *testing.T) {
	env := ana()
	env.incoming = env.now.Add(-90 * time.Second)
	bs := []BranchArm{
		{Name: "far", Conditions: []Condition{condition(t, "contact_field:country is_equal_to", "$contact.nick|MY")}},
		{Name: "fresh", Match: MatchAny, Conditions: []Condition{
			condition(t, "contact_tag has_any_of", []any{"Gold"}),
			condition(t, "time_since_last_incoming_message is_less_than", "2m"),
		}},
		{Name: "never asked", Conditions: []Condition{condition(t, "contact_field:firstname exists", nil)}},
	}
	arm, seen := EvaluateBranches(bs, env)
	require.Equal(t, Arm("fresh"), arm)
	tags, ago := "VIP, newsletter", "1m30s ago"
	require.Equal(t, []Seen{
		{Branch: "far", Category: CatContactField, Field: "country", Operator: OpEqual, Expected: "MY"},
		{Branch: "fresh", Category: CatContactTag, Operator: OpAnyOf, Expected: "Gold", Actual: &tags},
		{Branch: "fresh", Index: 1, Category: CatSinceIncoming, Operator: OpLess, Expected: "2m", Actual: &ago, Result: true},
	}, seen)

	arm, seen = EvaluateBranches(bs[:1], env)
	require.Equal(t, ArmElse, arm)
	require.Len(t, seen, 1)
}

func TestSeenIsCut(t *testing.T) {
	env := ana()
	env.names["contact.city"] = strings.Repeat("ü", maxSeen+1)
	_, seen := MatchConditions([]Condition{condition(t, "contact_field:city is_equal_to", strings.Repeat("x", maxSeen+1))}, "", env)
	require.Equal(t, strings.Repeat("ü", maxSeen), *seen[0].Actual)
	require.Len(t, seen[0].Expected, maxSeen)
}

func FuzzCondition(f *testing.F) {
	f.Add("contact_field:score", "is_equal_to", "12.5", "13")
	f.Add("last_incoming_message", "matches_regex", "(a+)+$", "")
	f.Add("contact_field:birthday", "is_timestamp_between", "2000-01-01", "2000-12-31 10:00:00")
	f.Add("time_since_last_incoming_message", "is_between", "1m", "106751d")
	f.Fuzz(func(t *testing.T, left, op, a, b string) {
		env := ana()
		env.incoming = env.now
		for _, v := range []any{a, []any{a, b}, between(a, b)} {
			c := condition(t, left+" "+strings.ReplaceAll(op, " ", ""), v)
			got, seen := MatchConditions([]Condition{c}, MatchAll, env)
			require.Equal(t, got, seen[0].Result)
		}
	})
}
