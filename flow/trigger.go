package flow

import "strconv"

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

	Tag   *TagChange        // contact tag updated
	Field *FieldChange      // contact field updated
	User  *Person           // shortcut: who picked it
	Ad    *Ad               // click-to-chat ads
	Vars  map[string]string // shortcut: the form's answers; incoming webhook: what the request holds
}

// TagChange is one tag that was added to a contact or removed.
type TagChange struct {
	ID     int64
	Name   string
	Action string // added, removed
}

// FieldChange is one contact field whose normalised value changed.
type FieldChange struct {
	ID       int64  // of a custom field; 0 = a standard one
	Key      string // the key used in $contact.…
	Old, New string
}

// Person is a user as trigger variables show it.
type Person struct {
	ID          int64
	Name, Email string
}

// Ad is the ad that led a contact here.
type Ad struct {
	Account, ID, Title, Description, URL, Source, ClickID string
}

// Accepts reports whether an event is of the trigger's type and one that its
// configuration means. Conditions are another matter: see MatchTrigger.
func (t Trigger) Accepts(h Happening) bool {
	return t.Type == h.Type && (t.Config == nil || t.Config.accepts(h))
}

// MatchTrigger reports whether an event starts a run as far as the trigger and
// its conditions say (check 1 of workflow specification 2.1). Seen is what each
// condition saw; nil when the trigger does not accept the event.
func MatchTrigger(t Trigger, h Happening, env Env) (bool, []Seen) {
	if !t.Accepts(h) {
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
	if h.Tag != nil {
		vars["trigger.tag"], vars["trigger.action"] = h.Tag.Name, h.Tag.Action
	}
	if h.Field != nil {
		vars["trigger.field"] = h.Field.Key
		vars["trigger.old_value"], vars["trigger.new_value"] = cut(h.Field.Old, MaxVariable), cut(h.Field.New, MaxVariable)
	}
	if h.User != nil {
		vars["trigger.user.id"] = strconv.FormatInt(h.User.ID, 10)
		vars["trigger.user.name"], vars["trigger.user.email"] = h.User.Name, h.User.Email
	}
	if h.Ad != nil {
		for name, value := range map[string]string{"ad.id": h.Ad.ID, "ad.title": h.Ad.Title, "ad.description": h.Ad.Description,
			"ad.url": h.Ad.URL, "ad.source": h.Ad.Source, "ad.click_id": h.Ad.ClickID} {
			vars[name] = cut(value, MaxVariable)
		}
	}
	for name, value := range h.Vars {
		vars[name] = cut(value, MaxVariable)
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
