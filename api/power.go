package api

import (
	"strconv"

	"ucal/desk"
)

// power is what a caller needs for an operation: which roles have it, and which
// restrictions take it away. Owners have every power. This is the table of the
// platform specification 3.3; what depends on the object (an agent's visible
// contacts, a manager's agents) is decided by the desk.
type power struct {
	name    string
	manager bool
	agent   bool
	unless  []string // restrictions
}

// The powers.
func readContacts() power   { return power{name: "read contacts", manager: true, agent: true} }
func updateContacts() power { return power{name: "update contacts", manager: true, agent: true} }
func createContacts() power { return power{name: "create contacts", manager: true} }
func deleteContacts() power {
	return power{name: "delete contacts", manager: true, unless: []string{desk.RestrictContactDeletion}}
}
func useWorkflows() power { return power{name: "workflows, templates and runs", manager: true} }
func useShortcuts() power {
	return power{name: "shortcuts of a contact", manager: true, agent: true, unless: []string{desk.RestrictShortcuts}}
}
func useSecrets() power { return power{name: "secrets", manager: true} }
func readSpace() power  { return power{name: "read the workspace's lists", manager: true, agent: true} }
func writeDefinitions() power {
	return power{name: "write custom fields, tags and closing notes", manager: true, unless: []string{desk.RestrictSpaceSetting}}
}
func readSnippets() power {
	return power{name: "read snippets and knowledge", manager: true, agent: true}
}
func writeSnippets() power { return power{name: "write snippets and knowledge", manager: true} }
func deleteFields() power  { return power{name: "delete custom fields"} }
func manageUsers() power {
	return power{name: "manage users", manager: true, unless: []string{desk.RestrictSpaceSetting}}
}
func ownPresence() power { return power{name: "set a user's presence", manager: true, agent: true} }
func editTeams() power {
	return power{name: "edit teams", manager: true, unless: []string{desk.RestrictSpaceSetting}}
}
func deleteTeams() power { return power{name: "delete teams"} }
func editChannels() power {
	return power{name: "edit channels", manager: true, unless: []string{desk.RestrictSpaceSetting}}
}
func deleteChannels() power { return power{name: "delete channels"} }
func editIntegrations() power {
	return power{name: "edit integrations", manager: true, unless: []string{desk.RestrictSpaceIntegration, desk.RestrictSpaceSetting}}
}
func deleteIntegrations() power { return power{name: "delete integrations"} }
func manageSettings() power {
	return power{name: "workspace settings", manager: true, unless: []string{desk.RestrictSpaceSetting}}
}

// check refuses a caller who has not the power.
func (w power) check(p desk.Principal) error {
	ok := p.Role == desk.Owner || p.Role == desk.Manager && w.manager || p.Role == desk.Agent && w.agent
	if !ok {
		return &desk.Error{Code: desk.Forbidden, Word: "forbidden", Message: "the role " + quote(string(p.Role)) + " has not the power " + quote(w.name)}
	}
	if p.Role == desk.Owner {
		return nil
	}
	for _, r := range w.unless {
		if p.Restricted(r) {
			return &desk.Error{Code: desk.Forbidden, Word: "forbidden", Message: "the restriction " + quote(r) + " takes away the power " + quote(w.name)}
		}
	}
	return nil
}

func quote(s string) string { return strconv.Quote(s) }
