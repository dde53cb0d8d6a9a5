package desk

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"time"

	"gorm.io/gorm"

	"ucal/store"
)

// Fetching a web page is tried maxFetches times, with fetchPause before the next.
const maxFetches = 3

func fetchPause(attempt int) time.Duration {
	if attempt <= 1 {
		return 10 * time.Second
	}
	return time.Minute
}

// KnowledgeFetch is a web page that is to be fetched now.
type KnowledgeFetch struct {
	ID          int64
	WorkspaceID int64
	Name        string
	URL         string
	Attempts    int // this one counted
}

// LeaseKnowledge takes up to n web pages that are to be fetched. One whose fetch
// is not reported within lease is given out again, until its attempts are used up.
func (d *Desk) LeaseKnowledge(ctx context.Context, n int, lease time.Duration) ([]KnowledgeFetch, error) {
	var out []KnowledgeFetch
	err := d.db.Write(ctx, func(tx *gorm.DB) error {
		now, skip := d.millis(), ""
		if store.LockSuffix(tx) != "" {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		out = nil
		var rows []KnowledgeFetch
		err := tx.Raw(`UPDATE knowledge_sources SET not_before = ?, attempts = attempts + 1 WHERE id IN (
			SELECT id FROM knowledge_sources WHERE state = 'pending' AND not_before <= ? ORDER BY not_before, id LIMIT ?`+skip+`)
			RETURNING id, workspace_id, name, url, attempts`, now+lease.Milliseconds(), now, n).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Attempts <= maxFetches {
				out = append(out, r)
				continue
			}
			err := tx.Model(&KnowledgeSource{}).Where("id = ?", r.ID).UpdateColumns(map[string]any{"state": KnowledgeFailed, "updated_at": now,
				"state_reason": "fetching it was interrupted again and again; delete it and add it anew"}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease web pages: %w", err)
	}
	return out, nil
}

// KnowledgeFetched makes a page that was fetched searchable, or notes why it
// cannot be. A source that was deleted meanwhile, or that another attempt has
// taken over, is left alone.
func (d *Desk) KnowledgeFetched(ctx context.Context, f KnowledgeFetch, mediaType string, body []byte) error {
	name := ""
	if u, err := url.Parse(f.URL); err == nil {
		name = path.Base(u.Path)
	}
	var fresh KnowledgeSource
	text, err := d.ReadDocument(name, mediaType, body)
	fresh.settle(text, err)
	chunks := chunksOf(f.Name, "", fresh.Text)
	return d.fetched(ctx, f, func(t *txn, src *KnowledgeSource) error {
		src.State, src.StateReason, src.Text = fresh.State, fresh.StateReason, fresh.Text
		return t.index(chunks, src.ID, 0)
	})
}

// KnowledgeNotFetched notes that a page could not be fetched; again says that
// another attempt may help.
func (d *Desk) KnowledgeNotFetched(ctx context.Context, f KnowledgeFetch, reason string, again bool) error {
	return d.fetched(ctx, f, func(t *txn, src *KnowledgeSource) error {
		src.StateReason = shortReason(reason)
		if again && src.Attempts < maxFetches {
			src.NotBefore = t.at + fetchPause(src.Attempts).Milliseconds()
			return nil
		}
		src.State = KnowledgeFailed
		return nil
	})
}

// fetched ends an attempt, if it is still the one that counts.
func (d *Desk) fetched(ctx context.Context, f KnowledgeFetch, fn func(t *txn, src *KnowledgeSource) error) error {
	return d.write(ctx, f.WorkspaceID, system(), func(t *txn) error {
		src, err := first[KnowledgeSource](store.ForUpdate(t.db).Where("id = ? AND state = ? AND attempts = ?", f.ID, KnowledgePending, f.Attempts))
		if err != nil || src == nil {
			return err
		}
		if err := fn(t, src); err != nil {
			return err
		}
		src.UpdatedAt = t.at
		return t.db.Model(src).Select("state", "state_reason", "text", "not_before", "updated_at").Updates(src).Error
	})
}
