package flow

import (
	"strings"
	"time"
)

// EvaluateBranches decides a Branch: the first branch from the top whose
// conditions hold, else ArmElse. Seen holds what the conditions of every branch
// up to the one taken saw; branches below it are not looked at.
func EvaluateBranches(bs []BranchArm, env Env) (Arm, []Seen) {
	var all []Seen
	for _, b := range bs {
		ok, seen := MatchConditions(b.Conditions, b.Match, env)
		for i := range seen {
			seen[i].Branch = b.Name
		}
		all = append(all, seen...)
		if ok {
			return Arm(b.Name), all
		}
	}
	return ArmElse, all
}

// MatchConditions reports whether conditions hold for the contact of env. All
// of them are evaluated, so that the step log can say what each one saw. No
// conditions hold always.
func MatchConditions(cs []Condition, m Match, env Env) (bool, []Seen) {
	return match(cs, m, env, func(c Condition) left { return contactSide(c, env) })
}

// match joins conditions whose left side comes from side.
func match(cs []Condition, m Match, env Env, side func(Condition) left) (bool, []Seen) {
	all, some := true, len(cs) == 0
	seen := make([]Seen, 0, len(cs))
	for i, c := range cs {
		want := wanted(c, env)
		l := side(c)
		if namesGone(c, env) {
			l.gone = true
		}
		ok := l.holds(c.Operator, want, env.Zone())
		all, some = all && ok, some || ok
		seen = append(seen, Seen{Index: i, Category: c.Category, Field: c.Field, Operator: c.Operator,
			Expected: cut(want.Text(), maxSeen), Actual: l.seen(), Result: ok})
	}
	if m == MatchAny {
		return some, seen
	}
	return all, seen
}

// onStatus reports whether the left side is the status of a conversation.
func (c *Condition) onStatus() bool {
	switch c.Category {
	case CatConvStatus:
		return true
	case CatContactField:
		return c.Field == "status"
	case CatVariable:
		return c.Field == "contact.status" || c.Field == "conversation.status"
	}
	return false
}

// maxSeen is how many characters of a value the logs keep.
const maxSeen = 500

// wanted is the condition's value with its variables put in.
func wanted(c Condition, env Env) Value {
	if c.Value == nil {
		return Value{}
	}
	n := -1
	return c.Value.each(func(text string) string {
		n++
		if name, ok := calledNow(env, c.names(), c.ref(n)); ok {
			return name // what it is called now
		}
		text = Render(text, env)
		if c.onStatus() && (equalText(text, "closed") || equalText(text, "done")) {
			return "close" // platform specification 2.4: both are accepted for it
		}
		return text
	})
}

// left is the left side of a condition: what the world holds. No texts and no
// moment means missing.
type left struct {
	texts  []string // several for tags only
	moment *time.Time
	since  time.Duration // moment only: how long ago
	gone   bool          // the thing asked for was deleted: the condition is false
}

func one(text string) left {
	if text == "" {
		return left{}
	}
	return left{texts: []string{text}}
}

func (l left) missing() bool { return len(l.texts) == 0 && l.moment == nil }

// seen is the left side as the logs show it.
func (l left) seen() *string {
	var text string
	switch {
	case l.missing():
		return nil
	case l.moment != nil:
		text = Duration(l.since).String() + " ago"
	default:
		text = cut(strings.Join(l.texts, ", "), maxSeen)
	}
	return &text
}

// contactSide reads the left side of a branch condition.
func contactSide(c Condition, env Env) left {
	switch c.Category {
	case CatContactField:
		return fieldSide(c.Field, env)
	case CatContactTag:
		return left{texts: env.Tags()}
	case CatVariable:
		return named(c.Field, env)
	case CatAssigneeStatus:
		return named(NameAssigneeStatus, env)
	case CatLastChannel:
		if c.Field == "source" {
			return named(NameLastChannelSource, env)
		}
		return named(NameLastChannel, env)
	case CatLastIncoming:
		return messageSide(true, env)
	case CatLastOutgoing:
		return messageSide(false, env)
	case CatLastOutgoingSource:
		return named(NameLastOutgoingSource, env)
	case CatSinceIncoming:
		return sinceSide(true, env)
	case CatSinceOutgoing:
		return sinceSide(false, env)
	}
	return left{gone: true}
}

func named(name string, env Env) left {
	text, _ := lookup(env, name)
	return one(text)
}

// fieldSide reads a contact field. The assignee is compared by e-mail, which
// is how files name users.
func fieldSide(field string, env Env) left {
	if field == "assignee" {
		return named("assignee.email", env)
	}
	text, known := lookup(env, "contact."+field)
	if !known {
		return left{gone: true}
	}
	return one(text)
}

// messageSide is the text of the latest message. A message without text, such
// as a location, is not missing: it is an empty text.
func messageSide(incoming bool, env Env) left {
	if _, ok := env.LastMessageAt(incoming); !ok {
		return left{}
	}
	name := NameLastOutgoing
	if incoming {
		name = NameLastIncoming
	}
	text, _ := lookup(env, name)
	return left{texts: []string{text}}
}

func sinceSide(incoming bool, env Env) left {
	at, ok := env.LastMessageAt(incoming)
	if !ok {
		return left{}
	}
	return left{moment: &at, since: max(0, env.Now().Sub(at))}
}

// namesGone reports whether the condition names a tag, channel or closing
// category that was deleted. Only names written out count: what a variable holds
// need not exist.
func namesGone(c Condition, env Env) bool {
	kind := c.names()
	if kind == "" {
		return false
	}
	for i, name := range c.Value.List() {
		if r := c.ref(i); r.ID != 0 {
			if _, ok := calledNow(env, kind, r); !ok {
				return true
			}
		} else if len(Names(name)) == 0 && !exists(env, kind, name) {
			return true
		}
	}
	return false
}
