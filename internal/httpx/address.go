package httpx

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// CheckAddr says whether the policy lets a client connect to an address; the error is ErrRefusedAddress.
func (p Policy) CheckAddr(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	if inside(p.Allow, addr) {
		return nil
	}
	switch kind(addr) {
	case public:
		return nil
	case loopback:
		if p.AllowLoopback || p.AllowPrivate {
			return nil
		}
	case private:
		if p.AllowPrivate {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrRefusedAddress, addr)
}

// CheckURL says what is wrong with an address before anything is dialled: its scheme, credentials in it, a missing host, or a literal IP
// address or "localhost" that the policy refuses. Other names are judged when they are dialled. No credential shows in the error.
func (p Policy) CheckURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return badURL(fmt.Sprintf("scheme %q is not http or https", u.Scheme))
	}
	if u.User != nil {
		return badURL("credentials before the host are not allowed")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "" {
		return badURL("the host is missing")
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // either of its addresses will do; the dial tells
		if p.CheckAddr(netip.AddrFrom4([4]byte{127, 0, 0, 1})) == nil {
			return nil
		}
		return p.CheckAddr(netip.IPv6Loopback())
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return p.CheckAddr(addr)
	}
	return nil
}

// badURL is an ErrRefusedURL in its own words.
type badURL string

func (e badURL) Error() string { return string(e) }

func (e badURL) Is(target error) bool { return target == ErrRefusedURL }

func (p Policy) checkRaw(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return badURL("it cannot be read as an address") // the parser's error would repeat it, credentials and all
	}
	return p.CheckURL(u)
}

type addrKind int

const (
	public addrKind = iota
	loopback
	private
	special // link-local, multicast, unspecified, reserved, documentation …
)

// kind sorts an unmapped address. The networks are the IANA special-purpose registries for IPv4 and IPv6
// (https://www.iana.org/assignments/iana-ipv4-special-registry, …ipv6-special-registry).
func kind(addr netip.Addr) addrKind {
	switch {
	case addr.IsLoopback():
		return loopback
	case inside(privateNets(), addr):
		return private
	case addr.Is4() && inside(specialNets4(), addr):
		return special
	case addr.Is4():
		return public
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr): // NAT64: what counts is the IPv4 address inside
		b := addr.As16()
		return kind(netip.AddrFrom4([4]byte(b[12:])))
	case !netip.MustParsePrefix("2000::/3").Contains(addr), inside(specialNets6(), addr):
		return special
	}
	return public
}

func privateNets() []netip.Prefix {
	return prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
}

func specialNets4() []netip.Prefix {
	return prefixes("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
}

// specialNets6 lists what is not global inside 2000::/3: Teredo, ORCHID and the like, documentation, 6to4 (it may wrap any IPv4 address).
func specialNets6() []netip.Prefix {
	return prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func inside(nets []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(addr) })
}
