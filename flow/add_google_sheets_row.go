package flow

import (
	"regexp"
	"slices"
	"strings"
)

// AddSheetsRow appends one row to a sheet (type add_google_sheets_row). Columns
// are found by the titles in row 1; columns without a value stay blank.
type AddSheetsRow struct {
	Spreadsheet string `json:"spreadsheet" flow:"spreadsheet,required"` // id, or the address of the spreadsheet
	Sheet       string `json:"sheet" flow:"sheet,required"`
	Values      Pairs  `json:"values" flow:"values,required,vars"` // column → text
}

// The limits of a row.
const (
	maxColumns   = 100
	maxSheetName = 100 // characters, as Google has it
	maxColumn    = 500 // characters of a title
)

var (
	spreadsheetID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)
	// spreadsheetURL is the address in the browser, of the first or another
	// signed-in account. A published copy has d/e/ and cannot be written to.
	spreadsheetURL = regexp.MustCompile(`^https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{1,200})(?:[/?#].*)?$`)
)

// SpreadsheetID is the id of the spreadsheet, which the step may name by its
// address; false when it names none.
func (a *AddSheetsRow) SpreadsheetID() (string, bool) {
	text := strings.TrimSpace(a.Spreadsheet)
	if m := spreadsheetURL.FindStringSubmatch(text); m != nil {
		return m[1], m[1] != "e"
	}
	return text, spreadsheetID.MatchString(text)
}

func (a *AddSheetsRow) check(c *checker) {
	if _, ok := a.SpreadsheetID(); !ok && a.Spreadsheet != "" && c.waiting(a.Spreadsheet) == nil {
		c.invalid("spreadsheet", "%q is no spreadsheet. Give its id, or its address as the browser shows it: https://docs.google.com/spreadsheets/d/….", cut(a.Spreadsheet, 80))
	}
	if length(a.Sheet) > maxSheetName {
		c.invalid("sheet", "The name of the sheet has %d characters. Use at most %d.", length(a.Sheet), maxSheetName)
	}
	if len(a.Values) > maxColumns {
		c.invalid("values", "There are %d columns. Use at most %d.", len(a.Values), maxColumns)
	}
	for i, p := range a.Values {
		title := strings.TrimSpace(p.Key)
		first := slices.IndexFunc(a.Values, func(o Pair) bool { return strings.TrimSpace(o.Key) == title })
		switch {
		case title == "":
			c.invalid("values", "A column has no title. Write it before the value.")
		case length(title) > maxColumn:
			c.invalid("values", "The title %q has %d characters. Use at most %d.", cut(title, 60), length(title), maxColumn)
		case first < i:
			c.invalid(join("values", p.Key), "The column %q is given twice. Remove one of the two.", cut(title, 60))
		}
	}
	if dir, ok := c.dir.(Connections); ok && !dir.Connected(ServiceSheets) {
		c.report("sheets.not_connected", join(strings.TrimSuffix(c.base, ".config"), "type"),
			"The workspace has no Google Sheets connection, so this step will fail. Connect one: PUT /v2/space/integration/google_sheets.")
	}
}

func (a *AddSheetsRow) run(x *Execution) (way, error) {
	r, _, err := x.do(AppendRow{*a})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	if r.Outcome == Failed && x.cur.On(ArmFailure) {
		return by(ArmFailure, r.Code), nil
	}
	return by(ArmNext, r.Code), nil
}
