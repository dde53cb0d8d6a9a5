package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"ucal/flow"
)

// SheetRow is a row to be appended, its texts rendered.
type SheetRow struct {
	Spreadsheet string      `json:"spreadsheet"` // id
	Sheet       string      `json:"sheet"`
	Cells       []SheetCell `json:"cells"`
	Cut         bool        `json:"cut,omitempty"` // a text was longer than a cell holds
}

// SheetCell is the value of one column.
type SheetCell struct {
	Column string `json:"column"` // title in row 1
	Text   string `json:"text"`
}

// RowAttempt is one attempt at appending a row. With Ready, append Row by Config
// and say how it came out: RowAppended or RowRefused.
type RowAttempt struct {
	Attempt
	Row    SheetRow
	Config SheetsConfig

	integration *Integration
}

// RowRefusal is why an attempt failed.
type RowRefusal struct {
	Code       string        // a reason code of the workflow specification 10.3: sheets.…
	Message    string        // for people, with the mend; holds no secret and no value
	Retry      bool          // the same call may succeed later
	After      time.Duration // what Google asks for; 0 = nothing
	Credential bool          // Google does not accept the account itself
}

// The reason codes of sheets.
const (
	SheetsNotConnected = "sheets.not_connected"
	SheetsUnauthorised = "sheets.unauthorised"
	SheetsMissing      = "sheets.missing"
	SheetsQuota        = "sheets.quota"
	SheetsNetwork      = "sheets.network"
)

// SheetsTimeout is how long an attempt may take; its lease is longer.
const SheetsTimeout = time.Minute

const (
	sheetsLease = SheetsTimeout + 30*time.Second
	// maxCell is the most characters that a cell holds, less one for the guard.
	// Source: https://support.google.com/drive/answer/37603, 2026-08.
	maxCell = 50_000 - 1
	// longestPause is how long Google may ask us to wait; after that the row is given up.
	longestPause = 5 * time.Minute
)

// sheetPauses come before the second, third and fourth attempt. Google counts
// calls by the minute, so a refusal for their number needs longer ones.
func sheetPauses(code string) []time.Duration {
	if code == SheetsQuota {
		return []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second}
	}
	return []time.Duration{time.Second, 4 * time.Second, 16 * time.Second}
}

// PrepareRow notes the next attempt at appending the row of a run. The texts are
// rendered once, before the first attempt. An attempt that died is repeated,
// although it may have written the row: the specification accepts a second one,
// which $run.id makes recognisable.
func (d *Desk) PrepareRow(ctx context.Context, call flow.Call, a flow.AppendRow) (RowAttempt, error) {
	at, err := d.attempt(ctx, call, CallSheets, sheetsLease, deadCall{repeat: true}, func(e *doing) (string, *flow.Result, error) {
		row, refusal := e.sheetRow(a)
		if refusal != nil {
			res, err := e.rowFailed(row, 0, *refusal)
			return "", &res, err
		}
		text, err := json.Marshal(row)
		return string(text), nil, err
	})
	out := RowAttempt{Attempt: at}
	if err != nil || !at.Ready {
		return out, err
	}
	if err := json.Unmarshal([]byte(at.Request), &out.Row); err != nil {
		return out, fmt.Errorf("row of run %d, effect %d: %w", call.RunID, call.No, err)
	}
	return d.connectRow(ctx, call, out)
}

// sheetRow renders a row.
func (e *doing) sheetRow(a flow.AppendRow) (SheetRow, *RowRefusal) {
	row := SheetRow{Sheet: a.Sheet}
	id, ok := a.SpreadsheetID()
	if !ok {
		return row, &RowRefusal{Code: SheetsMissing, Message: fmt.Sprintf("%q is no spreadsheet. Give its id or its address in the step.", clip(a.Spreadsheet))}
	}
	row.Spreadsheet = id
	vars := e.vars()
	for _, p := range a.Values {
		text := []rune(flow.Render(p.Value, vars))
		if len(text) > maxCell {
			text, row.Cut = text[:maxCell], true
		}
		row.Cells = append(row.Cells, SheetCell{Column: p.Key, Text: string(text)})
	}
	return row, nil
}

