package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// docsPage renders /openapi.json without any outside asset.
//
//go:embed docs.html
var docsPage []byte

// service is an endpoint outside the Developer API: no workspace token, no huma.
type service struct {
	method, path string
	doc          huma.Operation
	handle       gin.HandlerFunc
}

// addServices registers the endpoints that stand beside the Developer API. It
// comes last: the document is finished then.
func (s *Server) addServices() {
	services := []service{
		{method: http.MethodGet, path: "/healthz", handle: s.health, doc: plain("Service", "Is the process alive?", nil)},
		{method: http.MethodGet, path: "/readyz", handle: s.ready, doc: plain("Service", "Can the process work? 503 names what it lacks.", nil)},
		{method: http.MethodGet, path: "/openapi.json", handle: s.openapi, doc: plain("Service", "This document.", nil)},
		{method: http.MethodGet, path: "/schema/workflow.json", handle: s.publicSchema, doc: plain("Service", "JSON Schema of workflow files, for editors.", nil)},
		{method: http.MethodGet, path: "/docs", handle: docs, doc: plain("Service", "This document for people.", nil)},
	}
	services = append(services, s.webhookServices()...)
	services = append(services, s.hookServices()...)
	for _, x := range services {
		s.engine.Handle(x.method, ginPath(x.path), x.handle)
		x.doc.Method, x.doc.Path = x.method, x.path
		x.doc.OperationID = operationID(operation{method: x.method, path: x.path})
		if x.doc.RequestBody != nil {
			x.doc.Responses["default"] = s.refusal()
		}
		s.api.OpenAPI().AddOperation(&x.doc)
	}
	for _, name := range []string{"V2ErrorModel", "V2ErrorDetail"} { // huma's, see refusal
		delete(s.api.OpenAPI().Components.Schemas.Map(), name)
	}
	spec, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		panic("api: the OpenAPI document: " + err.Error())
	}
	s.spec = spec
}

// ginPath writes the parameters of a path as Gin does: {token} is :token.
func ginPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

func plain(area, summary string, body *huma.RequestBody) huma.Operation {
	return huma.Operation{Tags: []string{area}, Summary: summary, RequestBody: body, Security: []map[string][]string{},
		Responses: map[string]*huma.Response{"200": {Description: "OK"}, "default": {Description: "Error"}}}
}

func (s *Server) health(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

func (s *Server) ready(c *gin.Context) {
	checks, status, word := map[string]string{}, http.StatusOK, "ready"
	if s.Ready != nil {
		for name, err := range s.Ready(c.Request.Context()) {
			checks[name] = "ok"
			if err != nil {
				checks[name], status, word = err.Error(), http.StatusServiceUnavailable, "not ready"
			}
		}
	}
	c.JSON(status, gin.H{"status": word, "checks": checks})
}

func (s *Server) openapi(c *gin.Context) { c.Data(http.StatusOK, "application/json", s.spec) }

func docs(c *gin.Context) {
	c.Header("Content-Security-Policy", "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Data(http.StatusOK, "text/html; charset=utf-8", docsPage)
}
