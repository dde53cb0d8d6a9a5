package desk

import "context"

// QueuePlace is a waiting contact with its place in the queue.
type QueuePlace struct {
	QueueEntry
	Position int64 // 1 = next
}

// Queue lists the contacts that wait for a team, or (0) for the whole
// workspace, in their order.
func (d *Desk) Queue(ctx context.Context, p Principal, team int64, page Page) (List[QueuePlace], error) {
	var out List[QueuePlace]
	err := d.read(ctx, p, func(t *txn) error {
		if team != 0 {
			if _, err := take[Team](t, "team", team); err != nil {
				return err
			}
		}
		const pool = "workspace_id = ? AND team_id = ?"
		l, err := list(t.db.Where(pool, t.wsID, team), page, oldestFirst(), func(q *QueueEntry) int64 { return q.ID })
		if err != nil || len(l.Items) == 0 {
			out = convert(l, []QueuePlace{})
			return err
		}
		var ahead int64
		if err := t.db.Model(&QueueEntry{}).Where(pool+" AND id < ?", t.wsID, team, l.Items[0].ID).Count(&ahead).Error; err != nil {
			return err
		}
		items := make([]QueuePlace, len(l.Items))
		for i, q := range l.Items {
			items[i] = QueuePlace{q, ahead + int64(i) + 1}
		}
		out = convert(l, items)
		return nil
	})
	return out, err
}
