package acceptance

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
)

// said are the texts that a contact got, oldest first: text, title or caption.
func (w *world) said(who string) []string {
	w.Helper()
	texts := []string{}
	for _, m := range w.got(who) {
		switch {
		case m.Text != "":
			texts = append(texts, m.Text)
		case m.Title != "":
			texts = append(texts, m.Title)
		case m.Attachment != nil:
			texts = append(texts, m.Attachment.Description)
		default:
			texts = append(texts, "")
		}
	}
	return texts
}

// got are the messages that a contact got, oldest first.
func (w *world) got(who string) []sent {
	w.Helper()
	var ids []string
	for _, ch := range w.channels {
		ids = append(ids, external(ch, who))
	}
	var out []sent
	for _, m := range w.sent {
		if slices.Contains(ids, m.To) {
			out = append(out, m)
		}
	}
	return out
}

// runs are all runs of a contact, oldest first.
func (w *world) runs(who string) []object {
	w.Helper()
	items := w.call("GET", fmt.Sprintf("/v2/run?limit=100&contact=id:%d", w.contact(who)), nil).ok()["items"].([]any)
	var out []object
	for _, x := range items {
		out = append(out, x.(object))
	}
	slices.Reverse(out)
	return out
}

// runsOf are the runs of a contact in one workflow.
func (w *world) runsOf(who string, workflow int64) []object {
	w.Helper()
	return slices.DeleteFunc(w.runs(who), func(r object) bool { return int64(r["workflowId"].(float64)) != workflow })
}

// run is the only run of a contact, with its step log.
func (w *world) run(who string) object {
	w.Helper()
	runs := w.runs(who)
	require.Len(w, runs, 1)
	return w.runByID(runs[0]["id"])
}

// lastRun is the newest run of a contact in a workflow, with its step log.
func (w *world) lastRun(who string, workflow int64) object {
	w.Helper()
	runs := w.runsOf(who, workflow)
	require.NotEmpty(w, runs)
	return w.runByID(runs[len(runs)-1]["id"])
}

func (w *world) runByID(id any) object {
	w.Helper()
	return w.call("GET", fmt.Sprintf("/v2/run/%d", int64(id.(float64))), nil).ok()
}

// ended expects how a run came out: state and reason.
func (w *world) ended(run object, state, reason string) {
	w.Helper()
	require.Equal(w, []any{state, reason}, []any{run["state"], run["exitReason"]}, "%v", run)
}

// path is the way that a run took: "step", "step→arm", "step→arm (code)". An
// unfinished step ends with "…".
func path(run object) []string {
	out := []string{}
	for _, x := range run["steps"].([]any) {
		s := x.(object)
		text := s["stepId"].(string)
		if arm := s["arm"]; arm != nil && arm != "next" {
			text += "→" + arm.(string)
		}
		if code := s["code"]; code != nil {
			text += " (" + code.(string) + ")"
		}
		if s["endedAt"] == nil {
			text += " …"
		}
		out = append(out, text)
	}
	return out
}

// entry is the newest log entry of a step.
func (w *world) entry(run object, stepID string) object {
	w.Helper()
	var found object
	for _, x := range run["steps"].([]any) {
		if s := x.(object); s["stepId"] == stepID {
			found = s
		}
	}
	require.NotNil(w, found, "no entry of step %s", stepID)
	return found
}

// variable is the value of a workflow variable of a run.
func variable(run object, name string) string {
	v, _ := run["variables"].(object)[name].(string)
	return v
}

// assignee is the first name of a contact's assignee; "" is nobody.
func (w *world) assignee(who string) string {
	w.Helper()
	u, _ := w.see(who)["assignee"].(object)
	name, _ := u["firstName"].(string)
	return name
}

// isOpen reports whether the contact's conversation is open.
func (w *world) isOpen(who string) bool {
	w.Helper()
	return w.see(who)["status"] == "open"
}

// tags are the contact's tags.
func (w *world) tags(who string) []any {
	w.Helper()
	return w.see(who)["tags"].([]any)
}

// value is a custom field's value.
func (w *world) value(who, name string) any {
	w.Helper()
	for _, x := range w.see(who)["custom_fields"].([]any) {
		if f := x.(object); f["name"] == name {
			return f["value"]
		}
	}
	w.Fatalf("contact %s has no field %s", who, name)
	return nil
}

// decisions are the reasons why a workflow did or did not start for a contact,
// oldest first, with the detail where there is one.
func (w *world) decisions(who string, workflow int64) []string {
	w.Helper()
	var out []string
	for _, d := range w.trace(who, workflow) {
		text := d["reason"].(string)
		if detail := d["detail"]; detail != nil {
			text += " " + detail.(string)
		}
		out = append(out, text)
	}
	return out
}

// trace are the decisions themselves.
func (w *world) trace(who string, workflow int64) []object {
	w.Helper()
	items := w.call("GET", w.of(who, fmt.Sprintf("/trigger-decision?limit=100&workflowId=%d", workflow)), nil).ok()["items"].([]any)
	var out []object
	for _, x := range items {
		out = append(out, x.(object))
	}
	slices.Reverse(out)
	return out
}

// timeline are the contact's activities, oldest first: kind and text data.
func (w *world) timeline(who string) []object {
	w.Helper()
	items := w.call("GET", w.of(who, "/activity?limit=100"), nil).ok()["items"].([]any)
	var out []object
	for _, x := range items {
		out = append(out, x.(object))
	}
	slices.Reverse(out)
	return out
}

// messages are the messages of a contact in both directions, oldest first.
func (w *world) messages(who string) []object {
	w.Helper()
	items := w.call("GET", w.of(who, "/message/list?limit=100"), nil).ok()["items"].([]any)
	var out []object
	for _, x := range items {
		out = append(out, x.(object))
	}
	slices.SortFunc(out, func(a, b object) int { return int(a["messageId"].(float64) - b["messageId"].(float64)) })
	return out
}

// messageID is the id of the contact's message with a text.
func (w *world) messageID(who, text string) int64 {
	w.Helper()
	for _, m := range w.messages(who) {
		if m["message"].(object)["text"] == text {
			return int64(m["messageId"].(float64))
		}
	}
	w.Fatalf("%s has no message %q", who, text)
	return 0
}
