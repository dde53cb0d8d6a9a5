package desk

import (
	"slices"

	"gorm.io/gorm"
)

// The number of items of a page.
const (
	DefaultPage = 10
	MaxPage     = 100
)

// Page asks for one page of a list.
type Page struct {
	Limit  int   // 1 to MaxPage; 0 = DefaultPage
	Cursor int64 // id of the last item seen; negative: the page just before that item; 0: the first page
}

// List is one page of a list. Items added while paging never cause a repeat.
type List[T any] struct {
	Items    []T
	Next     int64 // cursor of the page after; 0 = this is the last page
	Previous int64 // cursor of the page before, negative; 0 = this is the first page
}

// order is how a list is sorted and what its cursor means.
type order struct {
	asc, desc string // ORDER BY, forwards and backwards
	after     string // items after the cursor, in the list's order
	before    string // items before it
}

// oldestFirst is the order of definitions and contacts.
func oldestFirst() order { return order{"id", "id DESC", "id > ?", "id < ?"} }

// newestFirst is the order of what happens: comments, runs, decisions …
func newestFirst() order { return order{"id DESC", "id", "id < ?", "id > ?"} }

// list reads one page of a query.
func list[T any](q *gorm.DB, p Page, o order, id func(*T) int64) (List[T], error) {
	limit := DefaultPage
	if p.Limit > 0 {
		limit = min(p.Limit, MaxPage)
	}
	back := p.Cursor < 0
	switch {
	case back:
		q = q.Where(o.before, -p.Cursor).Order(o.desc)
	case p.Cursor > 0:
		q = q.Where(o.after, p.Cursor).Order(o.asc)
	default:
		q = q.Order(o.asc)
	}
	l := List[T]{Items: []T{}}
	if err := q.Limit(limit + 1).Find(&l.Items).Error; err != nil {
		return l, err
	}
	more := len(l.Items) > limit
	if more {
		l.Items = l.Items[:limit]
	}
	if back {
		slices.Reverse(l.Items)
	}
	if n := len(l.Items); n > 0 {
		if more || back {
			l.Next = id(&l.Items[n-1])
		}
		if more && back || p.Cursor > 0 {
			l.Previous = -id(&l.Items[0])
		}
	}
	return l, nil
}

// convert makes a list of the same place from other items.
func convert[A, B any](l List[A], items []B) List[B] {
	return List[B]{Items: notNil(items), Next: l.Next, Previous: l.Previous}
}
