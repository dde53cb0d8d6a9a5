package api

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"ucal/desk"
)

// Shapes that several areas share.

// userRef names a user.
type userRef struct {
	ID        int64   `json:"id"`
	FirstName string  `json:"firstName"`
	LastName  *string `json:"lastName"`
	Email     string  `json:"email"`
}

func refOf(u *desk.User) userRef {
	return userRef{u.ID, u.FirstName, orNil(u.LastName), u.Email}
}

// ref names anything else.
type ref struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// actor is who did something.
type actor struct {
	Kind desk.Source `json:"kind"`
	ID   int64       `json:"id,omitempty"`
	Name string      `json:"name,omitempty"`
}

func actorOf(a desk.Actor) actor { return actor{a.Kind, a.ID, a.Name} }

// ByID is the input of operations on one object. Huma reads embedded structs only when their
// name is exported.
type ByID struct {
	ID int64 `path:"id" doc:"The object's id."`
}

// NoBody is the empty object that some POSTs take; it may be left out.
type NoBody struct {
	Body *struct{} `required:"false"`
}

// deleted is the answer of most deletes.
type deleted struct {
	ID int64 `json:"id"`
}

// orNil is null for an empty text.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// millisOrNil is null for "never".
func millisOrNil(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	return &ms
}

// seconds is a stored time as the names created_at and …Time have it.
func seconds(ms int64) int64 { return ms / 1000 }

// list is a list that is never null in JSON.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// maybe is a field that can be left out, null or set: three different wishes.
type maybe[T any] struct {
	Set   bool // it was in the request
	Null  bool
	Value T
}

// UnmarshalJSON notes that the field is there.
func (m *maybe[T]) UnmarshalJSON(text []byte) error {
	m.Set = true
	if bytes.Equal(text, []byte("null")) {
		m.Null = true
		return nil
	}
	return json.Unmarshal(text, &m.Value)
}

// Schema is the value's, or null.
func (m maybe[T]) Schema(r huma.Registry) *huma.Schema {
	schema := *r.Schema(reflect.TypeFor[T](), true, "")
	schema.Nullable = true
	return &schema
}

// orNull is an object or null.
type orNull[T any] struct{ Value *T }

// MarshalJSON writes the object or null.
func (o orNull[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Value) }

// Schema says that it may be null.
func (o orNull[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// pointer is nil when the field was left out and the zero value for null.
func (m maybe[T]) pointer() *T {
	if !m.Set {
		return nil
	}
	return &m.Value
}
