package api

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"ucal/desk"
)

// wire is huma's view of the request, under a name that does not hide its method Context.
type wire = huma.Context

// exchange is one request and its answer on their way through huma. It lets the
// guard put in who calls, correct the statuses that huma chooses for refusals,
// and keep the answer of a call with an idempotency key.
type exchange struct {
	wire
	s      *Server
	ctx    context.Context
	p      desk.Principal
	op     *operation
	status int // what is answered instead of huma's choice; 0 = as huma says
	body   []byte
	read   bool // body has been read
	kept   *kept
}

// kept is an answer that is held back until it is stored.
type kept struct {
	status int
	body   bytes.Buffer
}

type exchangeKey struct{}

func (s *Server) exchange(ctx huma.Context) *exchange {
	x := &exchange{wire: ctx, s: s}
	x.op, _ = ctx.Operation().Metadata[metaOperation].(*operation)
	x.ctx = context.WithValue(ctx.Context(), exchangeKey{}, x)
	return x
}

// exchangeOf is the exchange that a handler works in.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Context holds the exchange.
func (x *exchange) Context() context.Context { return x.ctx }

// request is the HTTP request as it came.
func (x *exchange) request() *http.Request { return humagin.Unwrap(x.wire).Request }

// Unwrap gives huma's adapter its own context back.
func (x *exchange) Unwrap() huma.Context { return x.wire }

// SetStatus sets the status of the answer.
func (x *exchange) SetStatus(code int) {
	if x.status != 0 {
		code = x.status
	}
	if x.kept != nil {
		x.kept.status = code
		return
	}
	x.wire.SetStatus(code)
}

// BodyWriter is where the answer goes.
func (x *exchange) BodyWriter() io.Writer {
	if x.kept != nil {
		return &x.kept.body
	}
	return x.wire.BodyWriter()
}

// BodyReader is the body of the request.
func (x *exchange) BodyReader() io.Reader {
	if x.read {
		return bytes.NewReader(x.body)
	}
	return x.wire.BodyReader()
}

// problem gives an error its wire shape.
func (x *exchange) problem(err error) *Error {
	e := x.s.toError(x.ctx, err)
	e.RequestID = x.requestID()
	return e
}

func (x *exchange) requestID() string {
	return humagin.Unwrap(x.wire).Writer.Header().Get(headerRequestID)
}

// refuse answers with an error before huma has read the request.
func (x *exchange) refuse(err error) {
	writeError(humagin.Unwrap(x.wire), x.problem(err))
}
