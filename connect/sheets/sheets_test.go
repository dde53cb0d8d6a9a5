package sheets_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/sheets"
	"ucal/connect/sheets/sheetstest"
	"ucal/internal/httpx"
)

const book = "1a2B3c"

func client() *sheets.Client {
	return sheets.New(sheets.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true})})
}

func robot(s *sheetstest.Server) sheets.Account {
	return sheets.Account{Email: sheetstest.Robot, PrivateKey: s.PrivateKey(), KeyID: sheetstest.KeyID, Endpoint: s.URL, TokenURL: s.URL + sheetstest.TokenPath}
}

func person(s *sheetstest.Server) sheets.Account {
	return sheets.Account{ClientID: sheetstest.ClientID, ClientSecret: sheetstest.ClientSecret, RefreshToken: sheetstest.RefreshToken,
		Endpoint: s.URL, TokenURL: s.URL + sheetstest.TokenPath}
}

func row(sheet string, pairs ...string) sheets.Row {
	r := sheets.Row{Spreadsheet: book, Sheet: sheet}
	for i := 0; i < len(pairs); i += 2 {
		r.Cells = append(r.Cells, sheets.Cell{Column: pairs[i], Text: pairs[i+1]})
	}
	return r
}

// refused is the *Error of a refusal; it holds none of the server's secrets.
func refused(t *testing.T, s *sheetstest.Server, err error, class sheets.Class) *sheets.Error {
	t.Helper()
	e, ok := errors.AsType[*sheets.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, e.Class, e.Message)
	for _, secret := range s.Secrets() {
		require.NotContains(t, e.Message, secret)
	}
	return e
}

func TestBothAccountsAppend(t *testing.T) {
	for name, account := range map[string]func(*sheetstest.Server) sheets.Account{"service account": robot, "person": person} {
		t.Run(name, func(t *testing.T) {
			s, c := sheetstest.New(t), client()
			s.AddSheet(book, "New leads", "Name", " E-Mail ", "Score", "Run")
			require.NoError(t, c.Check(t.Context(), account(s)))

			at, err := c.Append(t.Context(), account(s), row("New leads", "name", "Ann", "Run", "17"))
			require.NoError(t, err)
			require.Equal(t, "New leads!A2:D2", at)
			_, err = c.Append(t.Context(), account(s), row("New leads", "E-Mail", "ben@example.com", "NAME", "Ben"))
			require.NoError(t, err)
			require.Equal(t, [][]string{{"Ann", "", "", "17"}, {"Ben", "ben@example.com"}}, s.Texts(book, "New leads"), "unmapped columns stay blank")
			require.Equal(t, 2, s.Tokens(), "one for the check, one for both rows")
		})
	}
}

// The wire, read from what the server got.
func TestRequests(t *testing.T) {
	s, c := sheetstest.New(t), client()
	s.AddSheet(book, "It's 50/50", "A", "B")
	_, err := c.Append(t.Context(), robot(s), row("It's 50/50", "B", "x"))
	require.NoError(t, err)
	calls := s.Calls()
	require.Len(t, calls, 3)
	require.Equal(t, "/v4/spreadsheets/1a2B3c/values/%27It%27%27s%2050%2F50%27%211%3A1", calls[1].Path)
	require.Equal(t, "/v4/spreadsheets/1a2B3c/values/%27It%27%27s%2050%2F50%27%21A1:append", calls[2].Path)
	require.Contains(t, calls[2].Query, "valueInputOption=USER_ENTERED")
	require.Contains(t, calls[2].Query, "insertDataOption=INSERT_ROWS")
	var sent struct{ Values [][]any }
	require.NoError(t, json.Unmarshal([]byte(calls[2].Body), &sent))
	require.Equal(t, [][]any{{nil, "x"}}, sent.Values, "null leaves a cell alone, so that array formulas may fill it")
}

