package activities_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"gorm.io/gorm"

	"ucal/activities"
	"ucal/channel"
	"ucal/connect/sheets"
	"ucal/connect/sheets/sheetstest"
	"ucal/desk"
	"ucal/flow"
	"ucal/internal/dbtest"
	"ucal/internal/httpx"
	"ucal/internal/secret"
	"ucal/store"
)

// office is a desk with a workspace, Google's fake servers, and one contact. Its
// clock stands still but for pauses between attempts.
type office struct {
	*testing.T
	db     *store.DB
	desk   *desk.Desk
	acts   *activities.Activities
	google *sheetstest.Server
	p      desk.Principal
	clock  atomic.Int64
	log    bytes.Buffer
	runs   []int64
}

const book = "1a2B3c"

func eachOffice(t *testing.T, fn func(o *office)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := &office{T: t, db: db, google: sheetstest.New(t)}
		o.clock.Store(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixMilli())
		box, err := secret.NewBox(secret.Bytes(secret.KeySize))
		require.NoError(t, err)
		log := slog.New(slog.NewJSONHandler(&o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.desk = desk.New(desk.Options{Store: db, Channels: channel.New(), Secrets: box, Log: log, Now: func() time.Time { return time.UnixMilli(o.clock.Load()) }})
		guarded := httpx.New(httpx.Policy{AllowLoopback: true})
		t.Cleanup(guarded.Close)
		o.acts = &activities.Activities{Desk: o.desk, Log: log, Services: activities.Services{Sheets: sheets.New(sheets.Options{HTTP: guarded, Endpoint: o.google.URL})}}
		ws, _, err := o.desk.CreateWorkspace(t.Context(), "Test", "owner@example.com")
		require.NoError(t, err)
		o.p = desk.Principal{WorkspaceID: ws.ID, Role: desk.Owner, Source: desk.SourceAPI}
		o.google.AddSheet(book, "Leads", "Name", "Value", "Run")
		_, err = o.desk.PutIntegration(t.Context(), o.p, flow.ServiceSheets, o.robot())
		require.NoError(t, err)
		fn(o)
	})
}

func (o *office) robot() json.RawMessage {
	raw, err := json.Marshal(map[string]string{"serviceAccountJson": o.google.ServiceAccount()})
	require.NoError(o, err)
	return raw
}

func (o *office) person() json.RawMessage {
	raw, err := json.Marshal(map[string]string{"clientId": sheetstest.ClientID, "clientSecret": sheetstest.ClientSecret, "refreshToken": sheetstest.RefreshToken,
		"tokenUrl": o.google.URL + sheetstest.TokenPath})
	require.NoError(o, err)
	return raw
}

// publish makes a workflow that writes the contact's last name into a sheet.
func (o *office) publish(arm bool) {
	o.Helper()
	file := `{"format":1,"id":"leads","name":"Leads","trigger":{"type":"manual_trigger"},"steps":[
		{"id":"row","type":"add_google_sheets_row","config":{"spreadsheet":"1a2B3c","sheet":"Leads",
		"values":{"name":"$contact.firstname","Value":"$contact.lastname","Run":"$run.id"}},"next":"went-on"ARM},
		{"id":"went-on","type":"add_comment","config":{"text":"went on"}}FAILED]}`
	armText, failed := "", ""
	if arm {
		armText, failed = `,"arms":{"failure":"failed"}`, `,{"id":"failed","type":"add_comment","config":{"text":"failure arm"}}`
	}
	_, err := o.desk.ImportWorkflow(o.Context(), o.p, []byte(strings.NewReplacer("ARM", armText, "FAILED", failed).Replace(file)), desk.ImportInput{Replace: true})
	require.NoError(o, err)
	_, err = o.desk.PublishWorkflow(o.Context(), o.p, "leads", 0)
	require.NoError(o, err)
}

// run starts the workflow for a contact with the last name and drives it to its
// end. It returns the step log: step, outcome, arm, code.
func (o *office) run(lastName string) []string {
	o.Helper()
	return o.drive(o.start(lastName))
}

