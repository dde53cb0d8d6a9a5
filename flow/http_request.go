package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HTTPRequest calls an outside system (type http_request).
//
// Any answer goes on by next. With the arm failure on, a network error, a
// timeout and a status of 400 and above leave by it; without it they are logged.
// GET, PUT and DELETE are repeated up to three times after a network error, a
// timeout, 429 and 5xx; POST and PATCH only with retry.
type HTTPRequest struct {
	Method          string   `json:"method" flow:"method,required" enum:"GET,POST,PUT,PATCH,DELETE"`
	URL             string   `json:"url" flow:"url,required,vars,secrets"`
	Headers         Pairs    `json:"headers,omitempty" flow:"headers,vars,secrets"`
	ContentType     string   `json:"content_type,omitempty" flow:"content_type" default:"application/json" enum:"application/json,application/x-www-form-urlencoded,text/plain,application/xml"` // "" = JSON
	Body            string   `json:"body,omitempty" flow:"body,vars,secrets"`
	ResponseMapping Pairs    `json:"response_mapping,omitempty" flow:"response_mapping"` // variable → JSON path
	SaveStatusAs    string   `json:"save_status_as,omitempty" flow:"save_status_as"`
	Timeout         Duration `json:"timeout,omitempty" flow:"timeout" default:"10s"` // of one attempt, 1–60 s; 0 = 10 s
	Retry           bool     `json:"retry,omitempty" flow:"retry"`                   // POST and PATCH only
}

// The limits of an HTTP Request.
const (
	maxHeaders     = 10
	maxMappings    = 10
	maxHTTPTimeout = time.Minute
	stdHTTPTimeout = 10 * time.Second
)

const contentJSON = "application/json"

// place is where the variables of the body end up.
func (h *HTTPRequest) place() Place {
	switch h.ContentType {
	case "", contentJSON:
		return InJSON
	case "application/x-www-form-urlencoded":
		return InForm
	case "application/xml":
		return InXML
	}
	return InText
}

func (h *HTTPRequest) check(c *checker) {
	h.checkURL(c)
	h.checkHeaders(c)
	h.checkBody(c)
	if len(h.ResponseMapping) > maxMappings {
		c.add("http.mapping.limit", "response_mapping", "There are %d rows in response_mapping. Use at most %d.", len(h.ResponseMapping), maxMappings)
	}
	for _, row := range h.ResponseMapping {
		at := join("response_mapping", row.Key)
		c.savesInto(at, row.Key)
		if _, err := ParsePath(row.Value); err != nil && c.waiting(row.Value) == nil {
			c.add("http.mapping.path", at, "%s", sentence(err))
		}
	}
	c.variableName("save_status_as", h.SaveStatusAs)
	if t := time.Duration(h.Timeout); t > maxHTTPTimeout && t <= MaxWait {
		c.add("duration.limit", "timeout", "%s is too long for one attempt. Use 1s to %s.", h.Timeout, Duration(maxHTTPTimeout))
	}
}

// savesInto checks a variable that is the key of a row.
func (c *checker) savesInto(at, name string) {
	if name == "" {
		c.add("variable.name.invalid", at, "The name of a variable is missing. Write it before the colon.")
	}
	c.variableName(at, name)
}

