package desk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// appendRow is what the activity does, with w.google for Google. Pauses pass at once.
func (w *world) appendRow(call flow.Call, x flow.AppendRow) (flow.Result, error) {
	for {
		at, err := w.d.PrepareRow(w.Context(), call, x)
		out := at.Attempt
		if err == nil && at.Ready {
			place, no := "Leads!A2:C2", (*RowRefusal)(nil)
			if w.google != nil {
				place, no = w.google(at)
			}
			if no != nil {
				out, err = w.d.RowRefused(w.Context(), call, at, *no)
			} else {
				out, err = w.d.RowAppended(w.Context(), call, at, place)
			}
		}
		if err != nil {
			return flow.Result{}, err
		}
		if out.Final != nil {
			return *out.Final, nil
		}
		w.clock.Store(max(w.clock.Load(), out.Until.UnixMilli()))
	}
}

// rowFlow appends a row and then says which way it went.
func rowFlow(arm bool) string {
	file := `format: 1
id: leads
name: Leads
trigger:
  type: message_received
steps:
  - id: row
    type: add_google_sheets_row
    config:
      spreadsheet: https://docs.google.com/spreadsheets/d/1a2B3c/edit#gid=0
      sheet: Leads
      values:
        Name: $contact.firstname
        Said: $last_incoming_message
        Run: $run.id
    next: went-on
`
	if arm {
		file += "    arms:\n      failure: failed\n  - id: failed\n    type: add_comment\n    config:\n      text: failure arm\n"
	}
	return file + "  - id: went-on\n    type: add_comment\n    config:\n      text: went on\n"
}

var person = json.RawMessage(`{"clientId":"client-1","clientSecret":"GOCSPX-verysecret","refreshToken":"1//alsosecret"}`)

func (w *world) connectSheets() {
	w.Helper()
	_, err := w.d.PutIntegration(w.Context(), w.p, flow.ServiceSheets, person)
	require.NoError(w, err)
}

// rowSteps are the step log of a run: step, outcome, arm and code.
func (w *world) rowSteps(run Run) (lines []string, detail map[string]any) {
	w.Helper()
	var rows []RunStep
	require.NoError(w, w.db.Read(w.Context()).Where("run_id = ?", run.ID).Order("seq").Find(&rows).Error)
	for _, s := range rows {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", s.StepID, s.Outcome, s.Arm, s.Code)))
		if s.StepID == "row" {
			detail = s.Detail
		}
	}
	return lines, detail
}

func (w *world) problems(slug string) (list []flow.Problem) {
	w.Helper()
	v, err := w.d.Workflow(w.Context(), w.p, slug)
	require.NoError(w, err)
	for _, p := range v.Problems {
		if strings.HasPrefix(p.Code, "sheets.") {
			list = append(list, p)
		}
	}
	return list
}

func TestRowIsAppended(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		var got []RowAttempt
		w.google = func(at RowAttempt) (string, *RowRefusal) { got = append(got, at); return "Leads!A2:C2", nil }
		w.publish(rowFlow(false))
		run := w.run(w.writes("Ann", "m1", "=1+1"))

		require.Len(w, got, 1)
		require.Equal(w, SheetRow{Spreadsheet: "1a2B3c", Sheet: "Leads", Cells: []SheetCell{{"Name", "Ann"}, {"Said", "=1+1"}, {"Run", fmt.Sprint(run.ID)}}}, got[0].Row)
		require.Equal(w, SheetsConfig{ClientID: "client-1", ClientSecret: "GOCSPX-verysecret", RefreshToken: "1//alsosecret"}, got[0].Config)
		lines, detail := w.rowSteps(run)
		require.Equal(w, []string{"row ok next", "went-on ok next"}, lines)
		require.Equal(w, map[string]any{"spreadsheet": "1a2B3c", "sheet": "Leads", "attempts": 1.0, "range": "Leads!A2:C2"}, detail)
		require.Zero(w, w.count(&RunCall{}, "1 = 1"), "nothing is left of the call")
		require.Empty(w, w.problems("leads"))
	})
}

