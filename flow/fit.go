package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// MaxFieldText is how many characters a text field of a contact holds.
const MaxFieldText = 2_000

// FitField brings a value into the form in which a contact field of info's type
// stores it. The error is a sentence that names the value and how to mend it.
// An empty value fits every field: it clears it.
func FitField(info FieldInfo, value string) (normalised string, err error) {
	value = clean(value)
	if value == "" {
		return "", nil
	}
	if n := len([]rune(value)); n > MaxFieldText {
		return "", fmt.Errorf("%s is too long for %s: %d characters; use at most %d", quote(value), info.Key, n, MaxFieldText)
	}
	fitted, ok := fit(info, value)
	if !ok {
		return "", fmt.Errorf("%s does not fit %s; %s", quote(value), info.Key, mend(info))
	}
	return fitted, nil
}

// clean trims a text and removes control characters except line breaks and tabs.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

func fit(info FieldInfo, v string) (string, bool) {
	switch info.Type {
	case FieldText:
		return v, true
	case FieldNumber:
		return fitNumber(v)
	case FieldCheckbox:
		v = strings.ToLower(v)
		return v, v == "true" || v == "false"
	case FieldDate:
		_, err := time.Parse(dateLayout, v)
		return v, err == nil
	case FieldTime:
		at, err := time.Parse("15:04", v)
		return at.Format("15:04"), err == nil
	case FieldURL:
		return parseURL(v)
	case FieldEmail:
		return parseEmail(v)
	case FieldPhone:
		return parsePhone(v)
	case FieldList:
		i := slices.IndexFunc(info.Options, func(o string) bool { return equalText(o, v) })
		if i < 0 {
			return "", false
		}
		return info.Options[i], true
	case FieldCountry:
		v = strings.ToUpper(v)
		return v, isCountry(v)
	case FieldLanguage:
		v, _, _ = strings.Cut(strings.ReplaceAll(v, "_", "-"), "-")
		v = strings.ToLower(v)
		return v, isLanguage(v)
	}
	return "", false
}

// fitNumber also takes the exponents that JSON numbers may have.
func fitNumber(v string) (string, bool) {
	f, err := strconv.ParseFloat(v, 64)
	mantissa, exponent, written := strings.Cut(strings.ToLower(v), "e")
	if err != nil || !isDecimal(mantissa) || written && !isDecimal(exponent) {
		return "", false
	}
	if written {
		return decimalText(f), true
	}
	return plainNumber(v), true
}

// mend says how a value of a field's type is written.
func mend(info FieldInfo) string {
	switch info.Type {
	case FieldNumber:
		return "write a number such as 12 or -3.5"
	case FieldCheckbox:
		return "write true or false"
	case FieldDate:
		return "write an existing date as YYYY-MM-DD, for example 2026-02-28"
	case FieldTime:
		return "write a time of day as HH:MM, for example 09:30"
	case FieldURL:
		return "write an http or https address, for example https://example.com"
	case FieldEmail:
		return "write an e-mail address, for example ann@example.com"
	case FieldPhone:
		return "write the number with country code, 7 to 15 digits, for example +60123456789"
	case FieldList:
		return "use one of: " + strings.Join(info.Options, ", ")
	case FieldCountry:
		return "write a country code of two letters (ISO 3166-1), for example MY"
	case FieldLanguage:
		return "write a language code of two letters (ISO 639-1), for example en"
	}
	return fmt.Sprintf("its type %q cannot be set", info.Type)
}

// quote shows a value in an error without drowning the sentence.
func quote(v string) string {
	const most = 60
	if short := cut(v, most); short != v {
		v = short + "…"
	}
	return strconv.Quote(v)
}
