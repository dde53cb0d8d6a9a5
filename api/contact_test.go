package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContactsThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/space/custom_field", `{"name":"Plan","dataType":"text"}`).into(200, nil)
	w.call("POST", "/v2/space/custom_field", `{"name":"Seats","dataType":"number"}`).into(200, nil)

	made := w.call("POST", "/v2/contact/email:Ann@Example.com", `{"firstName":"Ann","phone":"+60 12-345 6789","unknown":1,"custom_fields":[{"name":"plan","value":"gold"},{"name":"Seats","value":5}]}`).object(200)
	require.Equal(t, "Contact created", made["message"])
	w.call("POST", "/v2/contact/email:ann@example.com", `{"firstName":"Ann"}`).refused(409, "already_exists")

	c := w.call("GET", "/v2/contact/phone:60123456789", nil).object(200)
	require.Equal(t, "ann@example.com", c["email"])
	require.Equal(t, "MY", c["countryCode"])
	require.Equal(t, "close", c["status"])
	require.Nil(t, c["lastName"])
	require.Equal(t, []any{map[string]any{"name": "Plan", "value": "gold"}, map[string]any{"name": "Seats", "value": 5.0}}, c["custom_fields"])

	w.call("PUT", "/v2/contact/id:1", `{"lastName":"Lee","phone":null,"custom_fields":[{"name":"plan","value":null}]}`).into(200, nil)
	c = w.call("GET", "/v2/contact/id:1", nil).object(200)
	require.Equal(t, []any{"Lee", nil}, []any{c["lastName"], c["phone"]})
	again := w.call("POST", "/v2/contact/create_or_update/email:ann@example.com", `{"language":"en-GB"}`).object(200)
	require.Equal(t, "Contact updated", again["message"])

	w.call("POST", "/v2/contact/id:1/tag", `["VIP","Late"]`).into(200, nil)
	w.call("DELETE", "/v2/contact/id:1/tag", `["late","never"]`).into(200, nil)
	require.Equal(t, []any{"VIP"}, w.call("GET", "/v2/contact/id:1", nil).object(200)["tags"])

	comment := w.call("POST", "/v2/contact/id:1/comment", `{"text":"see {{@user.99}}"}`).object(200)
	require.Equal(t, "see {{@user.99}}", comment["text"])
	w.call("POST", "/v2/contact/id:1/conversation/status", `{"status":"open"}`).into(200, nil)
	w.call("POST", "/v2/contact/id:1/conversation/status", `{"status":"done","summary":"ok"}`).into(200, nil)
	conversations := w.items("/v2/contact/id:1/conversation")
	require.Len(t, conversations, 1)
	require.Equal(t, "ok", conversations[0]["summary"])
	w.call("GET", "/v2/conversation/1", nil).into(200, nil)

	var types []any
	for _, a := range w.items("/v2/contact/id:1/activity?limit=100") {
		types = append(types, a["type"])
	}
	require.Equal(t, []any{"conversation.closed", "conversation.opened", "comment.added", "tag.removed", "tag.added", "tag.added", "contact.updated", "contact.updated", "contact.created"}, types)
	require.Len(t, w.items("/v2/contact/id:1/activity?type=tag.added"), 2)

	w.call("POST", "/v2/contact/id:1/block", nil).into(200, nil)
	w.call("POST", "/v2/contact/id:1/conversation/status", `{"status":"open"}`).refused(409, "invalid_state")
	require.Equal(t, false, w.call("POST", "/v2/contact/id:1/unblock", `{}`).object(200)["isBlocked"])

	w.call("DELETE", "/v2/contact/id:1", nil).into(200, nil)
	w.call("GET", "/v2/contact/id:1", nil).refused(404, "not_found")
	for _, table := range []string{"contacts", "comments", "contact_tags", "contact_values", "messages", "identities"} {
		require.Zero(t, w.rows(table), table)
	}
}

// items reads the items of the first page of a list.
func (w *world) items(path string) []map[string]any {
	w.t.Helper()
	var p struct{ Items []map[string]any }
	w.call(http.MethodGet, path, nil).into(200, &p)
	return p.Items
}