// connectRow adds the workspace's connection as it is now: one that was mended
// between two attempts counts.
func (d *Desk) connectRow(ctx context.Context, call flow.Call, at RowAttempt) (RowAttempt, error) {
	wsID, _, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return at, err
	}
	refusal := RowRefusal{Code: SheetsNotConnected, Message: "The workspace has no Google Sheets connection. Connect one: PUT /v2/space/integration/google_sheets."}
	err = d.read(ctx, Principal{WorkspaceID: wsID}, func(t *txn) (err error) {
		if at.integration, err = t.integrationRow(flow.ServiceSheets, false); err != nil || at.integration == nil {
			return err
		}
		if t.openIntegration(at.integration, &at.Config) != nil { // its cause says no more than this
			at.integration, refusal.Message = nil, "Google Sheets: "+lostKey+"."
		}
		return nil
	})
	if err == nil && at.integration == nil {
		at.Attempt, err = d.RowRefused(ctx, call, at, refusal)
	}
	return at, err
}

// RowAppended stores that the row was written; place is where, such as Leads!A5:C5.
func (d *Desk) RowAppended(ctx context.Context, call flow.Call, at RowAttempt, place string) (Attempt, error) {
	res, err := d.finishCall(ctx, call, CallSheets, func(e *doing) (flow.Result, error) {
		e.rowDetail(at.Row, at.Number)
		e.detail["range"] = place
		res := flow.Result{Outcome: flow.Done}
		if at.Row.Cut {
			res.Warnings = append(res.Warnings, "a text was cut to the 50,000 characters of a cell")
		}
		if !e.run.Test {
			if err := e.clearWarnings(e.run.WorkflowID, call.Step().StepID); err != nil {
				return res, err
			}
		}
		return res, e.judge(at.integration, true, false, "")
	})
	return Attempt{Final: &res, Number: at.Number}, err
}

// RowRefused stores that an attempt failed: it is tried again, at most three
// times, or the step has failed.
func (d *Desk) RowRefused(ctx context.Context, call flow.Call, at RowAttempt, r RowRefusal) (Attempt, error) {
	if pauses := sheetPauses(r.Code); r.Retry && at.Number <= len(pauses) && r.After <= longestPause {
		pause := max(r.After, jitter(pauses[at.Number-1]))
		until, err := d.RetryCall(ctx, call, at.Number, pause, r.Message)
		return Attempt{Until: until, Number: at.Number}, err
	}
	res, err := d.finishCall(ctx, call, CallSheets, func(e *doing) (flow.Result, error) {
		if r.Credential && at.integration != nil {
			if err := e.judge(at.integration, false, true, r.Message); err != nil {
				return flow.Result{}, err
			}
		}
		return e.rowFailed(at.Row, at.Number, r)
	})
	return Attempt{Final: &res, Number: at.Number}, err
}

// rowFailed is the step's failure. Where the arm is off nobody would notice: the
// workflow gets a warning.
func (e *doing) rowFailed(row SheetRow, attempts int, r RowRefusal) (flow.Result, error) {
	e.rowDetail(row, attempts)
	e.detail["problem"] = r.Message
	res := flow.Result{Outcome: flow.Failed, Code: r.Code, Detail: r.Message}
	def, err := e.definition(e.run.VersionID)
	if err != nil {
		return res, err
	}
	step := def.Step(e.call.Step().StepID)
	if e.run.Test || step != nil && step.On(flow.ArmFailure) {
		return res, nil
	}
	return res, e.warnWorkflow(e.run.WorkflowID, e.call.Step().StepID, r.Code, r.Message)
}

func (e *doing) rowDetail(row SheetRow, attempts int) {
	e.detail["spreadsheet"], e.detail["sheet"], e.detail["attempts"] = row.Spreadsheet, row.Sheet, attempts
}

// jitter changes a pause by up to a fifth, so that calls that failed together do
// not come back together.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5+1)
}
