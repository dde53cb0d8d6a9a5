package desk

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gorm.io/gorm"

	"ucal/flow"
	"ucal/store"
)

// Limits of custom fields.
const (
	MaxFields      = 100
	MaxFieldName   = 50
	MaxFieldValues = 100
)

// CustomFieldInput is a new custom field.
type CustomFieldInput struct {
	Name, Slug, Description string // without a slug it is made from the name
	DataType                flow.FieldType
	AllowedValues           []string // of a list
}

// CustomFieldChange is what is to be changed of a custom field; nil leaves it alone.
type CustomFieldChange struct {
	Name, Description *string
	AllowedValues     *[]string
}

var slugPattern = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

func fieldTypes() []string {
	return []string{string(flow.FieldText), string(flow.FieldList), string(flow.FieldCheckbox), string(flow.FieldEmail), string(flow.FieldNumber),
		string(flow.FieldURL), string(flow.FieldDate), string(flow.FieldTime)}
}

// CustomFields lists the custom fields.
func (d *Desk) CustomFields(ctx context.Context, p Principal, page Page) (List[CustomField], error) {
	var out List[CustomField]
	err := d.read(ctx, p, func(t *txn) (err error) {
		out, err = list(t.db.Where("workspace_id = ?", t.wsID), page, oldestFirst(), func(x *CustomField) int64 { return x.ID })
		return err
	})
	return out, err
}

// CustomField returns one custom field.
func (d *Desk) CustomField(ctx context.Context, p Principal, id int64) (*CustomField, error) {
	var field *CustomField
	err := d.read(ctx, p, func(t *txn) (err error) {
		field, err = take[CustomField](t, "custom field", id)
		return err
	})
	return field, err
}

// CreateCustomField adds a custom field. Its slug and type never change.
func (d *Desk) CreateCustomField(ctx context.Context, p Principal, in CustomFieldInput) (*CustomField, error) {
	var field *CustomField
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var f faults
		field = &CustomField{WorkspaceID: t.wsID, Name: f.text("name", in.Name, 1, MaxFieldName), Slug: in.Slug,
			Description: f.text("description", in.Description, 0, MaxDescription), DataType: in.DataType, CreatedAt: t.at}
		field.NameKey = fold(field.Name)
		f.oneOf("dataType", string(in.DataType), fieldTypes())
		field.AllowedValues = f.allowedValues(in.AllowedValues, in.DataType)
		f.free("name", field.Name)
		if err := t.giveSlug(&f, field); err != nil {
			return err
		}
		if err := f.err(); err != nil {
			return err
		}
		if err := room(t.db.Model(&CustomField{}).Where("workspace_id = ?", t.wsID), "custom fields", MaxFields); err != nil {
			return err
		}
		return fieldTaken(t.db.Create(field).Error, field)
	})
	return field, err
}

func fieldTaken(err error, field *CustomField) error {
	if store.IsDuplicate(err) {
		return refuse(Conflict, "already_exists", "a custom field with the name %q or the slug %q exists already", field.Name, field.Slug)
	}
	return err
}

// free refuses the keys of standard fields.
func (f *faults) free(path, s string) {
	for _, info := range standardFields() {
		if fold(s) == info.Key {
			f.bad(path, "%q is the name of a standard field; choose another one", s)
		}
	}
	for _, key := range []string{"countryCode", "lang", "created_at"} { // how the API spells others
		if fold(s) == fold(key) {
			f.bad(path, "%q is the name of a standard field; choose another one", s)
		}
	}
}

// giveSlug checks the slug or makes a free one from the name.
func (t *txn) giveSlug(f *faults, field *CustomField) error {
	if field.Slug != "" {
		if !slugPattern.MatchString(field.Slug) || len(field.Slug) > MaxFieldName {
			f.bad("slug", "%q must be 1 to %d of the characters A-Z a-z 0-9 _", clip(field.Slug), MaxFieldName)
		}
		f.free("slug", field.Slug)
		field.SlugKey = fold(field.Slug)
		return nil
	}
	base := slugOfField(field.Name)
	for n := 1; ; n++ {
		slug := base
		if n > 1 {
			suffix := fmt.Sprintf("_%d", n)
			slug = base[:min(len(base), MaxFieldName-len(suffix))] + suffix
		}
		_, standard := standardField(slug)
		taken, err := first[CustomField](t.db.Where("workspace_id = ? AND slug_key = ?", t.wsID, slug))
		if err != nil {
			return err
		}
		if taken == nil && !standard {
			field.Slug, field.SlugKey = slug, slug
			return nil
		}
	}
}

// slugOfField is a name in lower case with _ for everything but letters and digits.
func slugOfField(name string) string {
	slug := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return slug[:min(len(slug), MaxFieldName)]
}

func (f *faults) allowedValues(in []string, kind flow.FieldType) []string {
	const path = "allowedValues"
	switch {
	case kind != flow.FieldList && len(in) > 0:
		f.bad(path, "belongs to fields of type list only, not %s", clip(string(kind)))
	case kind == flow.FieldList && (len(in) == 0 || len(in) > MaxFieldValues):
		f.bad(path, "has %d values; a list needs 1 to %d", len(in), MaxFieldValues)
	}
	out := make([]string, 0, len(in))
	for i, v := range in {
		v = f.text(fmt.Sprintf("%s[%d]", path, i), v, 1, MaxDescription)
		if slices.Contains(out, v) {
			f.bad(fmt.Sprintf("%s[%d]", path, i), "%q is there twice", clip(v))
		}
		out = append(out, v)
	}
	return out
}

// UpdateCustomField renames a field or changes the values of a list. Values
// that contacts have stay until they are changed.
func (d *Desk) UpdateCustomField(ctx context.Context, p Principal, id int64, in CustomFieldChange) (*CustomField, error) {
	var field *CustomField
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var err error
		if field, err = take[CustomField](t, "custom field", id); err != nil {
			return err
		}
		var f faults
		if in.Name != nil && fold(*in.Name) != field.NameKey {
			f.free("name", *in.Name)
		}
		f.change("name", &field.Name, in.Name, 1, MaxFieldName)
		f.change("description", &field.Description, in.Description, 0, MaxDescription)
		if in.AllowedValues != nil {
			field.AllowedValues = f.allowedValues(*in.AllowedValues, field.DataType)
		}
		if err := f.err(); err != nil {
			return err
		}
		field.NameKey = fold(field.Name)
		return fieldTaken(t.db.Model(field).Select("name", "name_key", "description", "allowed_values").Updates(field).Error, field)
	})
	return field, err
}

// DeleteCustomField deletes a field and erases its values.
func (d *Desk) DeleteCustomField(ctx context.Context, p Principal, id int64) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		field, err := take[CustomField](t, "custom field", id)
		if err != nil {
			return err
		}
		if err := t.db.Where("field_id = ?", id).Delete(&ContactValue{}).Error; err != nil {
			return err
		}
		return t.db.Delete(field).Error
	})
}

// byName narrows a query to names that contain a text, ignoring case.
func byName(q *gorm.DB, text string) *gorm.DB {
	if text == "" {
		return q
	}
	return q.Where("name_key LIKE ? ESCAPE '\\'", like(fold(text)))
}
