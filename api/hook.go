package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"ucal/channel"
	"ucal/desk"
)

// hookPath is where outside systems start a workflow with the trigger Incoming Webhook.
const hookPath = "/hook/"

// Limits of calls to one address (workflow specification 3.6).
const (
	hookRate  = 10 // calls a second
	hookBurst = 20
	maxHook   = 256 << 10 // bytes of a body
)

// hookOf is how the address of a workflow is shown; nil where it has none.
func hookOf(ctx context.Context, v *desk.WorkflowView) (url, secret *string) {
	if v.Hook == "" {
		return nil, nil
	}
	x := exchangeOf(ctx)
	at := x.s.publicURL(x.request()) + hookPath + v.Hook
	if v.HookSecret != "" {
		secret = orNil(maskedSecret)
	}
	return &at, secret
}

// maskedSecret stands for a secret that is set.
const maskedSecret = "***"

type renewHookInput struct {
	ByWorkflow
	Body *struct {
		Secret maybe[string] `json:"secret,omitempty" doc:"What callers must send as X-Hook-Secret from now on; null: nothing. Left out: as before."`
	} `required:"false"`
}

type renewedHook struct {
	HookURL    string  `json:"hookUrl"`
	HookSecret *string `json:"hookSecret,omitempty" doc:"*** when callers must send X-Hook-Secret."`
}

func (s *Server) renewHook(ctx context.Context, p desk.Principal, in *renewHookInput) (*renewedHook, error) {
	var change desk.HookChange
	if b := in.Body; b != nil && b.Secret.Set {
		if change.NoSecret = b.Secret.Null; !b.Secret.Null {
			change.Secret = &b.Secret.Value
		}
	}
	v, err := s.desk.RenewHook(ctx, p, in.ID, change)
	if err != nil {
		return nil, err
	}
	url, secret := hookOf(ctx, v)
	return &renewedHook{*url, secret}, nil
}

func (s *Server) hookServices() []service {
	body := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}}
	doc := plain("Incoming webhook", "Start a workflow with the trigger incoming_webhook, for the contact that the body names.", body)
	doc.Parameters = []*huma.Param{
		{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "X-Hook-Secret", In: "header", Description: "The workflow's secret, if it has one.", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "Idempotency-Key", In: "header", Description: "The same key gets the first answer for 24 hours.", Schema: &huma.Schema{Type: huma.TypeString}},
	}
	doc.Responses = map[string]*huma.Response{"202": {Description: "The run was started."}, "default": {Description: "Error"}}
	return []service{{method: http.MethodPost, path: hookPath + "{token}", handle: s.hook, doc: doc}}
}

// hook takes one call of an outside system.
func (s *Server) hook(c *gin.Context) {
	start, err := s.takeHook(c)
	if start.Replayed {
		c.Writer.Header().Set(headerReplayed, "true")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"status": "accepted", "runId": start.RunID, "contactId": start.ContactID})
}

func (s *Server) takeHook(c *gin.Context) (desk.HookStart, error) {
	var none desk.HookStart
	ctx := c.Request.Context()
	h, err := s.desk.HookByToken(ctx, c.Param("token"))
	if err != nil {
		return none, err
	}
	if !s.hooks.take(strconv.FormatInt(h.WorkflowID, 10)) {
		return none, &Error{Code: http.StatusTooManyRequests, Word: "rate_limited", Message: "more than 10 calls of this address in one second; send this one again", retryAfter: time.Second}
	}
	if !h.Admits(c.GetHeader("X-Hook-Secret")) {
		return none, &desk.Error{Code: desk.Unauthorized, Word: "unauthorized", Message: "X-Hook-Secret is missing or wrong; this address has a secret: send it in this header"}
	}
	key := c.GetHeader("Idempotency-Key")
	if n := utf8.RuneCountInString(key); n > maxKey || !utf8.ValidString(key) {
		return none, badKey(n)
	}
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, maxHook+1))
	if err != nil {
		return none, &Error{Code: http.StatusBadRequest, Word: channel.DetailJSON, Message: "the body of the request broke off; send it again"}
	}
	if len(body) > maxHook {
		return none, &Error{Code: http.StatusRequestEntityTooLarge, Word: channel.DetailTooLarge, Message: "the body is larger than 256 KiB (262,144 bytes)"}
	}
	return s.desk.StartByHook(context.WithoutCancel(ctx), h, desk.HookCall{Body: body, Key: key})
}
