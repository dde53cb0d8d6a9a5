package api

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

var ginParameter = regexp.MustCompile(`:([a-zA-Z]+)`)

// Check 53: the document lists every route, and only those.
func TestDocumentIsComplete(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	w.call("GET", "/openapi.json", nil).into(200, &doc)
	require.Equal(t, "3.1.0", doc.OpenAPI)
	var routes, documented []string
	for _, r := range w.server.engine.Routes() {
		routes = append(routes, r.Method+" "+ginParameter.ReplaceAllString(r.Path, "{$1}"))
	}
	for path, item := range doc.Paths {
		for method := range item {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(documented)
	require.Equal(t, routes, documented)

	text := w.call("GET", "/openapi.json", nil).text
	require.NotContains(t, text, "problem+json", "errors are described as huma's, not as ours")
	require.Contains(t, string(doc.Components.Schemas["Error"]), `"requestId"`)
	for _, m := range regexp.MustCompile(`#/components/schemas/([A-Za-z0-9]+)`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, doc.Components.Schemas, m[1], "a reference to nothing")
	}
}

// Every operation says what it is, and documents the parameters of its path.
func TestOperationsAreDescribed(t *testing.T) {
	w := newWorld(t)
	ids := map[string]bool{}
	for _, op := range w.server.ops {
		name := op.method + " " + op.path
		require.NotEmpty(t, op.summary, name)
		require.NotEmpty(t, op.power.name, name)
		require.False(t, ids[operationID(op)], name)
		ids[operationID(op)] = true
		hop := w.humaOperation(op)
		for _, p := range pathParameter.FindAllString(op.path, -1) {
			found := slices.ContainsFunc(hop.Parameters, func(x *huma.Param) bool { return x.In == "path" && "{"+x.Name+"}" == p })
			require.True(t, found, "%s does not read %s", name, p)
		}
	}
}

// Compatible endpoints ignore unknown fields at every depth, extensions refuse them.
func TestUnknownFields(t *testing.T) {
	w := newWorld(t)
	schemas := w.server.api.OpenAPI().Components.Schemas
	for _, op := range w.server.ops {
		hop := w.humaOperation(op)
		if hop.RequestBody == nil || hop.RequestBody.Content["application/json"] == nil {
			continue
		}
		s := hop.RequestBody.Content["application/json"].Schema
		if s.Ref != "" {
			s = schemas.SchemaFromRef(s.Ref)
		}
		if s.Type == huma.TypeObject {
			require.Equal(t, op.compatible, s.AdditionalProperties == true, op.method+" "+op.path)
		}
	}
	w.call("POST", "/v2/space/tag", `{"name":"vip","surprise":{"a":1}}`).into(200, nil)
	var tag createdTag
	w.call("POST", "/v2/space/tag", `{"name":"new","colorCode":"#fff","emoji":"👋"}`).into(200, &tag)
	require.Equal(t, tag.Tag, tag.Message)
	require.Equal(t, 200, tag.Code)
}

func TestDocsNeedNothingFromOutside(t *testing.T) {
	w := newWorld(t)
	a := w.call("GET", "/docs", nil)
	require.Equal(t, 200, a.status)
	require.NotRegexp(t, `(src|href)="?(https?:)?//|@import|url\(`, a.text)
	require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'")
}
