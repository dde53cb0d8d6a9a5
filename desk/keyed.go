package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/store"
)

// KeyedCall is a request with an idempotency key.
type KeyedCall struct {
	TokenID  int64
	Route    string // method and path
	Key      string
	BodyHash string

	begun int64
}

// KeyedAnswer is the stored answer to a keyed call.
type KeyedAnswer struct {
	Status   int
	Response string
}

// IdempotencyKey is the row of a keyed call.
type IdempotencyKey struct {
	TokenID   int64  `gorm:"primaryKey;autoIncrement:false"`
	Route     string `gorm:"primaryKey"`
	Key       string `gorm:"primaryKey"`
	BodyHash  string
	Status    int    // 0 = the first request is still running
	Response  string // sealed: answers show tokens and addresses
	CreatedAt int64  `gorm:"autoCreateTime:false"`
}

// keyedLease is after how long a call that has no answer counts as dead: its
// process was killed, and the caller may try again.
const keyedLease = time.Minute

// BeginKeyed claims a keyed call. A stored answer is returned; nil means that the
// caller is to carry the call out and then to call EndKeyed.
func (d *Desk) BeginKeyed(ctx context.Context, k *KeyedCall) (*KeyedAnswer, error) {
	var answer *KeyedAnswer
	err := d.db.Write(ctx, func(tx *gorm.DB) error {
		answer, k.begun = nil, d.millis()
		row := IdempotencyKey{TokenID: k.TokenID, Route: k.Route, Key: k.Key, BodyHash: k.BodyHash, CreatedAt: k.begun}
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		if err := k.where(store.ForUpdate(tx)).Take(&row).Error; err != nil {
			return err
		}
		age := time.Duration(k.begun-row.CreatedAt) * time.Millisecond
		switch {
		case age >= keepIdempotency:
		case row.BodyHash != k.BodyHash:
			return refuse(Conflict, "idempotency_mismatch", "the Idempotency-Key %q was used for another request body; choose a new key", clip(k.Key))
		case row.Status != 0:
			text, err := d.openAnswer(row.Response)
			answer = &KeyedAnswer{row.Status, text}
			return err
		case age < keyedLease:
			busy := refuse(Conflict, "in_progress", "the first request with the Idempotency-Key %q is still running; ask again", clip(k.Key))
			busy.RetryAfter = time.Second
			return busy
		}
		return k.where(tx.Model(&IdempotencyKey{})).UpdateColumns(map[string]any{"body_hash": k.BodyHash, "status": 0, "response": "", "created_at": k.begun}).Error
	})
	if err != nil && AsError(err) == nil {
		err = fmt.Errorf("claim an idempotency key: %w", err)
	}
	return answer, err
}

// EndKeyed stores the answer to a call that BeginKeyed gave out; status 0 gives
// the key back, because the call had no outcome that is worth keeping.
func (d *Desk) EndKeyed(ctx context.Context, k *KeyedCall, status int, response string) error {
	err := d.db.Write(ctx, func(tx *gorm.DB) error {
		mine := k.where(tx).Where("created_at = ? AND status = 0", k.begun) // another one may have taken over
		if status == 0 {
			return mine.Delete(&IdempotencyKey{}).Error
		}
		return mine.Model(&IdempotencyKey{}).UpdateColumns(map[string]any{"status": status, "response": d.Secrets.Seal(response)}).Error
	})
	if err != nil {
		return fmt.Errorf("keep the answer of an idempotency key: %w", err)
	}
	return nil
}

// openAnswer also takes answers that an older ucal has stored as they are.
func (d *Desk) openAnswer(stored string) (string, error) {
	if strings.HasPrefix(stored, "{") {
		return stored, nil
	}
	return d.Secrets.Open(stored)
}

func (k *KeyedCall) where(db *gorm.DB) *gorm.DB {
	return db.Where(map[string]any{"token_id": k.TokenID, "route": k.Route, "key": k.Key})
}
