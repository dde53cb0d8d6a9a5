package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSecrets(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, map[string]any{"items": []any{}}, w.call("GET", "/v2/space/secret", nil).object(200))
	require.Equal(t, map[string]any{"name": "crm_token"}, w.call("PUT", "/v2/space/secret/crm_token", `{"value":"s3cr3t-t0ken"}`).object(200))
	at := w.clock().UnixMilli()
	w.sleep(time.Second)
	w.call("PUT", "/v2/space/secret/a", `{"value":"x"}`).into(200, nil)
	w.call("PUT", "/v2/space/secret/crm_token", `{"value":"***"}`).into(200, nil)
	listed := w.call("GET", "/v2/space/secret", nil)
	require.NotContains(t, listed.text, "s3cr3t")
	require.Equal(t, map[string]any{"items": []any{
		map[string]any{"name": "a", "updatedAt": float64(at + 1000)}, map[string]any{"name": "crm_token", "updatedAt": float64(at)}}}, listed.object(200))

	for _, bad := range []struct{ name, body, field string }{
		{"A", `{"value":"s3cr3t"}`, "name"}, {"a-b", `{"value":"s3cr3t"}`, "name"}, {"b", `{"value":""}`, "value"}, {"b", `{}`, "value"}, {"b", `{"value":5}`, "value"}, {"b", `{"value":"***"}`, "value"},
	} {
		e := w.call("PUT", "/v2/space/secret/"+bad.name, bad.body).refused(400, "invalid_argument")
		require.Equal(t, bad.field, e.Details[0].Path, bad.body)
		require.NotContains(t, e.Message+e.Details[0].Message, "s3cr3t")
	}

	_, stranger, err := w.desk.CreateWorkspace(t.Context(), "Other", "other@example.com")
	require.NoError(t, err)
	require.Empty(t, w.itemsAs(stranger, "GET", "/v2/space/secret"))
	w.call("DELETE", "/v2/space/secret/a", nil, as(stranger)).refused(404, "not_found")
	require.Equal(t, map[string]any{"name": "a"}, w.call("DELETE", "/v2/space/secret/a", nil).object(200))
	w.call("DELETE", "/v2/space/secret/a", nil).refused(404, "not_found")

	manager, agent := w.tokenOf(w.user("Mia", "manager")), w.tokenOf(w.user("Ann", "agent"))
	w.call("GET", "/v2/space/secret", nil, as(manager)).into(200, nil)
	for _, call := range [][2]string{{"GET", "/v2/space/secret"}, {"PUT", "/v2/space/secret/b"}, {"DELETE", "/v2/space/secret/crm_token"}} {
		w.call(call[0], call[1], `{"value":"x"}`, as(agent)).refused(403, "forbidden")
	}
	require.EqualValues(t, 1, w.rows("secrets"))
}
