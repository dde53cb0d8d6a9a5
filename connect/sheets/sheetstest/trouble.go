package sheetstest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Trouble is what the server does instead of answering a request.
type Trouble struct {
	Token      bool          // at the token address; else at the API
	Appends    bool          // at appends only
	Status     int           // it answers with the status; 0 = it cuts the connection
	RetryAfter time.Duration // with the status
	Reason     string        // the machine-readable reason of the error; "" = what goes with the status
	Message    string        // of the error; "" = what goes with the status
	After      bool          // the row is written all the same: the answer is lost
}

type troubles struct{ queue []Trouble }

// Fail makes the next requests go wrong, one after the other.
func (s *Server) Fail(list ...Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, list...)
}

// Times is a trouble n times.
func Times(n int, t Trouble) []Trouble {
	list := make([]Trouble, n)
	for i := range list {
		list[i] = t
	}
	return list
}

// trouble takes the trouble that a request is in for; nil = none.
func (s *Server) trouble(r *http.Request) *Trouble {
	isToken, isAppend := r.URL.Path == TokenPath, strings.HasSuffix(r.URL.Path, ":append")
	if len(s.queue) == 0 || s.queue[0].Token != isToken || s.queue[0].Appends && !isAppend {
		return nil
	}
	t := s.queue[0]
	s.queue = s.queue[1:]
	return &t
}

// make answers as the trouble wants it.
func (t *Trouble) make(w http.ResponseWriter) {
	if t.Status == 0 {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	if t.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(t.RetryAfter.Seconds())))
	}
	if t.Token {
		answer(w, t.Status, map[string]string{"error": t.Reason, "error_description": t.Message})
		return
	}
	refuse(w, t.Status, t.Reason, t.Message)
}

// refuse writes an error of the Sheets API.
// Source: https://cloud.google.com/apis/design/errors#http_mapping, 2026-08.
func refuse(w http.ResponseWriter, status int, reason, message string) {
	words := map[int][3]string{
		400: {"INVALID_ARGUMENT", "badRequest", "Request contains an invalid argument."},
		401: {"UNAUTHENTICATED", "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."},
		403: {"PERMISSION_DENIED", "forbidden", "The caller does not have permission"},
		404: {"NOT_FOUND", "notFound", "Requested entity was not found."},
		429: {"RESOURCE_EXHAUSTED", "rateLimitExceeded", "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'"},
		500: {"INTERNAL", "backendError", "Internal error encountered."},
		503: {"UNAVAILABLE", "backendError", "The service is currently unavailable."},
	}[status]
	if reason == "" {
		reason = words[1]
	}
	if message == "" {
		message = words[2]
	}
	answer(w, status, map[string]any{"error": map[string]any{
		"code": status, "message": message, "status": words[0],
		"errors":  []any{map[string]string{"message": message, "domain": "global", "reason": reason}},
		"details": []any{map[string]string{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}},
	}})
}
