package sheets

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"ucal/internal/httpx"
)

// Class says what to think of an error.
type Class string

// The classes of errors.
const (
	Unreachable Class = "unreachable" // network error, timeout, 5xx: try again
	Quota       Class = "quota"       // 429: too many calls, try again later; or, not retryable, the spreadsheet is full
	Credentials Class = "credentials" // the account itself is refused
	NotShared   Class = "not_shared"  // the account may not write to this spreadsheet
	Missing     Class = "missing"     // no such spreadsheet, sheet or column
)

// Error is why a row was not appended. Message is for people: it names what is
// wrong and the mend, and holds no credential and no value of a cell.
type Error struct {
	Class      Class
	Status     int // of HTTP; 0 = there was no answer
	Message    string
	RetryAfter time.Duration // what Google asks for; 0 = nothing
	Full       bool          // Quota: waiting does not help
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Retryable reports whether the same call may succeed later.
func (e *Error) Retryable() bool { return e.Class == Unreachable || e.Class == Quota && !e.Full }

// explain turns whatever went wrong into an *Error; nil stays nil.
func explain(err error, acc Account, row Row) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e := asAPI(err); e != nil {
		return explainAPI(e, acc, row)
	}
	if errors.Is(err, httpx.ErrRefusedAddress) {
		return &Error{Class: Credentials, Message: "The address of the Google Sheets connection is refused: " + text(err.Error()) + ". Check endpoint and tokenUrl."}
	}
	return &Error{Class: Unreachable, Message: "Google does not answer: " + text(err.Error()) + "."}
}

// The errors of the Sheets API. There is no list of them; these were seen in
// answers and in public reports.
// Source: https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors and …/limits, 2026-08.
func explainAPI(e *googleapi.Error, acc Account, row Row) *Error {
	says := text(e.Message)
	if says == "" {
		says = http.StatusText(e.Code)
	}
	out := &Error{Status: e.Code, RetryAfter: retryAfter(e.Header)}
	fill := func(class Class, format string, args ...any) *Error {
		out.Class, out.Message = class, fmt.Sprintf(format, args...)
		return out
	}
	switch {
	case e.Code == http.StatusTooManyRequests, e.Code == http.StatusForbidden && reason(e, "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"):
		return fill(Quota, "Google takes no more calls for now: %s.", says)
	case e.Code >= 500, e.Code == http.StatusRequestTimeout:
		return fill(Unreachable, "Google answers with the status %d: %s.", e.Code, says)
	case e.Code == http.StatusUnauthorized:
		return fill(Credentials, "Google refuses the access token: %s. Connect Google Sheets anew.", says)
	case e.Code == http.StatusForbidden && (reason(e, "accessNotConfigured", "SERVICE_DISABLED") || strings.Contains(e.Message, "has not been used in project")):
		return fill(Credentials, "The Google Sheets API is switched off in the account's Google Cloud project. Enable it there and wait some minutes.")
	case e.Code == http.StatusForbidden && reason(e, "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
		return fill(Credentials, "The account was not given the permission to edit spreadsheets. Connect it anew with the scope https://www.googleapis.com/auth/spreadsheets.")
	case e.Code == http.StatusForbidden, strings.Contains(e.Message, "protected cell"):
		return fill(NotShared, "The spreadsheet %s is not shared with %s, or not for editing. Share it as an editor.", row.Spreadsheet, acc.name())
	case e.Code == http.StatusNotFound:
		return fill(Missing, "There is no spreadsheet %s. Correct its id in the step, or take it out of the bin.", row.Spreadsheet)
	case strings.Contains(e.Message, "Unable to parse range"):
		return fill(Missing, "The spreadsheet has no sheet %q. Correct its name in the step; it is the name on the tab.", row.Sheet)
	case strings.Contains(e.Message, "not supported for this document"):
		return fill(Missing, "The file %s is no Google spreadsheet. Open it in Google Sheets and save it as one.", row.Spreadsheet)
	case strings.Contains(e.Message, "above the limit"):
		out.Full = true
		return fill(Quota, "The spreadsheet is full: %s. Use a new one.", says)
	}
	return fill(Missing, "Google refuses the row (status %d): %s.", e.Code, says)
}

// name is whom the spreadsheet must be shared with.
func (a Account) name() string {
	if a.Email != "" {
		return a.Email
	}
	return "the connected Google account"
}

// reason looks for one of the machine-readable reasons of an error: in the old
// list, and in google.rpc.ErrorInfo.
func reason(e *googleapi.Error, words ...string) bool {
	for _, w := range words {
		for _, item := range e.Errors {
			if item.Reason == w {
				return true
			}
		}
		for _, d := range e.Details {
			if m, ok := d.(map[string]any); ok && m["reason"] == w {
				return true
			}
		}
	}
	return false
}

// tokenError explains a refusal of the token address.
func tokenError(err error) *Error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || e.Response == nil { // a key that does not sign, an answer that is no JSON
		return &Error{Class: Credentials, Message: "No access token: " + text(err.Error()) + ". Connect Google Sheets anew."}
	}
	status := e.Response.StatusCode
	out := &Error{Status: status, RetryAfter: retryAfter(e.Response.Header)}
	code, says := e.ErrorCode, e.ErrorDescription
	if code == "" { // the library reads it for one of the two ways only
		var answer struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		_ = json.Unmarshal(e.Body, &answer) // an answer that is no JSON has no code
		code, says = answer.Error, answer.Description
	}
	switch {
	case status == http.StatusTooManyRequests:
		out.Class, out.Message = Quota, "Google gives out no more access tokens for now."
	case status >= 500:
		out.Class, out.Message = Unreachable, fmt.Sprintf("Google's token address answers with the status %d.", status)
	case strings.Contains(says, "iat and exp"):
		out.Class, out.Message = Credentials, "Google refuses the signature's time: the clock of this machine is wrong. Set it."
	case code == "invalid_grant":
		out.Class, out.Message = Credentials, "Google does not accept the account any more ("+text(code+": "+says)+"). Make a new key or refresh token and connect Google Sheets anew."
	default:
		out.Class, out.Message = Credentials, fmt.Sprintf("Google refuses the account (status %d: %s). Connect Google Sheets anew.", status, text(code+" "+says))
	}
	return out
}

// text is somebody else's sentence inside one of ours: on one line, short, with
// nothing in it that looks like a credential.
func text(s string) string {
	s = strings.TrimRight(strings.Join(strings.Fields(tokens.ReplaceAllString(s, "***")), " "), ".: ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// tokens are Google's access and refresh tokens, client secrets, and JWTs.
var tokens = regexp.MustCompile(`ya29\.[\w-]+|1//[\w-]+|GOCSPX-[\w-]+|eyJ[\w-]+(\.[\w-]+)*|-----BEGIN[^-]*-----`)

func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if secs, err := strconv.Atoi(v); err == nil && secs > 0 {
		return time.Duration(min(secs, 86_400)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
