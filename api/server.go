package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"ucal/channel"
	"ucal/desk"
	"ucal/flow"
)

// DefaultRateLimit is how many requests a second a token may make to one endpoint.
const DefaultRateLimit = 5

// Options of a Server.
type Options struct {
	Desk      *desk.Desk
	Channels  channel.Catalogue
	Log       *slog.Logger
	RateLimit int    // requests a second, token and endpoint: 0 = DefaultRateLimit, NoRateLimit = none
	Version   string // of this program, shown in the OpenAPI document
	// Ready checks what the server depends on, by name ("database", "temporal" …);
	// a nil error is "ok". Nil means that there is nothing to check.
	Ready func(ctx context.Context) map[string]error
}

// NoRateLimit switches the rate limit off for tokens without one of their own.
const NoRateLimit = -1

// Server is the HTTP handler. It is safe for concurrent use.
type Server struct {
	Options
	desk     *desk.Desk
	engine   *gin.Engine
	api      huma.API
	ops      []operation
	calls    *limiter // of API tokens
	webhooks *limiter // of channels
	hooks    *buckets // of the addresses of workflows
	spec     []byte
	schema   []byte // of workflow files
}

// New builds the server. A mistake in the list of operations panics.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.RateLimit == 0:
		o.RateLimit = DefaultRateLimit
	case o.RateLimit < 0:
		o.RateLimit = 0
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	s := &Server{Options: o, desk: o.Desk, schema: flow.Schema(), calls: newLimiter(o.Desk.Now), webhooks: newLimiter(o.Desk.Now), hooks: newBuckets(o.Desk.Now, hookRate, hookBurst)}
	s.engine = newEngine(s)
	s.api = humagin.New(s.engine, s.config())
	s.api.UseMiddleware(s.guard)
	s.addAreas()
	s.addServices()
	return s
}

// newEngine is Gin without its logger, its redirects and its own error pages.
func newEngine(s *Server) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.HandleMethodNotAllowed = true
	e.Use(requestID, s.recover)
	e.NoRoute(func(c *gin.Context) {
		s.fail(c, &Error{Code: http.StatusNotFound, Word: "not_found", Message: "there is no endpoint " + c.Request.Method + " " + c.Request.URL.Path + "; see /docs"})
	})
	e.NoMethod(func(c *gin.Context) {
		s.fail(c, &Error{Code: http.StatusMethodNotAllowed, Word: "method_not_allowed",
			Message: c.Request.URL.Path + " does not take " + c.Request.Method + "; it takes " + c.Writer.Header().Get("Allow")})
	})
	return e
}

func (s *Server) config() huma.Config {
	c := huma.DefaultConfig("ucal", s.Version)
	c.Info.Description = "Conversations with customers, and workflows that cannot forget. Send a workspace token as Authorization: Bearer. Compatible endpoints keep the paths and shapes of the product that ucal is compatible with."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no links to schemas in answers
	c.Transformers = []huma.Transformer{s.shape}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A workspace API token."},
	}
	if url := s.desk.PublicURL; url != "" {
		c.Servers = []*huma.Server{{URL: url}}
	}
	return c
}

// schemaName names a type in the document: our wire shapes by their own name,
// types of other packages with the package before it (ChannelMessage).
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if pkg := path.Base(t.PkgPath()); t.Name() != "" && t.PkgPath() != "" && pkg != "api" {
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// publicURL is the address under which the caller reaches us, without a slash at the end.
func (s *Server) publicURL(r *http.Request) string {
	if s.desk.PublicURL != "" {
		return strings.TrimRight(s.desk.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
