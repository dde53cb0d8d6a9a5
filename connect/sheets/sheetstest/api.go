package sheetstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP is both servers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, Call{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(raw)})
	trouble := s.trouble(r)
	if trouble != nil && !trouble.After {
		trouble.make(w)
		return
	}
	if r.URL.Path == TokenPath {
		form, _ := url.ParseQuery(string(raw)) // bad ones lack what is looked for
		s.giveToken(w, r, form)
		return
	}
	if trouble != nil { // the row is written, the answer is not given
		s.values(&lost{http.Header{}}, r, raw)
		trouble.make(w)
		return
	}
	s.values(w, r, raw)
}

// lost takes an answer that nobody gets.
type lost struct{ header http.Header }

func (l *lost) Header() http.Header         { return l.header }
func (l *lost) Write(p []byte) (int, error) { return len(p), nil }
func (l *lost) WriteHeader(int)             {}

var valuesPath = regexp.MustCompile(`^/v4/spreadsheets/([^/]+)/values/([^/]+?)(:append)?$`)

// values answers spreadsheets.values.get and .append.
// Source: https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values, 2026-08.
func (s *Server) values(w http.ResponseWriter, r *http.Request, raw []byte) {
	m := valuesPath.FindStringSubmatch(r.URL.EscapedPath())
	if m == nil {
		http.NotFound(w, r)
		return
	}
	id, _ := url.PathUnescape(m[1])
	place, _ := url.PathUnescape(m[2])
	account, ok := s.account(r)
	if !ok {
		refuse(w, 401, "", "")
		return
	}
	f := s.files[id]
	if f == nil {
		refuse(w, 404, "", "")
		return
	}
	role := f.shared[account]
	name, cells, ok := split(place)
	sh := f.sheets[name]
	writes := m[3] != ""
	switch {
	case role == "" || writes && role != Editor:
		refuse(w, 403, "", "")
	case !ok || sh == nil:
		refuse(w, 400, "", "Unable to parse range: "+place)
	case !writes && r.Method == http.MethodGet:
		s.get(w, sh, place, cells)
	case writes && r.Method == http.MethodPost:
		s.append(w, r, raw, id, name, sh, cells)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) account(r *http.Request) (string, bool) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, known := s.tokens[text]
	return t.account, ok && known && time.Now().Before(t.until)
}

// split reads 'Name'!A1 notation.
func split(place string) (name, cells string, ok bool) {
	if !strings.HasPrefix(place, "'") {
		name, cells, _ = strings.Cut(place, "!")
		return name, cells, regexp.MustCompile(`^\w+$`).MatchString(name)
	}
	end := strings.LastIndex(place, "'")
	name, cells = strings.ReplaceAll(place[1:max(end, 1)], "''", "'"), strings.TrimPrefix(place[end+1:], "!")
	return name, cells, end > 0
}

func (s *Server) get(w http.ResponseWriter, sh *sheet, place, cells string) {
	out := map[string]any{"range": place, "majorDimension": "ROWS"}
	if cells != "1:1" {
		refuse(w, 400, "", "this fake reads row 1 only, not "+cells)
		return
	}
	if len(sh.rows) > 0 {
		row := sh.rows[0]
		for len(row) > 0 && row[len(row)-1].Text == "" { // trailing blanks are left out
			row = row[:len(row)-1]
		}
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = c.Text
		}
		if len(texts) > 0 {
			out["values"] = [][]string{texts}
		}
	}
	answer(w, 200, out)
}

func (s *Server) append(w http.ResponseWriter, r *http.Request, raw []byte, id, name string, sh *sheet, cells string) {
	var in struct{ Values [][]any }
	q := r.URL.Query()
	d := json.NewDecoder(bytes.NewReader(raw))
	switch {
	case d.Decode(&in) != nil:
		refuse(w, 400, "", "Invalid JSON payload received.")
		return
	case q.Get("valueInputOption") != "USER_ENTERED" && q.Get("valueInputOption") != "RAW":
		refuse(w, 400, "", "'valueInputOption' is required but not specified")
		return
	case q.Get("insertDataOption") != "INSERT_ROWS":
		refuse(w, 400, "", "this fake takes INSERT_ROWS only")
		return
	case len(in.Values) != 1 || cells != "" && cells != "A1":
		refuse(w, 400, "", "this fake appends one row to the table at A1")
		return
	}
	var row []Cell
	for i, v := range in.Values[0] {
		if text, ok := v.(string); ok {
			if len([]rune(text)) > 50_000 {
				refuse(w, 400, "", "Your input contains more than the maximum of 50000 characters in a single cell.")
				return
			}
			row = append(row, enter(text, q.Get("valueInputOption") == "RAW"))
			continue
		}
		if v != nil {
			refuse(w, 400, "", fmt.Sprintf("Invalid value at 'data.values[0][%d]'", i))
			return
		}
		row = append(row, Cell{})
	}
	sh.rows = append(sh.rows, row)
	at := len(sh.rows)
	answer(w, 200, map[string]any{"spreadsheetId": id, "tableRange": fmt.Sprintf("%s!A1:%c%d", name, 'A'+len(sh.rows[0])-1, at-1),
		"updates": map[string]any{"spreadsheetId": id, "updatedRange": fmt.Sprintf("%s!A%d:%c%d", name, at, 'A'+max(len(row), 1)-1, at),
			"updatedRows": 1, "updatedColumns": len(row), "updatedCells": len(row)}})
}

// enter is what Sheets makes of what a user types: a leading ' hides and makes
// text, = + - @ make a formula where no number follows.
func enter(text string, raw bool) Cell {
	if raw {
		return Cell{Text: text}
	}
	if rest, ok := strings.CutPrefix(text, "'"); ok {
		return Cell{Text: rest}
	}
	trimmed := strings.TrimSpace(text)
	if _, err := strconv.ParseFloat(strings.ReplaceAll(trimmed, ",", ""), 64); err == nil {
		return Cell{Text: strings.TrimPrefix(trimmed, "+"), Number: true}
	}
	if trimmed != "" && strings.ContainsRune("=+-@", rune(trimmed[0])) {
		return Cell{Text: "#computed", Formula: true}
	}
	return Cell{Text: text}
}
