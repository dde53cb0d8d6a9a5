package custom

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ucal/channel"
	"ucal/internal/httpx"
)

// unanswered translates a call without an answer.
func unanswered(err error, mayHaveGoneOut bool) *channel.SendError {
	if errors.Is(err, httpx.ErrRefusedAddress) {
		return &channel.SendError{Code: channel.CodeProviderRejected, Fault: channel.FaultChannel,
			Message: "the channel's apiBaseUrl leads to an address that ucal must not call: " + err.Error()}
	}
	return &channel.SendError{Code: channel.CodeProviderUnavailable, Retryable: true, Unknown: mayHaveGoneOut, Fault: channel.FaultProvider,
		Message: "the integration did not answer: " + err.Error()}
}

// refusal translates an answer that is not 2xx.
func (a *Adapter) refusal(acc channel.Account, resp *http.Response, body []byte) *channel.SendError {
	e := &channel.SendError{Code: channel.CodeProviderRejected, Fault: channel.FaultProvider,
		Message: fmt.Sprintf("the integration answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
	if r := reason(body, acc.Token); r != "" {
		e.Message += ": " + r
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		e.Fault = channel.FaultChannel
	case code == http.StatusTooManyRequests:
		e.Code, e.Retryable, e.RetryAfter = channel.CodeRateLimited, true, a.retryAfter(resp.Header.Get("Retry-After"))
	case code >= 500:
		e.Code, e.Retryable, e.RetryAfter = channel.CodeProviderUnavailable, true, a.retryAfter(resp.Header.Get("Retry-After"))
	case code < 400:
		e.Fault = channel.FaultChannel
		e.Message += "; ucal follows no redirects, set apiBaseUrl to the final address"
	}
	return e
}

// maxReason bounds what is kept of the integration's words, in characters.
const maxReason = 500

// reason finds {"error":{"message": …}}, also in the spellings {"error": "…"} and {"message": "…"}. The channel's token is taken out, should
// the integration repeat it.
func reason(body []byte, token string) string {
	var answer struct {
		Error   json.RawMessage `json:"error"`
		Message any             `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var nested struct {
		Message string `json:"message"`
	}
	text := ""
	if json.Unmarshal(answer.Error, &nested) == nil {
		text = nested.Message
	} else if json.Unmarshal(answer.Error, &text) != nil || text == "" {
		text, _ = answer.Message.(string)
	}
	if token != "" {
		text = strings.ReplaceAll(text, token, "***")
	}
	if chars := []rune(channel.CleanText(text)); len(chars) > maxReason {
		return string(chars[:maxReason]) + "…"
	}
	return channel.CleanText(text)
}

// retryAfter reads seconds or an HTTP date; 0 if it is neither, or past.
func (a *Adapter) retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(a.now()), 0)
	}
	return 0
}
