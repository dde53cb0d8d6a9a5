package desk

import (
	"context"

	"ucal/channel"
	"ucal/flow"
)

// ContactView is a contact with what belongs to it.
type ContactView struct {
	Contact
	Assignee *User
	Tags     []string
	Fields   []FieldValue // every custom field of the workspace
}

// FieldValue is a contact's value of a custom field.
type FieldValue struct {
	Name  string
	Type  flow.FieldType
	Value *string // nil = empty
}

// Contact returns one contact.
func (d *Desk) Contact(ctx context.Context, p Principal, who Identifier) (*ContactView, error) {
	var v *ContactView
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		views, err := t.views([]Contact{*c})
		if err == nil {
			v = &views[0]
		}
		return err
	})
	return v, err
}

// views completes contacts, with one query per kind of thing.
func (t *txn) views(cs []Contact) ([]ContactView, error) {
	ids, users := make([]int64, len(cs)), make([]int64, 0, len(cs))
	for i, c := range cs {
		ids[i] = c.ID
		if c.AssigneeID != 0 {
			users = append(users, c.AssigneeID)
		}
	}
	assignees, err := t.usersByID(users)
	if err != nil {
		return nil, err
	}
	tags, err := t.tagsOf(ids)
	if err != nil {
		return nil, err
	}
	values, err := t.valuesOf(ids)
	if err != nil {
		return nil, err
	}
	out := make([]ContactView, len(cs))
	for i, c := range cs {
		out[i] = ContactView{Contact: c, Assignee: assignees[c.AssigneeID], Tags: notNil(tags[c.ID]), Fields: values(c.ID)}
	}
	return out, nil
}

func (t *txn) usersByID(ids []int64) (map[int64]*User, error) {
	found := map[int64]*User{}
	if len(ids) == 0 {
		return found, nil
	}
	var users []User
	if err := t.db.Where("workspace_id = ? AND id IN ?", t.wsID, ids).Find(&users).Error; err != nil {
		return nil, err
	}
	for i := range users {
		found[users[i].ID] = &users[i]
	}
	return found, nil
}

func (t *txn) tagsOf(contacts []int64) (map[int64][]string, error) {
	var rows []struct {
		ContactID int64
		Name      string
	}
	err := t.db.Table("contact_tags ct").Select("ct.contact_id, tags.name").Joins("JOIN tags ON tags.id = ct.tag_id").
		Where("ct.contact_id IN ?", contacts).Order("tags.id").Scan(&rows).Error
	names := map[int64][]string{}
	for _, r := range rows {
		names[r.ContactID] = append(names[r.ContactID], r.Name)
	}
	return names, err
}

// valuesOf returns a function that lists the custom fields of one contact.
func (t *txn) valuesOf(contacts []int64) (func(contact int64) []FieldValue, error) {
	var fields []CustomField
	if err := t.db.Where("workspace_id = ?", t.wsID).Order("id").Find(&fields).Error; err != nil {
		return nil, err
	}
	type key struct{ contact, field int64 }
	values := map[key]string{}
	if len(fields) > 0 {
		var rows []ContactValue
		if err := t.db.Where("contact_id IN ?", contacts).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, r := range rows {
			values[key{r.ContactID, r.FieldID}] = r.Value
		}
	}
	return func(contact int64) []FieldValue {
		out := make([]FieldValue, len(fields))
		for i, f := range fields {
			out[i] = FieldValue{Name: f.Name, Type: f.DataType}
			if v, ok := values[key{contact, f.ID}]; ok {
				out[i].Value = &v
			}
		}
		return out
	}, nil
}

// IdentityState says whether we can write to a contact on a channel.
type IdentityState string

// The states of an identity.
const (
	IdentityActive      IdentityState = "active"      // there is history
	IdentityInactive    IdentityState = "inactive"    // we could write first
	IdentityUnavailable IdentityState = "unavailable" // the contact must write first
)

// ContactChannel is an identity with its channel.
type ContactChannel struct {
	Identity
	Channel Channel
	State   IdentityState
}

// ContactChannels lists the channels of a contact.
func (d *Desk) ContactChannels(ctx context.Context, p Principal, who Identifier, page Page) (List[ContactChannel], error) {
	var out List[ContactChannel]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		l, err := list(t.db.Where("contact_id = ?", c.ID), page, oldestFirst(), func(i *Identity) int64 { return i.ID })
		if err != nil {
			return err
		}
		items := make([]ContactChannel, len(l.Items))
		for i, id := range l.Items {
			items[i] = ContactChannel{Identity: id, State: IdentityActive}
			if err := t.db.Take(&items[i].Channel, id.ChannelID).Error; err != nil {
				return err
			}
			if id.LastMessageAt == 0 {
				items[i].State = t.reach(&items[i].Channel)
			}
		}
		out = convert(l, items)
		return nil
	})
	return out, err
}

// reach is the state of an identity without history.
func (t *txn) reach(ch *Channel) IdentityState {
	if t.Capabilities(ch).First == channel.FirstYes {
		return IdentityInactive
	}
	return IdentityUnavailable
}
