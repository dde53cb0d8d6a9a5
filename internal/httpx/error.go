package httpx

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Error is a call that got no answer. It shows the method and the host, never the path, query, credentials or headers:
// some providers want their token in the path.
type Error struct {
	Method string
	Host   string // scheme and host, "https://api.example.com"
	Err    error  // the cause, for errors.Is and errors.As; print the Error, not the cause

	text string // the cause in words, without the request's secrets
}

// Error is "POST https://host: cause".
func (e *Error) Error() string { return e.Method + " " + e.Host + ": " + e.text }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether time ran out, as net.Error has it.
func (e *Error) Timeout() bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.Err)
	return ok && t.Timeout()
}

func redacted(req *http.Request, err error) *Error {
	if done, ok := err.(*Error); ok {
		return done
	}
	for { // url.Error repeats the address, possibly several times over
		ue, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = ue.Err
	}
	return &Error{Method: req.Method, Host: req.URL.Scheme + "://" + req.URL.Host, Err: err, text: scrub(req, err.Error())}
}

// scrub takes out of a text whatever the request carried that might be a secret. A server can make us print what it got: a malformed
// answer is quoted in the error.
func scrub(req *http.Request, text string) string {
	var secrets []string
	for name, values := range req.Header {
		switch name {
		case "Accept", "Content-Type", "User-Agent":
			continue
		}
		for _, v := range values {
			secrets = append(secrets, v)
			if _, credential, ok := strings.Cut(v, " "); ok {
				secrets = append(secrets, credential)
			}
		}
	}
	if password, ok := req.URL.User.Password(); ok {
		secrets = append(secrets, password)
	}
	secrets = append(secrets, req.URL.RawQuery)
	for _, values := range req.URL.Query() {
		secrets = append(secrets, values...)
	}
	for _, segment := range strings.Split(req.URL.Path, "/") {
		if strings.ContainsAny(segment, "0123456789") { // a word of the path is no token, and may be a word of the error
			secrets = append(secrets, segment)
		}
	}
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}

// minSecret keeps short path segments and values ("v2", "1") from blotting out the words of an error.
const minSecret = 8
