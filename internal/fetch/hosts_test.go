package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// recording is a network in which every name leads to an address within, as the system's resolver reads numbers; what it is
// asked to dial is an error of the test.
func recording(t *testing.T) registry.Network {
	return registry.Network{
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			t.Errorf("%s was dialled", address)
			return nil, errors.New("nobody is there")
		},
	}
}

// oddHosts are ways to write what is within, or what only looks like a host that is allowed.
var oddHosts = []string{"127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0", "localhost", "localhost.", "127.0.0.1.", "127.0.0.1", "[::1]", "[::]",
	"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "169.254.169.254", "169.254.169.254.", "metadata.google.internal",
	"100.100.100.200", "allowed.example@127.0.0.1", "allowed.example:secret@127.0.0.1", "127.0.0.1#allowed.example", "127.0.0.1?allowed.example", "127.0.0.1\\@allowed.example", "allowed.example.", "allowed.example:443:80",
	"ALLOWED.example:8443", "\u0430llowed.example", "allowed\u3002example", "allowed.example\x00.evil", "allowed.example%2f.evil", "*", "**"}

// TestOddHosts holds that neither charts nor bases are asked at a private address however that is written, where everything
// is allowed, nor at hosts that only look like one that is; and that no secret in an address is shown.
func TestOddHosts(t *testing.T) {
	t.Parallel()
	client := registry.New(registry.Config{Allows: func(images.Reference) bool { return true }, Network: recording(t)})
	t.Cleanup(client.Close)
	for allow, isAll := range map[string]bool{"**": true, "https://allowed.example/acme/**": false} {
		places, err := NewPlaces([]string{allow}, nil)
		if err != nil {
			t.Fatal(err)
		}
		basePlaces, err := NewBasePlaces([]string{allow})
		if err != nil {
			t.Fatal(err)
		}
		charts := New(Config{Client: client, Places: places})
		bases := NewBases(BasesConfig{Client: client, Places: basePlaces})
		t.Cleanup(bases.Close)
		check := func(what string, err error) {
			if err == nil || strings.Contains(err.Error(), "secret") || strings.ContainsAny(err.Error(), "\x00") {
				t.Errorf("%s: %v", what, err)
			}
			if err != nil && !isAll && strings.Contains(err.Error(), `["*`) {
				t.Errorf("%s: more is proposed than what is named: %v", what, err)
			}
		}
		for _, host := range oddHosts {
			for _, scheme := range []string{"https://", "http://", "oci://"} {
				_, err := charts.Pin(t.Context(), manifests.RemoteChart{URL: scheme + host + "/acme/charts", Name: "web", Version: "1.0.0"})
				check("chart "+scheme+host, err)
			}
			for _, form := range []string{"https://%s/acme/base?ref=v1", "git::https://%s/acme/base//x?ref=v1", "%s/acme/base?ref=v1", "ssh://git@%s/acme/base?ref=v1", "git@%s:acme/base.git?ref=v1",
				"https://%s/acme/x.yaml", "http://%s/acme/base//x?ref=v1", "https://allowed.example/../%s/base?ref=v1", "https://allowed.example//%s/base?ref=v1"} {
				address := strings.ReplaceAll(form, "%s", host)
				base, err := manifests.ParseBase(address)
				if err == nil {
					_, err = bases.Get(t.Context(), base)
				}
				check("base "+address, err)
			}
			base, err := manifests.GitBase("https://"+host+"/acme/base", ".", "v1")
			if err == nil {
				_, err = bases.Pin(t.Context(), base)
			}
			check("source "+host, err)
		}
	}
}
