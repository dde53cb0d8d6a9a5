package flow

import (
	"slices"
	"strings"
	"time"
)

// briefWait is the shortest Wait that keeps workflows from starting each other
// without end.
const briefWait = time.Minute

// FindLoop reports whether a workflow, published together with the others,
// would start itself again: the names of the workflows of the cycle, beginning
// with this one, or nil. An older version of this workflow among the published
// ones (the same id) is left out. The directory, if there is one, gives the
// present names of things that one workflow knows by id and another by name.
func FindLoop(this *Definition, published []*Definition, dir Directory) []string {
	l := loops{dir}
	all := []*Definition{this}
	for _, d := range published {
		if d != this && (this.ID == "" || d.ID != this.ID) {
			all = append(all, d)
		}
	}
	// Breadth first, so that the shortest cycle is named.
	came := map[*Definition]*Definition{}
	for queue := []*Definition{this}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		soon := from.soon()
		for _, to := range all {
			if came[to] != nil || !slices.ContainsFunc(soon, func(s *Step) bool { return l.starts(s, to) }) {
				continue
			}
			if to == this {
				return cycle(this, from, came)
			}
			came[to] = from
			queue = append(queue, to)
		}
	}
	return nil
}

func cycle(this, last *Definition, came map[*Definition]*Definition) []string {
	var names []string
	for d := last; d != this; d = came[d] {
		names = append([]string{d.Name}, names...)
	}
	return append([]string{this.Name}, names...)
}

// LoopProblem is the problem of a cycle that FindLoop has found.
func LoopProblem(names []string, st Stage) Problem {
	return Problem{
		Severity: severity("workflow.loop", st), Code: "workflow.loop", Path: "trigger",
		Message: "Workflow loop detected: " + strings.Join(append(names, names[0]), " → ") +
			". Add a condition or a question, or let the workflow start once per contact.",
	}
}

// loops looks for workflows that start each other.
type loops struct{ dir Directory }

// starts reports whether a step makes an event that starts a workflow.
func (l loops) starts(s *Step, to *Definition) bool {
	t := to.Trigger
	if t.OncePerContact {
		return false
	}
	switch cfg := s.Config.(type) {
	case *TriggerAnother:
		return t.Type == ManualTrigger && l.aims(cfg.Target, to)
	case *UpdateContactTag:
		if cfg.Action == "remove" {
			return l.tags("removed", cfg.Tags, t)
		}
		return l.tags("added", cfg.Tags, t)
	case *UpdateContactField:
		return l.fills(cfg.Field, t)
	case *AskQuestion:
		return cfg.SaveAsTag && l.tags("added", asTags(cfg.Options), t) || l.fills(cfg.SaveAsContactField, t)
	case *OpenConversation:
		return t.Type == ConversationOpened && admits(t, "workflow", "")
	case *CloseConversation:
		return t.Type == ConversationClosed && admits(t, "workflow", l.name(RefCategory, cfg.Category))
	}
	return false
}

// aims reports whether a reference means a workflow: the id of a deleted one may
// have been taken by another.
func (l loops) aims(target Ref, to *Definition) bool {
	return to.ID != "" && target.Name == to.ID && l.name(RefWorkflow, target) == to.ID
}

// tags reports whether a trigger waits for one of the tags.
func (l loops) tags(action string, tags []Ref, t Trigger) bool {
	cfg, ok := t.Config.(*TagUpdated)
	return ok && cfg.Action == action && slices.ContainsFunc(tags, func(tag Ref) bool {
		return slices.ContainsFunc(cfg.Tags, func(listed Ref) bool { return l.same(RefTag, tag, listed) })
	})
}

// asTags are the tags that a question saves: the labels of its options.
func asTags(options []string) []Ref {
	tags := make([]Ref, len(options))
	for i, option := range options {
		tags[i].Name = option
	}
	return tags
}

// fills reports whether a trigger waits for a field that a step writes. A phone
// number also sets the country of a contact who has none.
func (l loops) fills(field Ref, t Trigger) bool {
	cfg, ok := t.Config.(*FieldUpdated)
	if !ok || field.Empty() {
		return false
	}
	return l.same(RefField, field, cfg.Field) || field.ID == 0 && equalText(field.Name, "phone") && l.same(RefField, Ref{Name: "country"}, cfg.Field)
}

// same reports whether two references may mean the same thing. One with
// variables may mean anything.
func (l loops) same(kind RefKind, a, b Ref) bool {
	switch {
	case a.ID != 0 && b.ID != 0:
		return a.ID == b.ID
	case a.ID == 0 && len(Names(a.Name)) > 0:
		return true
	}
	name := l.name(kind, a)
	return name != "" && equalText(name, l.name(kind, b))
}

// name is the present name of a thing; "" when it is gone.
func (l loops) name(kind RefKind, r Ref) string {
	if r.ID == 0 || l.dir == nil {
		return r.Name
	}
	if found := l.dir.Find(kind, r); len(found) == 1 {
		return found[0].Name
	}
	return ""
}

// soon lists the steps that a run reaches without a question and without a
// Wait of a minute or more.
func (d *Definition) soon() (list []*Step) {
	if len(d.Steps) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for queue := []string{d.Steps[0].ID}; len(queue) > 0; queue = queue[1:] {
		s := d.Step(queue[0])
		if s == nil || seen[s.ID] {
			continue
		}
		seen[s.ID] = true
		list = append(list, s)
		for _, w := range ways(s) {
			if !slow(s, w.arm) {
				queue = append(queue, w.to)
			}
		}
	}
	return list
}

// slow reports whether a run that leaves a step by an arm has waited, for the
// contact or for a while. An AI Agent waits as a question does, but it can also
// fail before it has said anything.
func slow(s *Step, a Arm) bool {
	switch cfg := s.Config.(type) {
	case *AskQuestion:
		return true
	case *AIAgent:
		return a != ArmFailure
	case *WaitStep:
		return time.Duration(cfg.WaitFor) >= briefWait
	}
	return false
}

// admits reports whether the conditions of a trigger let an event with this
// source and closing category pass. A value with variables may be anything.
func admits(t Trigger, source, category string) bool {
	some := len(t.Conditions) == 0
	for _, cond := range t.Conditions {
		side := left{gone: true}
		switch cond.Category {
		case CatSource:
			side = one(source)
		case CatConvCategory:
			side = one(category)
		}
		want := Value{}
		if cond.Value != nil {
			want = *cond.Value
		}
		ok := len(Names(want.Text())) > 0 || side.holds(cond.Operator, want, time.UTC)
		if t.Match != MatchAny && !ok {
			return false
		}
		some = some || ok
	}
	return some || t.Match != MatchAny
}
