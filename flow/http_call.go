package flow

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// HTTPCall is an HTTP Request with its variables put in: what every attempt
// sends. It holds secrets in clear.
type HTTPCall struct {
	Method  string        `json:"method"`
	URL     string        `json:"url"`
	Headers []HTTPHeader  `json:"headers,omitempty"`
	Body    string        `json:"body,omitempty"`
	Timeout time.Duration `json:"timeout"` // of one attempt
	Repeat  bool          `json:"repeat"`  // may be sent again after a failure, and when its fate is unknown

	Shown      string   `json:"shown"`                 // the URL for people: secrets masked
	SecretBody bool     `json:"secret_body,omitempty"` // the body holds a secret
	Secrets    []string `json:"secrets,omitempty"`     // values of the secrets in it, in every spelling: see Mask
	Missing    []string `json:"missing,omitempty"`     // names of secrets that do not exist any more; they were left as typed
}

// HTTPHeader is one header of an HTTPCall.
type HTTPHeader struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Secret bool   `json:"secret,omitempty"` // holds a secret: not for another host
}

// masked stands where a secret was.
const masked = "***"

// maxShown is how many characters of a URL the step log shows.
const maxShown = 500

// Patience is how long one attempt may take.
func (h *HTTPRequest) Patience() time.Duration {
	if h.Timeout <= 0 {
		return stdHTTPTimeout
	}
	return min(time.Duration(h.Timeout), maxHTTPTimeout)
}

// Repeats reports whether the request may be sent again after a failure, and when
// its fate is unknown.
func (h *HTTPRequest) Repeats() bool {
	return h.Retry || !slices.Contains([]string{"POST", "PATCH"}, h.Method)
}

// Call puts the variables and secrets in. secret returns the value of
// $secret.<name>; ok is false when there is none.
func (h *HTTPRequest) Call(env Env, secret func(name string) (value string, ok bool)) HTTPCall {
	call := HTTPCall{Method: h.Method, Timeout: h.Patience(), Repeat: h.Repeats()}
	put := func(place Place, text string) (rendered string, holdsSecret bool) {
		p := &placing{place: place, env: env}
		p.find = func(name string) (value string, known bool) {
			short, ok := strings.CutPrefix(name, "secret.")
			if !ok {
				return lookup(env, name)
			}
			if value, known = secret(short); known {
				call.Secrets, holdsSecret = append(call.Secrets, value), true
			}
			return value, known
		}
		rendered = p.render(text)
		return rendered, holdsSecret
	}
	call.URL, _ = put(InURL, strings.TrimSpace(h.URL))
	call.URL = strings.TrimSpace(call.URL)
	for _, header := range h.Headers {
		value, holds := put(InHeader, header.Value)
		call.Headers = append(call.Headers, HTTPHeader{header.Key, strings.TrimSpace(value), holds})
	}
	call.Body, call.SecretBody = put(h.place(), h.Body)
	if _, given := h.Headers.named("Content-Type"); call.Body != "" && !given {
		contentType := h.ContentType
		if contentType == "" {
			contentType = contentJSON
		}
		call.Headers = append(call.Headers, HTTPHeader{Name: "Content-Type", Value: contentType})
	}
	call.Secrets = spellings(call.Secrets)
	call.Shown = h.shown(env, secret)
	call.Missing = h.missing(secret)
	return call
}

// shown is the URL for people.
func (h *HTTPRequest) shown(env Env, secret func(string) (string, bool)) string {
	p := &placing{place: InURL, env: env, mask: true}
	p.find = func(name string) (string, bool) {
		if short, ok := strings.CutPrefix(name, "secret."); ok {
			_, known := secret(short)
			return masked, known
		}
		return lookup(env, name)
	}
	return cut(withoutUser(strings.TrimSpace(p.render(strings.TrimSpace(h.URL)))), maxShown)
}

// missing lists the secrets that the request names and that do not exist.
func (h *HTTPRequest) missing(secret func(string) (string, bool)) []string {
	var names []string
	texts := []string{h.URL, h.Body}
	for _, header := range h.Headers {
		texts = append(texts, header.Value)
	}
	for _, text := range texts {
		for _, name := range Unknown(text, func(name string) bool {
			if !isSecret(name) {
				return true
			}
			_, known := secret(strings.TrimPrefix(name, "secret."))
			return known
		}) {
			if short := strings.TrimPrefix(name, "secret."); !slices.Contains(names, short) {
				names = append(names, short)
			}
		}
	}
	return names
}

// withoutUser takes user and password out of a URL that may not be readable.
func withoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}

// named finds a header, ignoring case.
func (p Pairs) named(name string) (value string, ok bool) {
	for _, x := range p {
		if strings.EqualFold(x.Key, name) {
			return x.Value, true
		}
	}
	return "", false
}

// minMasked keeps secrets of a few characters from blotting out answers: a
// secret that short is none.
const minMasked = 4

// spellings adds to each secret the forms in which a server may send it back,
// longest first, so that no part of one stays when another is masked.
func spellings(secrets []string) (all []string) {
	for _, s := range secrets {
		for _, form := range []string{s, strings.TrimSpace(s), percentEncoded(s), strings.ReplaceAll(percentEncoded(s), "%20", "+"), insideQuotes(s), oneLine(s)} {
			if len(form) >= minMasked && !slices.Contains(all, form) {
				all = append(all, form)
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// Mask takes the call's secrets out of a text.
func (c *HTTPCall) Mask(text string) string {
	for _, s := range c.Secrets {
		text = strings.ReplaceAll(text, s, masked)
	}
	return text
}

// Answer are the variables that an answer fills, all of them: what the answer
// does not hold gets "". Status 0 means that there was no answer.
func (h *HTTPRequest) Answer(call *HTTPCall, status int, body []byte) map[string]string {
	set := map[string]string{}
	doc, err := DecodeJSON(body)
	for _, row := range h.ResponseMapping {
		path, bad := ParsePath(row.Value)
		if err != nil || bad != nil || status == 0 {
			set[row.Key] = ""
			continue
		}
		set[row.Key] = cut(call.Mask(printable(path.FindText(doc))), MaxVariable)
	}
	if h.SaveStatusAs != "" {
		set[h.SaveStatusAs] = strconv.Itoa(status)
	}
	return set
}

// printable takes out what no text of ucal holds: control characters except line
// breaks and tabs.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