func (o *office) start(lastName string) int64 {
	o.Helper()
	who, err := desk.ParseIdentifier(fmt.Sprintf("email:c%d@example.com", len(o.runs)))
	require.NoError(o, err)
	first := "Ann"
	_, err = o.desk.CreateContact(o.Context(), o.p, who, desk.ContactFields{FirstName: &first, LastName: &lastName})
	require.NoError(o, err)
	v, err := o.desk.StartRun(o.Context(), o.p, "leads", desk.RunRequest{Contact: who})
	require.NoError(o, err)
	o.runs = append(o.runs, v.ID)
	return v.ID
}

func (o *office) drive(id int64) []string {
	o.Helper()
	loaded, err := o.desk.LoadRun(o.Context(), id)
	require.NoError(o, err)
	st := loaded.State
	end, err := flow.Execute(loaded.Definition, &st, &host{o, id})
	require.NoError(o, err)
	_, err = o.desk.EndRun(o.Context(), flow.Call{RunID: id, No: st.Effects + 1, Trail: st.Trail, Vars: st.Vars, Jumps: st.Jumps}, end)
	require.NoError(o, err)
	var steps []desk.RunStep
	require.NoError(o, o.db.Read(o.Context()).Where("run_id = ?", id).Order("seq").Find(&steps).Error)
	var lines []string
	for _, s := range steps {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", s.StepID, s.Outcome, s.Arm, s.Code)))
	}
	return lines
}

type host struct {
	o   *office
	run int64
}

func (h *host) Now() time.Time { return time.UnixMilli(h.o.clock.Load()).UTC() }

func (h *host) Await(flow.Call, flow.Wait) (flow.Result, error) { panic("nothing waits here") }

func (h *host) Do(call flow.Call, e flow.Effect) (flow.Result, error) {
	call.RunID = h.run
	if c, ok := e.(flow.Comment); ok {
		return h.o.acts.AddComment(h.o.Context(), call, c)
	}
	for {
		a, err := h.o.acts.TrySheets(h.o.Context(), call, e.(flow.AppendRow))
		if err != nil {
			return flow.Result{}, err
		}
		if a.Final != nil {
			return *a.Final, nil
		}
		h.o.clock.Store(max(h.o.clock.Load(), a.Until.UnixMilli()))
	}
}

func (o *office) warnings() (codes []string) {
	o.Helper()
	v, err := o.desk.Workflow(o.Context(), o.p, "leads")
	require.NoError(o, err)
	for _, p := range v.Problems {
		codes = append(codes, string(p.Severity)+" "+p.Code+" "+p.StepID)
	}
	return codes
}

// clean looks through everything that is kept, logged and shown for secrets.
func (o *office) clean() {
	o.Helper()
	kept := o.log.String() + "\n" + o.everything()
	list, err := o.desk.Integrations(o.Context(), o.p)
	require.NoError(o, err)
	for _, v := range list {
		kept += string(v.Config) + v.StatusReason
	}
	for _, s := range o.google.Secrets() {
		require.NotContains(o, kept, s)
		require.NotContains(o, kept, strings.TrimSpace(s))
	}
}

// everything is all rows of all tables as text.
func (o *office) everything() string {
	o.Helper()
	var b strings.Builder
	require.NoError(o, o.db.Write(o.Context(), func(tx *gorm.DB) error {
		tables, err := tx.Migrator().GetTables()
		for _, table := range tables {
			var rows []map[string]any
			if err := tx.Table(table).Find(&rows).Error; err != nil {
				return err
			}
			fmt.Fprintln(&b, table, rows)
		}
		return err
	}))
	require.Contains(o, b.String(), "google_sheets")
	return b.String()
}

