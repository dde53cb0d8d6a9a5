package desk

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/flow"
)

// RunCall is a call to an outside system that is going on.
type RunCall struct {
	RunID      int64 `gorm:"primaryKey;autoIncrement:false"`
	No         int   `gorm:"primaryKey;autoIncrement:false"`
	Kind       CallKind
	Request    string // sealed: what every attempt sends
	Attempts   int
	Problem    string // why the latest attempt came to nothing; "" = nothing is known of it
	Calling    bool   // an attempt went out and nothing is known of it yet
	LeaseUntil int64  // of that attempt, or the pause before the next one
	FirstAt    int64
}

// CallKind names the outside system of a call.
type CallKind string

// The calls.
const (
	CallHTTP   CallKind = "http"
	CallSheets CallKind = "sheets"
	CallModel  CallKind = "model"
)

// Attempt is one attempt at a call to an outside system. Exactly one of Ready,
// Final and Until says what to do.
type Attempt struct {
	Ready bool         // make the call with Request, then finish it or have it tried again
	Final *flow.Result // nothing is left to do
	Until time.Time    // not now: try again then

	Number  int       // of this attempt, from 1
	Key     string    // the same for every attempt: an idempotency key for whoever takes one
	Request string    // what was prepared before the first attempt, the same in every one; never to be logged
	FirstAt time.Time // of the first attempt
}

// deadCall is what becomes of an attempt that went out and of which nothing was
// heard: its process died.
type deadCall struct {
	repeat bool        // call again
	most   int         // attempts in all, the dead ones counted; 0 = as many as it takes
	result flow.Result // else: the result
}

// attempt notes the next attempt at an outside call in the run's books, before it
// goes out. The first time, prepare makes the request; its result, if any, ends
// the call without an attempt. An attempt is taken for dead after lease.
func (d *Desk) attempt(ctx context.Context, call flow.Call, kind CallKind, lease time.Duration, dead deadCall,
	prepare func(e *doing) (request string, refused *flow.Result, err error)) (Attempt, error) {
	var a Attempt
	wsID, contactID, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return a, err
	}
	err = d.write(ctx, wsID, Actor{}, func(t *txn) error {
		a = Attempt{Key: CallKey(call)}
		e, stored, err := t.begin(call, contactID, false)
		if err != nil {
			return err
		}
		if stored != nil {
			a.Final = stored
			return t.dropCall(call, *stored)
		}
		row, err := first[RunCall](t.db.Where("run_id = ? AND no = ?", call.RunID, call.No))
		if err != nil {
			return err
		}
		switch {
		case row == nil:
			request, refused, err := prepare(e)
			if err != nil {
				return err
			}
			if refused != nil {
				a.Final = refused
				return e.finish(string(kind), *refused)
			}
			row = &RunCall{RunID: call.RunID, No: call.No, Kind: kind, Request: t.Secrets.Seal(request), FirstAt: t.at}
		case row.LeaseUntil > t.at:
			a.Until = timeOf(row.LeaseUntil)
			return nil
		case row.Calling && (!dead.repeat || dead.most > 0 && row.Attempts >= dead.most):
			a.Final = &dead.result
			return e.closeCall(kind, dead.result)
		}
		row.Attempts, row.Calling, row.LeaseUntil = row.Attempts+1, true, t.at+lease.Milliseconds()
		if err := t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error; err != nil {
			return err
		}
		a.Ready, a.Number, a.FirstAt = true, row.Attempts, timeOf(row.FirstAt)
		if a.Request, err = t.Secrets.Open(row.Request); err != nil {
			return fmt.Errorf("request of run %d, effect %d: %w", call.RunID, call.No, err)
		}
		return e.finish(string(kind), flow.Result{}) // the step log shows the step; not final
	})
	return a, err
}

// finishCall stores how a call came out; fn does what belongs to it in the same
// transaction and may put details into the step log.
func (d *Desk) finishCall(ctx context.Context, call flow.Call, kind CallKind, fn func(e *doing) (flow.Result, error)) (flow.Result, error) {
	res, err := d.effect(ctx, call, string(kind), false, func(e *doing) (flow.Result, error) {
		res, err := fn(e)
		if err != nil {
			return res, err
		}
		return res, e.db.Where("run_id = ? AND no = ?", call.RunID, call.No).Delete(&RunCall{}).Error
	})
	if err == nil && res.Outcome == flow.Ended {
		err = d.db.Write(ctx, func(tx *gorm.DB) error { return (&txn{db: tx}).dropCall(call, res) })
	}
	return res, err
}

// dropCall forgets a call whose run was ended meanwhile: what it was to send may
// hold secrets.
func (t *txn) dropCall(call flow.Call, res flow.Result) error {
	if res.Outcome != flow.Ended {
		return nil
	}
	return t.db.Where("run_id = ? AND no = ?", call.RunID, call.No).Delete(&RunCall{}).Error
}

// closeCall is finishCall inside a transaction that has begun.
func (e *doing) closeCall(kind CallKind, res flow.Result) error {
	if err := e.db.Where("run_id = ? AND no = ?", e.call.RunID, e.call.No).Delete(&RunCall{}).Error; err != nil {
		return err
	}
	return e.finish(string(kind), res)
}

// RetryCall notes that an attempt came to nothing and when the next one may be
// made. A run that was ended meanwhile needs no note, and neither does an attempt
// that was taken for dead: what is noted is the one that has followed it.
func (d *Desk) RetryCall(ctx context.Context, call flow.Call, number int, pause time.Duration, why string) (until time.Time, err error) {
	wsID, _, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return until, err
	}
	err = d.write(ctx, wsID, Actor{}, func(t *txn) error {
		until = timeOf(t.at).Add(pause)
		return t.db.Model(&RunCall{}).Where("run_id = ? AND no = ? AND attempts = ?", call.RunID, call.No, number).
			UpdateColumns(map[string]any{"calling": false, "lease_until": until.UnixMilli(), "problem": why}).Error
	})
	return until, err
}

// CallKey is the idempotency key of a call: that of its step execution.
func CallKey(call flow.Call) string {
	return "run-" + strconv.FormatInt(call.RunID, 10) + "-" + strconv.Itoa(call.No)
}
