package channel

import "github.com/nyaruka/phonenumbers"

// PhoneCountry returns the country (ISO 3166-1 alpha-2) of a phone number in
// E.164 form; "" when the number tells none.
func PhoneCountry(phone string) string {
	n, err := phonenumbers.Parse(phone, "")
	if err != nil {
		return ""
	}
	code := phonenumbers.GetRegionCodeForNumber(n)
	if len(code) != 2 || code == "ZZ" {
		return ""
	}
	return code
}
