package flow

import (
	"slices"
	"strings"
	"time"
)

// Env answers what a variable is worth now: the contact, the conversation, the
// assignee … of one workspace at one moment. Lookups are lazy, so that a text
// that names only the first name reads only the contact.
type Env interface {
	// Lookup returns the value of a known name of workflow specification 6.2,
	// such as "contact.firstname", "conversation.id" or "last_incoming_message",
	// without the $; known is false for a name that does not exist, such as a
	// custom field that was deleted. A known name without value gives "".
	//
	// Conditions also ask for the internal names below (NameAssigneeStatus …),
	// which begin with @ so that no text can name them. Workflow and trigger
	// variables are added by WithVars; system.* is answered from Now and Zone;
	// secret.* is never asked for.
	Lookup(name string) (value string, known bool)
	// Tags are the contact's tag names.
	Tags() []string
	// LastMessageAt is the moment of the latest message in a direction; ok is
	// false when there is none.
	LastMessageAt(incoming bool) (at time.Time, ok bool)
	// Zone is the workspace's time zone; Now the present time.
	Zone() *time.Location
	Now() time.Time
	// Strict is the workspace setting strictEmptyVariables.
	Strict() bool
}

// Existence is an optional power of an Env: it knows whether a tag, channel or
// closing category that a condition names still exists. A condition on one that does not is
// false. Without this power everything exists.
type Existence interface {
	Exists(kind RefKind, name string) bool
	// Named returns the present name of a tag, channel or closing category; ok is
	// false when it was deleted.
	Named(kind RefKind, id int64) (name string, ok bool)
}

// The internal names that conditions look up. Each is known always, and empty
// when there is none.
const (
	NameAssigneeStatus     = "@assignee.status"              // online, busy, offline
	NameLastChannel        = "@last_channel.name"            // channel of the latest message in either direction
	NameLastChannelSource  = "@last_channel.source"          // its source, for example telegram
	NameLastOutgoingSource = "@last_outgoing_message.source" // sender of the latest outgoing message: user, workflow, broadcast …
	NameLastIncoming       = "last_incoming_message"         // text of the contact's latest message; also a variable
	NameLastOutgoing       = "last_outgoing_message"         // text of the latest message to the contact; also a variable
)

// Reserved lists the first parts of names that no workflow variable may have.
func Reserved() []string {
	return []string{"contact", "assignee", "system", "conversation", "trigger", "ad", "run", "workflow", "secret",
		NameLastIncoming, NameLastOutgoing}
}

// staticNames are the names that every workspace has. The names of a trigger
// depend on its type: see TriggerNames.
func staticNames() map[string][]string {
	return map[string][]string{
		"contact":  {"id", "name", "firstname", "lastname", "email", "phone", "country", "language", "tags", "profilepic", "status"},
		"assignee": {"id", "name", "firstname", "lastname", "email", "team"},
		"system":   {"current_datetime", "current_date", "current_time"},
		"conversation": {"id", "status", "opened_at", "opened_by", "opened_source", "first_incoming_message", "first_incoming_channel",
			"is_new_contact", "first_response_at", "first_response_time", "first_assignee", "last_assignee", "closed_at", "closed_by",
			"closed_source", "category", "summary", "resolution_time", "last_broadcast"},
		"run":            {"id"},
		"workflow":       {"id", "name"},
		NameLastIncoming: {""},
		NameLastOutgoing: {""},
	}
}

// KnownName reports whether a whole name, without $, means something: a static
// name, contact.<slug> of a custom field, or one of vars, which are workflow
// variables and the trigger's names (see Definition.Variables). field may be
// nil. Names of secrets are not known here: they resolve in HTTP requests only.
func KnownName(name string, field func(slug string) bool, vars ...string) bool {
	if slices.Contains(vars, name) {
		return true
	}
	first, rest, _ := strings.Cut(name, ".")
	if slices.Contains(staticNames()[first], rest) {
		return true
	}
	return first == "contact" && rest != "" && field != nil && field(rest)
}

// TriggerNames are the trigger variables that a trigger type fills.
func TriggerNames(t TriggerType) []string {
	switch t {
	case MessageReceived:
		return []string{"trigger.text", "trigger.type", "trigger.channel", "trigger.match"}
	case ContactTagUpdated:
		return []string{"trigger.tag", "trigger.action"}
	case ContactFieldUpdated:
		return []string{"trigger.field", "trigger.old_value", "trigger.new_value"}
	case Shortcut:
		return []string{"trigger.user.id", "trigger.user.name", "trigger.user.email"}
	case ClickToChatAds:
		return []string{"ad.id", "ad.title", "ad.description", "ad.url", "ad.source", "ad.click_id"}
	}
	return nil
}

// Variables are the names that a run of this workflow can give a value: those
// of its trigger and those that its steps save into. Until then they are empty.
func (d *Definition) Variables() []string {
	names := TriggerNames(d.Trigger.Type)
	add := func(cfg any) {
		s, ok := cfg.(saver)
		if !ok {
			return
		}
		for _, name := range s.saves() {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	add(d.Trigger.Config)
	for _, s := range d.Steps {
		add(s.Config)
	}
	return names
}

// WithVars adds the variables of a run to an Env: workflow variables by name,
// trigger variables as "trigger.text" and so on.
func WithVars(env Env, vars map[string]string) Env {
	if len(vars) == 0 {
		return env
	}
	return runEnv{env, vars}
}

type runEnv struct {
	Env
	vars map[string]string
}

func (e runEnv) Lookup(name string) (string, bool) {
	if v, ok := e.vars[name]; ok {
		return v, true
	}
	return e.Env.Lookup(name)
}

func (e runEnv) Exists(kind RefKind, name string) bool { return exists(e.Env, kind, name) }

func (e runEnv) Named(kind RefKind, id int64) (string, bool) {
	return calledNow(e.Env, kind, Ref{ID: id})
}

func exists(env Env, kind RefKind, name string) bool {
	e, ok := env.(Existence)
	return !ok || e.Exists(kind, name)
}

// calledNow is the present name of an object that is known by its id.
func calledNow(env Env, kind RefKind, r Ref) (string, bool) {
	if r.ID == 0 {
		return "", false
	}
	if e, ok := env.(Existence); ok {
		return e.Named(kind, r.ID)
	}
	return r.Name, r.Name != ""
}

// lookup is how texts and conditions read a name: it answers system.* from the
// clock of the Env and never gives away a secret.
func lookup(env Env, name string) (string, bool) {
	first, rest, _ := strings.Cut(name, ".")
	switch first {
	case "secret":
		return "", false
	case "system":
		return systemName(env, rest)
	}
	return env.Lookup(name)
}

// How dates and times are written in texts and conditions.
const (
	dateLayout     = "2006-01-02"
	timeLayout     = "15:04:05"
	dateTimeLayout = dateLayout + " " + timeLayout
)

func systemName(env Env, rest string) (string, bool) {
	layouts := map[string]string{"current_datetime": dateTimeLayout, "current_date": dateLayout, "current_time": timeLayout}
	layout, ok := layouts[rest]
	if !ok {
		return "", false
	}
	return env.Now().In(env.Zone()).Format(layout), true
}
