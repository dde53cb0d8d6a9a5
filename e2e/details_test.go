package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"ucal/internal/dbtest"
)

// ugly has names that Markdown and HTML would take for marks, and a step with a
// secret whose answer repeats it.
const ugly = `{"trigger":{"type":"message_received"},"steps":[
	{"id":"crm","name":"Ask *the* <b onclick=alert(1)>CRM</b> \\| [x](http://evil.example)","type":"http_request","config":{"method":"GET","url":"BASE/customer",
		"headers":{"Authorization":"Bearer $secret.crm"},"response_mapping":{"echo":"$.authorization","shape":"$.shape"}},"next":"which"},
	{"id":"which","name":"Known?","type":"branch","config":{"branches":[{"name":"yes|<i>","conditions":[{"category":"contact_field","field":"email","operator":"exists"}]}]},
		"arms":{"yes|<i>":"ask","else":"end"}},
	{"id":"ask","name":"Ask for the _order_","type":"ask_question","config":{"question":"Which order?","question_type":"text","timeout":"1h","save_as_variable":"order"},"arms":{"success":"pause"}},
	{"id":"pause","type":"wait","config":{"wait_for":"1h"}}]}`

// The details of an execution in the Temporal UI tell where a run is, what it
// waits for, which way it came, and what it knows, without a secret.
func TestCurrentDetails(t *testing.T) {
	w := newWorld(t, dbtest.SQLiteURL(t))
	w.connect()
	w.must("PUT", "/space/secret/crm", map[string]any{"value": crmToken})
	crm := newOutsider(t, func(_ int, c outsideCall, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"authorization":%q,"shape":"a | b\n<script>alert(1)</script> \\| &lt;"}`, c.Authorization)
	})
	w.publish("Ugly", strings.ReplaceAll(ugly, "BASE", crm.URL))
	w.write("ida", "Hello")
	run := w.waits("ida", "answer")
	got := w.details(run)
	until, text, ok := strings.Cut(got, "\n**Before**")
	require.True(t, ok, got)
	require.Regexp(t, `^### 3\. Ask for the \\_order\\_\n.ask. · ask_question\n\nWaits for \*\*answer\*\* until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\.\n$`, until)
	require.Equal(t, `

- 1. Ask \*the\* \<b onclick=alert(1)\>CRM\</b\> \\\| \[x\](http://evil.example)
- 2. Known? → yes\|\<i\>

**Variables**

| name | value |
|---|---|
| `+"`echo`"+` | Bearer \*\*\* |
| `+"`shape`"+` | a \| b \<script\>alert(1)\</script\> \\\| \&lt; |
| `+"`trigger.channel`"+` | Shop |
| `+"`trigger.text`"+` | Hello |
| `+"`trigger.type`"+` | text |
`, text)

	w.write("ida", "A-7")
	run = w.waits("ida", "timer")
	got = w.details(run)
	require.Contains(t, got, "### 4. Wait\n`pause` · wait\n\nWaits for **timer** until ")
	require.Contains(t, got, "- 3. Ask for the \\_order\\_ → success\n")
	require.Contains(t, got, "| `order` | A-7 |")
	require.NotContains(t, w.kept(run), crmToken)
	w.named(run)
}

// named requires that every timer and activity of a run bears the name of its
// step.
func (w *world) named(run map[string]any) {
	w.t.Helper()
	names := map[string]bool{}
	for _, s := range run["steps"].([]any) {
		names[s.(map[string]any)["name"].(string)] = true
	}
	seen := map[enums.EventType]int{}
	for i, ev := range w.history(run, "").GetEvents() {
		kind := ev.GetEventType()
		switch kind {
		case enums.EVENT_TYPE_MARKER_RECORDED:
			if ev.GetMarkerRecordedEventAttributes().GetMarkerName() != "LocalActivity" {
				continue
			}
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enums.EVENT_TYPE_TIMER_STARTED:
		default:
			continue
		}
		seen[kind]++
		name := summary(w.t, ev)
		first := kind == enums.EVENT_TYPE_MARKER_RECORDED && seen[kind] == 1
		require.True(w.t, names[name] || first && strings.HasPrefix(name, "Load ") || name == "End", "event %d, %s, is called %q", i+1, kind, name)
	}
	require.Len(w.t, seen, 3, "the run has events of all kinds")
}