func TestContactListPagesAndFilters(t *testing.T) {
	w := newWorld(t)
	for _, who := range []string{"ann", "ben", "cem", "dan", "eve"} {
		w.call("POST", "/v2/contact/email:"+who+"@example.com", `{"firstName":"`+strings.ToUpper(who[:1])+who[1:]+`"}`).into(200, nil)
	}
	w.call("POST", "/v2/contact/id:2/tag", `["vip","new"]`).into(200, nil)
	w.call("POST", "/v2/contact/id:4/tag", `["vip"]`).into(200, nil)
	names := func(query, body string) (names []string, next, previous string) {
		var p struct {
			Items      []struct{ FirstName string }
			Pagination struct{ Next, Previous string }
		}
		w.call("POST", "/v2/contact/list"+query, body).into(200, &p)
		for _, c := range p.Items {
			names = append(names, c.FirstName)
		}
		return names, p.Pagination.Next, p.Pagination.Previous
	}
	got, next, previous := names("?limit=2", `{}`)
	require.Equal(t, []string{"Ann", "Ben"}, got)
	require.Empty(t, previous)
	require.Contains(t, next, "/v2/contact/list?cursorId=2&limit=2")
	got, next, previous = names("?limit=2&cursorId=2", `{}`)
	require.Equal(t, []string{"Cem", "Dan"}, got)
	require.Contains(t, previous, "cursorId=-3")
	require.Contains(t, next, "cursorId=4")
	got, next, _ = names("?limit=2&cursorId=4", `{}`)
	require.Equal(t, []string{"Eve"}, got)
	require.Empty(t, next)
	got, _, previous = names("?limit=2&cursorId=-3", `{}`)
	require.Equal(t, []string{"Ann", "Ben"}, got)
	require.Empty(t, previous)

	for _, tc := range []struct {
		filter string
		want   []string
	}{
		{`{"search":"EV"}`, []string{"Eve"}},
		{`{"search":"id:3"}`, []string{"Cem"}},
		{`{"search":"%"}`, nil},
		{`{"filter":{"$and":[]}}`, []string{"Ann", "Ben", "Cem", "Dan", "Eve"}},
		{`{"filter":{"$and":[{"category":"contactField","field":"firstName","operator":"isEqualTo","value":"ann"}]}}`, []string{"Ann"}},
		{`{"filter":{"$and":[{"category":"contactField","field":"firstName","operator":"isNotEqualTo","value":"ann"},{"category":"contactTag","field":null,"operator":"hasAnyOf","value":["VIP"]}]}}`, []string{"Ben", "Dan"}},
		{`{"filter":{"$or":[{"category":"contactField","field":"email","operator":"contains","value":"EVE@"},{"category":"contactTag","operator":"hasAllOf","value":["vip","new"]}]}}`, []string{"Ben", "Eve"}},
		{`{"filter":{"$and":[{"category":"contactTag","operator":"hasNoneOf","value":["vip"]},{"category":"contactField","field":"phone","operator":"doesNotExist","value":null}]}}`, []string{"Ann", "Cem", "Eve"}},
		{`{"filter":{"$and":[{"category":"contactField","field":"isBlocked","operator":"isEqualTo","value":false},{"category":"contactField","field":"lastName","operator":"exists","value":null}]}}`, nil},
	} {
		got, _, _ := names("", tc.filter)
		require.Equal(t, tc.want, got, tc.filter)
	}
	for filter, path := range map[string]string{
		`{"category":"lifecycle","operator":"exists","value":null}`:                              "filter.$and[0].category",
		`{"category":"contactField","field":"shoe","operator":"exists"}`:                         "filter.$and[0].field",
		`{"category":"contactField","field":"firstName","operator":"isGreaterThan","value":"1"}`: "filter.$and[0].operator",
		`{"category":"contactField","field":"firstName","operator":"isEqualTo","value":["a"]}`:   "filter.$and[0].value",
		`{"category":"contactTag","operator":"isEqualTo","value":"vip"}`:                         "filter.$and[0].operator",
		`{"category":"contactTag","operator":"hasAnyOf","value":"vip"}`:                          "filter.$and[0].value",
		`{"$and":[{"category":"contactTag","operator":"exists"}]}`:                               "filter.$and[0].category",
	} {
		e := w.call("POST", "/v2/contact/list", `{"filter":{"$and":[`+filter+`]}}`).refused(400, "invalid_argument")
		require.Equal(t, path, e.Details[0].Path, filter)
	}
}
