package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"ucal/desk"
)

const headerRequestID = "X-Request-Id"

// maxBody is the size of the largest request body in bytes.
const maxBody = 1 << 20

// requestID gives every answer its id.
func requestID(c *gin.Context) {
	c.Writer.Header().Set(headerRequestID, uuid.NewString())
	c.Next()
}

// recover answers 500 to a panic and keeps what happened in the log.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		if c.Request.Context().Err() != nil {
			return // the caller is gone: huma could not write the answer
		}
		s.Log.Error("request panicked", "request_id", c.Writer.Header().Get(headerRequestID), "path", c.FullPath(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			s.fail(c, &Error{Code: http.StatusInternalServerError, Word: "internal", Message: "something is broken in ucal; its log tells more under this requestId"})
		}
	}()
	c.Next()
}

// guard stands before every operation: who calls, may they, how often, and has
// the same call been answered before?
func (s *Server) guard(ctx huma.Context, next func(huma.Context)) {
	x := s.exchange(ctx)
	p, err := s.desk.Authenticate(x.ctx, bearer(ctx.Header("Authorization")), strings.TrimSpace(ctx.Header("X-Acting-User")))
	if err != nil {
		x.refuse(err)
		return
	}
	x.p = p
	if err := s.limit(x); err != nil {
		x.refuse(err)
		return
	}
	if err := x.op.power.check(p); err != nil {
		x.refuse(err)
		return
	}
	if p.UserID != 0 && !x.op.idle {
		if err := s.desk.Touch(x.ctx, p); err != nil {
			x.refuse(err)
			return
		}
	}
	key := ctx.Header("Idempotency-Key")
	if key == "" || x.op.method != http.MethodPost {
		next(x)
		return
	}
	s.once(x, key, next)
}

// bearer is the token in an Authorization header, "" when there is none.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// limit counts the request against its token and endpoint.
func (s *Server) limit(x *exchange) error {
	limit := s.RateLimit
	if x.p.RateLimit >= 0 {
		limit = x.p.RateLimit
	}
	if limit == 0 {
		return nil
	}
	left, wait := s.calls.take(fmt.Sprintf("%d %s %s", x.p.TokenID, x.op.method, x.op.path), limit)
	x.SetHeader("X-RateLimit-Limit", strconv.Itoa(limit))
	x.SetHeader("X-RateLimit-Remaining", strconv.Itoa(left))
	if wait == 0 {
		return nil
	}
	return &Error{Code: http.StatusTooManyRequests, Word: "rate_limited", retryAfter: max(wait, time.Second),
		Message: fmt.Sprintf("more than %d requests to this endpoint in one second; wait as Retry-After says", limit)}
}

// maxKey is the length of an idempotency key in characters.
const maxKey = 100

func badKey(n int) *Error {
	return &Error{Code: http.StatusBadRequest, Word: "invalid_argument", Message: fmt.Sprintf("Idempotency-Key has %d characters; it may have 1 to %d", n, maxKey)}
}

// headerReplayed marks an answer that was given before.
const headerReplayed = "Idempotency-Replayed"

// once answers a call with an idempotency key: from the store when it was
// answered before, else by carrying it out and storing the answer. Answers that
// say "try again" are not kept.
func (s *Server) once(x *exchange, key string, next func(huma.Context)) {
	if n := utf8.RuneCountInString(key); n > maxKey {
		x.refuse(badKey(n))
		return
	}
	body, err := readAll(x.wire.BodyReader())
	if err != nil {
		x.refuse(err)
		return
	}
	x.body, x.read = body, true
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n", x.request().URL.RawQuery)
	sum.Write(body)
	call := &desk.KeyedCall{TokenID: x.p.TokenID, Route: x.op.method + " " + x.request().URL.Path, Key: key, BodyHash: hex.EncodeToString(sum.Sum(nil))}
	answer, err := s.desk.BeginKeyed(x.ctx, call)
	if err != nil {
		x.refuse(err)
		return
	}
	if answer != nil {
		c := humagin.Unwrap(x.wire)
		c.Writer.Header().Set(headerReplayed, "true")
		c.Data(answer.Status, "application/json", []byte(answer.Response))
		return
	}
	s.keep(x, call, next)
}

// keep carries the call out, stores the answer and sends it.
func (s *Server) keep(x *exchange, call *desk.KeyedCall, next func(huma.Context)) {
	held := &kept{}
	x.kept = held
	ctx := context.WithoutCancel(x.ctx) // a caller who hangs up asks again
	done := false
	defer func() {
		if !done { // a panic: the key is free again
			_ = s.desk.EndKeyed(ctx, call, 0, "")
		}
	}()
	next(x)
	done = true
	status := held.status
	if status >= 500 || status == http.StatusTooManyRequests || status == 449 {
		status = 0
	}
	if err := s.desk.EndKeyed(ctx, call, status, held.body.String()); err != nil {
		s.Log.Error("answer not kept", "error", err)
	}
	x.wire.SetStatus(held.status)
	_, _ = x.wire.BodyWriter().Write(held.body.Bytes()) // the caller may be gone
}

// readAll reads a request body of at most maxBody bytes.
func readAll(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, &Error{Code: http.StatusBadRequest, Word: "invalid_argument", Message: "the body of the request broke off"}
	}
	if len(body) > maxBody {
		return nil, tooLarge()
	}
	return body, nil
}
