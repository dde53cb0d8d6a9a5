package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ucal/desk"
)

// prefix of all operations.
const prefix = "/v2"

// operation is one endpoint as data: what a test or a reader wants to know of
// it, and how it is put into the router and the OpenAPI document.
type operation struct {
	method, path string // path below /v2, parameters in braces
	status       int    // of success
	compatible   bool   // fixed by the compatible product: unknown request fields are ignored
	power        power  // what the caller needs
	summary      string
	area         string
	idle         bool // a call for a user that is no activity of theirs

	register func(*Server, huma.Operation)
}

// handler carries out one operation for a caller. I is a huma input struct
// (path, query and header parameters, Body), *O the body of the answer.
type handler[I, O any] func(ctx context.Context, p desk.Principal, in *I) (*O, error)

// compatible makes an operation of section 5 of the platform specification: it
// answers 200 and ignores unknown request fields.
func compatible[I, O any](method, path string, need power, summary string, h handler[I, O]) operation {
	return operation{method: method, path: path, status: http.StatusOK, compatible: true, power: need, summary: summary, register: typed(h)}
}

// extension makes an operation of section 7: it answers 201 to a create, 202
// when work goes on, else 200, and refuses unknown request fields.
func extension[I, O any](method, path string, status int, need power, summary string, h handler[I, O]) operation {
	return operation{method: method, path: path, status: status, power: need, summary: summary, register: typed(h)}
}

// file makes an operation that answers with a file instead of JSON.
func file[I any](method, path string, need power, summary string, h handler[I, fileAnswer]) operation {
	register := func(s *Server, op huma.Operation) {
		huma.Register(s.api, op, func(ctx context.Context, in *I) (*fileOutput, error) {
			x := exchangeOf(ctx)
			out, err := h(ctx, x.p, in)
			if err != nil {
				return nil, x.problem(err)
			}
			disposition := ""
			if out.Name != "" {
				disposition = `attachment; filename="` + out.Name + `"`
			}
			return &fileOutput{out.Type, disposition, out.Body}, nil
		})
	}
	return operation{method: method, path: path, status: http.StatusOK, power: need, summary: summary, register: register}
}

// fileAnswer is a file; with a Name the browser saves it.
type fileAnswer struct {
	Type string // media type
	Name string
	Body []byte
}

type fileOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

type output[O any] struct{ Body *O }

func typed[I, O any](h handler[I, O]) func(*Server, huma.Operation) {
	return func(s *Server, op huma.Operation) {
		huma.Register(s.api, op, func(ctx context.Context, in *I) (*output[O], error) {
			x := exchangeOf(ctx)
			out, err := h(ctx, x.p, in)
			if err != nil {
				return nil, x.problem(err)
			}
			return &output[O]{out}, nil
		})
	}
}

// add puts the operations of an area into the router and the document.
func (s *Server) add(area string, ops []operation) {
	for _, op := range ops {
		op.area = area
		hop := huma.Operation{
			OperationID:   operationID(op),
			Method:        op.method,
			Path:          prefix + op.path,
			Summary:       op.summary,
			Description:   op.note(),
			Tags:          []string{area},
			DefaultStatus: op.status,
			MaxBodyBytes:  maxBody + 1, // huma refuses a body of exactly its limit
			Metadata:      map[string]any{metaOperation: &op},
			Security:      []map[string][]string{{"token": {}}},
			Responses:     map[string]*huma.Response{"default": s.refusal()},
		}
		op.register(s, hop)
		s.ops = append(s.ops, op)
		if op.compatible {
			s.loosen(op)
		}
	}
}

// refusal describes our errors; left to itself huma would describe its own, which
// nobody gets.
func (s *Server) refusal() *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Error](), true, "Error")
	return &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{typeJSON: {Schema: schema}}}
}

const metaOperation = "operation"

func (o operation) note() string {
	text := "Needs the power " + quote(o.power.name) + "."
	if o.compatible {
		text = "Compatible endpoint: unknown request fields are ignored. " + text
	}
	return text
}

// operationID is the method and the path in words: post-space-user.
func operationID(op operation) string {
	path := strings.NewReplacer("{", "", "}", "", "/", "-", "_", "-").Replace(op.path)
	return strings.ToLower(op.method) + path
}

// loosen lets unknown fields through in the request body of an operation.
func (s *Server) loosen(op operation) {
	doc := s.api.OpenAPI()
	item := doc.Paths[prefix+op.path]
	for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
		if o == nil || o.Method != op.method || o.RequestBody == nil {
			continue
		}
		for _, media := range o.RequestBody.Content {
			allowUnknown(doc.Components.Schemas, media.Schema)
		}
	}
}

// allowUnknown opens a schema and everything below it.
func allowUnknown(r huma.Registry, schema *huma.Schema) {
	if schema == nil {
		return
	}
	if schema.Ref != "" {
		schema = r.SchemaFromRef(schema.Ref)
	}
	if schema.AdditionalProperties == true {
		return // seen before
	}
	if schema.Type == huma.TypeObject && schema.AdditionalProperties == false {
		schema.AdditionalProperties = true
	}
	allowUnknown(r, schema.Items)
	for _, p := range schema.Properties {
		allowUnknown(r, p)
	}
}
