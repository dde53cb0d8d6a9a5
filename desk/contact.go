package desk

import (
	"strings"

	"ucal/channel"
	"ucal/store"
)

// Contact is the person on the other side.
type Contact struct {
	ID             int64
	WorkspaceID    int64
	FirstName      string
	LastName       string
	Phone          string // E.164
	Email          string
	Language       string
	ProfilePic     string
	CountryCode    string
	Locale         string
	IsBlocked      bool
	AssigneeID     int64 // 0 = nobody
	ConversationID int64 // the open conversation; 0 = closed
	IdentityID     int64 // last interacted channel; 0 = none
	LastMessageAt  int64
	EventSeq       int64
	AddedBy        Source
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
}

// Open reports whether the contact has an open conversation.
func (c *Contact) Open() bool { return c.ConversationID != 0 }

// Status is the conversation status as the API spells it.
func (c *Contact) Status() string {
	if c.Open() {
		return "open"
	}
	return "close"
}

// Name is first and last name; "" when the contact has none.
func (c *Contact) Name() string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// Label is what people see: name, else phone, else e-mail.
func (c *Contact) Label() string {
	for _, s := range []string{c.Name(), c.Phone, c.Email} {
		if s != "" {
			return s
		}
	}
	return "contact"
}

// Identity is one contact on one channel.
type Identity struct {
	ID             int64
	WorkspaceID    int64
	ChannelID      int64
	ContactID      int64
	ExternalID     string
	ProfileName    string
	LastMessageAt  int64
	LastIncomingAt int64
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
}

// resolve finds or creates the contact behind an external id and locks it. The
// caller offers the update of its profile to the workflows, once everything else
// is stored. Of a blocked contact nothing is taken.
func (t *txn) resolve(ch *Channel, in channel.Inbound, added Source) (*Contact, *Identity, update, error) {
	id, err := first[Identity](t.db.Where("channel_id = ? AND external_id = ?", ch.ID, in.ExternalID))
	if err != nil {
		return nil, nil, update{}, err
	}
	if id == nil {
		c, id, err := t.newContact(ch, in, added)
		return c, id, update{}, err
	}
	c, err := t.contact(id.ContactID)
	if bad := AsError(err); bad != nil && bad.Code == NotFound {
		return nil, nil, update{}, errAgain // deleted meanwhile: whoever writes now is a new contact
	}
	if err != nil || c.IsBlocked {
		return c, id, update{}, err
	}
	up, err := t.fillProfile(c, in.Profile)
	return c, id, up, err
}

func (t *txn) newContact(ch *Channel, in channel.Inbound, added Source) (*Contact, *Identity, error) {
	p := in.Profile
	c := &Contact{WorkspaceID: t.wsID, FirstName: p.FirstName, LastName: p.LastName, Phone: p.Phone, Email: p.Email,
		Language: p.Language, ProfilePic: p.ProfilePic, CountryCode: p.CountryCode, Locale: p.Locale, AddedBy: added, CreatedAt: t.at}
	if c.FirstName == "" && c.LastName == "" {
		c.FirstName = in.ExternalID
	}
	if c.CountryCode == "" && c.Phone != "" {
		c.CountryCode = channel.PhoneCountry(c.Phone)
	}
	if err := t.db.Create(c).Error; err != nil {
		return nil, nil, err
	}
	t.contacts[c.ID], t.fresh[c.ID] = c, true
	id := &Identity{WorkspaceID: t.wsID, ChannelID: ch.ID, ContactID: c.ID, ExternalID: in.ExternalID, ProfileName: c.Name(), CreatedAt: t.at}
	if err := t.db.Create(id).Error; err != nil {
		if store.IsDuplicate(err) {
			return nil, nil, errAgain
		}
		return nil, nil, err
	}
	if t.actor.Kind == SourceContact {
		t.actor = Actor{Kind: SourceContact, ID: c.ID, Name: c.Label()}
	}
	return c, id, t.emit(c, Event{Type: ContactCreated, Data: map[string]any{"channelId": ch.ID}})
}

// fillProfile puts what the channel knows into empty fields; it overwrites
// nothing but the profile picture.
func (t *txn) fillProfile(c *Contact, p channel.Profile) (update, error) {
	before := *c
	if c.Name() == "" {
		c.FirstName, c.LastName = p.FirstName, p.LastName
	}
	for _, f := range []struct {
		field *string
		value string
	}{{&c.Phone, p.Phone}, {&c.Email, p.Email}, {&c.Language, p.Language}, {&c.CountryCode, p.CountryCode}, {&c.Locale, p.Locale}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if p.ProfilePic != "" {
		c.ProfilePic = p.ProfilePic
	}
	if *c == before {
		return update{}, nil
	}
	changed, err := t.storeContact(c, &before)
	if err != nil {
		return update{}, err
	}
	return t.noteUpdate(c, changed)
}

// saveContact stores the profile fields of a contact and tells what changed.
func (t *txn) saveContact(c, before *Contact) error {
	changed, err := t.storeContact(c, before)
	if err != nil {
		return err
	}
	return t.tellUpdate(c, changed)
}

func (t *txn) storeContact(c, before *Contact) ([]FieldChange, error) {
	changed := changedFields(before, c)
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, t.db.Model(c).Select("first_name", "last_name", "phone", "email", "language", "profile_pic", "country_code", "locale").Updates(c).Error
}

func changedFields(a, b *Contact) []FieldChange {
	var out []FieldChange
	for _, f := range []struct{ key, old, new string }{
		{"firstName", a.FirstName, b.FirstName}, {"lastName", a.LastName, b.LastName}, {"phone", a.Phone, b.Phone},
		{"email", a.Email, b.Email}, {"lang", a.Language, b.Language}, {"profilePic", a.ProfilePic, b.ProfilePic},
		{"countryCode", a.CountryCode, b.CountryCode}, {"locale", a.Locale, b.Locale},
	} {
		if f.old != f.new {
			out = append(out, FieldChange{Field: f.key, OldValue: orNull(f.old), NewValue: orNull(f.new)})
		}
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
