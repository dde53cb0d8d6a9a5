package desk

import "context"

// DecisionView is a trigger decision with the workflow's name.
type DecisionView struct {
	TriggerDecision
	Workflow string
}

// DecisionFilter narrows a list of decisions; zero values take all. Times are
// Unix milliseconds, both inclusive.
type DecisionFilter struct {
	WorkflowID int64
	From, To   int64
}

// Decisions lists why workflows did or did not start for a contact, newest first.
func (d *Desk) Decisions(ctx context.Context, p Principal, who Identifier, f DecisionFilter, page Page) (List[DecisionView], error) {
	var out List[DecisionView]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		q := t.db.Where("contact_id = ?", c.ID)
		if f.WorkflowID != 0 {
			q = q.Where("workflow_id = ?", f.WorkflowID)
		}
		if f.From != 0 {
			q = q.Where("at >= ?", f.From)
		}
		if f.To != 0 {
			q = q.Where("at <= ?", f.To)
		}
		l, err := list(q, page, newestFirst(), func(x *TriggerDecision) int64 { return x.ID })
		if err != nil {
			return err
		}
		ids := make([]int64, len(l.Items))
		for i, x := range l.Items {
			ids[i] = x.WorkflowID
		}
		var wfs []Workflow
		if err := t.db.Select("id", "name").Where("id IN ?", ids).Find(&wfs).Error; err != nil {
			return err
		}
		items := make([]DecisionView, len(l.Items))
		for i, x := range l.Items {
			items[i].TriggerDecision = x
			for _, w := range wfs {
				if w.ID == x.WorkflowID {
					items[i].Workflow = w.Name
				}
			}
		}
		out = convert(l, items)
		return nil
	})
	return out, err
}
