package desk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/internal/dbtest"
	"ucal/internal/document"
)

const shopText = `# Delivery

## Abroad
Parcels to Norway and Switzerland take five working days. Customs duties are paid by the customer.

## At home
We deliver within two days. Express parcels arrive the next morning.

# Returns and refunds

You can send everything back within 30 days. The money is on your account a week later.

# Ladengeschäft

Öffnungszeiten: montags bis freitags von 9 bis 17 Uhr. Unser Geschäft liegt in der Königstraße 7.

# 营业时间

我们的商店每天上午九点开门。退货请在三十天内。
`

func (w *world) source(in KnowledgeInput) *KnowledgeSource {
	w.Helper()
	src, err := w.d.CreateKnowledge(w.Context(), w.p, in)
	require.NoError(w, err)
	return src
}

func (w *world) text(name, text string) *KnowledgeSource {
	w.Helper()
	return w.source(KnowledgeInput{Kind: KnowledgeText, Name: name, Text: text})
}

func (w *world) ask(sources []int64, snippets bool, question string, limit int) []Passage {
	w.Helper()
	var out []Passage
	require.NoError(w, w.d.write(w.Context(), w.p.WorkspaceID, system(), func(t *txn) (err error) {
		out, err = t.knowledge(sources, snippets, question, limit)
		return err
	}))
	return out
}

// Both databases find the same passage first.
func TestKnowledgeFindsTheBestPassage(t *testing.T) {
	eachWorld(t, func(w *world) {
		shop := w.text("Shop", shopText)
		noise := w.text("Noise", strings.Repeat("We deliver. You can have days and money and a customer and a week, and more days.\n\n", 300))
		phones := w.text("Warranty of phones", "It lasts two years from the day of purchase.")
		ids := []int64{shop.ID, noise.ID, phones.ID}
		for _, tc := range []struct{ question, source, title, holds string }{
			{"How long is delivery to Norway?", "Shop", "Delivery > Abroad", "five working days"},
			{"Do you deliver to Switzerland??", "Shop", "Delivery > Abroad", "Customs"},
			{"parcel tomorrow morning", "Shop", "Delivery > At home", "next morning"},
			{"can i get a REFUND", "Shop", "Returns and refunds", "30 days"},
			{"returning something", "Shop", "Returns and refunds", "30 days"},
			{"Wann habt ihr geoffnet, offnungszeiten?", "Shop", "Ladengeschäft", "9 bis 17"},
			{"Königstrasse", "Shop", "Ladengeschäft", "Königstraße"},
			{"koenig KÖNIGSTRAßE 7", "Shop", "Ladengeschäft", "Königstraße"},
			{"几点开门?", "Shop", "营业时间", "上午九点"},
			{"phone warranty", "Warranty of phones", "", "two years"},
		} {
			got := w.ask(ids, false, tc.question, 3)
			require.NotEmpty(w, got, tc.question)
			require.Equal(w, tc.source, got[0].Source, tc.question)
			require.Equal(w, tc.title, got[0].Title, tc.question)
			require.Contains(w, got[0].Text, tc.holds, tc.question)
			require.LessOrEqual(w, len(got), 3)
		}
		require.Empty(w, w.ask(ids, false, "quantum chromodynamics", 3))
		require.Empty(w, w.ask(ids, false, "📦 ?!", 3))
		require.Empty(w, w.ask(ids, false, "", 3))
		require.Empty(w, w.ask(ids, false, "delivery", 0))
		require.Empty(w, w.ask(nil, false, "delivery", 3))
		require.Empty(w, w.ask([]int64{phones.ID}, false, "delivery", 3), "only the sources that were asked for")
	})
}

// The whole order is the same on both databases, not only the first.
func TestKnowledgeOrderIsTheSame(t *testing.T) {
	questions := []string{"delivery to norway", "refund money customer", "wochentags uhr", "days", "two parcels", "退货"}
	order := map[string][][]Passage{}
	eachWorld(t, func(w *world) {
		ids := []int64{w.text("Shop", shopText).ID, w.text("More", strings.Repeat("A parcel. Days of delivery.\n\n## Money\nTwo refunds a day.\n\n", 40)).ID}
		for _, q := range questions {
			order[w.Name()] = append(order[w.Name()], w.ask(ids, true, q, 20))
		}
	})
	require.Len(t, order, 2)
	require.Equal(t, order[t.Name()+"/sqlite"], order[t.Name()+"/postgres"])
}

