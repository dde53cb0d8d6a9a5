package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTeamsAndUsers(t *testing.T) {
	w := newWorld(t)
	ann := w.user("Ann", "agent")
	a := w.call("POST", "/v2/space/team", map[string]any{"name": "A", "userIds": []int64{ann}}).id(201)
	b := w.call("POST", "/v2/space/team", `{"name":"B"}`).id(201)
	require.Equal(t, map[string]any{"id": float64(a), "name": "A"}, w.call("GET", urlf("/space/user/%d", ann), nil).object(200)["team"])
	w.call("PUT", urlf("/space/user/%d", ann), map[string]any{"teamId": b}).into(200, nil)
	require.Empty(t, w.call("GET", urlf("/space/team/%d", a), nil).object(200)["members"], "one team a user")
	require.Len(t, w.call("GET", urlf("/space/team/%d", b), nil).object(200)["members"], 1)

	require.Nil(t, w.call("PUT", urlf("/space/user/%d", ann), `{"teamId":null,"lastName":"Lee"}`).object(200)["team"])
	u := w.call("PUT", urlf("/space/user/%d", ann), `{"firstName":"Anna"}`).object(200)
	require.Equal(t, []any{"Anna", "Lee", "agent", "offline", "active"}, []any{u["firstName"], u["lastName"], u["role"], u["status"], u["state"]})
	w.call("PUT", urlf("/space/team/%d/member", b), map[string]any{"userIds": []int64{ann}}).into(200, nil)
	require.Equal(t, "Sales", w.call("PUT", urlf("/space/team/%d", b), `{"name":"Sales"}`).object(200)["name"])
	require.EqualValues(t, b, w.call("DELETE", urlf("/space/team/%d", b), nil).id(200))
	require.Nil(t, w.call("GET", urlf("/space/user/%d", ann), nil).object(200)["team"])
	require.EqualValues(t, 0, w.call("DELETE", urlf("/space/user/%d", ann), nil).object(200)["unassignedContacts"])
	w.call("GET", urlf("/space/user/%d", ann), nil).refused(404, "not_found")
}

// Check 14 over HTTP.
func TestLastOwner(t *testing.T) {
	w := newWorld(t)
	w.call("DELETE", "/v2/space/user/1", nil).refused(409, "last_owner")
	w.call("PUT", "/v2/space/user/1", `{"role":"manager"}`).refused(409, "last_owner")
	second := w.user("Ann", "owner")
	w.call("DELETE", "/v2/space/user/1", nil).into(200, nil)
	w.call("PUT", urlf("/space/user/%d", second), `{"disabled":true}`).refused(409, "last_owner")
}

func TestSettings(t *testing.T) {
	w := newWorld(t)
	was := w.call("GET", "/v2/space/setting", nil).object(200)
	require.EqualValues(t, 15, was["userInactivityTimeout"])
	now := w.call("PUT", "/v2/space/setting", `{"revision":1,"unassignOnClose":true,"timezone":"Asia/Kuala_Lumpur"}`).object(200)
	was["revision"], was["unassignOnClose"], was["timezone"] = float64(2), true, "Asia/Kuala_Lumpur"
	require.Equal(t, was, now)
	require.Equal(t, was, w.call("GET", "/v2/space/setting", nil).object(200))
	w.call("PUT", "/v2/space/setting", `{"revision":1,"name":"Old"}`).refused(409, "stale_revision")
}

func TestCustomFields(t *testing.T) {
	w := newWorld(t)
	plan := w.call("POST", "/v2/space/custom_field", `{"name":"Größe (cm)","dataType":"number","unknown":1}`).object(200)
	require.Equal(t, "gr__e__cm_", plan["slug"])
	require.Nil(t, plan["allowedValues"])
	size := w.call("POST", "/v2/space/custom_field", `{"name":"Size","slug":"Size_EU","dataType":"list","allowedValues":["S","M"]}`).id(200)
	clash := w.call("POST", "/v2/space/custom_field", `{"name":"size eu","dataType":"text"}`).object(200)
	require.Equal(t, "size_eu_2", clash["slug"])
	url := urlf("/space/custom_field/%d", size)
	changed := w.call("PUT", url, `{"name":"Shirt size","allowedValues":["S","M","L"]}`).object(200)
	require.Equal(t, "Size_EU", changed["slug"])
	require.Equal(t, []any{"S", "M", "L"}, w.call("GET", url, nil).object(200)["allowedValues"])
	w.call("PUT", url, `{"dataType":"text"}`).refused(400, "unknown_field")
	require.Len(t, w.call("GET", "/v2/space/custom_field", nil).object(200)["items"], 3)
	w.call("DELETE", url, nil).into(200, nil)
	w.call("GET", url, nil).refused(404, "not_found")
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v2/space/tag", `{"name":"vip","description":"very","emoji":"⭐"}`).into(200, nil)
	tag := w.call("PUT", "/v2/space/tag", `{"currentName":"VIP","name":"Gold"}`).object(200)
	require.Equal(t, []any{"Gold", "very", "⭐", nil}, []any{tag["name"], tag["description"], tag["emoji"], tag["colorCode"]})
	items := w.call("GET", "/v2/space/tag?search=OL", nil).object(200)["items"].([]any)
	require.Len(t, items, 1)
	require.EqualValues(t, 0, items[0].(map[string]any)["contactCount"])
	require.Empty(t, w.call("GET", "/v2/space/tag?search=%25", nil).object(200)["items"], "a wildcard is a plain character")
	w.call("DELETE", "/v2/space/tag", `{"name":"gold"}`).into(200, nil)
	w.call("DELETE", "/v2/space/tag", `{"name":"gold"}`).refused(404, "not_found")
}

func TestClosingNotes(t *testing.T) {
	w := newWorld(t)
	id := w.call("POST", "/v2/space/closing_note", `{"category":"Solved"}`).id(201)
	note := w.call("PUT", urlf("/space/closing_note/%d", id), `{"description":"done"}`).object(200)
	require.Equal(t, map[string]any{"id": float64(id), "category": "Solved", "description": "done"}, note)
	for _, url := range []string{"/v2/space/closing_note", "/v2/space/closing_notes"} {
		require.Equal(t, []any{note}, w.call("GET", url, nil).object(200)["items"])
	}
	w.call("DELETE", urlf("/space/closing_note/%d", id), nil).into(200, nil)
	require.Empty(t, w.call("GET", "/v2/space/closing_notes", nil).object(200)["items"])
}
