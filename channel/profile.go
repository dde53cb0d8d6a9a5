package channel

import (
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Profile is what the provider tells about a contact. Empty fields are unknown. Adapters return
// it cleaned: a value that makes no sense is left out, it never costs the message that came with it.
type Profile struct {
	FirstName   string `json:"firstName,omitempty"`
	LastName    string `json:"lastName,omitempty"`
	ProfilePic  string `json:"profilePic,omitempty"`  // http or https address
	CountryCode string `json:"countryCode,omitempty"` // ISO 3166-1 alpha-2, upper case
	Email       string `json:"email,omitempty"`       // lower case
	Phone       string `json:"phone,omitempty"`       // E.164 with +
	Language    string `json:"language,omitempty"`    // ISO 639-1, lower case
	Locale      string `json:"locale,omitempty"`      // "en-GB"
	Timezone    string `json:"timezone,omitempty"`    // as the provider writes it
}

// MaxName is the length of the longest first or last name, in characters.
const MaxName = 100

// Clean brings the fields into the form in which they are stored and empties those that make no sense.
func (p Profile) Clean() Profile {
	p.FirstName, p.LastName = cut(CleanText(p.FirstName), MaxName), cut(CleanText(p.LastName), MaxName)
	if CheckLink(p.ProfilePic) != nil {
		p.ProfilePic = ""
	}
	p.CountryCode = letters(strings.ToUpper(CleanText(p.CountryCode)), 'A', 'Z')
	p.Email = cleanEmail(p.Email)
	if phone, err := NormalizePhone(p.Phone); err == nil {
		p.Phone = phone
	} else {
		p.Phone = ""
	}
	language, _, _ := strings.Cut(strings.ReplaceAll(CleanText(p.Language), "_", "-"), "-")
	p.Language = letters(strings.ToLower(language), 'a', 'z')
	p.Locale, p.Timezone = cut(CleanText(p.Locale), MaxName), cut(CleanText(p.Timezone), MaxName)
	return p
}

func cleanEmail(s string) string {
	s = strings.ToLower(CleanText(s))
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || utf8.RuneCountInString(s) > 254 {
		return ""
	}
	return s
}

// letters lets a code of exactly two letters through.
func letters(s string, from, to byte) string {
	if len(s) != 2 || s[0] < from || s[0] > to || s[1] < from || s[1] > to {
		return ""
	}
	return s
}

func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit]))
}
