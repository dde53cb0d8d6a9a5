package custom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"ucal/channel"
)

// IDType says what the ids of contacts are.
type IDType string

// The types of contact ids.
const (
	IDPhone  IDType = "phone"  // E.164 with +; we may write first
	IDCustom IDType = "custom" // up to MaxID characters of A-Z a-z 0-9 _ = + / @
)

// Config is a custom channel's configuration.
type Config struct {
	APIBaseURL string   `json:"apiBaseUrl"`          // we post to <APIBaseURL>/message; stored without a slash at the end
	IDType     IDType   `json:"idType"`              // what the ids of contacts are
	RateLimit  *float64 `json:"rateLimit,omitempty"` // requests per second in each direction; nil = DefaultRate, 0 = unlimited
}

// maxRate is the highest rate that may be configured; more than that is written 0.
const maxRate = 10_000

func (c Config) rate() float64 {
	if c.RateLimit == nil {
		return DefaultRate
	}
	return *c.RateLimit
}

// read takes a configuration that CheckConfig has let through; of any other it makes what it can.
func read(raw json.RawMessage) Config {
	var c Config
	if json.Unmarshal(raw, &c) != nil {
		return Config{}
	}
	return c
}

// CheckConfig wants {apiBaseUrl, idType, rateLimit?}. Addresses that the client's policy refuses are refused here already.
func (a *Adapter) CheckConfig(raw json.RawMessage) (json.RawMessage, []channel.Detail) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, []channel.Detail{{Error: channel.DetailInvalid, Message: `must be an object {"apiBaseUrl": …, "idType": "phone" or "custom"}`}}
	}
	r := &reader{}
	var c Config
	for name, value := range fields {
		switch name {
		case "apiBaseUrl":
			r.decode(name, value, &c.APIBaseURL, "a text")
		case "idType":
			r.decode(name, value, &c.IDType, "a text")
		case "rateLimit":
			r.decode(name, value, &c.RateLimit, "a number")
		default:
			r.add(name, channel.DetailUnknownField, "is no setting of a custom channel; it has apiBaseUrl, idType and rateLimit")
		}
	}
	if !r.failed("apiBaseUrl") {
		c.APIBaseURL = a.baseURL(r, c.APIBaseURL)
	}
	if c.IDType != IDPhone && c.IDType != IDCustom && !r.failed("idType") {
		r.bad("idType", "%q is no type of contact ids; use \"phone\" or \"custom\"", c.IDType)
	}
	if c.RateLimit != nil && (*c.RateLimit < 0 || *c.RateLimit > maxRate) {
		r.bad("rateLimit", "%g is outside 0…%d messages per second; 0 means unlimited", *c.RateLimit, maxRate)
	}
	if len(r.details) > 0 {
		return nil, r.sorted()
	}
	stored, err := json.Marshal(c)
	if err != nil {
		return nil, []channel.Detail{{Error: channel.DetailInvalid, Message: fmt.Sprintf("cannot be stored: %v", err)}}
	}
	return stored, nil
}

func (a *Adapter) baseURL(r *reader, raw string) string {
	const path = "apiBaseUrl"
	raw = strings.TrimRight(strings.TrimSpace(raw), "/")
	switch u, err := url.Parse(raw); {
	case raw == "":
		r.bad(path, "is missing; it is the address of the integration, such as https://chat.example.com/api")
	case len(raw) > channel.MaxURL:
		r.bad(path, "has %d characters, at most %d are allowed", len(raw), channel.MaxURL)
	case err != nil:
		r.bad(path, "cannot be read as an address; write it as https://chat.example.com/api")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		r.bad(path, "must end with its path: \"/message\" is put behind it, so it can have no ? and no #")
	default:
		if err := a.http.CheckURL(raw); err != nil {
			r.bad(path, "%s; give an http or https address that the public can reach, or have the operator allow its network with UCAL_ALLOW_PRIVATE_NETWORKS", err)
		}
	}
	return raw
}

// decode reads one setting; null is like leaving it out.
func (r *reader) decode(path string, raw json.RawMessage, into any, want string) {
	if bytes.Equal(raw, []byte("null")) {
		return
	}
	if json.Unmarshal(raw, into) != nil {
		r.bad(path, "must be %s", want)
	}
}
