package flow

import "slices"

// FieldUpdated is the configuration of Contact Field Updated (type
// contact_field_updated): fires when the field's normalised value changes.
type FieldUpdated struct {
	Field Ref `json:"field" flow:"field,required" ref:"contact_field"`
}

// unwatched are fields of a contact that are no stored values: they change with
// other things, and no field event tells of them.
func unwatched() []string { return []string{"id", "name", "tags", "status", "assignee"} }

func (f *FieldUpdated) check(c *checker) {
	if slices.Contains(unwatched(), f.Field.Name) {
		c.invalid("field", "%q is no field that is edited, so it never fires. Choose another field, or another trigger.", f.Field.Name)
	}
}

func (f *FieldUpdated) accepts(h Happening) bool {
	return h.Field != nil && (f.Field.ID != 0 && f.Field.ID == h.Field.ID || f.Field.ID == 0 && equalText(f.Field.Name, h.Field.Key))
}