// Scenario 126 as the desk decides it, for every way of failing.
func TestScenario126(t *testing.T) {
	refusals := map[string]*RowRefusal{
		SheetsUnauthorised: {Code: SheetsUnauthorised, Message: "The spreadsheet is not shared with robot@example.com."},
		SheetsMissing:      {Code: SheetsMissing, Message: `The spreadsheet has no sheet "Leads".`},
		SheetsQuota:        {Code: SheetsQuota, Message: "Google takes no more calls for now.", Retry: true},
		SheetsNetwork:      {Code: SheetsNetwork, Message: "Google does not answer.", Retry: true},
		SheetsNotConnected: nil,
	}
	for code, no := range refusals {
		for _, arm := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/arm=%v", code, arm), func(t *testing.T) {
				eachWorld(t, func(w *world) {
					w.publish(rowFlow(arm))
					if no != nil {
						w.connectSheets()
					}
					tries := 0
					w.google = func(RowAttempt) (string, *RowRefusal) { tries++; return "", no }
					run := w.run(w.writes("Ann", "m1", "hi"))
					require.Equal(w, flow.EndOfPath, run.ExitReason)
					lines, detail := w.rowSteps(run)
					require.NotEmpty(w, detail["problem"])
					if arm {
						require.Equal(w, []string{"row failed failure " + code, "failed ok next"}, lines)
					} else {
						require.Equal(w, []string{"row failed next " + code, "went-on ok next"}, lines)
					}
					want := map[string]int{SheetsUnauthorised: 1, SheetsMissing: 1, SheetsQuota: 4, SheetsNetwork: 4}[code]
					require.Equal(w, want, tries)

					var shown []flow.Problem
					for _, p := range w.problems("leads") {
						if p.Path != "steps[0].type" { // the check of the definition says it, too
							shown = append(shown, p)
						}
					}
					if arm {
						require.Empty(w, shown, "somebody cares already")
						return
					}
					require.Len(w, shown, 1)
					require.Equal(w, flow.SeverityWarning, shown[0].Severity)
					require.Equal(w, code, shown[0].Code)
					require.Equal(w, "row", shown[0].StepID)
					require.Equal(w, "steps[0]", shown[0].Path)
				})
			})
		}
	}
}

// A row is tried at most four times, the same row each time, with pauses that
// grow or that Google asks for; a longer wait is not worth it.
func TestRowRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		no     []RowRefusal
		tries  int
		code   string
		pauses []time.Duration // at least
	}{
		"network, then yes": {[]RowRefusal{{Code: SheetsNetwork, Retry: true}}, 2, "", []time.Duration{800 * time.Millisecond}},
		"all four": {[]RowRefusal{{Code: SheetsNetwork, Retry: true}, {Code: SheetsNetwork, Retry: true}, {Code: SheetsNetwork, Retry: true}, {Code: SheetsNetwork, Retry: true}},
			4, SheetsNetwork, []time.Duration{800 * time.Millisecond, 3200 * time.Millisecond, 12800 * time.Millisecond}},
		"quota asks": {[]RowRefusal{{Code: SheetsQuota, Retry: true, After: 90 * time.Second}}, 2, "", []time.Duration{90 * time.Second}},
		"quota":      {[]RowRefusal{{Code: SheetsQuota, Retry: true}}, 2, "", []time.Duration{8 * time.Second}},
		"too long":   {[]RowRefusal{{Code: SheetsQuota, Retry: true, After: time.Hour}}, 1, SheetsQuota, nil},
		"then final": {[]RowRefusal{{Code: SheetsNetwork, Retry: true}, {Code: SheetsMissing}}, 2, SheetsMissing, []time.Duration{800 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				w.connectSheets()
				w.publish(rowFlow(false))
				var at []time.Time
				var requests []string
				w.google = func(a RowAttempt) (string, *RowRefusal) {
					at, requests = append(at, timeOf(w.clock.Load())), append(requests, a.Request)
					require.Equal(w, len(at), a.Number)
					w.exec("UPDATE contacts SET first_name = 'Renamed'") // the row was rendered before
					if len(at) <= len(tc.no) {
						return "", &tc.no[len(at)-1]
					}
					return "Leads!A2:C2", nil
				}
				run := w.run(w.writes("Ann", "m1", "hi"))
				require.Len(w, at, tc.tries)
				for i, pause := range tc.pauses {
					gone := at[i+1].Sub(at[i])
					require.GreaterOrEqual(w, gone, pause)
					require.LessOrEqual(w, gone, max(pause, 16*time.Second)*3/2)
					require.Equal(w, requests[0], requests[i+1])
				}
				lines, _ := w.rowSteps(run)
				require.Equal(w, strings.TrimSpace(map[bool]string{true: "row ok next", false: "row failed next " + tc.code}[tc.code == ""]), lines[0])
			})
		})
	}
}

// The process dies after the row was written, or before: the next attempt calls
// again, which the specification accepts; while the first may live, it does not.
func TestRowAttemptDies(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		w.publish(rowFlow(false))
		died := 0
		w.google = func(a RowAttempt) (string, *RowRefusal) {
			if died++; died == 1 {
				panic(suspended) // and nothing is recorded
			}
			return "Leads!A3:C3", nil
		}
		c := w.writes("Ann", "m1", "hi")
		require.EqualValues(w, 1, w.count(&RunCall{}, "calling"))
		run := w.run(c)
		require.Equal(w, flow.RunRunning, run.State)
		before := w.clock.Load()
		w.drive(run.ID)
		require.Equal(w, 2, died)
		require.GreaterOrEqual(w, w.clock.Load()-before, sheetsLease.Milliseconds(), "the lease of the dead attempt was waited for")
		lines, detail := w.rowSteps(w.run(c))
		require.Equal(w, []string{"row ok next", "went-on ok next"}, lines)
		require.Equal(w, 2.0, detail["attempts"])

		w.drive(run.ID) // everything is repeated: no third call
		require.Equal(w, 2, died)
	})
}

