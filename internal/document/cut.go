package document

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Sizes of passages, in characters.
const (
	MaxPassage = 1200 // with the overlap
	overlap    = 150  // at most that much is repeated from the passage before
	minPassage = 400  // a piece is not cut off before it has so much
	maxHeading = 120  // a longer line is no heading
)

// Passage is a piece of a document.
type Passage struct {
	Title string // the headings above it, "Delivery > Abroad"; "" without any
	Text  string // at most MaxPassage characters

	repeats int // characters of Text, from its beginning, that the passage before has already
}

// Cut cuts a text into passages: at headings, else between paragraphs, else
// between sentences or words. Only what is longer than a passage without any
// space is cut within. A passage begins with the end of the one before, so that
// what stands at a cut is found whole.
func Cut(text string) []Passage {
	c := &cutter{}
	var fence string
	var body []string
	for line := range strings.Lines(text) {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if mark := fenceOf(line); mark != "" && (fence == "" || strings.HasPrefix(mark, fence)) {
			if fence == "" {
				fence = mark
			} else {
				fence = ""
			}
		}
		if level, title := heading(line); level > 0 && fence == "" {
			c.section(body)
			body = nil
			c.enter(level, title)
			continue
		}
		body = append(body, line)
	}
	c.section(body)
	c.leave()
	return c.out
}

// fenceOf is the mark that begins or ends a block of code, in which # is no heading.
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}

// heading recognises "## Words" and "## Words ##".
func heading(line string) (level int, title string) {
	m := headings.FindStringSubmatch(line)
	if m == nil {
		return 0, ""
	}
	if title = strings.TrimSpace(m[2]); title == "" || len([]rune(title)) > maxHeading {
		return 0, ""
	}
	return len(m[1]), title
}

var headings = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?$`)

type cutter struct {
	out    []Passage
	path   []headed // from the outermost
	unused bool     // nothing stands under the innermost heading yet
}

type headed struct {
	level int
	title string
}

// enter begins a section. The heading of one that stays empty is text itself.
func (c *cutter) enter(level int, title string) {
	keep := len(c.path)
	for keep > 0 && c.path[keep-1].level >= level {
		keep--
	}
	if keep < len(c.path) {
		c.leave()
	}
	c.path = append(c.path[:keep], headed{level, title})
	c.unused = true
}

// leave ends the innermost section.
func (c *cutter) leave() {
	if !c.unused {
		return
	}
	c.unused = false
	title := c.path[len(c.path)-1].title
	c.path = c.path[:len(c.path)-1]
	c.out = append(c.out, Passage{Title: c.title(), Text: title})
}

func (c *cutter) title() string {
	titles := make([]string, len(c.path))
	for i, h := range c.path {
		titles[i] = h.title
	}
	return strings.Join(titles, " > ")
}

// section makes passages of the lines under one heading.
func (c *cutter) section(lines []string) {
	pieces := split(lines)
	if len(pieces) == 0 {
		return
	}
	c.unused = false
	title := c.title()
	var text []rune
	repeats := 0
	flush := func() {
		c.out = append(c.out, Passage{Title: title, Text: string(text), repeats: repeats})
	}
	for _, p := range pieces {
		glue := p.glue
		if len(text) == 0 {
			glue = nil
		}
		if len(text) > repeats && len(text)+len(glue)+len(p.text) > MaxPassage {
			flush()
			text = tail(text)
			repeats = len(text)
			if len(text)+len(p.glue)+len(p.text) > MaxPassage {
				text, repeats = nil, 0 // the piece fills a passage by itself
			}
			if glue = p.glue; len(text) == 0 {
				glue = nil
			}
		}
		if len(text) == repeats && repeats > 0 {
			repeats += len(glue)
		}
		text = append(append(text, glue...), p.text...)
	}
	flush()
}

// tail is the end of a passage that the next one repeats: whole words.
func tail(text []rune) []rune {
	if len(text) <= overlap {
		return nil // the passage is so short that repeating it gains nothing
	}
	end := text[len(text)-overlap:]
	i := slices.IndexFunc(end, unicode.IsSpace)
	if i < 0 {
		return nil
	}
	end = end[i:]
	if i = slices.IndexFunc(end, func(r rune) bool { return !unicode.IsSpace(r) }); i < 0 {
		return nil
	}
	return slices.Clone(end[i:])
}

// piece is a part of a section that stays in one passage: a paragraph, or a part
// of a long one. glue is what stands between it and the piece before.
type piece struct {
	glue []rune
	text []rune
}

// split makes pieces of at most MaxPassage characters of lines.
func split(lines []string) []piece {
	var out []piece
	var paragraph []string
	end := func() {
		text := strings.TrimSpace(strings.Join(paragraph, "\n"))
		paragraph = nil
		if text == "" {
			return
		}
		glue := []rune("\n\n")
		for _, part := range halve([]rune(text)) {
			out = append(out, piece{glue, part})
			glue = []rune(" ")
		}
	}
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		paragraph = append(paragraph, line)
	}
	end()
	return out
}

// halve cuts a long paragraph: after a line, else after a sentence, else after a
// word, else anywhere.
func halve(text []rune) [][]rune {
	var out [][]rune
	for len(text) > MaxPassage-overlap {
		at := cutAt(text[:MaxPassage-overlap])
		if part := trim(text[:at]); len(part) > 0 {
			out = append(out, part)
		}
		text = text[at:]
	}
	if text = trim(text); len(text) > 0 {
		out = append(out, text)
	}
	return out
}

func cutAt(text []rune) int {
	for _, ends := range []func(i int) bool{
		func(i int) bool { return text[i] == '\n' },
		func(i int) bool {
			return strings.ContainsRune("。！？", text[i]) || unicode.IsSpace(text[i]) && i > 0 && strings.ContainsRune(".!?:;", text[i-1])
		},
		func(i int) bool { return unicode.IsSpace(text[i]) },
	} {
		for i := len(text) - 1; i >= minPassage; i-- {
			if ends(i) {
				return i + 1
			}
		}
	}
	return len(text)
}

func trim(text []rune) []rune { return []rune(strings.TrimSpace(string(text))) }
