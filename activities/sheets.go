package activities

import (
	"context"
	"errors"

	"ucal/connect/sheets"
	"ucal/desk"
	"ucal/flow"
)

// AddGoogleSheetsRow appends the row of a run to its sheet.
func (a *Activities) AddGoogleSheetsRow(ctx context.Context, call flow.Call, e flow.AppendRow) (flow.Result, error) {
	return outside(ctx, "Google Sheets", func(ctx context.Context) (desk.Attempt, error) { return a.TrySheets(ctx, call, e) })
}

// TrySheets makes one attempt at appending the row of a run, or says when the
// next one may be made. It needs no Temporal.
func (a *Activities) TrySheets(ctx context.Context, call flow.Call, e flow.AppendRow) (desk.Attempt, error) {
	at, err := a.Desk.PrepareRow(ctx, call, e)
	if err != nil || !at.Ready {
		return at.Attempt, err
	}
	place, failed := a.appendRow(ctx, at)
	recordCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout) // what is known is kept, whatever happens to us
	defer cancel()
	if failed != nil {
		return a.Desk.RowRefused(recordCtx, call, at, *failed)
	}
	return a.Desk.RowAppended(recordCtx, call, at, place)
}

func (a *Activities) appendRow(ctx context.Context, at desk.RowAttempt) (string, *desk.RowRefusal) {
	acc, err := SheetsAccount(at.Config)
	switch {
	case err != nil:
		return "", sheetsRefusal(err)
	case a.Sheets == nil:
		return "", &desk.RowRefusal{Code: desk.SheetsNetwork, Message: "This worker has no client for Google Sheets."}
	}
	row := sheets.Row{Spreadsheet: at.Row.Spreadsheet, Sheet: at.Row.Sheet}
	for _, c := range at.Row.Cells {
		row.Cells = append(row.Cells, sheets.Cell(c))
	}
	ctx, cancel := context.WithTimeout(ctx, desk.SheetsTimeout)
	defer cancel()
	place, err := a.Sheets.Append(ctx, acc, row)
	if err != nil {
		return "", sheetsRefusal(err)
	}
	return place, nil
}

// SheetsAccount is a stored connection as the client wants it. The error is a
// *sheets.Error.
func SheetsAccount(c desk.SheetsConfig) (sheets.Account, error) {
	sa, err := c.ServiceAccount()
	if err != nil {
		return sheets.Account{}, &sheets.Error{Class: sheets.Credentials, Message: "The stored service account " + err.Error() + "."}
	}
	acc := sheets.Account{Email: sa.Email, PrivateKey: sa.PrivateKey, KeyID: sa.PrivateKeyID, ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		RefreshToken: c.RefreshToken, Endpoint: c.Endpoint, TokenURL: c.TokenURL}
	if acc.TokenURL == "" {
		acc.TokenURL = sa.TokenURI
	}
	return acc, nil
}

// sheetsRefusal translates an error of the client into the reason codes.
func sheetsRefusal(err error) *desk.RowRefusal {
	e, ok := errors.AsType[*sheets.Error](err)
	if !ok {
		e = &sheets.Error{Class: sheets.Unreachable, Message: "Google Sheets could not be called."}
	}
	return &desk.RowRefusal{Code: sheetsCode(e.Class), Message: e.Message, Retry: e.Retryable(), After: e.RetryAfter, Credential: e.Class == sheets.Credentials}
}

func sheetsCode(c sheets.Class) string {
	switch c {
	case sheets.Quota:
		return desk.SheetsQuota
	case sheets.Credentials, sheets.NotShared:
		return desk.SheetsUnauthorised
	case sheets.Missing:
		return desk.SheetsMissing
	}
	return desk.SheetsNetwork
}
