package desk

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// OwnURL refuses a URL on the installation's own host, which UCAL_PUBLIC_URL
// names: a workflow that calls its own ucal runs in circles. On a development
// machine only the port of ucal itself is refused.
func (d *Desk) OwnURL(u *url.URL) error {
	own, err := url.Parse(d.PublicURL)
	if err != nil || own.Host == "" {
		return nil
	}
	here, there := plainHost(own), plainHost(u)
	if here != there && !(isLoopback(here) && isLoopback(there)) || isLoopback(here) && portOf(own) != portOf(u) {
		return nil
	}
	return errors.New("it lies on this installation's own host")
}

// RefusesURL says why an HTTP Request may not call a URL.
func (d *directory) RefusesURL(u *url.URL) string {
	err := d.t.OwnURL(u)
	if err == nil && d.t.CheckURL != nil {
		err = d.t.CheckURL(u.String())
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// plainHost is the name as DNS has it.
func plainHost(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return host
}

func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
