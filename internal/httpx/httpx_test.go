package httpx_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/internal/httpx"
)

func TestCheckAddr(t *testing.T) {
	prefix := netip.MustParsePrefix
	open := httpx.Policy{}
	tests := []struct {
		policy httpx.Policy
		addrs  string
		ok     bool
	}{
		{open, "8.8.8.8 93.184.216.34 1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 2606:4700::1111 2a00::1 ::ffff:8.8.8.8 64:ff9b::808:808", true},
		{open, "127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1", false},
		{open, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 fc00::1 fd12::1 ::ffff:10.0.0.1 64:ff9b::a00:1", false},
		{open, "0.0.0.0 0.1.2.3 169.254.169.254 192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255", false},
		{open, ":: fe80::1 fe80::1%eth0 fec0::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 100::1 64:ff9b:1::1 ::7f00:1", false},
		{httpx.Policy{AllowLoopback: true}, "127.0.0.1 ::1 ::ffff:127.0.0.1", true},
		{httpx.Policy{AllowLoopback: true}, "10.0.0.1 0.0.0.0 169.254.169.254 fc00::1", false},
		{httpx.Policy{AllowPrivate: true}, "127.0.0.1 10.0.0.1 192.168.1.1 100.64.0.1 fd00::1", true},
		{httpx.Policy{AllowPrivate: true}, "169.254.169.254 fe80::1 0.0.0.0 224.0.0.1", false},
		{httpx.Policy{Allow: []netip.Prefix{prefix("10.1.0.0/16"), prefix("169.254.169.254/32"), prefix("fe80::/64")}}, "10.1.2.3 169.254.169.254 ::ffff:10.1.2.3 fe80::1%eth0", true},
		{httpx.Policy{Allow: []netip.Prefix{prefix("10.1.0.0/16")}}, "10.2.0.1 127.0.0.1", false},
	}
	for _, tc := range tests {
		for addr := range strings.FieldsSeq(tc.addrs) {
			err := tc.policy.CheckAddr(netip.MustParseAddr(addr))
			if tc.ok {
				require.NoError(t, err, addr)
			} else {
				require.ErrorIs(t, err, httpx.ErrRefusedAddress, addr)
			}
		}
	}
	require.ErrorIs(t, open.CheckAddr(netip.Addr{}), httpx.ErrRefusedAddress, "no address at all")
}

func TestCheckURL(t *testing.T) {
	c := httpx.New(httpx.Policy{})
	for _, good := range []string{"https://example.com", "http://example.com:8080/a?b=c", "https://8.8.8.8/", "https://localhost.example.com"} {
		require.NoError(t, c.CheckURL(good), good)
	}
	for _, bad := range []string{"", "example.com", "ftp://example.com", "file:///etc/passwd", "https://", "http://u:hunter2@example.com", "http://localhost",
		"http://LOCALHOST.:80", "http://a.localhost", "http://127.0.0.1", "http://[::1]:80", "http://[::ffff:10.0.0.1]", "https://x\x7f.io/hunter2"} {
		err := c.CheckURL(bad)
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "hunter2")
	}
	require.NoError(t, httpx.New(httpx.Policy{AllowLoopback: true}).CheckURL("http://localhost:9"))
}

func get(t *testing.T, c *httpx.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestDoRefusesLoopbackByDefault(t *testing.T) {
	called := false
	url := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	_, err := get(t, httpx.New(httpx.Policy{}), url)
	require.ErrorIs(t, err, httpx.ErrRefusedAddress)
	require.False(t, called)
}

func TestRedirects(t *testing.T) {
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "there") })
	hops := serve(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/one": target, "/two": "/one", "/private": "http://10.255.255.1/", "/metadata": "http://169.254.169.254/", "/file": "file:///etc/passwd"}[r.URL.Path]
		http.Redirect(w, r, to, http.StatusFound)
	})
	none := httpx.New(httpx.Policy{AllowLoopback: true})
	one := httpx.New(httpx.Policy{AllowLoopback: true, MaxRedirects: 1})

	resp, err := get(t, none, hops+"/one")
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, resp.StatusCode, "not followed unless allowed")

	resp, err = get(t, one, hops+"/one")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)

	_, err = get(t, one, hops+"/two")
	require.ErrorIs(t, err, httpx.ErrRedirect)
	for _, path := range []string{"/private", "/metadata"} {
		_, err = get(t, one, hops+path)
		require.ErrorIs(t, err, httpx.ErrRefusedAddress, path)
	}
	_, err = get(t, one, hops+"/file")
	require.Error(t, err)
}

