package api

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
	"ucal/store"
)

func TestSnippetEndpoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		var one, again Snippet
		w.call("POST", "/v2/space/snippet", `{"name":" Refund ","text":"Dear $contact.firstname …","topics":["Billing","billing"]}`).into(201, &one)
		require.Equal(t, Snippet{one.ID, "Refund", "Dear $contact.firstname …", []string{"Billing"}, []string{}, 1_800_000_000_000, 1_800_000_000_000}, one)
		w.call("GET", urlf("/space/snippet/%d", one.ID), nil).into(200, &again)
		require.Equal(t, one, again)
		w.sleep(1e9)
		w.call("PUT", urlf("/space/snippet/%d", one.ID), `{"topics":[]}`).into(200, &again)
		require.Equal(t, Snippet{one.ID, "Refund", one.Text, []string{}, []string{}, 1_800_000_000_000, 1_800_000_001_000}, again)
		w.call("POST", "/v2/space/snippet", `{"name":"REFUND","text":"x"}`).refused(409, "already_exists")
		w.call("POST", "/v2/space/snippet", `{"name":"x","text":"x","fileIds":[1]}`).refused(400, "invalid_argument")
		w.call("PUT", urlf("/space/snippet/%d", one.ID), `{"fileIds":[1]}`).refused(400, "invalid_argument")

		var list page[Snippet]
		w.call("GET", "/v2/space/snippet?limit=1", nil).into(200, &list)
		require.Equal(t, []Snippet{again}, list.Items)
		require.Empty(t, list.Pagination.Next)
		w.call("DELETE", urlf("/space/snippet/%d", one.ID), nil).into(200, nil)
		w.call("GET", urlf("/space/snippet/%d", one.ID), nil).refused(404, "not_found")
	})
}

func TestKnowledgeEndpoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		var text, page1, file, bad KnowledgeSource
		w.call("POST", "/v2/ai/knowledge", `{"kind":"text","name":"Hours","text":"# Hours\nFrom 9 to 17."}`).into(201, &text)
		require.Equal(t, KnowledgeSource{ID: text.ID, Name: "Hours", Kind: "text", State: "ready", UpdatedAt: 1_800_000_000_000}, text)
		w.call("POST", "/v2/ai/knowledge", `{"kind":"url","name":"Help","url":"https://shop.example/help"}`).into(201, &page1)
		require.EqualValues(t, "pending", page1.State)
		require.Equal(t, "https://shop.example/help", *page1.URL)
		body := func(name string, content []byte) map[string]any {
			return map[string]any{"kind": "file", "name": name, "fileName": name, "content": base64.StdEncoding.EncodeToString(content)}
		}
		w.call("POST", "/v2/ai/knowledge", body("help.md", []byte("# Help"))).into(201, &file)
		require.EqualValues(t, "ready", file.State)
		w.call("POST", "/v2/ai/knowledge", body("help.pdf", []byte("%PDF-1.4\n\x00"))).into(201, &bad)
		require.EqualValues(t, "failed", bad.State)
		require.Contains(t, *bad.StateReason, "damaged")
		w.call("POST", "/v2/ai/knowledge", body("large.txt", []byte(strings.Repeat("word ", 140<<10)))).into(201, nil) // 700 KiB fit a request

		w.call("POST", "/v2/ai/knowledge", body("larger.txt", make([]byte, 700<<10+1))).refused(400, "invalid_argument")
		w.call("POST", "/v2/ai/knowledge", body("huge.txt", make([]byte, 1<<20))).refused(413, "too_large")
		w.call("POST", "/v2/ai/knowledge", `{"kind":"file","name":"x","fileId":7}`).refused(400, "invalid_argument")
		w.call("POST", "/v2/ai/knowledge", `{"kind":"text","name":"hours","text":"x"}`).refused(409, "already_exists")

		var list page[KnowledgeSource]
		w.call("GET", "/v2/ai/knowledge", nil).into(200, &list)
		require.Len(t, list.Items, 5)
		require.Equal(t, text, list.Items[0])
		w.call("DELETE", urlf("/ai/knowledge/%d", text.ID), nil).into(200, nil)
		w.call("DELETE", urlf("/ai/knowledge/%d", text.ID), nil).refused(404, "not_found")
		require.EqualValues(t, 4, w.rows("knowledge_sources"))
	})
}

// Agents use snippets and see what knowledge there is; they change neither.
func TestSnippetAndKnowledgePowers(t *testing.T) {
	w := newWorld(t)
	id := w.call("POST", "/v2/space/snippet", `{"name":"a","text":"b"}`).id(201)
	for _, role := range []string{"agent", "manager"} {
		token, writes := w.tokenOf(w.user(role, role)), role == "manager"
		w.call("GET", "/v2/space/snippet", nil, as(token)).into(200, nil)
		w.call("GET", urlf("/space/snippet/%d", id), nil, as(token)).into(200, nil)
		w.call("GET", "/v2/ai/knowledge", nil, as(token)).into(200, nil)
		for i, a := range []answer{
			w.call("POST", "/v2/space/snippet", fmt.Sprintf(`{"name":"by %s","text":"b"}`, role), as(token)),
			w.call("PUT", urlf("/space/snippet/%d", id), `{"text":"c"}`, as(token)),
			w.call("DELETE", urlf("/space/snippet/%d", id), nil, as(token)),
			w.call("POST", "/v2/ai/knowledge", `{"kind":"text","name":"x","text":"y"}`, as(token)),
			w.call("DELETE", "/v2/ai/knowledge/1", nil, as(token)),
		} {
			require.Equal(t, writes, a.status < 300, "%s, call %d: %s", role, i, a.text)
			require.True(t, writes || a.status == 403, a.text)
		}
	}
}
