package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// span is how many others traffic is let through with.
type span int

const (
	some      span = iota // none, or named ones
	whole                 // every pod of a namespace
	cluster               // every pod of the cluster
	addresses             // every address but for exceptions
	anybody               // everything there is
)

// width is how far pods are open in a direction: on some port, and on all ports.
type width struct{ any, all span }

var open = width{anybody, anybody}

// widening is a rule that makes pods as open as they are.
type widening struct {
	policy *policy
	rule   rule
}

// widthOf returns how far a pod is open in a direction, whether some policy closes it, and the rule that opens it most.
// What is not known for sure counts as open when it is about base, and as closed when it is about head: so nothing is
// said to be more open that may not be.
func (e *enforced) widthOf(pod pod, d direction, atBase bool) (w width, closed bool, by widening) {
	closes, counts := maybe, yes
	if atBase {
		closes, counts = yes, maybe
	}
	for _, p := range e.candidates(pod) {
		if !p.closes[d] {
			continue
		}
		selects := p.selects(pod)
		closed = closed || selects >= closes
		if selects < counts {
			continue
		}
		for _, r := range p.rules[d] {
			one := p.widthOf(r, d)
			if one.any > w.any || one.all > w.all {
				by = widening{p, r}
			}
			w = width{max(w.any, one.any), max(w.all, one.all)}
		}
	}
	if !closed {
		return open, false, widening{}
	}
	return w, true, by
}

// widthOf returns how far one rule opens what the policy selects. Names have to be asked for, so that DNS does not count.
func (p *policy) widthOf(r rule, d direction) width {
	if r.action != allow || r.limited || isDNS(r.at) {
		return width{}
	}
	w := width{any: p.spanOf(r, d)}
	if len(r.ports) == 0 || slices.Contains(r.ports, allPorts) {
		w.all = w.any
	}
	return w
}

func (p *policy) spanOf(r rule, d direction) span {
	portless := rule{places: slices.Clone(r.places)}
	if _, all := portless.everywhere(); all {
		return anybody
	}
	for i := range portless.places {
		portless.places[i].except = nil
	}
	if _, all := portless.everywhere(); all {
		return addresses
	}
	widest := some
	for _, peer := range r.at.Get([...]string{"from", "to"}[d]).Items() {
		widest = max(widest, peerSpan(peer))
	}
	prefix := [...]string{"from", "to"}[d]
	for _, entity := range r.at.Get(prefix + "Entities").Items() {
		if entity.Text() == "cluster" {
			widest = max(widest, cluster)
		}
	}
	for _, endpoint := range r.at.Get(prefix + "Endpoints").Items() {
		if isEmpty(endpoint) {
			widest = max(widest, whole)
		}
	}
	return widest
}

// peerSpan reads a peer of Kubernetes' NetworkPolicy, or of an administrators' policy.
func peerSpan(peer manifests.Field) span {
	if peer.Get("namespaces").IsSet() || peer.Get("pods").IsSet() {
		return adminSpan(peer)
	}
	pods, spaces := peer.Get("podSelector"), peer.Get("namespaceSelector")
	switch {
	case pods.IsMap() && !isEmpty(pods):
		return some
	case isEmpty(spaces):
		return cluster
	case spaces.IsMap(), isEmpty(pods):
		return whole
	}
	return some
}

// isEmpty reports whether a label selector is written and asks for nothing.
func isEmpty(selector manifests.Field) bool {
	return selector.IsMap() && len(selector.Get("matchLabels").Entries()) == 0 && len(selector.Get("matchExpressions").Items()) == 0
}

// isDNS reports whether a rule is for asking for names only.
func isDNS(at manifests.Field) bool {
	ports, others := 0, 0
	at.Walk(func(f manifests.Field) {
		path := f.Path()
		listed := strings.HasSuffix(path, "]") && strings.HasSuffix(path[:strings.LastIndexByte(path, '[')], "ports")
		if f.Text() == "" || !strings.HasSuffix(path, ".port") && !listed {
			return
		}
		if port := strings.ToLower(f.Text()); port == "53" || port == "5353" || strings.HasPrefix(port, "dns") {
			ports++
		} else {
			others++
		}
	})
	return ports > 0 && others == 0
}
