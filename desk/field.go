package desk

import (
	"ucal/channel"
	"ucal/flow"
)

// CustomField is a typed field that a workspace adds to its contacts.
type CustomField struct {
	ID            int64
	WorkspaceID   int64
	Name          string
	NameKey       string
	Slug          string
	SlugKey       string
	Description   string
	DataType      flow.FieldType
	AllowedValues []string `gorm:"serializer:json"`
	CreatedAt     int64    `gorm:"autoCreateTime:false"`
}

// ContactValue is the value of a custom field of a contact, as text.
type ContactValue struct {
	ContactID int64 `gorm:"primaryKey;autoIncrement:false"`
	FieldID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Value     string
}

// standardFields are the contact fields that every workspace has, by the key of
// $contact.…; status and assignee are the platform's.
func standardFields() []flow.FieldInfo {
	return []flow.FieldInfo{
		{Key: "firstname", Type: flow.FieldText, Settable: true}, {Key: "lastname", Type: flow.FieldText, Settable: true},
		{Key: "phone", Type: flow.FieldPhone, Settable: true}, {Key: "email", Type: flow.FieldEmail, Settable: true},
		{Key: "country", Type: flow.FieldCountry, Settable: true}, {Key: "language", Type: flow.FieldLanguage, Settable: true},
		{Key: "profilepic", Type: flow.FieldURL}, {Key: "status", Type: flow.FieldText}, {Key: "assignee", Type: flow.FieldText},
		{Key: "id", Type: flow.FieldNumber}, {Key: "name", Type: flow.FieldText}, {Key: "tags", Type: flow.FieldText},
	}
}

func standardField(key string) (flow.FieldInfo, bool) {
	for _, f := range standardFields() {
		if f.Key == key {
			return f, true
		}
	}
	return flow.FieldInfo{}, false
}

func (f *CustomField) info() flow.FieldInfo {
	return flow.FieldInfo{Key: f.Slug, Type: f.DataType, Options: f.AllowedValues, Settable: true}
}

// customField finds a custom field by slug or name; nil when there is none.
func (t *txn) customField(key string) (*CustomField, error) {
	return first[CustomField](t.db.Where("workspace_id = ? AND (slug_key = ? OR name_key = ?)", t.wsID, fold(key), fold(key)))
}

// fieldKey is the key of a referenced field; "" when the field is gone.
func (t *txn) fieldKey(ref flow.Ref) (string, error) {
	if _, ok := standardField(ref.Name); ok {
		return ref.Name, nil
	}
	f, err := t.customField(ref.Name)
	if err != nil || f == nil {
		return "", err
	}
	return f.Slug, nil
}

// writeField sets one field of a contact, "" clears it. A value that does not
// fit its type is refused with invalid. One event when it really changes.
func (t *txn) writeField(c *Contact, key, value string) error {
	if info, ok := standardField(key); ok {
		if !info.Settable {
			return invalid(key, "contact field %q cannot be set", key)
		}
		return t.writeStandard(c, info, value)
	}
	f, err := t.customField(key)
	if err != nil {
		return err
	}
	if f == nil {
		return invalid(key, "contact field %q does not exist in this workspace; create it with POST /v2/space/custom_field", key)
	}
	return t.writeCustom(c, f, value)
}

func (t *txn) writeStandard(c *Contact, info flow.FieldInfo, value string) error {
	v := ""
	if value != "" {
		fit, err := flow.FitField(info, value)
		if err != nil {
			return invalid(info.Key, "%s", err)
		}
		v = fit
	}
	before := *c
	switch info.Key {
	case "firstname":
		c.FirstName = v
	case "lastname":
		c.LastName = v
	case "email":
		c.Email = v
	case "country":
		c.CountryCode = v
	case "language":
		c.Language = v
	case "phone":
		c.Phone = v
		if c.CountryCode == "" && v != "" {
			c.CountryCode = channel.PhoneCountry(v)
		}
	}
	return t.saveContact(c, &before)
}

func (t *txn) writeCustom(c *Contact, f *CustomField, value string) error {
	fit := ""
	if value != "" {
		var err error
		if fit, err = flow.FitField(f.info(), value); err != nil {
			return invalid(f.Slug, "%s", err)
		}
	}
	change, err := t.storeValue(c, f, fit)
	if err != nil || change == nil {
		return err
	}
	return t.tellUpdate(c, []FieldChange{*change})
}

// storeValue stores a value that fits, "" deletes it; nil when nothing changed.
func (t *txn) storeValue(c *Contact, f *CustomField, fit string) (*FieldChange, error) {
	old, err := first[ContactValue](t.db.Where("contact_id = ? AND field_id = ?", c.ID, f.ID))
	if err != nil {
		return nil, err
	}
	before := ""
	if old != nil {
		before = old.Value
	}
	if before == fit {
		return nil, nil
	}
	if fit == "" {
		err = t.db.Where("contact_id = ? AND field_id = ?", c.ID, f.ID).Delete(&ContactValue{}).Error
	} else {
		err = t.upsert(&ContactValue{c.ID, f.ID, fit}, "contact_id", "field_id")
	}
	return &FieldChange{Field: f.Slug, OldValue: orNull(before), NewValue: orNull(fit), custom: f.ID}, err
}
