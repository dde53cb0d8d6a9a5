package acceptance

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// workflowScenarios are 1 to 12: workflows.
func workflowScenarios() []scenario {
	return []scenario{
		{1, "given a new workflow with a trigger and no step when saved then refused with workflow.steps.missing", false, func(w *world) {
			a := w.call("POST", "/v2/workflow", object{"name": "Empty", "definition": object{"trigger": object{"type": "conversation_opened"}, "steps": []any{}}})
			a.refused(400, "workflow_invalid")
			require.Equal(w, []string{"workflow.steps.missing"}, a.problems())
			require.Empty(w, w.call("GET", "/v2/workflow", nil).ok()["items"])
		}},
		{2, "given a step with an empty required field when saved then refused with step.config.missing and the step is listed", false, func(w *world) {
			a := w.call("POST", "/v2/workflow", object{"name": "Gap", "definition": object{"trigger": object{"type": "conversation_opened"},
				"steps": []any{object{"id": "note", "type": "add_comment", "config": object{"text": " "}}}}})
			a.refused(400, "workflow_invalid")
			require.Equal(w, []string{"step.config.missing at note"}, a.problems())
		}},
		{3, "given a valid new workflow when saved then it is a draft and its trigger does not fire", true, func(w *world) {
			id := w.saves(flowFile("welcome", byContact, send("hello", "Hello", ""))).id()
			require.Equal(w, "draft", w.workflow(id)["state"])
			w.writes("ana", "hi")
			require.Empty(w, w.runs("ana"))
			require.Empty(w, w.said("ana"))
			require.Empty(w, w.trace("ana", id), "it was not even asked")
		}},
		{4, "given a draft when published then it is published with last-published user and time", true, func(w *world) {
			w.users("Max:manager")
			id := w.imports(flowFile("welcome", byContact, send("hello", "Hello", ""))).id()
			require.Nil(w, w.workflow(id)["lastPublishedAt"])
			w.call("POST", fmt.Sprintf("/v2/workflow/%d/publish", id), nil, as(w.login("Max"))).ok()
			wf := w.workflow(id)
			require.Equal(w, "published", wf["state"])
			require.EqualValues(w, w.clock.Load(), wf["lastPublishedAt"])
			require.Equal(w, "Max", wf["lastPublishedBy"].(object)["name"])
			require.EqualValues(w, 1, wf["version"])
		}},
		{5, "given a published workflow when stopped then it is stopped and new events start nothing", true, func(w *world) {
			id := w.publishes(flowFile("welcome", byContact, send("hello", "Hello", "")))
			w.writes("ana", "hi")
			require.Len(w, w.runs("ana"), 1)
			w.stops(id)
			require.Equal(w, "stopped", w.workflow(id)["state"])
			w.writes("bob", "hi")
			require.Empty(w, w.runs("bob"))
		}},
		{6, "given 100 workflows when creating the 101st then refused with workflow.limit", false, func(w *world) {
			for i := range 100 {
				w.imports(flowFile(fmt.Sprintf("flow-%d", i), byHand, send("hello", "Hello", ""))).ok()
			}
			a := w.imports(flowFile("flow-100", byHand, send("hello", "Hello", ""))).refused(400, "workflow_invalid")
			require.Equal(w, []string{"workflow.limit"}, a.problems())
		}},
		{7, "given 100 steps when adding one then refused with workflow.steps.limit", false, func(w *world) {
			chain := func(n int) string {
				var steps []string
				for i := range n {
					next := fmt.Sprintf("next: s%d", i+1)
					if i == n-1 {
						next = ""
					}
					steps = append(steps, step(fmt.Sprintf("s%d", i), "open_conversation", "", next))
				}
				return flowFile("long", byHand, steps...)
			}
			w.imports(chain(100)).ok()
			require.Contains(w, w.saves(chain(101)).problems(), "workflow.steps.limit")
		}},
		{8, "given a user with the agent role when opening workflows then no access", false, func(w *world) {
			w.users("Ann")
			id := w.imports(flowFile("welcome", byContact, send("hello", "Hello", ""))).id()
			for _, path := range []string{"/v2/workflow", fmt.Sprintf("/v2/workflow/%d", id), "/v2/template", "/v2/run", fmt.Sprintf("/v2/workflow/%d/export", id)} {
				w.call("GET", path, nil, as(w.login("Ann"))).refused(403, "forbidden")
			}
		}},
		{9, "given a published workflow when cloned then an identical draft", true, func(w *world) {
			id := w.publishes(flowFile("welcome", byContact, "+settings: {allow_manual_stop: true}", send("hello", "Hello $contact.firstname", "")))
			clone := w.call("POST", fmt.Sprintf("/v2/workflow/%d/clone", id), object{}).ok()
			original := w.workflow(id)
			require.Equal(w, "draft", clone["state"])
			require.Equal(w, "Copy of welcome", clone["name"])
			require.NotEqual(w, original["slug"], clone["slug"])
			require.Equal(w, original["definition"], clone["definition"])
			require.Equal(w, original["settings"], clone["settings"])
			require.Equal(w, "published", original["state"])
		}},
		{10, "given once-per-contact off and a contact that ran once when it is set on and the event recurs then no second run", true, func(w *world) {
			file := flowFile("welcome", byContact, send("hello", "Hello", ""))
			id := w.publishes(file)
			w.writes("ana", "hi")
			w.closes("", "ana")
			w.publishes(strings.Replace(file, "{type: conversation_opened,", "{type: conversation_opened, once_per_contact: true,", 1))
			w.writes("ana", "hi again")
			require.Len(w, w.runs("ana"), 1)
			require.Equal(w, []string{"matched", "once_per_contact"}, w.decisions("ana", id))
		}},
		{11, "given once-per-contact on when a contact that never entered fires it then it runs once and later events start nothing", true, func(w *world) {
			id := w.publishes(flowFile("welcome", "{type: conversation_opened, once_per_contact: true}", send("hello", "Hello", "")))
			for range 3 {
				w.writes("ana", "hi")
				w.closes("", "ana")
			}
			require.Len(w, w.runs("ana"), 1)
			require.Equal(w, []string{"matched", "once_per_contact", "once_per_contact"}, w.decisions("ana", id))
			require.Equal(w, []string{"Hello"}, w.said("ana"))
		}},
		{12, "given a manual trigger when editing then no once-per-contact option is offered", false, func(w *world) {
			a := w.saves(flowFile("child", "{type: manual_trigger, once_per_contact: true}", send("hello", "Hello", "")))
			require.Equal(w, []string{"trigger.once.not_allowed"}, a.problems())
		}},
	}
}
