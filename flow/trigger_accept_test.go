package flow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTriggersAccept(t *testing.T) {
	added := Happening{Type: ContactTagUpdated, Tag: &TagChange{ID: 7, Name: "VIP", Action: TagAdded}}
	city := Happening{Type: ContactFieldUpdated, Field: &FieldChange{ID: 3, Key: "city", Old: "Rome", New: "Bari"}}
	email := Happening{Type: ContactFieldUpdated, Field: &FieldChange{Key: "email", New: "a@x.io"}}
	click := Happening{Type: ClickToChatAds, Ad: &Ad{Account: "act_1", ID: "120"}}
	list := func(ids ...any) *Value {
		v, err := ValueOf(ids)
		require.NoError(t, err)
		return &v
	}
	all := &Value{V: AllAds}
	for name, c := range map[string]struct {
		config TriggerConfig
		h      Happening
		want   bool
	}{
		"tag by id":                 {&TagUpdated{TagAdded, []Ref{{ID: 6}, {ID: 7, Name: "old name"}}}, added, true},
		"tag by name":               {&TagUpdated{TagAdded, []Ref{{Name: "vip"}}}, added, true},
		"other tag":                 {&TagUpdated{TagAdded, []Ref{{ID: 8, Name: "VIP"}}}, added, false},
		"other action":              {&TagUpdated{TagRemoved, []Ref{{ID: 7}}}, added, false},
		"no tag":                    {&TagUpdated{TagAdded, []Ref{{ID: 7}}}, Happening{Type: ContactTagUpdated}, false},
		"custom field":              {&FieldUpdated{Ref{ID: 3, Name: "city"}}, city, true},
		"custom field, made anew":   {&FieldUpdated{Ref{ID: 4, Name: "city"}}, city, false},
		"standard field":            {&FieldUpdated{Ref{Name: "email"}}, email, true},
		"other standard field":      {&FieldUpdated{Ref{Name: "phone"}}, email, false},
		"custom for standard":       {&FieldUpdated{Ref{ID: 3, Name: "email"}}, email, false},
		"any ad":                    {&AdsConfig{"act_1", all}, click, true},
		"any ad of another account": {&AdsConfig{"act_2", all}, click, false},
		"account unknown":           {&AdsConfig{"act_2", all}, Happening{Type: ClickToChatAds, Ad: &Ad{ID: "120"}}, true},
		"listed ad":                 {&AdsConfig{"act_1", list("119", 120)}, click, true},
		"ad not listed":             {&AdsConfig{"act_1", list("119")}, click, false},
		"ad without an id":          {&AdsConfig{"act_1", list("119")}, Happening{Type: ClickToChatAds, Ad: &Ad{}}, false},
		"no ad":                     {&AdsConfig{"act_1", all}, Happening{Type: ClickToChatAds}, false},
		"shortcut":                  {&ShortcutConfig{}, Happening{Type: Shortcut}, true},
		"webhook":                   {&WebhookConfig{}, Happening{Type: IncomingWebhook}, true},
	} {
		t.Run(name, func(t *testing.T) {
			trigger := Trigger{Type: c.h.Type, Config: c.config}
			require.Equal(t, c.want, trigger.Accepts(c.h))
			got, seen := MatchTrigger(trigger, c.h, ana())
			require.Equal(t, c.want, got)
			require.Empty(t, seen)
			trigger.Type = ManualTrigger
			require.False(t, trigger.Accepts(c.h), "another type")
		})
	}
}

// Every name of TriggerNames is filled, and nothing else.
func TestTriggerVarsOfEachType(t *testing.T) {
	long := strings.Repeat("ü", MaxVariable+1)
	form := &ShortcutConfig{Form: []FormField{{Variable: "reason"}}}
	for _, c := range []struct {
		trigger Trigger
		h       Happening
		want    map[string]string
	}{
		{Trigger{Type: ContactTagUpdated}, Happening{Tag: &TagChange{Name: "VIP", Action: TagAdded}}, map[string]string{"trigger.tag": "VIP", "trigger.action": "added"}},
		{Trigger{Type: ContactFieldUpdated}, Happening{Field: &FieldChange{Key: "city", Old: "", New: long}},
			map[string]string{"trigger.field": "city", "trigger.old_value": "", "trigger.new_value": strings.Repeat("ü", MaxVariable)}},
		{Trigger{Type: Shortcut, Config: form}, Happening{User: &Person{7, "Ann Lee", "ann@x.io"}, Vars: map[string]string{"reason": "late"}},
			map[string]string{"trigger.user.id": "7", "trigger.user.name": "Ann Lee", "trigger.user.email": "ann@x.io", "reason": "late"}},
		{Trigger{Type: Shortcut}, Happening{}, map[string]string{"trigger.user.id": "", "trigger.user.name": "", "trigger.user.email": ""}},
		{Trigger{Type: IncomingWebhook}, Happening{Vars: map[string]string{"order": long}}, map[string]string{"order": strings.Repeat("ü", MaxVariable)}},
		{Trigger{Type: ClickToChatAds}, Happening{Ad: &Ad{"act", "1", "T", "D", "https://x.io", "ad", "c"}},
			map[string]string{"ad.id": "1", "ad.title": "T", "ad.description": "D", "ad.url": "https://x.io", "ad.source": "ad", "ad.click_id": "c"}},
	} {
		c.h.Type = c.trigger.Type
		require.Equal(t, c.want, TriggerVars(c.trigger, c.h, ana()), c.trigger.Type)
	}
}

