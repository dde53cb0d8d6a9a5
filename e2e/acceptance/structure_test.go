package acceptance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// structureScenarios are 88 to 92: workflows that start each other, and what the
// builder does to a tree. The builder's moves are changes of the definition.
func structureScenarios() []scenario {
	tree := func(root string) string {
		return flowFile("tree", byHand, send("one", "1", "next: two"), send("two", "2", "next: fork"),
			branch("all", "arms: {"+root+"}", "vip: {category: contact_tag, operator: exists}"), send("left", "3", "next: deep"), send("deep", "4", ""), send("right", "5", ""))
	}
	return []scenario{
		{88, "given A published and triggering B, B published when B is edited to trigger A and published then Workflow loop detected", true, func(w *world) {
			w.publishes(flowFile("b", byHand, note("only", "b")))
			w.publishes(flowFile("a", byHand, step("go", "trigger_another_workflow", "{target: b}", "")))
			id := w.imports(flowFile("b", byHand, step("go", "trigger_another_workflow", "{target: a}", ""))).id()
			a := w.call("POST", fmt.Sprintf("/v2/workflow/%d/publish", id), nil).refused(409, "workflow_loop")
			require.Contains(w, a.Text, "Workflow loop detected")
			require.Equal(w, []string{"workflow.loop"}, a.problems())
			require.EqualValues(w, 1, w.workflow(id)["version"])
		}},
		{89, "given trigger another workflow to a target stopped meanwhile when run then the caller continues and logs it and with failure arm that arm", true, func(w *world) {
			child := w.publishes(flowFile("child", byHand, note("only", "child")))
			w.publishes(flowFile("plain", onMessage, step("go", "trigger_another_workflow", "{target: child}", "next: after"), note("after", "plain went on")))
			w.publishes(flowFile("armed", onMessage, step("go", "trigger_another_workflow", "{target: child}", "next: after, arms: {failure: bad}"), note("after", "armed went on"), note("bad", "failed")))
			w.stops(child)
			w.writes("ana", "hi")
			require.ElementsMatch(w, []string{"plain went on", "failed"}, w.comments("ana"))
			require.Contains(w, fmt.Sprint(path(w.runByID(w.runs("ana")[0]["id"]))), "go (not_published)")
		}},
		{90, "given deleting a branch with a subtree when confirmed then all its steps are gone", false, func(w *world) {
			full := strings.Replace(tree("vip: left, else: right"), "{id: branch,", "{id: fork,", 1)
			id := w.publishes(full)
			pruned := flowFile("tree", byHand, send("one", "1", "next: two"), send("two", "2", ""))
			w.publishes(pruned)
			require.Equal(w, []string{"one", "two"}, w.stepIDs(id))
			a := w.saves(flowFile("half", byHand, send("one", "1", "next: two"), send("two", "2", ""), send("left", "3", "next: deep"), send("deep", "4", "")))
			require.Equal(w, []string{"step.orphan at left"}, slices.DeleteFunc(a.problems(), func(c string) bool { return !strings.HasPrefix(c, "step.") }), "a subtree without its branch cannot stay")
		}},
		{91, "given moving a parent step when dropped elsewhere then its children move along", true, func(w *world) {
			fork := func(arms string) string {
				return strings.Replace(tree(arms), "{id: branch,", "{id: fork,", 1)
			}
			id := w.publishes(fork("vip: left, else: right"))
			moved := fork("else: left") // left, with deep below it, is dropped on the other arm
			moved = strings.Replace(moved, "  - "+send("right", "5", "")+"\n", "", 1)
			w.publishes(moved)
			require.Equal(w, []string{"one", "two", "fork", "left", "deep"}, w.stepIDs(id))
			w.writes("ana", "hi")
			run := w.starts(id, "ana")
			require.Equal(w, []string{"one", "two", "fork→else", "left", "deep"}, path(run))
		}},
		{92, "given a copied step when pasted in another workflow then it is not possible: it leads to steps that are not there", false, func(w *world) {
			w.saves(flowFile("first", byHand, send("one", "1", "next: two"), step("two", "jump_to", "{step: one, max_jumps: 1}", ""))).ok()
			a := w.saves(flowFile("second", byHand, step("two", "jump_to", "{step: one, max_jumps: 1}", "")))
			require.Equal(w, []string{"jump.target at two"}, a.problems())
			a = w.saves(flowFile("third", byHand, send("copy", "1", "next: two")))
			require.Equal(w, []string{"step.target.unknown at copy"}, a.problems())
		}},
	}
}

// stepIDs are the steps of a workflow's draft, in their order.
func (w *world) stepIDs(id int64) (ids []string) {
	w.Helper()
	for _, s := range w.workflow(id)["definition"].(object)["steps"].([]any) {
		ids = append(ids, s.(object)["id"].(string))
	}
	return ids
}
