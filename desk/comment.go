package desk

import (
	"regexp"
	"strconv"
	"strings"

	"ucal/flow"
)

// Comment is an internal note on the timeline, never delivered.
type Comment struct {
	ID          int64
	WorkspaceID int64
	ContactID   int64
	Text        string
	Author      Actor   `gorm:"serializer:json"`
	Mentions    []int64 `gorm:"serializer:json"` // user ids
	CreatedAt   int64   `gorm:"autoCreateTime:false"`
}

// MaxComment is the length of a comment in characters.
const MaxComment = 1000

// mention matches {{@user.ID}}, {{@user@example.com}} and $ID$.
var mention = regexp.MustCompile(`\{\{@user\.(\d+)\}\}|\{\{@([^{}\s]+@[^{}\s]+)\}\}|\$(\d+)\$`)

// addComment stores a comment; the author is the transaction's actor. Mentions
// of known users are stored as {{@user.ID}}, others stay plain text.
func (t *txn) addComment(c *Contact, text string) (*Comment, error) {
	cm := &Comment{WorkspaceID: t.wsID, ContactID: c.ID, Author: t.actor, Mentions: []int64{}, CreatedAt: t.at}
	var failed error
	cm.Text = mention.ReplaceAllStringFunc(text, func(m string) string {
		part := mention.FindStringSubmatch(m)
		q := t.db.Where("workspace_id = ? AND state <> ?", t.wsID, UserRemoved)
		if part[2] != "" {
			q = q.Where("email = ?", strings.ToLower(part[2]))
		} else {
			id, _ := strconv.ParseInt(part[1]+part[3], 10, 64)
			q = q.Where("id = ?", id)
		}
		u, err := first[User](q)
		if err != nil {
			failed = err
		}
		if u == nil {
			return m
		}
		cm.Mentions = append(cm.Mentions, u.ID)
		return "{{@user." + strconv.FormatInt(u.ID, 10) + "}}"
	})
	if failed != nil {
		return nil, failed
	}
	if err := t.db.Create(cm).Error; err != nil {
		return nil, err
	}
	return cm, t.emit(c, Event{Type: CommentCreated, Data: map[string]any{"commentId": cm.ID}})
}

// ClosingCategory is one of the workspace's closing notes.
type ClosingCategory struct {
	ID          int64
	WorkspaceID int64
	Category    string
	CategoryKey string
	Description string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

// categoryName is the present name of a referenced category; "" when it is gone.
func (t *txn) categoryName(ref flow.Ref) (string, error) {
	q := t.db.Where("workspace_id = ?", t.wsID)
	if ref.ID != 0 {
		q = q.Where("id = ?", ref.ID)
	} else {
		q = q.Where("category_key = ?", fold(ref.Name))
	}
	cat, err := first[ClosingCategory](q)
	if err != nil || cat == nil {
		return "", err
	}
	return cat.Category, nil
}
