package network

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// direction is that of traffic, seen from the pod.
type direction int

const (
	ingress direction = iota
	egress
)

func (d direction) String() string { return [...]string{"ingress", "egress"}[d] }

// action is what a rule does with traffic that it matches.
type action int

const (
	allow action = iota
	deny
	pass // neither: it is logged, or left to later policies
)

// rule is one rule of a policy: what it does with which traffic.
type rule struct {
	at     manifests.Field
	action action
	places []place // the addresses that it matches
	ports  []ports // of TCP; none when all ports match

	// limited tells that it matches only some of the traffic, for reasons beside address and port.
	limited bool
	// unsure tells that it may match more than places and ports say: groups of addresses, named ports.
	unsure bool
}

// place is a range of addresses, and where it is written.
type place struct {
	at     manifests.Field
	net    netip.Prefix
	except []netip.Prefix
	block  manifests.Field // the mapping in which exceptions stand under "except", if there is one
}

// ports is a range of TCP ports, both ends included. A range without any, as a rule on UDP has, is empty.
type ports struct{ first, last int }

var (
	noPorts  = ports{1, 0}
	allPorts = ports{0, 65535}
)

var (
	allIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	allIPv6 = netip.MustParsePrefix("::/0")
)

// anywhere are the places of a rule that names none.
func anywhere(at manifests.Field) []place {
	return []place{{at: at, net: allIPv4}, {at: at, net: allIPv6}}
}

// parseNet reads a CIDR, or an address alone.
func parseNet(text string) (netip.Prefix, bool) {
	text = strings.TrimSpace(text)
	if net, err := netip.ParsePrefix(text); err == nil {
		return net.Masked(), true
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	return netip.Prefix{}, false
}

func parseNets(fields []manifests.Field) (nets []netip.Prefix) {
	for _, f := range fields {
		if net, ok := parseNet(f.Text()); ok {
			nets = append(nets, net)
		}
	}
	return nets
}

func (p place) holds(addr netip.Addr) bool {
	return p.net.Contains(addr) && !slices.ContainsFunc(p.except, func(net netip.Prefix) bool { return net.Contains(addr) })
}

// reaches returns the places by which the rule matches traffic with an address on a TCP port.
func (r rule) reaches(addr netip.Addr, port int) []place {
	if !r.matchesPort(port) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.places), func(p place) bool { return !p.holds(addr) })
}

func (r rule) matchesPort(port int) bool {
	return len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(p ports) bool { return p.first <= port && port <= p.last })
}

// everywhere reports whether the rule matches all traffic there is, at least of one IP version, and returns where the
// widest of its places is written.
func (r rule) everywhere() (manifests.Field, bool) {
	if r.limited || len(r.ports) > 0 && !slices.Contains(r.ports, allPorts) {
		return manifests.Field{}, false
	}
	var nets []netip.Prefix
	widest := -1
	for i, p := range r.places {
		if len(p.except) > 0 {
			continue
		}
		nets = append(nets, p.net)
		if widest < 0 || p.net.Bits() < r.places[widest].net.Bits() {
			widest = i
		}
	}
	if covers(nets, allIPv4) || covers(nets, allIPv6) {
		return r.places[widest].at, true
	}
	return manifests.Field{}, false
}

// covers reports whether nets together hold every address of whole.
func covers(nets []netip.Prefix, whole netip.Prefix) bool {
	var within []netip.Prefix
	for _, net := range nets {
		if net.Bits() <= whole.Bits() && net.Contains(whole.Addr()) {
			return true
		}
		if net.Overlaps(whole) {
			within = append(within, net)
		}
	}
	if len(within) < 2 {
		return false // one that is smaller does not do
	}
	low := netip.PrefixFrom(whole.Addr(), whole.Bits()+1)
	return covers(within, low) && covers(within, upperHalf(low))
}

// upperHalf returns the other half of what low is the lower half of.
func upperHalf(low netip.Prefix) netip.Prefix {
	bytes := low.Addr().AsSlice()
	bit := low.Bits() - 1
	bytes[bit/8] |= 0x80 >> (bit % 8)
	addr, _ := netip.AddrFromSlice(bytes)
	return netip.PrefixFrom(addr, low.Bits())
}

// portRange reads a port, or with end a range of ports: numbers, or texts with numbers in them. A name is no number.
func portRange(port, end string) (ports, bool) {
	first, err := strconv.Atoi(strings.TrimSpace(port))
	if err != nil || first < 0 || first > allPorts.last {
		return noPorts, false
	}
	last, err := strconv.Atoi(strings.TrimSpace(end))
	if err != nil || last < first {
		last = first
	}
	return ports{first, last}, true
}