func TestRefusals(t *testing.T) {
	type world struct {
		s   *sheetstest.Server
		acc sheets.Account
		row sheets.Row
	}
	for name, tc := range map[string]struct {
		spoil   func(w *world)
		class   sheets.Class
		retry   bool
		message string
	}{
		"not shared": {func(w *world) { w.s.Share(book, sheetstest.Robot, "") }, sheets.NotShared, false, sheetstest.Robot},
		"shared for reading": {func(w *world) { w.s.Share(book, sheetstest.Robot, sheetstest.Viewer) }, sheets.NotShared, false,
			"as an editor"},
		"not shared with the person": {func(w *world) { w.s.Share(book, sheetstest.Person, ""); w.acc = person(w.s) }, sheets.NotShared, false, "the connected Google account"},
		"no spreadsheet":             {func(w *world) { w.row.Spreadsheet = "gone" }, sheets.Missing, false, "no spreadsheet gone"},
		"no sheet":                   {func(w *world) { w.row.Sheet = "Laeds" }, sheets.Missing, false, `no sheet "Laeds"`},
		"no columns": {func(w *world) { w.row = row("Leads", "Nmae", "x", "Name", "y", "Age", "7") }, sheets.Missing, false,
			`has no column "Nmae", "Age"`},
		"empty sheet":   {func(w *world) { w.s.AddSheet(book, "Blank"); w.row.Sheet = "Blank" }, sheets.Missing, false, `Row 1 of the sheet "Blank" is empty`},
		"no title in A": {func(w *world) { w.s.AddSheet(book, "Late", "", "Name"); w.row.Sheet = "Late" }, sheets.Missing, false, "Cell A1"},
		"two for one":   {func(w *world) { w.row = row("Leads", "Name", "x", "name", "y") }, sheets.Missing, false, `Two values are meant for the column "Name"`},
		"Excel file": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Status: 400, Message: "This operation is not supported for this document"})
		}, sheets.Missing, false, "no Google spreadsheet"},
		"protected": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Appends: true, Status: 400, Message: "You are trying to edit a protected cell or object."})
		}, sheets.NotShared, false, "not for editing"},
		"full": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Appends: true, Status: 400, Message: "This action would increase the number of cells in the workbook above the limit of 10000000 cells."})
		}, sheets.Quota, false, "full"},
		"who knows what": {func(w *world) { w.s.Fail(sheetstest.Trouble{Status: 400, Message: "Odd."}) }, sheets.Missing, false, "status 400): Odd."},
		"API switched off": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Status: 403, Reason: "SERVICE_DISABLED", Message: "Google Sheets API has not been used in project 1 before or it is disabled."})
		}, sheets.Credentials, false, "Enable it"},
		"scope": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Status: 403, Reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
		}, sheets.Credentials, false, "auth/spreadsheets"},
		"429":           {func(w *world) { w.s.Fail(sheetstest.Trouble{Status: 429, RetryAfter: 7 * time.Second}) }, sheets.Quota, true, "no more calls"},
		"403 for quota": {func(w *world) { w.s.Fail(sheetstest.Trouble{Status: 403, Reason: "userRateLimitExceeded"}) }, sheets.Quota, true, "no more calls"},
		"500":           {func(w *world) { w.s.Fail(sheetstest.Trouble{Status: 500}) }, sheets.Unreachable, true, "status 500"},
		"503":           {func(w *world) { w.s.Fail(sheetstest.Trouble{Appends: true, Status: 503}) }, sheets.Unreachable, true, "status 503"},
		"cut": {func(w *world) { w.s.Fail(sheetstest.Times(3, sheetstest.Trouble{Appends: true})...) }, sheets.Unreachable, true,
			"does not answer"},
		"token: 503": {func(w *world) { w.s.Fail(sheetstest.Trouble{Token: true, Status: 503}) }, sheets.Unreachable, true, "token address"},
		"token: 429": {func(w *world) { w.s.Fail(sheetstest.Trouble{Token: true, Status: 429, RetryAfter: 7 * time.Second}) }, sheets.Quota, true, "access tokens"},
		"token: cut": {func(w *world) { w.s.Fail(sheetstest.Times(3, sheetstest.Trouble{Token: true})...) }, sheets.Unreachable, true, "does not answer"},
		"revoked":    {func(w *world) { w.s.Revoke(true) }, sheets.Credentials, false, "expired or revoked"},
		"wrong key":  {func(w *world) { w.acc.PrivateKey = stranger(t, w.s) }, sheets.Credentials, false, "Invalid JWT Signature"},
		"no key":     {func(w *world) { w.acc.PrivateKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" }, sheets.Credentials, false, "No access token"},
		"clock": {func(w *world) {
			w.s.Fail(sheetstest.Trouble{Token: true, Status: 400, Reason: "invalid_grant", Message: "Invalid JWT: Check your iat and exp values in the JWT claim."})
		}, sheets.Credentials, false, "clock"},
		"wrong client secret": {func(w *world) { w.acc = person(w.s); w.acc.ClientSecret = "GOCSPX-other" }, sheets.Credentials, false, "invalid_client"},
		"refresh token gone":  {func(w *world) { w.acc = person(w.s); w.acc.RefreshToken = "1//other" }, sheets.Credentials, false, "invalid_grant"},
		"wrong token address": {func(w *world) { w.acc.TokenURL = w.s.URL + "/nowhere" }, sheets.Credentials, false, "status 404"},
		"private address":     {func(w *world) { w.acc.Endpoint = "http://10.1.2.3" }, sheets.Credentials, false, "endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{s: sheetstest.New(t), row: row("Leads", "Name", "Ann")}
			w.s.AddSheet(book, "Leads", "Name")
			w.acc = robot(w.s)
			tc.spoil(w)
			_, err := client().Append(t.Context(), w.acc, w.row)
			e := refused(t, w.s, err, tc.class)
			require.Equal(t, tc.retry, e.Retryable())
			require.Contains(t, e.Message, tc.message)
			if strings.HasSuffix(name, "429") {
				require.Equal(t, 7*time.Second, e.RetryAfter)
			}
			require.Empty(t, w.s.Rows(book, "Leads"))
		})
	}
}

