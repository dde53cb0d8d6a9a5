package desk

import "ucal/flow"

// QueueEntry is a contact that waits for a user of a pool.
type QueueEntry struct {
	ID          int64
	WorkspaceID int64
	TeamID      int64 // 0 = the pool of the whole workspace
	ContactID   int64
	RunID       int64
	WorkflowID  int64
	StepID      string
	Rule        flow.Assign `gorm:"serializer:json"`
	Reason      string
	EnteredAt   int64
	TimeoutAt   int64
}

// TableName is the table of the entries.
func (QueueEntry) TableName() string { return "assignment_queue" }

// endQueued ends the runs of a contact that wait in an assignment queue.
func (t *txn) endQueued(c *Contact, reason flow.EndReason) error {
	runs, err := t.queuedRuns(c)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := t.endRun(c, &runs[i], flow.Ending{State: flow.RunExited, Reason: reason}, true); err != nil {
			return err
		}
	}
	return nil
}

// queuedRuns are the runs of a contact whose place in a queue is still open.
func (t *txn) queuedRuns(c *Contact) ([]Run, error) {
	var runs []Run
	err := t.db.Where("contact_id = ? AND "+isLive+" AND wait_kind = ? AND claim = ''", c.ID, flow.WaitAssignment).Order("id").Find(&runs).Error
	return runs, err
}
