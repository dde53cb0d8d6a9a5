package desk

import (
	"context"
	"fmt"
	"time"
)

const (
	// expiryGrace is how much later than its owner the sweep lets a message expire.
	expiryGrace = 5 * time.Minute
	// expiryBatch is how many messages one sweep looks at.
	expiryBatch = 200
)

// SweepMessages fails the messages that nobody sends any more, for example
// because somebody terminated their execution in Temporal: they are past their
// expiry and still unsent. It returns how many it looked at: none, normally.
func (d *Desk) SweepMessages(ctx context.Context) (int, error) {
	var ids []int64
	late := d.millis() - (d.MessageExpiry + expiryGrace).Milliseconds()
	err := d.db.Read(ctx).Model(&Message{}).Where(isUnsent+" AND created_at < ? AND lease_until < ?", late, d.millis()).
		Order("identity_id, id").Limit(expiryBatch).Pluck("id", &ids).Error
	if err != nil {
		return 0, fmt.Errorf("look for forgotten messages: %w", err)
	}
	for _, id := range ids {
		if _, err := d.ClaimMessage(ctx, id); err != nil { // expired: the claim fails it
			return 0, fmt.Errorf("expire message %d: %w", id, err)
		}
	}
	return len(ids), nil
}
