package desk

import (
	"context"
	"strconv"

	"ucal/store"
)

// Limits of closing notes.
const (
	MaxCategories = 100
	MaxCategory   = 128
)

// CategoryInput is a new closing category.
type CategoryInput struct {
	Category, Description string
}

// CategoryChange is what is to be changed of a category; nil leaves it alone.
type CategoryChange struct {
	Category, Description *string
}

// ClosingCategories lists the workspace's closing categories.
func (d *Desk) ClosingCategories(ctx context.Context, p Principal, page Page) (List[ClosingCategory], error) {
	var out List[ClosingCategory]
	err := d.read(ctx, p, func(t *txn) (err error) {
		out, err = list(t.db.Where("workspace_id = ?", t.wsID), page, oldestFirst(), func(x *ClosingCategory) int64 { return x.ID })
		return err
	})
	return out, err
}

// CreateCategory adds a closing category.
func (d *Desk) CreateCategory(ctx context.Context, p Principal, in CategoryInput) (*ClosingCategory, error) {
	var cat *ClosingCategory
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var f faults
		cat = &ClosingCategory{WorkspaceID: t.wsID, Category: f.text("category", in.Category, 1, MaxCategory),
			Description: f.text("description", in.Description, 0, MaxDescription), CreatedAt: t.at}
		cat.CategoryKey = fold(cat.Category)
		if err := f.err(); err != nil {
			return err
		}
		if err := room(t.db.Model(&ClosingCategory{}).Where("workspace_id = ?", t.wsID), "closing categories", MaxCategories); err != nil {
			return err
		}
		return categoryTaken(t.db.Create(cat).Error, cat.Category)
	})
	return cat, err
}

func categoryTaken(err error, name string) error {
	if store.IsDuplicate(err) {
		return refuse(Conflict, "already_exists", "a closing category named %q exists already", clip(name))
	}
	return err
}

// UpdateCategory changes a closing category; closed conversations keep the name they have.
func (d *Desk) UpdateCategory(ctx context.Context, p Principal, id int64, in CategoryChange) (*ClosingCategory, error) {
	var cat *ClosingCategory
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var err error
		if cat, err = take[ClosingCategory](t, "closing note", id); err != nil {
			return err
		}
		var f faults
		f.change("category", &cat.Category, in.Category, 1, MaxCategory)
		f.change("description", &cat.Description, in.Description, 0, MaxDescription)
		if err := f.err(); err != nil {
			return err
		}
		cat.CategoryKey = fold(cat.Category)
		return categoryTaken(t.db.Model(cat).Select("category", "category_key", "description").Updates(cat).Error, cat.Category)
	})
	return cat, err
}

// DeleteCategory deletes a closing category; closed conversations keep its name.
func (d *Desk) DeleteCategory(ctx context.Context, p Principal, id int64) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		cat, err := take[ClosingCategory](t, "closing note", id)
		if err != nil {
			return err
		}
		return t.db.Delete(cat).Error
	})
}

func quoted(s string) string { return strconv.Quote(clip(s)) }
