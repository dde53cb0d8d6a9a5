package desk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"ucal/store"
)

// maxSlug is the length of a workflow's slug.
const maxSlug = 60

// slugOf makes a slug from a name.
func slugOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	s := strings.Join(words, "-")
	if refusedSlug(s) {
		s = strings.Trim("workflow-"+s, "-")
	}
	return cutSlug(s, maxSlug)
}

func cutSlug(s string, n int) string { return strings.Trim(s[:min(len(s), n)], "-") }

// refusedSlug reports slugs that a path could take for something else.
func refusedSlug(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return s == "" || err == nil || strings.Trim(s, "0123456789") == "" || slices.Contains([]string{"import", "validate", "schema"}, s)
}

// freeSlug is the slug, or the slug with the first number that nobody uses.
func (t *txn) freeSlug(slug string) (string, error) {
	try := slug
	for n := 2; ; n++ {
		wf, err := first[Workflow](t.db.Select("id").Where("workspace_id = ? AND slug = ? AND deleted_at = 0", t.wsID, try))
		if err != nil || wf == nil {
			return try, err
		}
		tail := fmt.Sprintf("-%d", n)
		try = cutSlug(slug, maxSlug-len(tail)) + tail
	}
}

// freeName is the name, or the name with the first number that nobody uses.
func (t *txn) freeName(name string) (string, error) {
	try := name
	for n := 2; ; n++ {
		wf, err := first[Workflow](t.db.Select("id").Where("workspace_id = ? AND name = ? AND deleted_at = 0", t.wsID, try))
		if err != nil || wf == nil {
			return try, err
		}
		tail := fmt.Sprintf(" (%d)", n)
		r := []rune(name)
		try = strings.TrimSpace(string(r[:min(len(r), maxWorkflowName-len(tail))])) + tail
	}
}

// maxWorkflowName is the length of a workflow's name in characters.
const maxWorkflowName = 100

// workflowByRef finds a workflow by its id or slug; lock keeps others from
// changing it until the transaction ends.
func (t *txn) workflowByRef(ref string, lock bool) (*Workflow, error) {
	q := t.db
	if lock {
		q = store.ForUpdate(t.db)
	}
	q = q.Where("workspace_id = ? AND deleted_at = 0", t.wsID)
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		q = q.Where("id = ?", id)
	} else {
		q = q.Where("slug = ?", ref)
	}
	wf := &Workflow{}
	err := q.Take(wf).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound("workflow", strconv.Quote(clip(ref)))
	}
	return wf, err
}
