package acceptance

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// Triggers that many scenarios begin with.
const (
	byContact = "{type: conversation_opened, conditions: [{category: source, operator: is_equal_to, value: contact}]}"
	onOpen    = "{type: conversation_opened}"
	onClose   = "{type: conversation_closed}"
	onMessage = "{type: message_received}"
	byHand    = "{type: manual_trigger}"
)

// flowFile writes a workflow file: a trigger, then one line a step (or a block),
// and further top-level lines that begin with "+".
func flowFile(id, trigger string, lines ...string) string {
	var b, top strings.Builder
	fmt.Fprintf(&b, "format: 1\nid: %s\nname: %s\ntrigger: %s\n", id, title(id), trigger)
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "+"); ok {
			fmt.Fprintln(&top, rest)
		}
	}
	b.WriteString(top.String() + "steps:\n")
	for _, l := range lines {
		if !strings.HasPrefix(l, "+") {
			fmt.Fprintf(&b, "  - %s\n", l)
		}
	}
	return b.String()
}

// title is a workflow's name in the scenarios.
func title(id string) string { return strings.ReplaceAll(id, "-", " ") }

// send is a Send a Message step; rest adds keys such as next or arms.
func send(id, text, rest string) string {
	return fmt.Sprintf("{id: %s, type: send_message, config: {channel: last_interacted, message: {type: text, text: %q}}%s}", id, text, more(rest))
}

// step is any step.
func step(id, typ, config, rest string) string {
	if config != "" {
		config = ", config: " + config
	}
	return fmt.Sprintf("{id: %s, type: %s%s%s}", id, typ, config, more(rest))
}

func more(rest string) string {
	if rest == "" {
		return ""
	}
	return ", " + rest
}

// imports imports a file as a draft.
func (w *world) imports(file string) answer {
	w.Helper()
	return w.call("POST", "/v2/workflow/import?replace=true", file, yaml)
}

// publishes imports a file and publishes it; the result is the workflow's id.
func (w *world) publishes(file string) int64 {
	w.Helper()
	id := w.imports(file).id()
	a := w.call("POST", fmt.Sprintf("/v2/workflow/%d/publish", id), nil)
	require.Equal(w, 200, a.Status, "%s\n%s", file, a.Text)
	return id
}

// workflow is a workflow as the API shows it.
func (w *world) workflow(id int64) object {
	w.Helper()
	return w.call("GET", fmt.Sprintf("/v2/workflow/%d", id), nil).ok()
}

// stops stops a workflow.
func (w *world) stops(id int64) object {
	w.Helper()
	return w.call("POST", fmt.Sprintf("/v2/workflow/%d/stop", id), object{}).ok()
}

// saves saves trigger and steps of a file as a new workflow through the API's
// create, which refuses what has errors.
func (w *world) saves(file string) answer {
	w.Helper()
	checked := w.call("POST", "/v2/workflow/validate", file, yaml)
	codes := checked.problems()
	made := w.imports(file)
	if made.Status >= 300 {
		return made
	}
	full := made.ok()
	a := w.call("POST", "/v2/workflow", object{"name": "copy", "definition": full["definition"], "settings": full["settings"]})
	require.Equal(w, a.Status < 300, !blocking(checked), "create and validate agree: %v\n%s", codes, a.Text)
	return a
}

// blocking reports whether a validation found an error.
func blocking(checked answer) bool {
	checked.w.Helper()
	return !checked.ok()["valid"].(bool)
}
