package desk

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"ucal/channel"
	"ucal/flow"
)

// directory answers a workflow's checks from the workspace. A database error is
// kept and must be asked for after the check.
type directory struct {
	t   *txn
	err error
}

// Find returns what a reference may mean: by id, else by name ignoring case.
func (d *directory) Find(kind flow.RefKind, ref flow.Ref) []flow.Ref {
	by := func(q *gorm.DB, key string) *gorm.DB {
		if q = q.Where("workspace_id = ?", d.t.wsID); ref.ID != 0 {
			return q.Where("id = ?", ref.ID)
		}
		return q.Where(key+" = ?", fold(ref.Name))
	}
	switch kind {
	case flow.RefUser:
		return found(d, by(d.t.db.Where("state <> ?", UserRemoved), "email"), func(u *User) flow.Ref { return flow.Ref{ID: u.ID, Name: u.Email} })
	case flow.RefTeam:
		return found(d, by(d.t.db, "name_key"), func(x *Team) flow.Ref { return flow.Ref{ID: x.ID, Name: x.Name} })
	case flow.RefTag:
		return found(d, by(d.t.db, "name_key"), func(x *Tag) flow.Ref { return flow.Ref{ID: x.ID, Name: x.Name} })
	case flow.RefCategory:
		return found(d, by(d.t.db, "category_key"), func(x *ClosingCategory) flow.Ref { return flow.Ref{ID: x.ID, Name: x.Category} })
	case flow.RefChannel:
		return d.channels(ref)
	case flow.RefField:
		return d.field(ref)
	case flow.RefWorkflow: // files name workflows by slug
		return found(d, by(d.t.db.Where("deleted_at = 0"), "slug"), func(x *Workflow) flow.Ref { return flow.Ref{ID: x.ID, Name: x.Slug} })
	case flow.RefSource:
		return found(d, by(d.t.db, "name_key"), func(x *KnowledgeSource) flow.Ref { return flow.Ref{ID: x.ID, Name: x.Name} })
	}
	return nil
}

// found runs a query and makes references of its rows.
func found[T any](d *directory, q *gorm.DB, ref func(*T) flow.Ref) []flow.Ref {
	var rows []T
	if err := q.Limit(2).Find(&rows).Error; err != nil {
		d.err = err
	}
	refs := make([]flow.Ref, len(rows))
	for i := range rows {
		refs[i] = ref(&rows[i])
	}
	return refs
}

// channels compares names here: they are no keys, and SQLite folds ASCII only.
func (d *directory) channels(ref flow.Ref) []flow.Ref {
	var rows []Channel
	if err := d.t.db.Select("id", "name").Where("workspace_id = ? AND deleted_at = 0", d.t.wsID).Find(&rows).Error; err != nil {
		d.err = err
	}
	var refs []flow.Ref
	for _, ch := range rows {
		if ref.ID == ch.ID || ref.ID == 0 && fold(ref.Name) == fold(ch.Name) {
			refs = append(refs, flow.Ref{ID: ch.ID, Name: ch.Name})
		}
	}
	return refs
}

func (d *directory) field(ref flow.Ref) []flow.Ref {
	if ref.ID == 0 {
		if info, ok := standardField(fold(ref.Name)); ok {
			return []flow.Ref{{Name: info.Key}}
		}
	}
	q := d.t.db.Where("workspace_id = ?", d.t.wsID)
	if ref.ID != 0 {
		q = q.Where("id = ?", ref.ID)
	} else {
		q = q.Where("slug_key = ? OR name_key = ?", fold(ref.Name), fold(ref.Name))
	}
	return found(d, q, func(f *CustomField) flow.Ref { return flow.Ref{ID: f.ID, Name: f.Slug} })
}

// Field describes a contact field by its key.
func (d *directory) Field(key string) (flow.FieldInfo, bool) {
	if info, ok := standardField(fold(key)); ok {
		return info, true
	}
	f, err := d.t.customField(key)
	if err != nil {
		d.err = err
	}
	if f == nil {
		return flow.FieldInfo{}, false
	}
	return f.info(), true
}

// Channel tells the message checks what a channel can do.
func (d *directory) Channel(id int64) (flow.ChannelInfo, bool) {
	ch, err := first[Channel](d.t.db.Where("workspace_id = ? AND id = ? AND deleted_at = 0", d.t.wsID, id))
	if err != nil {
		d.err = err
	}
	if ch == nil {
		return flow.ChannelInfo{}, false
	}
	caps := d.t.Capabilities(ch)
	info := flow.ChannelInfo{Source: string(ch.Source), Window: time.Duration(caps.WindowDuration) * time.Second, Types: fileTypes(caps), Tags: caps.MessageTags}
	if !caps.TextLimit.Bytes {
		info.TextLimit = caps.TextLimit.Max
	}
	return info, true
}

// fileTypes are the message types of a workflow file that a channel carries:
// media and quick replies fall back to text.
func fileTypes(caps channel.Capabilities) []string {
	var types []string
	text := caps.Carries(channel.TypeText)
	for _, x := range []struct {
		name    string
		carries bool
	}{
		{flow.MessageText, text},
		{flow.MessageMedia, text || caps.Carries(channel.TypeAttachment)},
		{flow.MessageEmail, caps.Carries(channel.TypeEmail)},
		{flow.MessageQuickReply, text || caps.Carries(channel.TypeQuickReply)},
		{flow.MessageWhatsAppTemplate, caps.Carries(channel.TypeWhatsAppTemplate)},
		{flow.MessageFacebookTemplate, caps.Carries(channel.TypeFacebookTemplate)},
		{flow.MessageCustomPayload, caps.Carries(channel.TypeCustomPayload)},
	} {
		if x.carries {
			types = append(types, x.name)
		}
	}
	return types
}

// check reports everything wrong with a definition and resolves its references
// in place.
func (t *txn) check(def *flow.Definition, st flow.Stage) (flow.Problems, error) {
	dir := &directory{t: t}
	problems := flow.Check(def, dir, st)
	if def.ID != "" && flow.Slug(def.ID) && refusedSlug(def.ID) {
		problems = append(problems, def.Locate(flow.Problem{Severity: flow.SeverityError, Code: "workflow.id.invalid", Path: "id",
			Message: fmt.Sprintf("%q cannot be the id of a workflow. Use at least one letter, and not import, validate or schema.", def.ID)}))
	}
	return problems, dir.err
}