func TestKnowledgeStaysInItsWorkspace(t *testing.T) {
	eachWorld(t, func(w *world) {
		mine := w.text("Mine", "the delivery is ours")
		other := &Workspace{Name: "Other", Timezone: "UTC", UserInactivityTimeout: 60, ClosingNoteMode: "optional", Revision: 1}
		w.insert(other)
		me := w.p
		w.p = Principal{WorkspaceID: other.ID, Role: Owner, Source: SourceAPI}
		w.text("Mine", "the delivery of others")
		_, err := w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: "s", Text: "delivery snippet"})
		require.NoError(w, err)
		require.Empty(w, w.ask([]int64{mine.ID}, false, "delivery", 5))
		require.ErrorContains(w, w.d.DeleteKnowledge(w.Context(), w.p, mine.ID), "does not exist")
		w.p = me
		require.Equal(w, []Passage{{Source: "Mine", Text: "the delivery is ours"}}, w.ask([]int64{mine.ID}, true, "delivery", 5))
	})
}

func TestDeletedKnowledgeIsNotFound(t *testing.T) {
	eachWorld(t, func(w *world) {
		a, b := w.text("A", "delivery one"), w.text("B", "delivery two")
		require.NoError(w, w.d.DeleteKnowledge(w.Context(), w.p, a.ID))
		require.Equal(w, []Passage{{Source: "B", Text: "delivery two"}}, w.ask([]int64{a.ID, b.ID}, false, "delivery", 5))
		require.Zero(w, w.count(&KnowledgeChunk{}, "source_id = ?", a.ID))
		require.Equal(w, NotFound, AsError(w.d.DeleteKnowledge(w.Context(), w.p, a.ID)).Code)
		w.text("a", "the name is free again")
	})
}

