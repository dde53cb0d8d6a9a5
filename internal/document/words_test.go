package document

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Rückgabe, RÜCKGABE; ruckgabe":    "ruckgabe ruckgabe ruckgabe",
		"Straße STRASSE":                  "strasse strasse",
		"don't l'eau e-mail ann@mail.com": "don t l eau e mail ann mail com",
		"Größe 42½ ①":                     "grosse 421 2 1",
		"３５ ＡＢＣ":                          "35 abc",
		"退货政策 ok":                         "退货 货政 政策 ok",
		"ガス":                              "カス",
		"茶":                               "茶",
		"Rück\u00adgabe\u200b-frist":      "ruckgabe frist",
		"İstanbul":                        "istanbul",
		"\" OR 1=1; -- *":                 "or 1 1",
		"📦 ! …":                           "",
		strings.Repeat("x", 100):          strings.Repeat("x", maxWord),
	} {
		require.Equal(t, want, strings.Join(Words(text), " "), text)
	}
}

func TestSignificant(t *testing.T) {
	for question, want := range map[string]string{
		"What is the refund policy, what?":         "refund policy",
		"Wie lange habe ich Zeit für die Rückgabe": "lange zeit ruckgabe",
		"Who are you?":                "who are you",
		"a b c d":                     "a b c d",
		"1 2 3":                       "1 2 3",
		"one two three four five six": "one two three four five",
		"?":                           "",
	} {
		require.Equal(t, want, strings.Join(Significant(question, 5), " "), question)
	}
}

func TestTerms(t *testing.T) {
	for _, tc := range []struct {
		asked, stands string
		want          float64
	}{
		{"refund", "refund", 1}, {"refund", "refunds", 0.8}, {"refunds", "refund", 0.8}, {"deliveries", "delivery", 0.5}, {"delivering", "delivered", 0.5},
		{"vat", "vatican", 0}, {"2024", "20245", 0}, {"iphone15", "iphone", 0}, {"退货", "退货", 1}, {"退货", "退", 0}, {"refund", "return", 0},
	} {
		require.Equal(t, tc.want, TermOf(tc.asked).Match(tc.stands), "%s in %s", tc.asked, tc.stands)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Rückgabe's", "退货 政策", "\" OR a:b*", "ก็ไทย", "İ\u0301\u0300", "\x00\xff", "ﷺ", "한국어"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := Words(text)
		for _, w := range words {
			if w == "" || utf8.RuneCountInString(w) > maxWord || !utf8.ValidString(w) {
				t.Fatalf("the word %q", w)
			}
			for _, r := range w {
				if r < 0x80 && !unicode.IsLetter(r) && !unicode.IsNumber(r) || r >= 'A' && r <= 'Z' || unicode.IsSpace(r) {
					t.Fatalf("%q in the word %q", r, w)
				}
			}
			if m := TermOf(w).Match(w); m != 1 {
				t.Fatalf("%q does not find itself: %v", w, m)
			}
		}
		if n := len(Significant(text, 16)); n > 16 || (n == 0) != (len(words) == 0) {
			t.Fatalf("%d significant of %d words", n, len(words))
		}
	})
}