// The connection counts as it is at each attempt.
func TestRowConnectionChangesBetweenAttempts(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(rowFlow(true))
		w.connectSheets()
		tries := 0
		w.google = func(at RowAttempt) (string, *RowRefusal) {
			tries++
			require.NoError(w, w.d.DeleteIntegration(w.Context(), w.p, flow.ServiceSheets))
			return "", &RowRefusal{Code: SheetsNetwork, Retry: true}
		}
		lines, _ := w.rowSteps(w.run(w.writes("Ann", "m1", "hi")))
		require.Equal(w, "row failed failure "+SheetsNotConnected, lines[0])
		require.Equal(w, 1, tries)
	})
}

// A run that is ended while Google is called stops there.
func TestRowOfAnEndedRun(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(rowFlow(true))
		w.connectSheets()
		w.google = func(RowAttempt) (string, *RowRefusal) {
			_, _, err := w.d.StopWorkflow(w.Context(), w.p, "leads")
			require.NoError(w, err)
			return "Leads!A2:C2", nil
		}
		run := w.run(w.writes("Ann", "m1", "hi"))
		require.Equal(w, flow.EndWorkflowStopped, run.ExitReason)
		lines, _ := w.rowSteps(run)
		require.Len(w, lines, 1)
	})
}

// The warning counts, names the step, and goes with the next success; a refused
// account shows at the integration until it is accepted again.
func TestRowWarning(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		w.publish(rowFlow(false))
		answer := &RowRefusal{Code: SheetsUnauthorised, Message: "Google does not accept the account any more.", Credential: true}
		w.google = func(RowAttempt) (string, *RowRefusal) { return "Leads!A2:C2", answer }
		state := func() (IntegrationStatus, string) {
			list, err := w.d.Integrations(w.Context(), w.p)
			require.NoError(w, err)
			return list[0].Status, list[0].StatusReason
		}
		w.writes("Ann", "m1", "hi")
		w.advance(time.Minute)
		w.writes("Ann", "m2", "hi")
		problems := w.problems("leads")
		require.Len(w, problems, 1)
		require.Equal(w, "Google does not accept the account any more. Happened 2 times since 2026-03-02T09:00:00Z, the last time at 2026-03-02T09:01:00Z.", problems[0].Message)
		status, reason := state()
		require.Equal(w, IntegrationError, status)
		require.Equal(w, answer.Message, reason)

		answer = nil
		w.advance(time.Minute)
		w.writes("Ann", "m3", "hi")
		require.Empty(w, w.problems("leads"))
		status, reason = state()
		require.Equal(w, IntegrationConnected, status)
		require.Empty(w, reason)
	})
}

// A warning that nothing repeats is forgotten after a week, one whose step is
// published away at once.
func TestWarningEnds(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		w.google = func(RowAttempt) (string, *RowRefusal) {
			return "", &RowRefusal{Code: SheetsMissing, Message: "Gone."}
		}
		wf := w.publish(rowFlow(false))
		w.writes("Ann", "m1", "hi")
		require.Len(w, w.problems("leads"), 1)
		w.advance(warningAge + time.Minute)
		require.Empty(w, w.problems("leads"))

		w.writes("Ben", "m2", "hi")
		require.Contains(w, w.problems("leads")[0].Message, "Happened at 2026-03-09T09:01:00Z.", "it begins anew")
		w.publish(strings.ReplaceAll(rowFlow(false), "id: row", "id: other"))
		require.Empty(w, w.problems("leads"))
		require.Zero(w, w.count(&WorkflowWarning{}, "workflow_id = ?", wf.ID))
	})
}

// warnWorkflow is for starts as well: a warning of the workflow as a whole.
func TestWarningOfTheWorkflow(t *testing.T) {
	eachWorld(t, func(w *world) {
		wf := w.publish(rowFlow(false))
		for range 3 {
			require.NoError(w, w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) error {
				return t.warnWorkflow(wf.ID, "", "throttled", "More than 60 starts in an hour.")
			}))
		}
		v, err := w.d.Workflow(w.Context(), w.p, "leads")
		require.NoError(w, err)
		last := v.Problems[len(v.Problems)-1]
		require.Equal(w, "throttled", last.Code)
		require.Empty(w, last.StepID)
		require.Empty(w, last.Path)
		require.Contains(w, last.Message, "3 times")
	})
}

// A text that no cell holds is cut, and the step log says so.
func TestRowIsCut(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.connectSheets()
		long := strings.Repeat("ä", 9_000)
		w.publish(strings.Replace(rowFlow(false), "Name: $contact.firstname", "Name: "+strings.Repeat(long+" ", 6), 1))
		w.google = func(at RowAttempt) (string, *RowRefusal) {
			require.Len(w, []rune(at.Row.Cells[0].Text), maxCell)
			return "Leads!A2:C2", nil
		}
		run := w.run(w.writes("Ann", "m1", "hi"))
		var s RunStep
		require.NoError(w, w.db.Read(w.Context()).Where("run_id = ? AND step_id = 'row'", run.ID).Take(&s).Error)
		require.Equal(w, []string{"a text was cut to the 50,000 characters of a cell"}, s.Warnings)
	})
}
