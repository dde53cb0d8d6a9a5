package desk

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"ucal/internal/document"
	"ucal/store"
)

// KnowledgeChunk is a passage as it is stored: of a knowledge source, or the
// whole of a snippet.
type KnowledgeChunk struct {
	ID          int64
	WorkspaceID int64
	SourceID    int64
	SnippetID   int64
	No          int // within its source
	Title       string
	Text        string
	Words       string // by which it is found, separated by spaces; the same on both databases
}

// Passage is a piece of knowledge that fits a question.
type Passage struct {
	Source string // name of the source or snippet
	Title  string // heading under which it stands; may be ""
	Text   string
}

const (
	maxTerms      = 16  // words of a question that are looked for
	maxCandidates = 200 // passages that are ranked
)

// chunksOf cuts a text into rows. By the name and the keywords each is found, too.
func chunksOf(name, keywords, text string) []KnowledgeChunk {
	passages := document.Cut(text)
	chunks := make([]KnowledgeChunk, len(passages))
	for i, p := range passages {
		chunks[i] = KnowledgeChunk{No: i + 1, Title: p.Title, Text: p.Text,
			Words: strings.Join(document.Words(name+"\n"+keywords+"\n"+p.Title+"\n"+p.Text), " ")}
	}
	return chunks
}

// index replaces the passages of a source or a snippet. Its caller holds the lock
// of that row.
func (t *txn) index(chunks []KnowledgeChunk, sourceID, snippetID int64) error {
	old := t.db.Where("source_id = ? AND source_id > 0", sourceID)
	if snippetID != 0 {
		old = t.db.Where("snippet_id = ? AND snippet_id > 0", snippetID)
	}
	if err := old.Delete(&KnowledgeChunk{}).Error; err != nil || len(chunks) == 0 {
		return err
	}
	for i := range chunks {
		chunks[i].ID, chunks[i].WorkspaceID, chunks[i].SourceID, chunks[i].SnippetID = 0, t.wsID, sourceID, snippetID
	}
	return t.db.CreateInBatches(chunks, 100).Error
}

// knowledge finds the passages that fit a question best: in the given sources,
// and in the workspace's snippets if asked to. At most limit, best first.
//
// The database finds passages that have one of the question's words, the most
// promising ones; these are ranked here, so that both databases give the same.
func (t *txn) knowledge(sources []int64, snippets bool, question string, limit int) ([]Passage, error) {
	words := document.Significant(question, maxTerms)
	if len(words) == 0 || limit <= 0 || len(sources) == 0 && !snippets {
		return nil, nil
	}
	terms := make([]document.Term, len(words))
	for i, w := range words {
		terms[i] = document.TermOf(w)
	}
	found, err := t.candidates(sources, snippets, terms)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	names, err := t.namesOf(found)
	if err != nil {
		return nil, err
	}
	best := byRelevance(found, names, terms)
	out := make([]Passage, 0, min(limit, len(best)))
	for _, c := range best[:min(limit, len(best))] {
		out = append(out, Passage{Source: names[c.owner()], Title: c.Title, Text: c.Text})
	}
	return out, nil
}

// owner is what a chunk belongs to.
func (c *KnowledgeChunk) owner() [2]int64 { return [2]int64{c.SourceID, c.SnippetID} }

// candidates asks the full text search for passages with any of the terms. A term
// holds letters, digits and marks only: nothing in it is syntax.
func (t *txn) candidates(sources []int64, snippets bool, terms []document.Term) ([]KnowledgeChunk, error) {
	const columns = "SELECT c.id, c.source_id, c.snippet_id, c.title, c.text, c.words FROM knowledge_chunks c "
	const within = "c.workspace_id = ? AND (c.source_id IN ? OR c.snippet_id > 0 AND ?)"
	sql := columns + "WHERE " + within + " AND c.search @@ ?::tsquery ORDER BY ts_rank(c.search, ?::tsquery) DESC, c.id LIMIT ?"
	query := tsquery(terms)
	args := []any{t.wsID, notNone(sources), snippets, query, query, maxCandidates}
	if store.LockSuffix(t.db) == "" { // SQLite
		sql = columns + "JOIN knowledge_search ON knowledge_search.rowid = c.id WHERE " + within + " AND knowledge_search MATCH ? ORDER BY bm25(knowledge_search), c.id LIMIT ?"
		args = []any{t.wsID, notNone(sources), snippets, matchQuery(terms), maxCandidates}
	}
	var found []KnowledgeChunk
	return found, t.db.Raw(sql, args...).Scan(&found).Error
}

// notNone is a list that can be asked for with IN.
func notNone(ids []int64) []int64 {
	if len(ids) == 0 {
		return []int64{-1}
	}
	return ids
}

// matchQuery writes terms for FTS5.
func matchQuery(terms []document.Term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = `"` + t.Stem + `"`
		if t.Prefix {
			parts[i] += " *"
		}
	}
	return strings.Join(parts, " OR ")
}

// tsquery writes terms for PostgreSQL.
func tsquery(terms []document.Term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = "'" + t.Stem + "'"
		if t.Prefix {
			parts[i] += ":*"
		}
	}
	return strings.Join(parts, " | ")
}

// namesOf are the names of the sources and snippets that chunks belong to.
func (t *txn) namesOf(chunks []KnowledgeChunk) (map[[2]int64]string, error) {
	var sources, snippets []int64
	for _, c := range chunks {
		if c.SourceID != 0 {
			sources = append(sources, c.SourceID)
		} else {
			snippets = append(snippets, c.SnippetID)
		}
	}
	names := map[[2]int64]string{}
	var rows []struct {
		ID   int64
		Name string
	}
	if err := t.db.Model(&KnowledgeSource{}).Select("id", "name").Where("id IN ?", notNone(sources)).Scan(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		names[[2]int64{r.ID, 0}] = r.Name
	}
	rows = nil
	if err := t.db.Model(&Snippet{}).Select("id", "name").Where("id IN ?", notNone(snippets)).Scan(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		names[[2]int64{0, r.ID}] = r.Name
	}
	return names, nil
}

// byRelevance sorts chunks by how well they fit (BM25 over the candidates; words of the
// name and the title count twice), ties by age.
func byRelevance(chunks []KnowledgeChunk, names map[[2]int64]string, terms []document.Term) []KnowledgeChunk {
	const k1, b = 1.2, 0.75
	hits, lengths := make([][]float64, len(chunks)), make([]float64, len(chunks))
	having, average := make([]float64, len(terms)), 0.0
	for i := range chunks {
		c := &chunks[i]
		words := strings.Fields(c.Words)
		lengths[i] = float64(len(words))
		average += lengths[i] / float64(len(chunks))
		words = append(words, document.Words(names[c.owner()]+"\n"+c.Title)...)
		hits[i] = make([]float64, len(terms))
		for j, term := range terms {
			for _, w := range words {
				hits[i][j] += term.Match(w)
			}
			if hits[i][j] > 0 {
				having[j]++
			}
		}
	}
	scores := make(map[int64]float64, len(chunks))
	for i := range chunks {
		for j := range terms {
			rarity := math.Log(1 + (float64(len(chunks))-having[j]+0.5)/(having[j]+0.5))
			scores[chunks[i].ID] += rarity * hits[i][j] * (k1 + 1) / (hits[i][j] + k1*(1-b+b*lengths[i]/average))
		}
	}
	slices.SortFunc(chunks, func(x, y KnowledgeChunk) int {
		return cmp.Or(cmp.Compare(scores[y.ID], scores[x.ID]), cmp.Compare(x.ID, y.ID))
	})
	return chunks
}
