// Package page fetches pages and documents of the public web for knowledge
// sources. It imports internal/httpx and nothing else of ours. Start reading at
// Client.Get.
package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"ucal/internal/httpx"
)

// Limits that New sets.
const (
	Timeout      = 30 * time.Second
	MaxResponse  = 5 << 20 // bytes
	MaxRedirects = 3
)

// Client fetches pages. It is safe for concurrent use.
type Client struct {
	http *httpx.Client
}

// New makes a client that may reach what the policy allows; its limits are ours.
func New(p httpx.Policy) *Client {
	p.Timeout, p.MaxResponse, p.MaxRedirects = Timeout, MaxResponse, MaxRedirects
	return &Client{httpx.New(p)}
}

// Error is a page that was not got.
type Error struct {
	Message string // for people; without credentials
	again   bool
}

func (e *Error) Error() string { return e.Message }

// Retryable reports whether the same page may be got later.
func (e *Error) Retryable() bool { return e.again }

// Get fetches a page in one attempt. The error is an *Error.
func (c *Client) Get(ctx context.Context, address string) (mediaType string, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, &Error{Message: "the address cannot be read"} // the parser's error repeats it
	}
	req.Header.Set("Accept", "text/html, text/markdown, text/plain, application/pdf;q=0.9, */*;q=0.1")
	resp, err := c.http.Do(req)
	if err != nil {
		return "", nil, failure(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		s := resp.StatusCode
		return "", nil, &Error{Message: fmt.Sprintf("the server answered %d %s", s, http.StatusText(s)),
			again: s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout}
	}
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, failure(err)
	}
	return resp.Header.Get("Content-Type"), body, nil
}

func failure(err error) *Error {
	switch {
	case errors.Is(err, httpx.ErrRefusedAddress):
		return &Error{Message: err.Error() + "; the operator can allow its network with UCAL_ALLOW_PRIVATE_NETWORKS"}
	case errors.Is(err, httpx.ErrTooLarge):
		return &Error{Message: fmt.Sprintf("the page has more than %d MiB", MaxResponse>>20)}
	case errors.Is(err, httpx.ErrRedirect):
		return &Error{Message: err.Error()}
	}
	return &Error{Message: err.Error(), again: true}
}

// Close drops the idle connections.
func (c *Client) Close() { c.http.Close() }