func TestFillingAForm(t *testing.T) {
	s := &ShortcutConfig{Form: []FormField{
		{Label: "Why", Type: FieldText, Variable: "why", Required: true},
		{Label: "When", Type: FieldList, Variable: "slot", Options: []string{"Today", "Tomorrow"}},
		{Label: "Urgent", Type: FieldCheckbox, Variable: "urgent"},
		{Label: "How many", Type: FieldNumber, Variable: "count"},
		{Label: "Day", Type: FieldDate, Variable: "day"},
		{Label: "Hour", Type: FieldTime, Variable: "hour"},
		{Label: "Phone", Type: FieldPhone, Variable: "phone"},
		{Label: "Mail", Type: FieldEmail, Variable: "mail"},
		{Label: "Page", Type: FieldURL, Variable: "page"},
	}}
	answers, faults := s.Fill(map[string]string{"why": " late\x00 ", "slot": "TODAY", "urgent": "TRUE", "count": "012.50", "day": "2026-02-28",
		"hour": "9:30", "phone": "+60 11-223 3455", "mail": "Ann@X.io", "page": "example.com"})
	require.Empty(t, faults)
	require.Equal(t, map[string]string{"why": "late", "slot": "Today", "urgent": "true", "count": "12.5", "day": "2026-02-28", "hour": "09:30",
		"phone": "+60112233455", "mail": "ann@x.io", "page": "https://example.com"}, answers)

	answers, faults = s.Fill(map[string]string{"why": "x", "count": " "})
	require.Empty(t, faults)
	require.Equal(t, "", answers["count"], "optional and blank")
	require.Len(t, answers, len(s.Form), "every variable is known from the start")

	answers, faults = s.Fill(map[string]string{"why": "\t", "slot": "Never", "urgent": "maybe", "count": "1,5", "day": "2026-02-30", "hour": "25:00",
		"phone": "12", "mail": "ann", "page": "x", "zeta": "1", "alpha": ""})
	require.Nil(t, answers)
	var names []string
	for _, f := range faults {
		require.NotEmpty(t, f.Message)
		require.Equal(t, f.Variable == "zeta" || f.Variable == "alpha", f.Unknown)
		names = append(names, f.Variable)
	}
	require.Equal(t, []string{"why", "slot", "urgent", "count", "day", "hour", "phone", "mail", "page", "alpha", "zeta"}, names, "all at once, in the order of the form")

	_, faults = (&ShortcutConfig{}).Fill(nil)
	require.Empty(t, faults)
	_, faults = (&ShortcutConfig{}).Fill(map[string]string{"x": "1"})
	require.Len(t, faults, 1)
}

func TestExtractingFromAWebhook(t *testing.T) {
	w := &WebhookConfig{IdentifierPath: "$.who", Variables: Pairs{{"text", "$.a.text"}, {"number", "$.a.number"}, {"yes", "$.a.yes"}, {"null", "$.a.null"},
		{"list", "$.a.list"}, {"object", "$.a.object"}, {"none", "$.b.c"}, {"item", "$.a.list[-1]"}}}
	doc, err := DecodeJSON([]byte(`{"who":" Ann@x.io ","a":{"text":" hi\u0000 ","number":12345678901234567890.50,"yes":true,"null":null,"list":[1,"<b>"],"object":{"b":[],"a":1}}}`))
	require.NoError(t, err)
	who, vars := w.Extract(doc)
	require.Equal(t, "Ann@x.io", who)
	require.Equal(t, map[string]string{"text": "hi", "number": "12345678901234567890.5", "yes": "true", "null": "", "list": `[1,"<b>"]`,
		"object": `{"a":1,"b":[]}`, "none": "", "item": "<b>"}, vars)

	for body, want := range map[string]string{`{"who":42}`: "42", `{"who":"42"}`: "42", `{"who":null}`: "", `{"who":" "}`: "", `{}`: "", `[]`: "", `"x"`: "",
		`{"who":{"id":1}}`: "", `{"who":["a"]}`: "", `{"who":false}`: ""} {
		doc, err := DecodeJSON([]byte(body))
		require.NoError(t, err)
		who, _ := w.Extract(doc)
		require.Equal(t, want, who, body)
	}
}
