package page_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/connect/page"
	"ucal/internal/httpx"
)

func TestGet(t *testing.T) {
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		switch r.URL.Path {
		case "/page":
			require.Contains(t, r.Header.Get("Accept"), "text/html")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<p>hello")
		case "/moved":
			http.Redirect(w, r, "/page", http.StatusMovedPermanently)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.5/", http.StatusFound)
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", page.MaxResponse+1))
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/404":
			w.WriteHeader(404)
		case "/429":
			w.WriteHeader(429)
		case "/503":
			w.WriteHeader(503)
		}
	}))
	t.Cleanup(s.Close)
	c := page.New(httpx.Policy{AllowLoopback: true})
	t.Cleanup(c.Close)
	for _, path := range []string{"/page", "/moved"} {
		mediaType, body, err := c.Get(t.Context(), s.URL+path)
		require.NoError(t, err)
		require.Equal(t, "text/html; charset=utf-8", mediaType)
		require.Equal(t, "<p>hello", string(body))
	}
	for _, tc := range []struct {
		address, why string
		again        bool
	}{
		{s.URL + "/404", "404 Not Found", false},
		{s.URL + "/429", "429", true},
		{s.URL + "/503", "503", true},
		{s.URL + "/cut", "EOF", true},
		{s.URL + "/large", "5 MiB", false},
		{s.URL + "/circle", "more than 3", false},
		{s.URL + "/inside", "UCAL_ALLOW_PRIVATE_NETWORKS", false},
		{"http://10.0.0.5/", "not public", false},
		{"http://169.254.169.254/latest?token=s3cret-token", "not public", false},
		{"http://x\x7f/", "cannot be read", false},
	} {
		_, _, err := c.Get(t.Context(), tc.address)
		require.ErrorContains(t, err, tc.why, tc.address)
		e, ok := err.(*page.Error)
		require.True(t, ok)
		require.Equal(t, tc.again, e.Retryable(), tc.address)
		require.NotContains(t, err.Error(), "s3cret")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := calls
	_, _, err := c.Get(ctx, s.URL+"/page")
	require.Error(t, err)
	require.Equal(t, before, calls)

	_, _, err = page.New(httpx.Policy{}).Get(t.Context(), s.URL+"/page")
	require.ErrorContains(t, err, "not public")
}
