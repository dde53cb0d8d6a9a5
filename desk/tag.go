package desk

import (
	"strings"

	"golang.org/x/text/cases"
	"gorm.io/gorm/clause"

	"ucal/flow"
)

// Tag is a label on contacts; names compare ignoring case.
type Tag struct {
	ID          int64
	WorkspaceID int64
	Name        string
	NameKey     string
	Description string
	ColorCode   string
	Emoji       string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

// ContactTag is a tag on a contact.
type ContactTag struct {
	ContactID int64 `gorm:"primaryKey;autoIncrement:false"`
	TagID     int64 `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

// Limits of tags.
const (
	MaxTagName     = 255 // characters
	MaxTagsCall    = 10
	MaxTagsContact = 100
)

// fold is the form in which names compare ignoring case.
func fold(s string) string { return cases.Fold().String(strings.TrimSpace(s)) }

// changeTags adds or removes tags by name and returns those that really
// changed: one event each, offered to the workflows once all of them are stored.
// Unknown tags are created when they are added.
func (t *txn) changeTags(c *Contact, names []string, remove bool) ([]string, error) {
	changed, events := []string{}, []*tagEvent{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if tooLong(name, MaxTagName) {
			name = string([]rune(name)[:MaxTagName])
		}
		tag, err := first[Tag](t.db.Where("workspace_id = ? AND name_key = ?", t.wsID, fold(name)))
		if err != nil {
			return nil, err
		}
		if tag == nil && remove {
			continue
		}
		if tag == nil {
			if tag, err = t.createTag(name); err != nil {
				return nil, err
			}
		}
		done, err := t.changeTag(c, tag, remove)
		if err != nil {
			return nil, err
		}
		if done != nil {
			changed, events = append(changed, tag.Name), append(events, done)
		}
	}
	for _, x := range events {
		if err := t.trigger(c, x.Event, flow.Happening{Type: flow.ContactTagUpdated, Tag: &x.change}); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// tagEvent is a tag event with what a trigger sees of it.
type tagEvent struct {
	*Event
	change flow.TagChange
}

func (t *txn) createTag(name string) (*Tag, error) {
	tag := &Tag{WorkspaceID: t.wsID, Name: name, NameKey: fold(name), CreatedAt: t.at}
	res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(tag)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, errAgain
	}
	return tag, res.Error
}

// changeTag is nil when the tag was there, or not there, already.
func (t *txn) changeTag(c *Contact, tag *Tag, remove bool) (*tagEvent, error) {
	action, change := "add", flow.TagChange{ID: tag.ID, Name: tag.Name, Action: flow.TagAdded}
	res := t.db.Clauses(clause.OnConflict{DoNothing: true})
	if remove {
		action, change.Action = "remove", flow.TagRemoved
		res = t.db.Where("contact_id = ? AND tag_id = ?", c.ID, tag.ID).Delete(&ContactTag{})
	} else {
		res = res.Create(&ContactTag{ContactID: c.ID, TagID: tag.ID, CreatedAt: t.at})
	}
	if res.Error != nil || res.RowsAffected == 0 {
		return nil, res.Error
	}
	ev, err := t.event(c, Event{Type: TagUpdated, Data: map[string]any{"tag": tag.Name, "action": action}})
	return &tagEvent{ev, change}, err
}

// tagName is the present name of a referenced tag: a rename is followed.
func (t *txn) tagName(ref flow.Ref) (string, error) {
	if ref.ID == 0 {
		return ref.Name, nil
	}
	tag, err := first[Tag](t.db.Where("id = ? AND workspace_id = ?", ref.ID, t.wsID))
	if err != nil || tag == nil {
		return ref.Name, err
	}
	return tag.Name, nil
}
