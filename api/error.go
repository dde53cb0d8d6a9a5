package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"

	"ucal/channel"
	"ucal/desk"
	"ucal/flow"
)

// Error is the body of every answer that is no success.
type Error struct {
	Code      int              `json:"code" doc:"The HTTP status."`
	Message   string           `json:"message" doc:"One sentence for people: what is wrong and how to mend it."`
	Word      string           `json:"error" doc:"A stable word for programs."`
	Details   []channel.Detail `json:"details,omitempty" doc:"Everything that is wrong with the request."`
	Problems  flow.Problems    `json:"problems,omitempty" doc:"Everything that is wrong with a workflow."`
	RequestID string           `json:"requestId" doc:"The answer's X-Request-Id."`

	retryAfter time.Duration
}

func (e *Error) Error() string { return e.Message }

// GetStatus is the HTTP status.
func (e *Error) GetStatus() int { return e.Code }

// GetHeaders tells when to try again.
func (e *Error) GetHeaders() http.Header {
	if e.retryAfter <= 0 {
		return http.Header{}
	}
	return http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(e.retryAfter.Seconds())))}}
}

// statusOf is the one place that turns the desk's codes into HTTP.
func statusOf(c desk.Code) int {
	switch c {
	case desk.Invalid:
		return http.StatusBadRequest
	case desk.Unauthorized:
		return http.StatusUnauthorized
	case desk.Forbidden:
		return http.StatusForbidden
	case desk.NotFound:
		return http.StatusNotFound
	case desk.Conflict:
		return http.StatusConflict
	case desk.RateLimited:
		return http.StatusTooManyRequests
	case desk.Unavailable:
		return http.StatusServiceUnavailable
	case desk.Unprocessable:
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// toError gives any error its wire shape. Internals go to the log only.
func (s *Server) toError(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e := desk.AsError(err); e != nil {
		out := &Error{Code: statusOf(e.Code), Word: cmp.Or(e.Word, string(e.Code)), Message: e.Message, Details: e.Details, Problems: e.Problems, retryAfter: e.RetryAfter}
		if out.Code == http.StatusTooManyRequests {
			out.retryAfter = max(out.retryAfter, time.Second)
		}
		return out
	}
	if desk.Unreachable(err) || errors.Is(err, context.Canceled) {
		if ctx.Err() == nil {
			s.Log.Error("database not reachable", "error", err)
		}
		return &Error{Code: http.StatusServiceUnavailable, Word: "unavailable", Message: "the database cannot be reached; try again in a few seconds", retryAfter: 5 * time.Second}
	}
	s.Log.Error("request failed", "error", err)
	return &Error{Code: http.StatusInternalServerError, Word: "internal", Message: "something is broken in ucal; its log tells more under this requestId"}
}

// writeError answers with an error outside huma.
func writeError(c *gin.Context, e *Error) {
	e.RequestID = c.Writer.Header().Get(headerRequestID)
	for k, v := range e.GetHeaders() {
		c.Writer.Header()[k] = v
	}
	c.Abort()
	c.Writer.Header().Set("Content-Type", "application/json")
	c.Status(e.Code)
	enc := json.NewEncoder(c.Writer)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // the caller may be gone; then nobody is left to tell
}

func (s *Server) fail(c *gin.Context, err error) { writeError(c, s.toError(c.Request.Context(), err)) }

// shape turns huma's refusals into our error: validation is 400, never 422.
func (s *Server) shape(ctx huma.Context, _ string, v any) (any, error) {
	bad, ok := v.(*huma.ErrorModel)
	x, mine := ctx.(*exchange)
	if !ok || !mine {
		return v, nil
	}
	e := &Error{Code: bad.Status, RequestID: x.requestID()}
	for _, d := range bad.Errors {
		if d != nil {
			e.Details = append(e.Details, detailOf(d))
		}
	}
	switch bad.Status {
	case http.StatusRequestEntityTooLarge:
		*e = *tooLarge()
		e.RequestID = x.requestID()
	case http.StatusUnsupportedMediaType:
		e.Word, e.Details = "unsupported_media_type", nil
		e.Message = "the body must be JSON: send Content-Type: application/json, not " + quote(x.Header("Content-Type"))
	case http.StatusRequestTimeout:
		e.Word, e.Message = "timeout", "the body of the request came too slowly"
	case http.StatusInternalServerError:
		e.Code, e.Word, e.Message, e.Details = http.StatusBadRequest, channel.DetailInvalid, "the body of the request broke off", nil
	default:
		e.invalid(bad)
	}
	x.status = e.Code
	ctx.SetHeader("Content-Type", "application/json")
	return e, nil
}

// invalid fills in a refusal of the request's content.
func (e *Error) invalid(bad *huma.ErrorModel) {
	e.Code, e.Word, e.Message = http.StatusBadRequest, channel.DetailInvalid, bad.Detail
	if len(e.Details) == 0 {
		return
	}
	texts := make([]string, len(e.Details))
	for i, d := range e.Details {
		texts[i] = strings.TrimSpace(d.Path + " " + d.Message)
		if e.Word == channel.DetailInvalid {
			e.Word = d.Error
		}
	}
	if bad.Status == http.StatusBadRequest { // huma could not even read it
		e.Word, e.Details[0].Error = channel.DetailJSON, channel.DetailJSON
		texts[0] = "the body is not valid JSON: " + e.Details[0].Message
	}
	e.Message = strings.Join(texts, "; ")
}

// detailOf says what huma found in our words.
func detailOf(d *huma.ErrorDetail) channel.Detail {
	out := channel.Detail{Path: pathOf(d.Location), Error: channel.DetailInvalid, Message: d.Message}
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if name, ok := strings.CutPrefix(d.Message, before); ok && strings.HasSuffix(name, after) {
		name = strings.TrimSuffix(name, after)
		return channel.Detail{Path: name, Error: channel.DetailInvalid, Message: "is missing"}.Under(out.Path)
	}
	switch {
	case d.Message == validation.MsgUnexpectedProperty:
		out.Error, out.Message = channel.DetailUnknownField, "is no field of this request"
	case d.Location == "body" && isText(d.Value):
		// the body itself: not to be repeated
	default:
		if shown := show(d.Value); shown != "" {
			out.Message += ", not " + shown
		}
	}
	return out
}

func isText(v any) bool { _, ok := v.(string); return ok }

// show repeats a short value in a message.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if len(v) <= 60 {
			return quote(v)
		}
	case float64, bool:
		text, err := json.Marshal(v)
		if err == nil {
			return string(text)
		}
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return ""
}

// pathOf leaves out where in the request a field was.
func pathOf(location string) string {
	for _, place := range []string{"body", "query", "path", "header"} {
		if rest, ok := strings.CutPrefix(location, place); ok {
			return strings.TrimPrefix(rest, ".")
		}
	}
	return location
}

func tooLarge() *Error {
	return &Error{Code: http.StatusRequestEntityTooLarge, Word: channel.DetailTooLarge, Message: "the body is larger than 1 MiB (1,048,576 bytes)"}
}
