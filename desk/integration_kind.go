package desk

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"ucal/flow"
)

// service is what the desk knows of a kind of integration: the catalogue's row.
type service struct {
	kind    flow.Service
	fields  func() any // a pointer to the empty configuration
	secrets []string   // keys that are never shown
	places  []string   // keys that say where the secrets are sent
	check   func(d *Desk, f *faults, cfg any)
	account func(cfg any) string // whom others know: a sheet is shared with it
	lack    string               // code of the warning that it is missing
}

// services lists the integrations: a new one is one row.
func services() []service {
	return []service{
		{kind: flow.ServiceSheets, fields: func() any { return &SheetsConfig{} }, secrets: []string{"serviceAccountJson", "clientSecret", "refreshToken"},
			places: []string{"endpoint", "tokenUrl"}, check: checkSheets, account: func(cfg any) string {
				sa, _ := cfg.(*SheetsConfig).ServiceAccount() // checked when it was stored
				return sa.Email
			}, lack: SheetsNotConnected},
		{kind: flow.ServiceModel, fields: func() any { return &ModelConfig{} }, secrets: []string{"apiKey"},
			places: []string{"provider", "baseUrl"}, check: checkModel, account: func(any) string { return "" }, lack: aiNotConfigured},
	}
}

// serviceOf finds a kind, or refuses it by name.
func serviceOf(kind flow.Service) (service, error) {
	var known []string
	for _, s := range services() {
		if s.kind == kind {
			return s, nil
		}
		known = append(known, string(s.kind))
	}
	return service{}, invalid("kind", "%q is no integration of this ucal; use one of %s", clip(string(kind)), strings.Join(known, ", "))
}

// ServiceAccount is what counts in the key file of a Google service account.
type ServiceAccount struct {
	Type         string `json:"type"`
	Email        string `json:"client_email"`
	PrivateKey   string `json:"private_key"` // PEM
	PrivateKeyID string `json:"private_key_id"`
	TokenURI     string `json:"token_uri"`
}

// ServiceAccount reads the key file; the zero value when there is none. The
// error says what is wrong with it and shows nothing of it.
func (c *SheetsConfig) ServiceAccount() (ServiceAccount, error) {
	var sa ServiceAccount
	if c.ServiceAccountJSON == "" {
		return sa, nil
	}
	if json.Unmarshal([]byte(c.ServiceAccountJSON), &sa) != nil {
		return sa, errors.New("is no JSON object; give the whole key file as Google gave it out")
	}
	block, _ := pem.Decode([]byte(sa.PrivateKey))
	switch {
	case sa.Type != "service_account":
		return sa, errors.New(`has not the type "service_account"; make a JSON key of a service account, not of an OAuth client`)
	case !strings.Contains(sa.Email, "@"):
		return sa, errors.New("has no client_email; give the whole key file")
	case block == nil:
		return sa, errors.New("has no private_key in PEM form; give the whole key file, line breaks included")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	if _, ok := key.(*rsa.PrivateKey); err != nil || !ok {
		return sa, errors.New("has a private_key that is no RSA key; make a new key")
	}
	return sa, nil
}

func checkSheets(d *Desk, f *faults, cfg any) {
	c := cfg.(*SheetsConfig)
	person := c.ClientID != "" || c.ClientSecret != "" || c.RefreshToken != ""
	switch {
	case c.ServiceAccountJSON != "" && person:
		f.bad("config", "has a service account and an OAuth client; give serviceAccountJson, or clientId, clientSecret and refreshToken")
	case c.ServiceAccountJSON == "" && !person:
		f.bad("config.serviceAccountJson", "is missing; give the key file of a service account, or clientId, clientSecret and refreshToken")
	case person:
		f.required("config.clientId", c.ClientID)
		f.required("config.clientSecret", c.ClientSecret)
		f.required("config.refreshToken", c.RefreshToken)
	default:
		sa, err := c.ServiceAccount()
		if err != nil {
			f.bad("config.serviceAccountJson", "%s", err)
			break
		}
		if sa.TokenURI != "" && c.TokenURL == "" {
			d.address(f, "config.serviceAccountJson", sa.TokenURI)
		}
	}
	d.address(f, "config.endpoint", c.Endpoint)
	d.address(f, "config.tokenUrl", c.TokenURL)
}

func checkModel(d *Desk, f *faults, cfg any) {
	c := cfg.(*ModelConfig)
	f.oneOf("config.provider", c.Provider, []string{ProviderOpenAI, ProviderAnthropic, ProviderCompatible})
	f.required("config.model", c.Model)
	if c.Provider != ProviderCompatible {
		f.required("config.apiKey", c.APIKey)
	} else {
		f.required("config.baseUrl", c.BaseURL)
	}
	d.address(f, "config.baseUrl", c.BaseURL)
	if c.MaxTokensPerDay < 0 {
		f.bad("config.maxTokensPerDay", "%d is negative; leave it out for no limit", c.MaxTokensPerDay)
	}
	if c.MaxOutputTokens < 0 || c.MaxOutputTokens > 100_000 {
		f.bad("config.maxOutputTokens", "%d is outside 1…100,000; leave it out for the default", c.MaxOutputTokens)
	}
}

func (f *faults) required(path, value string) {
	if value == "" {
		f.bad(path, "is missing or blank")
	}
}

// address checks an address that we shall call with credentials; "" is none.
func (d *Desk) address(f *faults, path, raw string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		f.bad(path, "is no http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		f.bad(path, "may hold no credentials, no ? and no #; give the bare address")
	case d.CheckURL != nil:
		if err := d.CheckURL(raw); err != nil {
			f.bad(path, "is refused: %s", err)
		}
	}
}

// fill decodes the object of a configuration key by key, so that everything
// wrong is said at once. Values are never shown: they may be secrets.
func (f *faults) fill(s service, raw json.RawMessage) any {
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil || given == nil {
		f.bad("config", "is no JSON object")
		return nil
	}
	cfg := s.fields()
	known := keysOf(cfg)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		path, value := "config."+key, given[key]
		if key == "serviceAccountJson" && bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) { // the file itself is as good as its text
			value, _ = json.Marshal(string(value)) // a text: cannot fail
		}
		want, ok := known[key]
		if !ok {
			f.coded("unknown_field", "config."+clip(key), "is no setting of %s", s.kind)
			continue
		}
		one, _ := json.Marshal(map[string]json.RawMessage{key: value}) // JSON already: cannot fail
		if json.Unmarshal(one, cfg) != nil {
			f.bad(path, "is not %s", want)
		}
	}
	trim(cfg)
	return cfg
}

// keysOf are the keys of a configuration, with what each takes.
func keysOf(cfg any) map[string]string {
	t, keys := reflect.TypeOf(cfg).Elem(), map[string]string{}
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys[key] = "text"
		if t.Field(i).Type.Kind() != reflect.String {
			keys[key] = "a whole number"
		}
	}
	return keys
}

// trim takes off what was pasted with a value.
func trim(cfg any) {
	v := reflect.ValueOf(cfg).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString(strings.TrimSpace(v.Field(i).String()))
		}
	}
}
