package desk

import "ucal/flow"

// FieldChange is one changed field of a contact.updated event; the key is the
// field's name in the API.
type FieldChange struct {
	Field    string `json:"field"`
	OldValue any    `json:"oldValue"`
	NewValue any    `json:"newValue"`

	custom int64 // id of the custom field; 0 = a standard one
}

// update is a contact.updated event that the workflows have not been offered
// yet; the zero value is none.
type update struct {
	ev      *Event
	changed []FieldChange
}

// tellUpdate emits one event for all the changes of an edit and offers each of
// them to the workflows.
func (t *txn) tellUpdate(c *Contact, changed []FieldChange) error {
	up, err := t.noteUpdate(c, changed)
	if err != nil {
		return err
	}
	return t.offerUpdate(c, up)
}

// noteUpdate emits the event only.
func (t *txn) noteUpdate(c *Contact, changed []FieldChange) (update, error) {
	if len(changed) == 0 {
		return update{}, nil
	}
	ev, err := t.event(c, Event{Type: ContactUpdated, Data: map[string]any{"updatedFields": changed}})
	return update{ev, changed}, err
}

// offerUpdate fires Contact Field Updated, once for each field.
func (t *txn) offerUpdate(c *Contact, up update) error {
	for _, x := range up.changed {
		key := contactKey(x)
		if key == "" {
			continue
		}
		change := &flow.FieldChange{ID: x.custom, Key: key, Old: textOf(x.OldValue), New: textOf(x.NewValue)}
		if err := t.trigger(c, up.ev, flow.Happening{Type: flow.ContactFieldUpdated, Field: change}); err != nil {
			return err
		}
	}
	return nil
}

// contactKey is the key of $contact.… for a field that an event names; "" for
// what is no contact field, such as the locale.
func contactKey(x FieldChange) string {
	if x.custom != 0 {
		return x.Field
	}
	return map[string]string{"firstName": "firstname", "lastName": "lastname", "phone": "phone", "email": "email", "lang": "language",
		"profilePic": "profilepic", "countryCode": "country"}[x.Field]
}

// textOf is a value of a FieldChange as text: null is "".
func textOf(v any) string {
	s, _ := v.(string)
	return s
}
