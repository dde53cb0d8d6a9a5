// Package dnstest is a name server of our own for tests: it knows a few names and
// their addresses, public or private. It imports nothing of ours.
package dnstest

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Resolver is a resolver that asks a name server of our own, which knows these names
// and their IPv4 addresses.
func Resolver(t testing.TB, names map[string]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(reply(buf[:n], names), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers one query (RFC 1035, 4.1).
func reply(query []byte, names map[string]string) []byte {
	const header, typeA, response, noName = 12, 1, 0x8400, 3
	end, labels := header, []string(nil)
	for query[end] != 0 {
		length := int(query[end])
		labels, end = append(labels, string(query[end+1:end+1+length])), end+1+length
	}
	end += 5 // the zero, the type and the class
	out := append([]byte(nil), query[:end]...)
	binary.BigEndian.PutUint16(out[2:], response)
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint16(out[8:], 0)
	binary.BigEndian.PutUint16(out[10:], 0)
	address, known := names[strings.ToLower(strings.Join(labels, "."))]
	switch {
	case !known:
		binary.BigEndian.PutUint16(out[2:], response|noName)
	case binary.BigEndian.Uint16(query[end-4:]) == typeA:
		binary.BigEndian.PutUint16(out[6:], 1)
		out = append(out, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4) // the name above, A, IN, TTL 0, four bytes
		out = append(out, netip.MustParseAddr(address).AsSlice()...)
	}
	return out
}
