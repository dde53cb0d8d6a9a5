package worker

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/connect/page"
	"ucal/desk"
	"ucal/internal/dbtest"
	"ucal/internal/httpx"
	"ucal/internal/secret"
	"ucal/store"
)

// Pages are fetched and become searchable; what cannot be got says why, and is
// tried again where that may help.
func TestPagesAreFetched(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		busy := 2
		shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/help":
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = io.WriteString(w, "<h1>Delivery</h1><p>It takes two days.")
			case r.URL.Path == "/busy" && busy > 0:
				busy--
				w.WriteHeader(http.StatusServiceUnavailable)
			case r.URL.Path == "/busy":
				_, _ = io.WriteString(w, "open again")
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		t.Cleanup(shop.Close)
		box, err := secret.NewBox(make([]byte, secret.KeySize))
		require.NoError(t, err)
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		d := desk.New(desk.Options{Store: db, Secrets: box, Now: func() time.Time { return now }})
		ws, _, err := d.CreateWorkspace(t.Context(), "Test", "owner@example.com")
		require.NoError(t, err)
		owner := desk.Principal{WorkspaceID: ws.ID, Role: desk.Owner, Source: desk.SourceAPI}
		pages := page.New(httpx.Policy{AllowLoopback: true})
		t.Cleanup(pages.Close)
		k := newKnowledge(Options{Desk: d, Pages: pages, Log: slog.New(slog.DiscardHandler)})

		for name, address := range map[string]string{"help": shop.URL + "/help", "busy": shop.URL + "/busy", "gone": shop.URL + "/gone", "inside": "http://10.0.0.5/"} {
			_, err := d.CreateKnowledge(t.Context(), owner, desk.KnowledgeInput{Kind: desk.KnowledgeURL, Name: name, URL: address})
			require.NoError(t, err)
		}
		states := func() map[string]string {
			l, err := d.KnowledgeSources(t.Context(), owner, desk.Page{})
			require.NoError(t, err)
			out := map[string]string{}
			for _, s := range l.Items {
				out[s.Name] = string(s.State) + ": " + s.StateReason
			}
			return out
		}
		n, err := k.pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4, n)
		got := states()
		require.Equal(t, "ready: ", got["help"])
		require.Equal(t, "pending: the server answered 503 Service Unavailable", got["busy"])
		require.Equal(t, "failed: the server answered 404 Not Found", got["gone"])
		require.Contains(t, got["inside"], "failed: GET http://10.0.0.5: the address is not public")

		for range 2 {
			n, err = k.pass(t.Context())
			require.NoError(t, err)
			require.Zero(t, n, "a pause comes first")
			now = now.Add(time.Minute)
			n, err = k.pass(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
		require.Equal(t, "ready: ", states()["busy"])

		// A process that ends leaves the page to the next one.
		_, err = d.CreateKnowledge(t.Context(), owner, desk.KnowledgeInput{Kind: desk.KnowledgeURL, Name: "late", URL: shop.URL + "/help"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		k.pages = ending{cancel}
		_, err = k.pass(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "pending: ", states()["late"])
		k.pages = pages
		now = now.Add(pagesLease)
		_, err = k.pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, "ready: ", states()["late"])
	})
}

// ending is a web during whose answer the process is told to end.
type ending struct{ stop func() }

func (e ending) Get(ctx context.Context, _ string) (string, []byte, error) {
	e.stop()
	<-ctx.Done()
	return "", nil, ctx.Err()
}
