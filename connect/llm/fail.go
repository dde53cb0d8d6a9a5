package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ucal/internal/httpx"
)

const (
	maxReason     = 300            // characters of the provider's words in an error
	maxRetryAfter = 24 * time.Hour // a longer one is cut
	maxErrorBody  = 64 << 10       // bytes that are read of a refusal
	statusBusy    = 529            // "overloaded", https://docs.claude.com/en/api/errors (November 2026)
)

// Fail gives the failure of one call its class; adapters use it. resp is the
// answer, nil when there was none, and key the credential that was sent: it is
// taken out of the provider's words, as some repeat what they got.
func Fail(err error, resp *http.Response, key string) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if resp != nil && resp.StatusCode >= 300 {
		return refused(resp, key)
	}
	return unanswered(err)
}

// refused is an answer that is no success.
func refused(resp *http.Response, key string) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what can be read of the reason is enough
	kind, words := reason(body)
	e := &Error{Status: resp.StatusCode, Message: words, RetryAfter: retryAfter(resp.Header)}
	switch s := resp.StatusCode; {
	case usedUp(s, kind, words):
		e.Class = Quota
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		// The provider's words show parts of keys; ours are as good.
		e.Class, e.Message = Credentials, "the provider refuses the API key, or the key may not use this model"
	case s == http.StatusTooManyRequests, s == statusBusy:
		e.Class = RateLimited
	case s == http.StatusRequestTimeout, s >= 500:
		e.Class = Unavailable
	case s < 400:
		e.Class, e.Message = Rejected, "the server redirects to another address, which is not followed; set the final one as the base URL"
	default:
		e.Class = Rejected
	}
	if !e.Retryable() {
		e.RetryAfter = 0
	}
	if e.Message == "" {
		e.Message = http.StatusText(e.Status)
	}
	e.Message = clip(hide(e.Message, key))
	return e
}

// usedUp tells an empty account from a rate that is too high: OpenAI answers 429
// with the code insufficient_quota (https://platform.openai.com/docs/guides/error-codes),
// Anthropic 400 with a sentence about the credit balance, or 402 billing_error
// (https://docs.claude.com/en/api/errors); both November 2026.
func usedUp(status int, kind, words string) bool {
	return status == http.StatusPaymentRequired || kind == "insufficient_quota" || kind == "billing_error" ||
		status == http.StatusBadRequest && strings.Contains(strings.ToLower(words), "credit balance")
}

// reason finds the provider's code and words in the body of a refusal:
// {"error":{"type","code","message"}}, {"error":"…"}, {"message":"…"} or {"detail":"…"}.
func reason(body []byte) (kind, words string) {
	var b struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &b) != nil {
		return "", "" // a page of a proxy says nothing that helps
	}
	var inner struct {
		Type    string `json:"type"`
		Code    any    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(b.Error, &inner) == nil && inner.Message != "" {
		if code, ok := inner.Code.(string); ok && code != "" {
			return code, inner.Message
		}
		return inner.Type, inner.Message
	}
	for _, raw := range []json.RawMessage{b.Error, b.Detail} {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			return "", text
		}
	}
	return "", b.Message
}

// unanswered is a call without an answer, or with one that is none.
func unanswered(err error) *Error {
	call, broke := errors.AsType[*httpx.Error](err)
	timeout, timed := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case errors.Is(err, httpx.ErrRefusedAddress):
		return &Error{Class: Rejected, Message: call.Error() + "; the operator can allow its network with UCAL_ALLOW_PRIVATE_NETWORKS"}
	case errors.Is(err, httpx.ErrTooLarge):
		return &Error{Class: Rejected, Message: "the answer is too large"}
	case timed && timeout.Timeout():
		return &Error{Class: Unavailable, Message: "no answer in time"}
	case broke:
		return &Error{Class: Unavailable, Message: clip(call.Error())}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Class: Unavailable, Message: "the call was cancelled"}
	}
	// The parser's error may quote the answer: it is left out.
	return &Error{Class: Rejected, Message: "the answer is not that of a language model; check the provider and its base URL"}
}

// retryAfter reads Retry-After-Ms and Retry-After, the latter in seconds or as a date.
func retryAfter(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return bounded(ms * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return bounded(s * float64(time.Second))
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date")) // of the server that chose the time
	if err != nil {
		now = time.Now()
	}
	return bounded(float64(at.Sub(now)))
}

// bounded also turns what is no number into 0.
func bounded(ns float64) time.Duration {
	if !(ns > 0) {
		return 0
	}
	return time.Duration(min(ns, float64(maxRetryAfter)))
}

// Object checks an answer to a request with a schema and returns its JSON;
// adapters use it. Fences around it, which models like to add, are taken off. What
// is no JSON object is Rejected: when the answer is truncated the message says so.
func Object(text string, truncated bool) (string, error) {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(inner), "```"))
	}
	if json.Valid([]byte(text)) && strings.HasPrefix(text, "{") {
		return text, nil
	}
	if truncated {
		return "", Reject("the answer ended at its token limit before its JSON was complete")
	}
	return "", Reject("the answer is not the JSON object that was asked for")
}

// Reject is an error of class Rejected; adapters use it.
func Reject(format string, args ...any) *Error {
	return &Error{Class: Rejected, Message: clip(fmt.Sprintf(format, args...))}
}

// hide takes a credential out of a text.
func hide(text, key string) string {
	if key == "" {
		return text
	}
	return strings.ReplaceAll(text, key, "***")
}

func clip(s string) string {
	s = string(bytes.ToValidUTF8([]byte(strings.TrimSpace(s)), []byte("\uFFFD")))
	if utf8.RuneCountInString(s) <= maxReason {
		return s
	}
	return string([]rune(s)[:maxReason]) + "…"
}
