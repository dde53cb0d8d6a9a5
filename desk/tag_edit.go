package desk

import (
	"context"

	"ucal/channel"
	"ucal/store"
)

// MaxTags is how many tags a workspace may have.
const MaxTags = 2000

// TagInput is a new tag.
type TagInput struct {
	Name, Description, ColorCode, Emoji string
}

// TagChange is what is to be changed of a tag; nil leaves a field alone.
type TagChange struct {
	Name, Description, ColorCode, Emoji *string
}

// TagView is a tag with the number of its contacts.
type TagView struct {
	Tag
	Contacts int64
}

// Tags lists the tags, those only whose name contains search.
func (d *Desk) Tags(ctx context.Context, p Principal, search string, page Page) (List[TagView], error) {
	var out List[TagView]
	err := d.read(ctx, p, func(t *txn) error {
		l, err := list(byName(t.db.Where("workspace_id = ?", t.wsID), channel.CleanText(search)), page, oldestFirst(), func(x *Tag) int64 { return x.ID })
		if err != nil {
			return err
		}
		views, err := t.tagViews(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

func (t *txn) tagViews(tags []Tag) ([]TagView, error) {
	ids, out := make([]int64, len(tags)), make([]TagView, len(tags))
	for i, tag := range tags {
		ids[i], out[i] = tag.ID, TagView{Tag: tag}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var counts []struct{ TagID, N int64 }
	err := t.db.Model(&ContactTag{}).Select("tag_id, count(*) AS n").Where("tag_id IN ?", ids).Group("tag_id").Scan(&counts).Error
	for _, n := range counts {
		for i := range out {
			if out[i].ID == n.TagID {
				out[i].Contacts = n.N
			}
		}
	}
	return out, err
}

// CreateTag adds a tag.
func (d *Desk) CreateTag(ctx context.Context, p Principal, in TagInput) (*Tag, error) {
	var tag *Tag
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var f faults
		tag = &Tag{WorkspaceID: t.wsID, Name: f.text("name", in.Name, 1, MaxTagName), Description: f.text("description", in.Description, 0, MaxDescription),
			ColorCode: f.text("colorCode", in.ColorCode, 0, 20), Emoji: f.text("emoji", in.Emoji, 0, 20), CreatedAt: t.at}
		tag.NameKey = fold(tag.Name)
		if err := f.err(); err != nil {
			return err
		}
		if err := room(t.db.Model(&Tag{}).Where("workspace_id = ?", t.wsID), "tags", MaxTags); err != nil {
			return err
		}
		return tagTaken(t.db.Create(tag).Error, tag.Name)
	})
	return tag, err
}

func tagTaken(err error, name string) error {
	if store.IsDuplicate(err) {
		return refuse(Conflict, "already_exists", "a tag named %q exists already", clip(name))
	}
	return err
}

// UpdateTagOf changes the tag with a name; contacts keep it under the new one.
func (d *Desk) UpdateTagOf(ctx context.Context, p Principal, name string, in TagChange) (*Tag, error) {
	var tag *Tag
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var err error
		if tag, err = t.tagNamed(name); err != nil {
			return err
		}
		var f faults
		f.change("name", &tag.Name, in.Name, 1, MaxTagName)
		f.change("description", &tag.Description, in.Description, 0, MaxDescription)
		f.change("colorCode", &tag.ColorCode, in.ColorCode, 0, 20)
		f.change("emoji", &tag.Emoji, in.Emoji, 0, 20)
		if err := f.err(); err != nil {
			return err
		}
		tag.NameKey = fold(tag.Name)
		return tagTaken(t.db.Model(tag).Select("name", "name_key", "description", "color_code", "emoji").Updates(tag).Error, tag.Name)
	})
	return tag, err
}

// DeleteTag deletes the tag with a name and takes it off all contacts, without
// an event for each.
func (d *Desk) DeleteTag(ctx context.Context, p Principal, name string) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		tag, err := t.tagNamed(name)
		if err != nil {
			return err
		}
		if err := t.db.Where("tag_id = ?", tag.ID).Delete(&ContactTag{}).Error; err != nil {
			return err
		}
		return t.db.Delete(tag).Error
	})
}

func (t *txn) tagNamed(name string) (*Tag, error) {
	tag, err := first[Tag](t.db.Where("workspace_id = ? AND name_key = ?", t.wsID, fold(channel.CleanText(name))))
	if err == nil && tag == nil {
		return nil, notFound("tag", quoted(name))
	}
	return tag, err
}
