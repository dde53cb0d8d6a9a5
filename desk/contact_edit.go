package desk

import (
	"context"
	"fmt"
	"strings"

	"ucal/channel"
	"ucal/flow"
)

// ContactFields are the fields of a contact as a caller sets them: nil leaves a
// field alone, "" clears it.
type ContactFields struct {
	FirstName, LastName, Phone, Email, Language, ProfilePic, CountryCode *string

	Custom []CustomValue
}

// CustomValue sets a custom field, named by name or slug; nil or "" clears it.
type CustomValue struct {
	Name  string
	Value *string
}

// MaxContactName is the length of a first or last name in characters.
const MaxContactName = 100

// CreateContact creates a contact under an e-mail or phone that no other has.
func (d *Desk) CreateContact(ctx context.Context, p Principal, who Identifier, in ContactFields) (int64, error) {
	id, _, err := d.putContact(ctx, p, who, in, false)
	return id, err
}

// SaveContact updates a contact, or creates it when the identifier is an e-mail
// or phone that no contact has. It reports whether it created one.
func (d *Desk) SaveContact(ctx context.Context, p Principal, who Identifier, in ContactFields) (id int64, created bool, err error) {
	return d.putContact(ctx, p, who, in, true)
}

func (d *Desk) putContact(ctx context.Context, p Principal, who Identifier, in ContactFields, update bool) (id int64, created bool, err error) {
	if who.ID != 0 && !update {
		return 0, false, invalid("identifier", "a contact is created under an e-mail or phone: write email:… or phone:…, not %s", who)
	}
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // two creates of one contact come one after the other
			return err
		}
		c, err := t.find(p, who)
		switch {
		case err == nil && !update:
			return refuse(Conflict, "already_exists", "contact %s exists already: its id is %d", who, c.ID)
		case err == nil:
			if c, err = t.contact(c.ID); err != nil {
				return err
			}
			id = c.ID
			return t.editContact(c, in, who)
		case who.ID != 0 || AsError(err) == nil:
			return err
		}
		created = true
		id, err = t.createContact(in, who)
		return err
	})
	return id, created && err == nil, err
}

// UpdateContact changes fields of a contact; one event tells all of them.
func (d *Desk) UpdateContact(ctx context.Context, p Principal, who Identifier, in ContactFields) (int64, error) {
	var id int64
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		id = c.ID
		return t.editContact(c, in, Identifier{})
	})
	return id, err
}

func (t *txn) createContact(in ContactFields, who Identifier) (int64, error) {
	added := SourceAPI
	if t.actor.Kind == SourceUser {
		added = SourceUser
	}
	c := &Contact{WorkspaceID: t.wsID, AddedBy: added, CreatedAt: t.at, Email: who.Email, Phone: who.Phone}
	if who.Phone != "" {
		c.CountryCode = channel.PhoneCountry(who.Phone)
	}
	var f faults
	if in.FirstName == nil || strings.TrimSpace(*in.FirstName) == "" {
		f.bad("firstName", "is missing: a new contact needs a first name")
	}
	values, err := t.fitContact(c, in, who, &f)
	if err != nil {
		return 0, err
	}
	if err := t.db.Create(c).Error; err != nil {
		return 0, err
	}
	t.contacts[c.ID] = c
	for _, v := range values {
		if _, err := t.storeValue(c, v.field, v.value); err != nil {
			return 0, err
		}
	}
	return c.ID, t.emit(c, Event{Type: ContactCreated})
}

// editContact changes the fields that are given.
func (t *txn) editContact(c *Contact, in ContactFields, who Identifier) error {
	before := *c
	var f faults
	values, err := t.fitContact(c, in, who, &f)
	if err != nil {
		*c = before
		return err
	}
	changes, err := t.storeContact(c, &before)
	if err != nil {
		return err
	}
	for _, v := range values {
		change, err := t.storeValue(c, v.field, v.value)
		if err != nil {
			return err
		}
		if change != nil {
			changes = append(changes, *change)
		}
	}
	return t.tellUpdate(c, changes)
}

// fittedValue is a custom value in the form in which it is stored.
type fittedValue struct {
	field *CustomField
	value string
}

// fitContact writes the standard fields into c and returns the custom values to
// store, or refuses with everything that is wrong.
func (t *txn) fitContact(c *Contact, in ContactFields, who Identifier, f *faults) ([]fittedValue, error) {
	for _, x := range []struct {
		path   string
		given  *string
		info   flow.FieldInfo
		into   *string
		pinned string // the identifier's value, which the body may not contradict
	}{
		{"firstName", in.FirstName, flow.FieldInfo{Key: "firstName", Type: flow.FieldText}, &c.FirstName, ""},
		{"lastName", in.LastName, flow.FieldInfo{Key: "lastName", Type: flow.FieldText}, &c.LastName, ""},
		{"phone", in.Phone, flow.FieldInfo{Key: "phone", Type: flow.FieldPhone}, &c.Phone, who.Phone},
		{"email", in.Email, flow.FieldInfo{Key: "email", Type: flow.FieldEmail}, &c.Email, who.Email},
		{"language", in.Language, flow.FieldInfo{Key: "language", Type: flow.FieldLanguage}, &c.Language, ""},
		{"profilePic", in.ProfilePic, flow.FieldInfo{Key: "profilePic", Type: flow.FieldURL}, &c.ProfilePic, ""},
		{"countryCode", in.CountryCode, flow.FieldInfo{Key: "countryCode", Type: flow.FieldCountry}, &c.CountryCode, ""},
	} {
		if x.given == nil {
			continue
		}
		v, err := flow.FitField(x.info, *x.given)
		switch {
		case err != nil:
			f.bad(x.path, "%s", err)
		case x.info.Type == flow.FieldText && tooLong(v, MaxContactName):
			f.bad(x.path, "has more than %d characters; shorten it", MaxContactName)
		case x.pinned != "" && v != x.pinned:
			f.bad(x.path, "%q is not the %s of the identifier (%s); leave it out or write the same", v, x.path, x.pinned)
		default:
			*x.into = v
		}
	}
	if c.CountryCode == "" && c.Phone != "" && in.CountryCode == nil {
		c.CountryCode = channel.PhoneCountry(c.Phone)
	}
	values, err := t.fitCustom(in.Custom, f)
	if err != nil {
		return nil, err
	}
	return values, f.err()
}

func (t *txn) fitCustom(given []CustomValue, f *faults) ([]fittedValue, error) {
	var out []fittedValue
	for i, g := range given {
		path := fmt.Sprintf("custom_fields[%d]", i)
		field, err := t.customField(g.Name)
		if err != nil {
			return nil, err
		}
		if field == nil {
			f.bad(path+".name", "%q is no custom field of this workspace; create it with POST /v2/space/custom_field", g.Name)
			continue
		}
		v := ""
		if g.Value != nil {
			if v, err = flow.FitField(field.info(), *g.Value); err != nil {
				f.bad(path+".value", "%s", err)
				continue
			}
		}
		out = append(out, fittedValue{field, v})
	}
	return out, nil
}