// The whole way, with both accounts: a row with the run's id, and no secret left
// anywhere. Scenario 127 among the values.
func TestRowIsWritten(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.publish(false)
		for i, cfg := range []json.RawMessage{o.robot(), o.person()} {
			_, err := o.desk.PutIntegration(o.Context(), o.p, flow.ServiceSheets, cfg)
			require.NoError(o, err)
			require.Equal(o, []string{"row ok next", "went-on ok next"}, o.run("=1+1"))
			require.Equal(o, []sheetstest.Cell{{Text: "Ann"}, {Text: "=1+1"}, {Text: fmt.Sprint(o.runs[i]), Number: true}}, o.google.Rows(book, "Leads")[i])
		}
		o.run("-12.5")
		require.Equal(o, sheetstest.Cell{Text: "-12.5", Number: true}, o.google.Rows(book, "Leads")[2][1])
		o.google.ExpireTokens()
		require.Equal(o, []string{"row ok next", "went-on ok next"}, o.run("token expired"))
		require.Empty(o, o.warnings())
		require.Len(o, o.google.Rows(book, "Leads"), 4)
		o.clean()
	})
}

// Scenario 126 against Google's answers: not shared, sheet gone, column gone,
// account gone.
func TestScenario126(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil, mend func(o *office)
		code        string
		says        string
	}{
		"not shared": {func(o *office) { o.google.Share(book, sheetstest.Robot, "") }, func(o *office) { o.google.Share(book, sheetstest.Robot, sheetstest.Editor) },
			"sheets.unauthorised", sheetstest.Robot},
		"sheet gone":  {func(o *office) { o.google.Delete(book, "Leads") }, func(o *office) { o.google.AddSheet(book, "Leads", "Name", "Value", "Run") }, "sheets.missing", `"Leads"`},
		"column gone": {func(o *office) { o.google.AddSheet(book, "Leads", "Name", "Run") }, func(o *office) { o.google.AddSheet(book, "Leads", "Name", "Value", "Run") }, "sheets.missing", `no column "Value"`},
		"account gone": {func(o *office) { o.google.Revoke(true); o.google.ExpireTokens() }, func(o *office) { o.google.Revoke(false) }, "sheets.unauthorised",
			"expired or revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			eachOffice(t, func(o *office) {
				o.publish(false)
				tc.spoil(o)
				require.Equal(o, []string{"row failed next " + tc.code, "went-on ok next"}, o.run("x"))
				require.Equal(o, []string{"warning " + tc.code + " row"}, o.warnings())
				var s desk.RunStep
				require.NoError(o, o.db.Read(o.Context()).Where("run_id = ? AND step_id = 'row'", o.runs[0]).Take(&s).Error)
				require.Contains(o, s.Detail["problem"], tc.says)
				o.clean()

				tc.mend(o)
				require.Equal(o, []string{"row ok next", "went-on ok next"}, o.run("x"))
				require.Empty(o, o.warnings(), "the next success takes the warning back")

				tc.spoil(o)
				o.publish(true)
				require.Equal(o, []string{"row failed failure " + tc.code, "failed ok next"}, o.run("x"))
				require.Empty(o, o.warnings())
			})
		})
	}
}

// Retries against Google's answers: how often it is asked, and what comes of it.
func TestRowRetries(t *testing.T) {
	down := sheetstest.Trouble{Appends: true, Status: 500}
	for name, tc := range map[string]struct {
		trouble []sheetstest.Trouble
		appends int
		rows    int
		code    string
		gone    time.Duration // on the clock, at least
	}{
		"429, then yes":        {[]sheetstest.Trouble{{Appends: true, Status: 429, RetryAfter: 30 * time.Second}}, 2, 1, "", 30 * time.Second},
		"429 for reading":      {[]sheetstest.Trouble{{Status: 429, RetryAfter: 7 * time.Second}}, 1, 1, "", 7 * time.Second},
		"429 for the token":    {[]sheetstest.Trouble{{Token: true, Status: 429}}, 1, 1, "", 8 * time.Second},
		"500 three times":      {sheetstest.Times(3, down), 4, 1, "", 16 * time.Second},
		"500 four times":       {sheetstest.Times(4, down), 4, 0, "sheets.network", 16 * time.Second},
		"429 four times":       {sheetstest.Times(4, sheetstest.Trouble{Appends: true, Status: 429}), 4, 0, "sheets.quota", 56 * time.Second},
		"429, come back later": {[]sheetstest.Trouble{{Appends: true, Status: 429, RetryAfter: time.Hour}}, 1, 0, "sheets.quota", 0},
		"cut":                  {[]sheetstest.Trouble{{Appends: true}}, 2, 1, "", 800 * time.Millisecond},
		"answer lost":          {[]sheetstest.Trouble{{Appends: true, After: true}}, 2, 2, "", 800 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			eachOffice(t, func(o *office) {
				o.publish(false)
				before := o.clock.Load()
				o.google.Fail(tc.trouble...)
				want := "row ok next"
				if tc.code != "" {
					want = "row failed next " + tc.code
				}
				require.Equal(o, want, o.run("x")[0])
				require.Equal(o, tc.appends, o.google.Appends())
				rows := o.google.Rows(book, "Leads")
				require.Len(o, rows, tc.rows)
				for _, r := range rows { // a second row is the same: $run.id tells
					require.Equal(o, fmt.Sprint(o.runs[0]), r[2].Text)
				}
				require.GreaterOrEqual(o, time.Duration(o.clock.Load()-before)*time.Millisecond, tc.gone)
				o.clean()
			})
		})
	}
}

