package desk

import (
	"context"
	"fmt"
	"strings"
)

// TagContact adds tags to a contact, all or none. Agents may only add tags that
// exist.
func (d *Desk) TagContact(ctx context.Context, p Principal, who Identifier, names []string) (int64, error) {
	return d.tagContact(ctx, p, who, names, false)
}

// UntagContact removes tags from a contact; absent ones are ignored.
func (d *Desk) UntagContact(ctx context.Context, p Principal, who Identifier, names []string) (int64, error) {
	return d.tagContact(ctx, p, who, names, true)
}

func (d *Desk) tagContact(ctx context.Context, p Principal, who Identifier, names []string, remove bool) (int64, error) {
	if err := checkTags(names); err != nil {
		return 0, err
	}
	var id int64
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		c, err := t.named(p, who)
		if err != nil {
			return err
		}
		id = c.ID
		if p.Role == Agent && !remove {
			if err := t.knownTags(names); err != nil {
				return err
			}
		}
		if _, err := t.changeTags(c, names, remove); err != nil || remove {
			return err
		}
		var n int64
		if err := t.db.Model(&ContactTag{}).Where("contact_id = ?", c.ID).Count(&n).Error; err != nil {
			return err
		}
		if n > MaxTagsContact {
			return refuse(Invalid, "limit_reached", "contact %d would have %d tags; at most %d are allowed: remove some first", c.ID, n, MaxTagsContact)
		}
		return nil
	})
	return id, err
}

func checkTags(names []string) error {
	var f faults
	if len(names) == 0 || len(names) > MaxTagsCall {
		f.bad("", "send a list of 1 to %d tag names, not %d", MaxTagsCall, len(names))
	}
	for i, name := range names {
		path := fmt.Sprintf("[%d]", i)
		switch name = strings.TrimSpace(name); {
		case name == "":
			f.bad(path, "is empty; write the tag's name")
		case tooLong(name, MaxTagName):
			f.bad(path, "has more than %d characters; shorten the tag's name", MaxTagName)
		}
	}
	return f.err()
}

func (t *txn) knownTags(names []string) error {
	for _, name := range names {
		tag, err := first[Tag](t.db.Where("workspace_id = ? AND name_key = ?", t.wsID, fold(name)))
		if err != nil {
			return err
		}
		if tag == nil {
			return refuse(Invalid, "unknown_tag", "tag %q does not exist; agents use existing tags only: ask a manager to create it", name)
		}
	}
	return nil
}