func stranger(t *testing.T, s *sheetstest.Server) string {
	var f struct {
		Key string `json:"private_key"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.StrangeAccount()), &f))
	return f.Key
}

// Google ends a token before its time: the call goes on with a fresh one. A
// fresh one that is refused as well is no reason to ask for ever.
func TestTokenEndsEarly(t *testing.T) {
	s, c := sheetstest.New(t), client()
	s.AddSheet(book, "Leads", "Name")
	for range 2 {
		_, err := c.Append(t.Context(), robot(s), row("Leads", "Name", "Ann"))
		require.NoError(t, err)
		s.ExpireTokens()
	}
	require.Equal(t, 2, s.Tokens())
	require.Len(t, s.Rows(book, "Leads"), 2)

	s.Fail(sheetstest.Times(2, sheetstest.Trouble{Status: 401})...)
	_, err := c.Append(t.Context(), robot(s), row("Leads", "Name", "Ann"))
	refused(t, s, err, sheets.Credentials)
	require.Equal(t, 3, s.Tokens())
}

func TestTokenIsRenewedInTime(t *testing.T) {
	s := sheetstest.New(t)
	s.AddSheet(book, "Leads", "Name")
	now := time.Now()
	c := sheets.New(sheets.Options{HTTP: httpx.New(httpx.Policy{AllowLoopback: true}), Endpoint: s.URL, Now: func() time.Time { return now }})
	acc := robot(s)
	acc.Endpoint = "" // the operator's
	for _, tc := range []struct {
		later  time.Duration
		tokens int
	}{{0, 1}, {58 * time.Minute, 1}, {90 * time.Second, 2}} {
		now = now.Add(tc.later)
		_, err := c.Append(t.Context(), acc, row("Leads", "Name", "Ann"))
		require.NoError(t, err)
		require.Equal(t, tc.tokens, s.Tokens())
	}
}

// Two accounts never share a token, whatever they have in common.
func TestTokensAreTheAccounts(t *testing.T) {
	s, c := sheetstest.New(t), client()
	s.AddSheet(book, "Leads", "Name")
	s.Share(book, sheetstest.Person, "")
	_, err := c.Append(t.Context(), robot(s), row("Leads", "Name", "Ann"))
	require.NoError(t, err)
	_, err = c.Append(t.Context(), person(s), row("Leads", "Name", "Ann"))
	refused(t, s, err, sheets.NotShared)
}

func TestTimeout(t *testing.T) {
	s := sheetstest.New(t)
	s.AddSheet(book, "Leads", "Name")
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	acc := robot(s)
	acc.Endpoint = silent.URL
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := client().Append(ctx, acc, row("Leads", "Name", "Ann"))
	require.True(t, refused(t, s, err, sheets.Unreachable).Retryable())
}

// An answer that breaks off is no answer, at both addresses.
func TestBrokenAnswers(t *testing.T) {
	s := sheetstest.New(t)
	s.AddSheet(book, "Leads", "Name")
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"access_token":"ya29.secret`))
	}))
	t.Cleanup(broken.Close)
	for name, spoil := range map[string]func(*sheets.Account){
		"token": func(a *sheets.Account) { a.TokenURL = broken.URL },
		"API":   func(a *sheets.Account) { a.Endpoint = broken.URL },
	} {
		t.Run(name, func(t *testing.T) {
			acc := robot(s)
			spoil(&acc)
			_, err := client().Append(t.Context(), acc, row("Leads", "Name", "Ann"))
			e := refused(t, s, err, sheets.Unreachable)
			require.NotContains(t, e.Message, "ya29")
		})
	}
}