// While a call is going on, its sealed request is the only trace of the values.
func TestRequestIsSealed(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.publish(false)
		o.google.Fail(sheetstest.Trouble{Appends: true, Status: 503})
		call := flow.Call{RunID: o.start("x"), No: 1, Trail: []flow.Entry{{Seq: 1, StepID: "row", Type: flow.TypeAddSheetsRow}}}
		row := flow.AppendRow{AddSheetsRow: flow.AddSheetsRow{Spreadsheet: book, Sheet: "Leads", Values: flow.Pairs{{Key: "Value", Value: "marked-$contact.email"}}}}
		a, err := o.acts.TrySheets(o.Context(), call, row)
		require.NoError(o, err)
		require.Nil(o, a.Final)
		require.True(o, a.Until.After(time.UnixMilli(o.clock.Load())))
		require.Contains(o, o.everything(), "run_calls")
		require.NotContains(o, o.everything(), "marked-")
		again, err := o.acts.TrySheets(o.Context(), call, row) // too early: nothing is called
		require.NoError(o, err)
		require.Equal(o, a.Until.UnixMilli(), again.Until.UnixMilli())
		require.Equal(o, 1, o.google.Appends())
		o.clean()
	})
}

// As Temporal calls it: the pause is Temporal's, so that it shows in the UI, and
// what the history gets to see holds no value of a cell and no secret.
func TestAddGoogleSheetsRow(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.publish(false)
		id := o.start("marked")
		call := flow.Call{RunID: id, No: 1, Trail: []flow.Entry{{Seq: 1, StepID: "row", Type: flow.TypeAddSheetsRow}}}
		row := flow.AppendRow{AddSheetsRow: flow.AddSheetsRow{Spreadsheet: book, Sheet: "Leads", Values: flow.Pairs{{Key: "Value", Value: "$contact.lastname"}}}}
		o.google.Fail(sheetstest.Trouble{Appends: true, Status: 429, RetryAfter: 30 * time.Second})
		o.clock.Store(time.Now().UnixMilli()) // Temporal's pauses are real ones

		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		env.RegisterActivity(o.acts)
		_, err := env.ExecuteActivity(o.acts.AddGoogleSheetsRow, call, row)
		wait, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(o, ok, "%v", err)
		require.False(o, wait.NonRetryable())
		require.InDelta(o, 30*time.Second, wait.NextRetryDelay(), float64(5*time.Second))
		require.NotContains(o, err.Error(), "marked")

		o.clock.Add((time.Minute).Milliseconds())
		value, err := env.ExecuteActivity(o.acts.AddGoogleSheetsRow, call, row)
		require.NoError(o, err)
		var res flow.Result
		require.NoError(o, value.Get(&res))
		require.Equal(o, flow.Result{Outcome: flow.Done}, res)
		require.Equal(o, [][]string{{"", "marked"}}, o.google.Texts(book, "Leads"))
		o.clean()
	})
}

// A worker without the client says so; nothing breaks.
func TestNoClient(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.publish(false)
		o.acts.Sheets = nil
		require.Equal(o, []string{"row failed next sheets.network", "went-on ok next"}, o.run("x"))
	})
}
