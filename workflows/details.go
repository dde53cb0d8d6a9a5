package workflows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"ucal/flow"
)

const (
	shownValue     = 120 // characters of a variable's value
	shownVariables = 30
	shownPath      = 8 // steps before the present one
)

// show sets the current details of the execution: where the run is and what it
// knows, as a short Markdown for whoever reads it in the Temporal UI. It adds
// nothing to the history.
func (h *host) show(call flow.Call, w *flow.Wait) {
	h.path = append(h.path, call.Trail[:len(call.Trail)-1]...)
	if n := len(h.path); n > shownPath {
		h.path = slices.Clone(h.path[n-shownPath:])
	}
	workflow.SetCurrentDetails(h.ctx, details(h.path, call, w))
}

// ended is what the current details say of a run that has ended. It is text for
// people, and no command depends on it.
//
//workflowcheck:ignore
func ended(path []flow.Entry, call flow.Call, e flow.Ending) string {
	if len(call.Trail) > 0 { // those of an effect that found the run ended were shown, and are not handed over
		path = slices.DeleteFunc(slices.Clone(path), func(e flow.Entry) bool { return e.Seq >= call.Trail[0].Seq })
	}
	path = append(path[:len(path):len(path)], call.Trail...)
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n`%s`\n", plain(string(e.State)), e.Reason)
	before(&b, path[max(0, len(path)-shownPath):])
	variables(&b, call)
	return b.String()
}

func details(path []flow.Entry, call flow.Call, w *flow.Wait) string {
	var b strings.Builder
	now := call.Step()
	fmt.Fprintf(&b, "### %d. %s\n`%s` · %s", now.Seq, plain(now.Name), now.StepID, now.Type)
	if now.Visit > 1 {
		fmt.Fprintf(&b, " · visit %d", now.Visit)
	}
	b.WriteString("\n")
	if w != nil {
		fmt.Fprintf(&b, "\nWaits for **%s**", w.Kind)
		if !w.DueAt.IsZero() {
			fmt.Fprintf(&b, " until %s", w.DueAt.UTC().Format(time.RFC3339))
		}
		b.WriteString(".\n")
	}
	before(&b, path)
	variables(&b, call)
	return b.String()
}

func before(b *strings.Builder, path []flow.Entry) {
	if len(path) == 0 {
		return
	}
	b.WriteString("\n**Before**\n\n")
	for _, e := range path {
		fmt.Fprintf(b, "- %d. %s%s\n", e.Seq, plain(e.Name), wayOut(e))
	}
}

func wayOut(e flow.Entry) string {
	text := ""
	if e.Arm != "" && e.Arm != flow.ArmNext {
		text = " → " + plain(string(e.Arm))
	}
	if e.Code != "" {
		text += " (`" + e.Code + "`)"
	}
	return text
}

func variables(b *strings.Builder, call flow.Call) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(call.Vars)), func(n string) bool { return call.Vars[n] == "" })
	if len(names) == 0 {
		return
	}
	b.WriteString("\n**Variables**\n\n| name | value |\n|---|---|\n")
	for i, name := range names {
		if i == shownVariables {
			fmt.Fprintf(b, "| … | %d more |\n", len(names)-i)
			break
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, plain(call.Vars[name]))
	}
}

// plain is a text that stays text in a Markdown table: cut, on one line, with
// what Markdown and HTML would take for marks escaped.
func plain(s string) string {
	if r := []rune(s); len(r) > shownValue {
		s = string(r[:shownValue]) + "…"
	}
	s = strings.Join(strings.Fields(s), " ")
	return marks.Replace(s)
}

var marks = strings.NewReplacer("\\", "\\\\", "|", "\\|", "&", "\\&", "<", "\\<", ">", "\\>", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]", "~", "\\~")