func TestCertificatesAreChecked(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	_, err := get(t, httpx.New(httpx.Policy{AllowLoopback: true}), s.URL)
	require.ErrorContains(t, err, "certificate")
}

func TestResponseLimit(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := map[string]int{"/at": 100, "/over": 101, "/empty": 0}[r.URL.Path]
		_, _ = io.WriteString(w, strings.Repeat("x", n))
	})
	c := httpx.New(httpx.Policy{AllowLoopback: true, MaxResponse: 100})
	for path, want := range map[string]int{"/at": 100, "/empty": 0} {
		resp, err := get(t, c, url+path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Len(t, body, want)
	}
	resp, err := get(t, c, url+"/over")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, httpx.ErrTooLarge)
	require.Len(t, body, 100)
}

func TestTimeouts(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	c := httpx.New(httpx.Policy{AllowLoopback: true, Timeout: 50 * time.Millisecond})
	_, err := get(t, c, url)
	timeout, ok := errors.AsType[net.Error](err)
	require.True(t, ok, "%T", err)
	require.True(t, timeout.Timeout())

	resp, err := get(t, c, url+"/body")
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.Error(t, err, "the body counts too")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	_, err = httpx.New(httpx.Policy{AllowLoopback: true}).Do(req)
	require.ErrorIs(t, err, context.Canceled)
}

// Servers answer with what they got, people paste credentials into addresses: no error may show them.
func TestErrorsHideSecrets(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = echo.Close() })
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			n, _ := conn.Read(buf)
			_, _ = conn.Write([]byte(strings.ReplaceAll(string(buf[:n]), "\r\n", " ") + "\r\n\r\n")) // a malformed answer: it is quoted in the error
			_ = conn.Close()
		}
	}()
	secrets := []string{"head3r-s3cret", "qu3ry-s3cret", "123456:path-s3cret", "basic-s3cret"}
	for name, base := range map[string]string{"malformed answer": "http://" + echo.Addr().String(), "refused address": "http://10.0.0.1", "bad name": "http://no-such-host.invalid"} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/bot123456:path-s3cret/send?key=qu3ry-s3cret", strings.NewReader("x"))
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer head3r-s3cret")
			req.Header.Set("X-Api-Key", "basic-s3cret")
			_, err = httpx.New(httpx.Policy{AllowLoopback: true}).Do(req)
			require.Error(t, err)
			require.Contains(t, err.Error(), "POST "+base)
			for _, s := range secrets {
				require.NotContains(t, err.Error(), s)
			}
		})
	}
	_, err = get(t, httpx.New(httpx.Policy{}), "http://user:basic-s3cret@example.com/")
	require.ErrorContains(t, err, "credentials")
	require.NotContains(t, err.Error(), "s3cret")
}

func TestUserAgent(t *testing.T) {
	var mu sync.Mutex
	var got []string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.UserAgent())
	})
	_, err := get(t, httpx.New(httpx.Policy{AllowLoopback: true}), url)
	require.NoError(t, err)
	_, err = get(t, httpx.New(httpx.Policy{AllowLoopback: true, UserAgent: "ucal/1.2"}), url)
	require.NoError(t, err)
	require.Equal(t, []string{"ucal", "ucal/1.2"}, got)
}

func TestConnectionsAreReused(t *testing.T) {
	var mu sync.Mutex
	opened := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if state == http.StateNew {
			opened++
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := httpx.New(httpx.Policy{AllowLoopback: true})
	t.Cleanup(c.Close)
	for range 20 {
		resp, err := get(t, c, s.URL)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 1, opened)
}
