package desk

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/store"
)

// hookAnswer is how a call of an address came out, in the form in which it is
// kept for its idempotency key.
type hookAnswer struct {
	RunID     int64        `json:"runId,omitempty"`
	ContactID int64        `json:"contactId,omitempty"`
	Refused   *hookRefusal `json:"refused,omitempty"`

	replayed bool
}

type hookRefusal struct {
	Code    Code   `json:"code"`
	Word    string `json:"word"`
	Message string `json:"message"`
}

func (a *hookAnswer) refuse(e *Error) { a.Refused = &hookRefusal{e.Code, e.Word, e.Message} }

func (r *hookRefusal) error() *Error {
	return hold(&Error{Code: r.Code, Word: r.Word, Message: r.Message})
}

// lasting reports whether the same call would get the same answer again: a
// refusal that passes is not kept.
func (a hookAnswer) lasting() bool {
	return a.Refused == nil || a.Refused.Code != RateLimited && a.Refused.Code != NotFound
}

// hookAnswered is the status of a kept answer: unlike the answers of the API it
// is no HTTP body.
const hookAnswered = 1

// claimHook takes an idempotency key, or reads the answer that it was given. The
// row is written in the transaction of the call itself: a second call with the
// key waits until the first one is stored, and never finds it half done.
func (t *txn) claimHook(h *Hook, key string, a *hookAnswer) (known bool, err error) {
	if key == "" {
		return false, nil
	}
	row := IdempotencyKey{Route: h.route(), Key: key, CreatedAt: t.at}
	res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil || res.RowsAffected == 1 {
		return false, res.Error
	}
	if err := h.keyed(store.ForUpdate(t.db), key).Take(&row).Error; err != nil {
		return false, err
	}
	if t.at-row.CreatedAt >= keepIdempotency.Milliseconds() || row.Status != hookAnswered {
		return false, h.keyed(t.db.Model(&IdempotencyKey{}), key).UpdateColumns(map[string]any{"status": 0, "response": "", "created_at": t.at}).Error
	}
	text, err := t.Secrets.Open(row.Response)
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), a); err != nil {
		return false, fmt.Errorf("answer of idempotency key %q: %w", clip(key), err)
	}
	a.replayed = true
	return true, nil
}

// keepHook stores the answer beside the key; one that does not last gives it back.
func (t *txn) keepHook(h *Hook, key string, a hookAnswer) error {
	if key == "" {
		return nil
	}
	if !a.lasting() {
		return h.keyed(t.db, key).Delete(&IdempotencyKey{}).Error
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return h.keyed(t.db.Model(&IdempotencyKey{}), key).UpdateColumns(map[string]any{"status": hookAnswered, "response": t.Secrets.Seal(string(text))}).Error
}

func (h *Hook) route() string { return fmt.Sprintf("hook %d", h.WorkflowID) }

func (h *Hook) keyed(db *gorm.DB, key string) *gorm.DB {
	return db.Where(map[string]any{"token_id": 0, "route": h.route(), "key": key})
}
