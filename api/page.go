package api

import (
	"context"
	"net/url"
	"strconv"

	"ucal/desk"
)

// PageQuery are the parameters of every list.
type PageQuery struct {
	Limit    int   `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"Items of a page."`
	CursorID int64 `query:"cursorId" doc:"Id of the last item seen; negative: the page just before that item."`
}

func (q PageQuery) page() desk.Page { return desk.Page{Limit: q.Limit, Cursor: q.CursorID} }

// page is one page of a list.
type page[T any] struct {
	Items      []T        `json:"items" nullable:"false"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Next     string `json:"next" doc:"Address of the next page; empty at the end."`
	Previous string `json:"previous" doc:"Address of the previous page; empty at the start."`
}

// toPage gives a list its wire shape.
func toPage[A, B any](ctx context.Context, l desk.List[A], shape func(*A) B) *page[B] {
	out := &page[B]{Items: make([]B, len(l.Items))}
	for i := range l.Items {
		out.Items[i] = shape(&l.Items[i])
	}
	x := exchangeOf(ctx)
	out.Pagination = pagination{Next: x.neighbour(l.Next), Previous: x.neighbour(l.Previous)}
	return out
}

// neighbour is the address of this list at another cursor; "" for 0.
func (x *exchange) neighbour(cursor int64) string {
	if cursor == 0 {
		return ""
	}
	r := x.request()
	q := r.URL.Query()
	q.Set("cursorId", strconv.FormatInt(cursor, 10))
	if q.Get("limit") == "" {
		q.Set("limit", strconv.Itoa(desk.DefaultPage))
	}
	link := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	return x.s.publicURL(r) + link.String()
}