func TestKnowledgeInput(t *testing.T) {
	eachWorld(t, func(w *world) {
		for _, tc := range []struct {
			name  string
			in    KnowledgeInput
			paths string
		}{
			{"nothing", KnowledgeInput{}, "name kind"},
			{"unknown kind", KnowledgeInput{Kind: "book", Name: "x", Text: "y"}, "text kind"},
			{"text without text", KnowledgeInput{Kind: KnowledgeText, Name: "x"}, "text"},
			{"blank text", KnowledgeInput{Kind: KnowledgeText, Name: "x", Text: " \n "}, "text"},
			{"text with url", KnowledgeInput{Kind: KnowledgeText, Name: "x", Text: "a", URL: "https://x.io"}, "url"},
			{"long name", KnowledgeInput{Kind: KnowledgeText, Name: strings.Repeat("ä", 101), Text: "a"}, "name"},
			{"no address", KnowledgeInput{Kind: KnowledgeURL, Name: "x", URL: "help page"}, "url"},
			{"ftp", KnowledgeInput{Kind: KnowledgeURL, Name: "x", URL: "ftp://x.io/a"}, "url"},
			{"credentials", KnowledgeInput{Kind: KnowledgeURL, Name: "x", URL: "https://u:p@x.io/a"}, "url"},
			{"long address", KnowledgeInput{Kind: KnowledgeURL, Name: "x", URL: "https://x.io/" + strings.Repeat("a", 2048)}, "url"},
			{"no base64", KnowledgeInput{Kind: KnowledgeFile, Name: "x", FileName: "a.txt", Content: "ää"}, "content"},
			{"no file", KnowledgeInput{Kind: KnowledgeFile, Name: "x"}, "fileName content"},
			{"picture", KnowledgeInput{Kind: KnowledgeFile, Name: "x", FileName: "a.png", Content: base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n"))}, "content"},
			{"large", KnowledgeInput{Kind: KnowledgeFile, Name: "x", FileName: "a.txt", Content: base64.StdEncoding.EncodeToString(make([]byte, MaxKnowledgeFile+1))}, "content"},
		} {
			_, err := w.d.CreateKnowledge(w.Context(), w.p, tc.in)
			e := AsError(err)
			require.NotNil(w, e, tc.name)
			var paths []string
			for _, d := range e.Details {
				paths = append(paths, d.Path)
			}
			require.Equal(w, tc.paths, strings.Join(paths, " "), tc.name)
			require.NotContains(w, e.Message, "u:p")
		}
		w.d.CheckURL = func(string) error { return errors.New("the address is not public") }
		_, err := w.d.CreateKnowledge(w.Context(), w.p, KnowledgeInput{Kind: KnowledgeURL, Name: "x", URL: "http://10.0.0.5/"})
		require.ErrorContains(w, err, "not public")
		require.Zero(w, w.count(&KnowledgeSource{}, "1 = 1"))
		w.text("Shop", "a")
		_, err = w.d.CreateKnowledge(w.Context(), w.p, KnowledgeInput{Kind: KnowledgeText, Name: " SHOP ", Text: "b"})
		require.Equal(w, "already_exists", AsError(err).Word)
		for i := range MaxSources - 1 {
			w.insert(&KnowledgeSource{WorkspaceID: w.p.WorkspaceID, Name: "n", NameKey: fmt.Sprint(i), Kind: KnowledgeText, State: KnowledgeReady})
		}
		_, err = w.d.CreateKnowledge(w.Context(), w.p, KnowledgeInput{Kind: KnowledgeText, Name: "one more", Text: "b"})
		require.Equal(w, "limit_reached", AsError(err).Word)
	})
}

func TestKnowledgeFiles(t *testing.T) {
	eachWorld(t, func(w *world) {
		file := func(name, content string) *KnowledgeSource {
			return w.source(KnowledgeInput{Kind: KnowledgeFile, Name: name, FileName: name, Content: base64.StdEncoding.EncodeToString([]byte(content))})
		}
		page := file("page.html", "<title>Help</title><h1>Returns</h1><p>Within <b>30</b> days.</p><script>no()</script>")
		require.Equal(w, KnowledgeReady, page.State)
		require.Equal(w, []Passage{{Source: "page.html", Title: "Returns", Text: "Within 30 days."}}, w.ask([]int64{page.ID}, false, "return", 5))
		broken := file("broken.pdf", "%PDF-1.4\nnothing of a PDF\x00\x00")
		require.Equal(w, KnowledgeFailed, broken.State)
		require.Contains(w, broken.StateReason, "damaged")
		require.Zero(w, w.count(&KnowledgeChunk{}, "source_id = ?", broken.ID))
		l, err := w.d.KnowledgeSources(w.Context(), w.p, Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 2)
		require.Empty(w, l.Items[0].Text, "a list has no texts")
	})
}

func (w *world) lease() []KnowledgeFetch {
	w.Helper()
	out, err := w.d.LeaseKnowledge(w.Context(), 10, time.Minute)
	require.NoError(w, err)
	return out
}

func (w *world) state(id int64) (KnowledgeState, string) {
	w.Helper()
	src, err := first[KnowledgeSource](w.db.Read(w.Context()).Where("id = ?", id))
	require.NoError(w, err)
	return src.State, src.StateReason
}

func TestKnowledgeIsFetched(t *testing.T) {
	eachWorld(t, func(w *world) {
		src := w.source(KnowledgeInput{Kind: KnowledgeURL, Name: "Help", URL: "https://shop.example/help"})
		require.Equal(w, KnowledgePending, src.State)
		require.Empty(w, w.ask([]int64{src.ID}, false, "delivery", 5))

		got := w.lease()
		require.Equal(w, []KnowledgeFetch{{ID: src.ID, WorkspaceID: w.p.WorkspaceID, Name: "Help", URL: src.URL, Attempts: 1}}, got)
		require.Empty(w, w.lease(), "leased already")
		require.NoError(w, w.d.KnowledgeNotFetched(w.Context(), got[0], "no answer", true))
		require.Empty(w, w.lease(), "a pause comes first")
		st, why := w.state(src.ID)
		require.Equal(w, KnowledgePending, st)
		require.Equal(w, "no answer", why)

		w.advance(10 * time.Second)
		again := w.lease()
		require.Equal(w, 2, again[0].Attempts)
		require.NoError(w, w.d.KnowledgeFetched(w.Context(), got[0], "text/plain", []byte("delivery, late")), "an attempt that counts no more")
		require.NoError(w, w.d.KnowledgeFetched(w.Context(), again[0], "text/html; charset=utf-8", []byte("<h1>Delivery<p>two days")))
		require.NoError(w, w.d.KnowledgeFetched(w.Context(), again[0], "text/html", []byte("<p>twice")), "reported twice")
		st, why = w.state(src.ID)
		require.Equal(w, KnowledgeReady, st)
		require.Empty(w, why)
		require.Equal(w, []Passage{{Source: "Help", Title: "Delivery", Text: "two days"}}, w.ask([]int64{src.ID}, false, "delivery", 5))
		w.advance(time.Hour)
		require.Empty(w, w.lease())
	})
}

func TestKnowledgeFetchFails(t *testing.T) {
	eachWorld(t, func(w *world) {
		add := func(name string) int64 {
			return w.source(KnowledgeInput{Kind: KnowledgeURL, Name: name, URL: "https://shop.example/" + name}).ID
		}
		refused := add("refused")
		require.NoError(w, w.d.KnowledgeNotFetched(w.Context(), w.lease()[0], "the address is not public", false))
		st, why := w.state(refused)
		require.Equal(w, KnowledgeFailed, st)
		require.Equal(w, "the address is not public", why)

		never := add("never")
		for range maxFetches {
			got := w.lease()
			require.Len(w, got, 1)
			require.NoError(w, w.d.KnowledgeNotFetched(w.Context(), got[0], "503", true))
			w.advance(time.Minute)
		}
		require.Empty(w, w.lease())
		st, _ = w.state(never)
		require.Equal(w, KnowledgeFailed, st)

		crashing := add("crashing") // each attempt takes its process with it
		for range maxFetches {
			require.Len(w, w.lease(), 1)
			w.advance(2 * time.Minute)
		}
		require.Empty(w, w.lease())
		st, why = w.state(crashing)
		require.Equal(w, KnowledgeFailed, st)
		require.Contains(w, why, "interrupted")

		picture := add("picture")
		require.NoError(w, w.d.KnowledgeFetched(w.Context(), w.lease()[0], "image/png", []byte("\x89PNG\r\n\x1a\n")))
		st, why = w.state(picture)
		require.Equal(w, KnowledgeFailed, st)
		require.Contains(w, why, "neither text")

		add("deleted")
		got := w.lease()
		require.NoError(w, w.d.DeleteKnowledge(w.Context(), w.p, got[0].ID))
		require.NoError(w, w.d.KnowledgeFetched(w.Context(), got[0], "text/plain", []byte("too late")))
		require.Zero(w, w.count(&KnowledgeChunk{}, "source_id = ?", got[0].ID))
	})
}

// A page is given to one of many workers.
func TestKnowledgeIsLeasedOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		for i := range 10 {
			w.source(KnowledgeInput{Kind: KnowledgeURL, Name: fmt.Sprint(i), URL: "https://shop.example/"})
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		seen := map[int64]int{}
		var errs error
		for range 4 {
			all.Go(func() {
				for range 5 {
					got, err := w.d.LeaseKnowledge(context.Background(), 3, time.Minute)
					mu.Lock()
					errs = errors.Join(errs, err)
					for _, f := range got {
						seen[f.ID]++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		require.NoError(w, errs)
		require.Len(w, seen, 10)
		for id, n := range seen {
			require.Equal(w, 1, n, "source %d", id)
		}
	})
}

// FuzzKnowledgeQuery: any text can be stored, and asked for, on both databases;
// and what is asked for as it stands is found.
func FuzzKnowledgeQuery(f *testing.F) {
	for _, s := range []string{"delivery", `" OR * NOT (a) NEAR b ^c title:d -e`, "'; DROP TABLE knowledge_chunks; --", "a:* & !b <-> c | \\", "\x00\xff\u202e",
		"İ ก็ 한국어 退货 ﷺ 🏳️‍🌈", strings.Repeat("x", 5000), strings.Repeat("word ", 500), "$1 ? ?? @@ {col}: [a]", "a\u0301\u0300\u0489 ٣ Ⅷ"} {
		f.Add(s)
	}
	desks := []*Desk{New(Options{Store: dbtest.SQLite(f)}), New(Options{Store: dbtest.Postgres(f)})}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range desks {
			err := d.write(context.Background(), 1, system(), func(x *txn) error {
				clean := channel.CleanText(text) // as messages and documents are stored
				if err := x.index(chunksOf("name", "", clean), 1, 0); err != nil {
					return err
				}
				if _, err := x.knowledge([]int64{1}, true, text, 5); err != nil {
					return err
				}
				found, err := x.knowledge([]int64{1}, true, clean, 5)
				if words := document.Significant(clean, maxTerms); err == nil && len(words) > 0 && len(found) == 0 {
					return fmt.Errorf("%q is not found", words)
				}
				return err
			})
			if err != nil {
				t.Fatalf("%s: %q: %v", d.db.Dialect(), text, err)
			}
		}
	})
}
