package flow

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// RefKind is the kind of a thing that a workflow refers to by name.
type RefKind string

// The kinds of references. Files name users by e-mail, contact fields by the
// key used in $contact.…, workflows by slug, everything else by name.
const (
	RefUser     RefKind = "user"
	RefTeam     RefKind = "team"
	RefTag      RefKind = "tag"
	RefChannel  RefKind = "channel"
	RefField    RefKind = "contact_field"
	RefCategory RefKind = "closing_category"
	RefWorkflow RefKind = "workflow"
	RefSource   RefKind = "knowledge_source"
)

// Ref is a reference to an object of the workspace. Files and the API write
// the name (a number is read as an id); a stored workflow keeps the id beside
// it, so that a rename breaks nothing. ID 0 means: not resolved.
type Ref struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name"`
}

// Empty reports whether nothing is referred to.
func (r Ref) Empty() bool { return r.ID == 0 && r.Name == "" }

// Directory answers what exists in a workspace. It is asked while a workflow
// is checked, never while it runs.
type Directory interface {
	// Find returns the objects that a reference may mean: by ID when it is set,
	// else by name, ignoring case. None means unknown, several mean ambiguous.
	// Found refs carry the id and the present name.
	Find(kind RefKind, ref Ref) []Ref
	// Field describes a contact field by its key; ok is false for an unknown one.
	Field(key string) (FieldInfo, bool)
	// Channel returns what the message checks must know of a channel.
	Channel(id int64) (ChannelInfo, bool)
}

// The powers below are optional: a Directory that lacks one is taken to have
// everything that it would be asked for.

// Targets tells what Trigger Another Workflow must know of a workflow.
type Targets interface {
	Target(id int64) (Target, bool)
}

// Target is a workflow as another one sees it.
type Target struct {
	Trigger   TriggerType // Manual Trigger when the newest version has it, else that of the draft
	Published bool        // with Manual Trigger
	Steps     []string    // ids of the steps of the newest version; of the draft when there is none
}

// Vault knows the names of the workspace's secrets.
type Vault interface {
	HasSecret(name string) bool
}

// Network knows which URLs an HTTP Request may not call: the installation's own
// hosts, and addresses that are not public.
type Network interface {
	// RefusesURL says why a URL may not be called, as far as that can be told
	// without looking up its name; "" = it may be called.
	RefusesURL(u *url.URL) (why string)
}

// Connections knows which outside services the workspace, or the operator, has
// connected.
type Connections interface {
	Connected(s Service) bool
}

// Service is an outside service that a step needs.
type Service string

// The services, as the API names integrations.
const (
	ServiceSheets Service = "google_sheets"
	ServiceModel  Service = "llm"
)

// FieldType is the data type of a contact field.
type FieldType string

// The data types of contact fields.
const (
	FieldText     FieldType = "text"
	FieldList     FieldType = "list"
	FieldCheckbox FieldType = "checkbox"
	FieldEmail    FieldType = "email"
	FieldNumber   FieldType = "number"
	FieldURL      FieldType = "url"
	FieldDate     FieldType = "date"
	FieldTime     FieldType = "time"
	FieldPhone    FieldType = "phone"
	FieldLanguage FieldType = "language"
	FieldCountry  FieldType = "country"
)

// FieldInfo describes a contact field. Settable is false for fields that a
// workflow may read but not write (profile picture, status, assignee …).
type FieldInfo struct {
	Key      string
	Type     FieldType
	Options  []string // list fields only
	Settable bool
}

// ChannelInfo is what the checks of a message must know of a channel.
type ChannelInfo struct {
	Source    string
	TextLimit int      // characters; 0 = no limit
	Types     []string // message types of a file (text, media …) that the channel carries, natively or by a fallback
	Tags      []string // message tags with which a text may be sent outside the window
	// Window is how long we may write freely after the contact's latest
	// message; 0 = always.
	Window time.Duration
}

// shown is the reference as a message names it.
func (r Ref) shown() string {
	if r.Name == "" {
		return fmt.Sprintf("with the id %d", r.ID)
	}
	return strconv.Quote(cut(r.Name, 60))
}
