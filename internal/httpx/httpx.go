// Package httpx is the guarded HTTP client for everything that ucal calls on the outside: channels, webhooks, HTTP steps.
//
// It refuses addresses inside private networks at the moment of dialling (so that neither DNS nor a redirect leads there),
// follows no redirects unless told to, limits time and size, and its errors never show a credential. It imports nothing of ucal.
// Start reading at New; which addresses are public is in address.go.
package httpx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Defaults of a Policy.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultMaxResponse = 1 << 20
	DefaultUserAgent   = "ucal"
)

// Policy says what a client may do. The zero value reaches public addresses only.
type Policy struct {
	AllowLoopback bool           // 127.0.0.0/8, ::1: for development and tests
	AllowPrivate  bool           // loopback, private networks (RFC 1918, ULA) and carrier-grade NAT; never link-local
	Allow         []netip.Prefix // these networks whatever they are; the only way to link-local

	Timeout      time.Duration // of a whole exchange, body included; 0 = DefaultTimeout. A context may end it earlier
	MaxResponse  int64         // bytes of a response body; 0 = DefaultMaxResponse. Reading on gives ErrTooLarge
	MaxRedirects int           // 0 = none are followed, the 3xx is the answer
	Downgrade    bool          // follow redirects from https to http; see DoFollow for what to take out then
	UserAgent    string        // "" = DefaultUserAgent

	Resolver *net.Resolver // looks names up; nil = the system's
}

// Errors of a client, found with errors.Is.
var (
	ErrRefusedAddress = errors.New("the address is not public and not allowed by the configuration")
	ErrRefusedURL     = errors.New("the URL cannot be called") // its scheme, its host or credentials in it
	ErrTooLarge       = errors.New("the response is too large")
	ErrRedirect       = errors.New("the redirect is refused")
)

// Client calls the outside under a policy. It keeps connections open for reuse and is safe for concurrent use.
type Client struct {
	policy Policy
	http   *http.Client
}

// New makes a client. One is enough for all callers with the same policy: it holds the pool of connections.
func New(p Policy) *Client {
	if p.Timeout == 0 {
		p.Timeout = DefaultTimeout
	}
	if p.MaxResponse == 0 {
		p.MaxResponse = DefaultMaxResponse
	}
	if p.UserAgent == "" {
		p.UserAgent = DefaultUserAgent
	}
	c := &Client{policy: p}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: c.control, Resolver: p.Resolver}
	c.http = &http.Client{
		Timeout:       p.Timeout,
		CheckRedirect: c.checkRedirect,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial for us, past the guard
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           1024,
			MaxIdleConnsPerHost:    256, // one channel endpoint often takes nearly all calls
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
	return c
}

// Do sends a request. Whatever goes wrong is an *Error without credentials. The response body gives ErrTooLarge past the
// policy's limit and must be closed.
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.do(req, c.http) }

// DoFollow is Do for a request that has a say in redirects: follow sees each one that the policy lets through before it is made, with the
// requests before it, oldest first, and may change its headers. Its error ends the request and is found in the *Error.
func (c *Client) DoFollow(req *http.Request, follow func(req *http.Request, via []*http.Request) error) (*http.Response, error) {
	own := *c.http
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := c.checkRedirect(req, via); err != nil {
			return err
		}
		return follow(req, via)
	}
	return c.do(req, &own)
}

func (c *Client) do(req *http.Request, by *http.Client) (*http.Response, error) {
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", c.policy.UserAgent)
	}
	if err := c.policy.CheckURL(req.URL); err != nil {
		return nil, redacted(req, err)
	}
	resp, err := by.Do(req)
	if err != nil {
		return nil, redacted(req, err)
	}
	resp.Body = &limitedBody{body: resp.Body, left: c.policy.MaxResponse, req: req}
	return resp, nil
}

// CheckURL is Policy.CheckURL under the client's policy, for checks of configuration.
func (c *Client) CheckURL(raw string) error { return c.policy.checkRaw(raw) }

// Close drops the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// control runs for every address that is dialled, after DNS has answered.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrRefusedAddress, address)
	}
	return c.policy.CheckAddr(at.Addr())
}

func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if c.policy.MaxRedirects == 0 {
		return http.ErrUseLastResponse
	}
	if len(via) > c.policy.MaxRedirects {
		return fmt.Errorf("%w: more than %d in a row", ErrRedirect, c.policy.MaxRedirects)
	}
	if !c.policy.Downgrade && via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("%w: it leads from https to %s", ErrRedirect, req.URL.Scheme)
	}
	return c.policy.CheckURL(req.URL)
}

// limitedBody fails a reader that wants more than the limit, and keeps credentials out of the errors of reading.
type limitedBody struct {
	body io.ReadCloser
	left int64
	req  *http.Request
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one byte more tells "exactly the limit" from "more"
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), ErrTooLarge
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = redacted(b.req, err)
	}
	return n, err
}

func (b *limitedBody) Close() error { return b.body.Close() }
