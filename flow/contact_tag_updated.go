package flow

// What can happen to a tag of a contact.
const (
	TagAdded   = "added"
	TagRemoved = "removed"
)

// TagUpdated is the configuration of Contact Tag Updated (type
// contact_tag_updated): fires when one of the tags was added to the contact, or
// removed.
type TagUpdated struct {
	Action string `json:"action" flow:"action,required" enum:"added,removed"`
	Tags   []Ref  `json:"tags" flow:"tags,required" ref:"tag"`
}

func (t *TagUpdated) check(*checker) {}

func (t *TagUpdated) accepts(h Happening) bool {
	if h.Tag == nil || h.Tag.Action != t.Action {
		return false
	}
	for _, ref := range t.Tags {
		if ref.ID == h.Tag.ID || ref.ID == 0 && equalText(ref.Name, h.Tag.Name) {
			return true
		}
	}
	return false
}
