package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWord is how long a word may be in characters; the rest of it is cut off.
const maxWord = 40

// Words are the words by which a text is found, in order: folded, without accents,
// of letters and digits only. Texts in Chinese, Japanese and Thai, which do not
// separate words, give pairs of characters. Both databases and the ranking use these words
// and nothing else, so that all of them find the same.
func Words(text string) []string {
	var out []string
	var word []rune
	var run []rune // of a script without spaces
	endWord := func() {
		if len(word) > 0 {
			out = append(out, string(word[:min(len(word), maxWord)]))
			word = word[:0]
		}
	}
	endRun := func() {
		for i := range run {
			if i+1 < len(run) {
				out = append(out, string(run[i:i+2]))
			} else if i == 0 {
				out = append(out, string(run[i]))
			}
		}
		run = run[:0]
	}
	for _, r := range norm.NFKD.String(cases.Fold().String(norm.NFKD.String(text))) {
		switch {
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r) && !unicode.IsSpace(r): // soft hyphens and the like
		case r >= 0x300 && r < 0x370, r == 0x3099, r == 0x309A: // accents, and those of kana
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				endWord()
				run = append(run, r)
			}
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r) && len(word) > 0:
			endRun()
			word = append(word, r)
		case r == '\'' || r == '’': // don't, l'eau: the parts are words
			endWord()
		default:
			endWord()
			endRun()
		}
	}
	endWord()
	endRun()
	return out
}

// Significant are the words of a question that tell something, each once, at most
// n of them. A question of nothing but common words keeps them.
func Significant(question string, n int) []string {
	all := Words(question)
	var out []string
	for _, common := range []bool{false, true} {
		seen := map[string]bool{}
		for _, w := range all {
			if seen[w] || len(out) == n || !common && commonWord(w) {
				continue
			}
			seen[w] = true
			out = append(out, w)
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// commonWord knows words that stand in every text and every question, in the
// languages in which most of our users write.
func commonWord(w string) bool {
	r := []rune(w)
	if len(r) == 1 && r[0] < 0x2E80 && !unicode.IsNumber(r[0]) {
		return true
	}
	return strings.Contains(common, " "+w+" ")
}

const common = " " + english + " " + german + " " + spanish + " " + french + " " + portuguese + " " + italian + " " + malay + " "

const (
	english    = "a an and any are as at be been but by can could did do does for from get had has have hello hi how i if in into is it its just like me my no not of on or our please so some tell than thank thanks that the their them then there these they this to us was we were what when where which who why will with would yes you your"
	german     = "aber als am an auch auf aus bei bin bitte da danke das dass dem den der des die dir du ein eine einem einen einer eines er es fur gibt habe haben hallo hat ich ihr ihre im in ist ja kann kein keine konnen man mein meine mich mir mit nach nein nicht oder sie sind so um und uns von war was wann wenn wer werden wie wir wird wo zu zum zur"
	spanish    = "al algo como con cual cuando de del donde el ella en es esta este esto gracias ha hay hola la las le lo los mas me mi no nos o para pero por puede puedo que quien se si sin son su sus te tengo tiene un una unas uno unos y ya yo"
	french     = "au aux avec bonjour ce ces cet cette comment dans de des du elle en est et il ils je la le les leur ma mais me merci mes mon ne nos notre nous on ou par pas pour quand que quel quelle qui sa se ses si son sont sur ta te tes tu un une vos votre vous"
	portuguese = "ao aos as com da das do dos e ela ele em essa esse esta este eu foi isso mas meu minha na nao nas nem no nos o obrigado obrigada ola os ou para pela pelo por posso quando que quem se sem ser seu sua tem um uma voce"
	italian    = "alla anche che chi ci ciao come con cosa da dal della delle di dove e ed gli ha ho i il in io la le lo ma mi mia mio nel nella non o per piu posso quando questa questo se si sono su sul tra un una vi"
	malay      = "ada adalah anda apa atau bagaimana berapa boleh dan dari dengan di dia halo ini itu ke kami kita mana mau nak pada saya sudah tak terima kasih tidak untuk yang ya"
)

// Term is a word of a question as it is looked for: other words that begin with
// Stem match as well, if Prefix is set.
type Term struct {
	Word   string
	Stem   string
	Prefix bool
}

// TermOf makes the term of a word. Endings are cut off, so that "deliveries"
// finds "delivery"; short words, numbers and pairs of characters must match as
// they are.
func TermOf(word string) Term {
	r := []rune(word)
	if len(r) < 4 || strings.ContainsFunc(word, func(c rune) bool { return unicode.IsNumber(c) || c >= 0x2E80 }) {
		return Term{Word: word, Stem: word}
	}
	cut := len(r)
	switch {
	case cut >= 8:
		cut -= 3
	case cut >= 6:
		cut -= 2
	case cut == 5:
		cut--
	}
	return Term{Word: word, Stem: string(r[:cut]), Prefix: true}
}

// Match says how well a word of a text fits the term: 1 as it is, less where only
// its beginning is the same, 0 not at all.
func (t Term) Match(word string) float64 {
	switch {
	case word == t.Word:
		return 1
	case !t.Prefix || !strings.HasPrefix(word, t.Stem):
		return 0
	case strings.HasPrefix(word, t.Word) || strings.HasPrefix(t.Word, word):
		return 0.8
	}
	return 0.5
}
