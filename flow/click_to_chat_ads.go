package flow

import "slices"

// AllAds is what `ads` of Click-to-Chat Ads says for every ad of the account.
const AllAds = "all"

// AdsConfig is the configuration of Click-to-Chat Ads (type click_to_chat_ads):
// fires once for each click on one of the ads.
type AdsConfig struct {
	Account string `json:"account" flow:"account,required"`
	Ads     *Value `json:"ads" flow:"ads,required"` // `all`, or a list of ad ids
}

func (a *AdsConfig) check(c *checker) {
	if a.Ads == nil || a.Ads.IsZero() {
		return // reported as missing
	}
	switch v := a.Ads.V.(type) {
	case string:
		if v != AllAds {
			c.invalid("ads", "%q is not possible here. Write all, or a list of ad ids.", cut(v, 40))
		}
	case []Value:
		if len(v) == 0 {
			c.missing("ads")
		}
		for i, id := range v {
			if blankText(id.Text()) {
				c.missing(item("ads", i))
			}
		}
	default:
		c.invalid("ads", "%s is not possible here. Write all, or a list of ad ids.", cut(a.Ads.Text(), 40))
	}
}

// accepts: where the channel does not tell the ad's account, any will do.
func (a *AdsConfig) accepts(h Happening) bool {
	if h.Ad == nil || a.Ads == nil || h.Ad.Account != "" && !equalText(a.Account, h.Ad.Account) {
		return false
	}
	if v, ok := a.Ads.V.(string); ok && v == AllAds {
		return true
	}
	return slices.ContainsFunc(a.Ads.List(), func(id string) bool { return equalText(id, h.Ad.ID) })
}
