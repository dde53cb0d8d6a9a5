package httpx

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRedirectFromTLSToPlain(t *testing.T) {
	at := func(s string) *http.Request {
		u, err := url.Parse(s)
		require.NoError(t, err)
		return &http.Request{URL: u}
	}
	c := New(Policy{MaxRedirects: 2})
	require.ErrorIs(t, c.checkRedirect(at("http://example.com"), []*http.Request{at("https://example.com")}), ErrRedirect)
	require.NoError(t, c.checkRedirect(at("https://example.com"), []*http.Request{at("http://example.com")}))
}

// A name is judged by the address that it has when it is dialled. Here the look at the URL is left out, as it is for names.
func TestTheDialIsGuarded(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	_, err := New(Policy{}).http.Get(s.URL)
	require.ErrorIs(t, err, ErrRefusedAddress)
	resp, err := New(Policy{AllowLoopback: true}).http.Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	c := New(Policy{})
	for _, refused := range []string{"127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "10.0.0.1:443", "0.0.0.0:80", "not an address", ""} {
		require.ErrorIs(t, c.control("tcp", refused, nil), ErrRefusedAddress, refused)
	}
	require.NoError(t, c.control("tcp", "8.8.8.8:443", nil))
}
