package flow

// Happening is what a trigger sees of an event. Which fields are filled
// depends on the event's type.
type Happening struct {
	Type        TriggerType
	Source      string // conversation opened/closed: actor source
	Category    string // conversation closed: closing category, "" = none
	Text        string // message received
	MessageType string // message received: text, attachment, location …
	Channel     string // message received: name of the channel
	ChannelKind string // message received: its source, e.g. telegram
	WasOpen     bool   // message received: conversation status before it
}

// MatchTrigger reports whether an event starts a run as far as the trigger and
// its conditions say (check 1 of workflow specification 2.1). Seen is what each
// condition saw; nil when the event is of another type.
func MatchTrigger(t Trigger, h Happening, env Env) (bool, []Seen) {
	if t.Type != h.Type {
		return false, nil
	}
	return match(t.Conditions, t.Match, env, h.side)
}

// TriggerVars are the trigger variables of a run that h started: every name of
// TriggerNames, for State.Vars.
func TriggerVars(t Trigger, h Happening, env Env) map[string]string {
	vars := map[string]string{}
	for _, name := range TriggerNames(h.Type) {
		vars[name] = ""
	}
	if h.Type == MessageReceived {
		vars["trigger.text"] = cut(h.Text, MaxVariable)
		vars["trigger.type"] = h.MessageType
		vars["trigger.channel"] = h.Channel
		vars["trigger.match"] = cut(h.matched(t.Conditions, env), MaxVariable)
	}
	return vars
}

// side reads the left side of a trigger condition.
func (h Happening) side(c Condition) left {
	switch c.Category {
	case CatSource:
		return one(h.Source)
	case CatConvCategory:
		return one(h.Category)
	case CatMessageText:
		return one(h.Text)
	case CatMessageType:
		return one(h.MessageType)
	case CatChannel:
		if c.Field == "source" {
			return one(h.ChannelKind)
		}
		return one(h.Channel)
	case CatConvStatus:
		return status(h.WasOpen)
	}
	return left{gone: true}
}

func status(open bool) left {
	if open {
		return one("open")
	}
	return one("close")
}

// matched is the keyword or the regex match of the first condition on the text
// that has one.
func (h Happening) matched(cs []Condition, env Env) string {
	for _, c := range cs {
		if c.Category != CatMessageText {
			continue
		}
		want := wanted(c, env)
		switch c.Operator {
		case OpContains:
			if part, ok := contained(h.Text, want); ok {
				return part
			}
		case OpRegex:
			if part, ok := regexMatch(h.Text, want); ok {
				return part
			}
		case OpEqual:
			if equal(h.Text, want.Text()) {
				return want.Text()
			}
		}
	}
	return ""
}
