package document

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestCutAtHeadings(t *testing.T) {
	text := `Before any heading.

# Delivery
## Abroad ##
To Norway it takes 5 days.

Customs are yours.
## At home
Two days.
# Empty

# Returns
` + "```\n# no heading\n```\n"
	require.Equal(t, []Passage{
		{Text: "Before any heading."},
		{Title: "Delivery > Abroad", Text: "To Norway it takes 5 days.\n\nCustoms are yours."},
		{Title: "Delivery > At home", Text: "Two days."},
		{Text: "Empty"},
		{Title: "Returns", Text: "```\n# no heading\n```"},
	}, Cut(text))
	require.Empty(t, Cut(" \n\n "))
	require.Equal(t, []Passage{{Title: "A", Text: "B"}}, Cut("# A\n## B"))
	long := "# " + strings.Repeat("x", maxHeading+1)
	require.Equal(t, []Passage{{Text: long}}, Cut(long), "a line that long is text")
}

func TestCutLongTexts(t *testing.T) {
	sentence := "The parcel is on its way to you and will arrive on Tuesday. "
	passages := Cut("# T\n" + strings.Repeat(sentence, 100))
	require.Greater(t, len(passages), 4)
	for i, p := range passages {
		require.Equal(t, "T", p.Title)
		require.LessOrEqual(t, utf8.RuneCountInString(p.Text), MaxPassage)
		require.True(t, strings.HasSuffix(p.Text, "."), "cut after a sentence: %q", p.Text)
		if i > 0 {
			require.Positive(t, p.repeats)
			require.True(t, strings.HasSuffix(passages[i-1].Text, strings.TrimSpace(string([]rune(p.Text)[:p.repeats]))))
		}
	}
	paragraph := strings.TrimSpace(strings.Repeat("word ", 60)) // 299 characters
	passages = Cut(strings.Repeat(paragraph+"\n\n", 8))
	require.True(t, strings.HasPrefix(passages[0].Text, paragraph+"\n\n"+paragraph+"\n\n"+paragraph), "paragraphs stay together")
	require.Len(t, Cut(strings.Repeat("漢", 5000)), 5, "without any space")
}

// squash leaves what must not get lost.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"# A\n## B\ntext\n\nmore\n### C", strings.Repeat("a b. ", 900), strings.Repeat("漢", 3000), "```\n# x\n~~~\n```\n# y #", "#\n# \n####### z",
		strings.Repeat("line\n", 700), "a\u00a0b\u2028c\v\f\x00\xff", strings.Repeat(strings.Repeat("x", 1049)+"\n\n", 4), "# a\n# b\n## c\n### d\n# e\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		// Without headings the passages are the text, but for what they repeat.
		plain := strings.ReplaceAll(text, "#", "=")
		var all strings.Builder
		for _, p := range checked(t, plain) {
			if p.Title != "" {
				t.Fatalf("a title %q out of nothing", p.Title)
			}
			all.WriteString(string([]rune(p.Text)[p.repeats:]))
		}
		if squash(all.String()) != squash(plain) {
			t.Fatalf("lost:\n%q\n%q", squash(plain), squash(all.String()))
		}
		// With headings every character is somewhere, as often as in the text.
		left := map[rune]int{}
		for _, p := range checked(t, text) {
			for _, r := range p.Title + p.Text {
				left[r]++
			}
		}
		for _, r := range squash(strings.ReplaceAll(text, "#", "")) {
			if left[r]--; left[r] < 0 {
				t.Fatalf("%q got lost in %q", r, text)
			}
		}
	})
}

func checked(t *testing.T, text string) []Passage {
	t.Helper()
	passages := Cut(text)
	for _, p := range passages {
		switch n := utf8.RuneCountInString(p.Text); {
		case n == 0 || n > MaxPassage || strings.TrimSpace(p.Text) == "":
			t.Fatalf("a passage of %d characters", n)
		case p.repeats > overlap+2 || p.repeats >= n:
			t.Fatalf("%d of %d characters are repeated", p.repeats, n)
		case utf8.RuneCountInString(p.Title) > 6*maxHeading+5*len(" > "):
			t.Fatalf("a title of %d bytes", len(p.Title))
		}
	}
	return passages
}
