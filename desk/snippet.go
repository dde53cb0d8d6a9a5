package desk

import (
	"context"
	"strconv"
	"strings"

	"ucal/store"
)

// Snippet is a ready-made text that users insert into messages, and that AI
// Agents may answer from. Its variables stay as they are written.
type Snippet struct {
	ID          int64
	WorkspaceID int64
	Name        string
	NameKey     string
	Text        string
	Topics      []string `gorm:"serializer:json"`
	CreatedAt   int64    `gorm:"autoCreateTime:false"`
	UpdatedAt   int64    `gorm:"autoUpdateTime:false"`
}

// Limits of snippets.
const (
	MaxSnippets    = 1000
	MaxSnippetName = 50
	MaxSnippetText = 2000
	MaxTopics      = 10
	MaxTopic       = 50
)

// SnippetInput is a new snippet.
type SnippetInput struct {
	Name, Text string
	Topics     []string
}

// SnippetChange is what is to be changed of a snippet; nil leaves a field alone.
type SnippetChange struct {
	Name, Text *string
	Topics     *[]string
}

// Snippets lists the workspace's snippets.
func (d *Desk) Snippets(ctx context.Context, p Principal, page Page) (List[Snippet], error) {
	var out List[Snippet]
	err := d.read(ctx, p, func(t *txn) (err error) {
		out, err = list(t.db.Where("workspace_id = ?", t.wsID), page, oldestFirst(), func(x *Snippet) int64 { return x.ID })
		return err
	})
	return out, err
}

// SnippetOf is one snippet.
func (d *Desk) SnippetOf(ctx context.Context, p Principal, id int64) (*Snippet, error) {
	var s *Snippet
	err := d.read(ctx, p, func(t *txn) (err error) {
		s, err = take[Snippet](t, "snippet", id)
		return err
	})
	return s, err
}

// CreateSnippet adds a snippet.
func (d *Desk) CreateSnippet(ctx context.Context, p Principal, in SnippetInput) (*Snippet, error) {
	var s *Snippet
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		s = &Snippet{WorkspaceID: t.wsID, Topics: []string{}, CreatedAt: t.at}
		if err := room(t.db.Model(&Snippet{}).Where("workspace_id = ?", t.wsID), "snippets", MaxSnippets); err != nil {
			return err
		}
		return t.saveSnippet(s, SnippetChange{&in.Name, &in.Text, &in.Topics})
	})
	return s, err
}

// UpdateSnippet changes a snippet.
func (d *Desk) UpdateSnippet(ctx context.Context, p Principal, id int64, in SnippetChange) (*Snippet, error) {
	var s *Snippet
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) (err error) {
		if s, err = t.lockSnippet(id); err != nil {
			return err
		}
		return t.saveSnippet(s, in)
	})
	return s, err
}

// saveSnippet checks and stores a snippet, and makes it be found as it is now.
func (t *txn) saveSnippet(s *Snippet, in SnippetChange) error {
	var f faults
	f.change("name", &s.Name, in.Name, 1, MaxSnippetName)
	f.change("text", &s.Text, in.Text, 1, MaxSnippetText)
	if in.Topics != nil {
		s.Topics = f.topics("topics", *in.Topics)
	}
	if err := f.err(); err != nil {
		return err
	}
	s.NameKey, s.UpdatedAt = fold(s.Name), t.at
	err := t.db.Save(s).Error
	if store.IsDuplicate(err) {
		return refuse(Conflict, "already_exists", "a snippet named %q exists already", clip(s.Name))
	}
	if err != nil {
		return err
	}
	return t.index(chunksOf(s.Name, strings.Join(s.Topics, "\n"), s.Text), 0, s.ID)
}

// topics cleans a list of topics; one that is there already is left out.
func (f *faults) topics(path string, topics []string) []string {
	out, seen := []string{}, map[string]bool{}
	if len(topics) > MaxTopics {
		f.bad(path, "has %d entries, at most %d are allowed", len(topics), MaxTopics)
		return out
	}
	for i, topic := range topics {
		topic = f.text(path+"["+strconv.Itoa(i)+"]", topic, 1, MaxTopic)
		if key := fold(topic); !seen[key] {
			seen[key] = true
			out = append(out, topic)
		}
	}
	return out
}

// DeleteSnippet deletes a snippet.
func (d *Desk) DeleteSnippet(ctx context.Context, p Principal, id int64) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		s, err := t.lockSnippet(id)
		if err != nil {
			return err
		}
		if err := t.index(nil, 0, id); err != nil {
			return err
		}
		return t.db.Delete(s).Error
	})
}

// lockSnippet keeps two changes of one snippet apart: each replaces its passages.
func (t *txn) lockSnippet(id int64) (*Snippet, error) {
	s, err := first[Snippet](store.ForUpdate(t.db).Where("workspace_id = ? AND id = ?", t.wsID, id))
	if err == nil && s == nil {
		return nil, notFound("snippet", id)
	}
	return s, err
}