// checkURL judges as much of the URL as does not depend on variables.
func (h *HTTPRequest) checkURL(c *checker) {
	text := strings.TrimSpace(h.URL)
	if text == "" || c.waiting(text) != nil || c.beginsWithVariable(text) {
		return
	}
	u, err := url.Parse(c.stubbed(InURL, text, "1"))
	other, err2 := url.Parse(c.stubbed(InURL, text, "2"))
	switch {
	case err != nil || err2 != nil:
		c.add("http.url.invalid", "url", "The URL cannot be read. Write it like https://crm.example.com/customers?email=$contact.email.")
	case !httpScheme(u):
		c.add("http.url.invalid", "url", "The URL does not begin with http:// or https://. Write it like https://crm.example.com/customers.")
	case u.Hostname() == "" || !goodPort(u.Port()):
		c.add("http.url.invalid", "url", "The URL has no host, or a port that is not 1 to 65535. Write it like https://crm.example.com:8443/customers.")
	case u.User != nil:
		c.add("http.url.invalid", "url", "The URL holds a user or password before the host. Send them in the header Authorization.")
	case u.Host == other.Host:
		if n, ok := c.dir.(Network); ok {
			if why := n.RefusesURL(u); why != "" {
				c.add("http.url.refused", "url", "ucal will not call this URL: %s Call another host, or have the operator allow the network.", sentenceOf(why))
			}
		}
	}
}

func httpScheme(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

func goodPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func sentenceOf(text string) string {
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// beginsWithVariable reports whether a text begins with a variable that has a meaning.
func (c *checker) beginsWithVariable(text string) bool {
	v, ok := nextVariable(text, 0)
	return ok && v.start == 0 && v.resolve(text, c.knownOrSecret)
}

// stubbed is a text with the same value for every variable.
func (c *checker) stubbed(place Place, text, value string) string {
	p := &placing{place: place, find: func(name string) (string, bool) { return value, c.knownOrSecret(name) }}
	return p.render(text)
}

func (c *checker) knownOrSecret(name string) bool { return isSecret(name) || c.known(name) }

func (h *HTTPRequest) checkHeaders(c *checker) {
	if len(h.Headers) > maxHeaders {
		c.add("http.headers.limit", "headers", "There are %d headers. Use at most %d.", len(h.Headers), maxHeaders)
	}
	for i, header := range h.Headers {
		at := join("headers", header.Key)
		same := slices.IndexFunc(h.Headers, func(o Pair) bool { return strings.EqualFold(o.Key, header.Key) })
		switch {
		case !isToken(header.Key):
			c.add("step.config.invalid", at, "%s is not the name of a header. Use letters, digits and dashes, for example X-Customer.", quote(header.Key))
		case slices.Contains(ownHeaders(), strings.ToLower(header.Key)):
			c.add("step.config.invalid", at, "ucal sets the header %s itself. Remove it.", header.Key)
		case same < i:
			c.add("step.config.invalid", at, "The header %s is given twice. Remove one of them.", header.Key)
		}
	}
}

// isToken reports whether s may be the name of a header (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// ownHeaders are headers of the connection, which follow from the request.
func ownHeaders() []string {
	return []string{"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect", "accept-encoding"}
}

// checkBody refuses a JSON body that is no JSON whatever its variables hold.
func (h *HTTPRequest) checkBody(c *checker) {
	if h.place() != InJSON || blankText(h.Body) || c.waiting(h.Body) != nil {
		return
	}
	var wrong error
	for _, value := range []string{"1", "x"} {
		if wrong = readsJSON(c.stubbed(InJSON, h.Body, value)); wrong == nil {
			return
		}
	}
	c.add("step.config.invalid", "body", "The body is no JSON, %s. Correct it, for example {\"name\": \"$contact.name\"}, or choose another content_type.", wrong)
}

// readsJSON says on which line a text stops being JSON.
func readsJSON(text string) error {
	var value any
	err := json.Unmarshal([]byte(text), &value)
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: %w", 1+strings.Count(text[:bad.Offset], "\n"), err)
	}
	return err
}

func (h *HTTPRequest) run(x *Execution) (way, error) {
	r, _, err := x.do(Request{*h})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	x.fill(r.Set)
	if r.Outcome == Failed && x.cur.On(ArmFailure) {
		return by(ArmFailure, r.Code), nil
	}
	return by(ArmNext, r.Code), nil
}

// saves are the variables that the answer fills.
func (h *HTTPRequest) saves() (names []string) {
	for _, p := range h.ResponseMapping {
		names = append(names, p.Key)
	}
	return append(names, h.SaveStatusAs)
}
