package desk

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSnippets(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.advance(1000)
		s, err := w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: " Refund ", Text: "Dear $contact.firstname, the money is on its way.", Topics: []string{"Billing", "billing", "Money back"}})
		require.NoError(w, err)
		require.Equal(w, "Refund", s.Name)
		require.Equal(w, []string{"Billing", "Money back"}, s.Topics)
		for _, question := range []string{"refunds?", "billing", "on its way"} {
			require.Equal(w, []Passage{{Source: "Refund", Text: s.Text}}, w.ask(nil, true, question, 5), question)
		}
		require.Empty(w, w.ask([]int64{s.ID}, false, "refund", 5), "snippets only when asked for")

		name, text := "Repair", "We mend it."
		s, err = w.d.UpdateSnippet(w.Context(), w.p, s.ID, SnippetChange{Name: &name, Text: &text, Topics: &[]string{}})
		require.NoError(w, err)
		require.Empty(w, w.ask(nil, true, "refund billing", 5), "the old words are gone")
		require.Equal(w, []Passage{{Source: "Repair", Text: "We mend it."}}, w.ask(nil, true, "repairs", 5))
		got, err := w.d.SnippetOf(w.Context(), w.p, s.ID)
		require.NoError(w, err)
		require.Equal(w, s, got)

		_, err = w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: "REPAIR", Text: "x"})
		require.Equal(w, "already_exists", AsError(err).Word)
		require.NoError(w, w.d.DeleteSnippet(w.Context(), w.p, s.ID))
		require.Empty(w, w.ask(nil, true, "repairs", 5))
		require.Equal(w, NotFound, AsError(w.d.DeleteSnippet(w.Context(), w.p, s.ID)).Code)
		_, err = w.d.SnippetOf(w.Context(), w.p, s.ID)
		require.Equal(w, NotFound, AsError(err).Code)
		_, err = w.d.UpdateSnippet(w.Context(), w.p, s.ID, SnippetChange{})
		require.Equal(w, NotFound, AsError(err).Code)
	})
}

func TestSnippetLimits(t *testing.T) {
	eachWorld(t, func(w *world) {
		_, err := w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: strings.Repeat("n", 51), Text: strings.Repeat("t", 2001), Topics: make([]string, 11)})
		require.Len(w, AsError(err).Details, 3)
		_, err = w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Topics: []string{" ", strings.Repeat("t", 51)}})
		require.Len(w, AsError(err).Details, 4)
		s, err := w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: strings.Repeat("ñ", 50), Text: strings.Repeat("é", 2000), Topics: strings.Fields("a b c d e f g h i j")})
		require.NoError(w, err)
		require.Equal(w, s.Text, joinedText(w.ask(nil, true, strings.Repeat("e", 40), 9)), "a long snippet is cut into passages")
		for i := range MaxSnippets - 1 {
			w.insert(&Snippet{WorkspaceID: w.p.WorkspaceID, Name: "n", NameKey: fmt.Sprint(i), Topics: []string{}})
		}
		_, err = w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: "one more", Text: "x"})
		require.Equal(w, "limit_reached", AsError(err).Word)
	})
}

func joinedText(passages []Passage) string {
	var b strings.Builder
	for _, p := range passages {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Changes that meet leave the passages of one of them, not of both.
func TestSnippetChangesAtOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		s, err := w.d.CreateSnippet(w.Context(), w.p, SnippetInput{Name: "s", Text: "zero"})
		require.NoError(w, err)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				text := fmt.Sprintf("delivery %d", i)
				if _, err := w.d.UpdateSnippet(context.Background(), w.p, s.ID, SnippetChange{Text: &text}); err != nil {
					w.Error(err)
				}
			})
		}
		all.Wait()
		got, err := w.d.SnippetOf(w.Context(), w.p, s.ID)
		require.NoError(w, err)
		require.Equal(w, []Passage{{Source: "s", Text: got.Text}}, w.ask(nil, true, "delivery", 9))
	})
}
