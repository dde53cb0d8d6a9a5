package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"ucal/store"
)

// txn is one transaction of one workspace: who acts, when, and because of what.
type txn struct {
	*Desk
	db    *gorm.DB
	ctx   context.Context
	wsID  int64
	at    int64 // Unix milliseconds, the same for the whole transaction
	actor Actor
	cause cause

	ws       *Workspace
	locked   bool               // the workspace's assignment lock is held
	contacts map[int64]*Contact // loaded and locked: one object a contact
	told     map[int64]*Contact // contacts with new events or messages
	fresh    map[int64]bool     // contacts made in this transaction: they have no runs and no conversations yet
	events   []*Event
	drains   map[int64]bool // pools in which capacity was freed; 0 = the workspace
	here     *grant         // the run that is entering a queue
	unread   error          // a variable that could not be looked up
}

// errAgain makes write start over: a concurrent transaction created what this
// one was about to create.
var errAgain = errors.New("a concurrent transaction was faster")

// write runs fn in one transaction. Queues of pools that fn has freed capacity
// in are drained before it commits.
func (d *Desk) write(ctx context.Context, wsID int64, by Actor, fn func(t *txn) error) error {
	for try := 0; ; try++ {
		err := d.db.Write(ctx, func(tx *gorm.DB) error {
			t := &txn{Desk: d, db: tx, ctx: ctx, wsID: wsID, at: d.millis(), actor: by,
				contacts: map[int64]*Contact{}, told: map[int64]*Contact{}, fresh: map[int64]bool{}, drains: map[int64]bool{}}
			err := t.carryOut(fn)
			if t.unread != nil { // the cause of whatever came after it
				return t.unread
			}
			return err
		})
		if !errors.Is(err, errAgain) || try == 5 {
			return err
		}
	}
}

func (t *txn) carryOut(fn func(t *txn) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if err := t.drainMarked(); err != nil {
		return err
	}
	return t.flush()
}

// failed notes that a variable could not be looked up: what was done with an
// empty one must not be committed.
func (t *txn) failed(err error) bool {
	if err != nil && t.unread == nil {
		t.unread = fmt.Errorf("look up a variable: %w", err)
	}
	return err != nil
}

// workspace loads the workspace's settings once.
func (t *txn) workspace() (*Workspace, error) {
	if t.ws == nil {
		ws := &Workspace{}
		if err := t.db.Take(ws, t.wsID).Error; err != nil {
			return nil, fmt.Errorf("workspace %d: %w", t.wsID, err)
		}
		t.ws = ws
	}
	return t.ws, nil
}

// lockAssignments excludes the other assignments of the workspace until the
// transaction ends. It is the first lock that a transaction takes.
func (t *txn) lockAssignments() error {
	if t.locked {
		return nil
	}
	ws := &Workspace{}
	if err := store.ForUpdate(t.db).Take(ws, t.wsID).Error; err != nil {
		return fmt.Errorf("assignment lock of workspace %d: %w", t.wsID, err)
	}
	t.ws, t.locked = ws, true
	return nil
}

// contact loads a contact and locks it: whatever happens to one contact happens
// one after the other.
func (t *txn) contact(id int64) (*Contact, error) {
	if c := t.contacts[id]; c != nil {
		return c, nil
	}
	c := &Contact{}
	err := store.ForUpdate(t.db).Where("workspace_id = ?", t.wsID).Take(c, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound("contact", id)
	}
	if err != nil {
		return nil, fmt.Errorf("contact %d: %w", id, err)
	}
	t.contacts[id] = c
	return c, nil
}

// take loads one row of the workspace or refuses with not_found.
func take[T any](t *txn, what string, id int64) (*T, error) {
	row := new(T)
	err := t.db.Where("workspace_id = ?", t.wsID).Take(row, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound(what, id)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", what, id, err)
	}
	return row, nil
}

// first loads the first row of a query; nil when there is none.
func first[T any](q *gorm.DB) (*T, error) {
	var rows []T
	if err := q.Limit(1).Find(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

func timeOf(millis int64) time.Time { return time.UnixMilli(millis).UTC() }
