package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// readCilium reads the policies of a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy: that under spec, and those
// in the list specs. One that selects nodes is not about pods.
func readCilium(o *manifests.Object, namespace string) []*policy {
	var all []*policy
	for _, spec := range append([]manifests.Field{o.Field().Get("spec")}, o.Field().Get("specs").Items()...) {
		if !spec.IsMap() {
			continue
		}
		p := &policy{object: o, chosen: spec.Get("endpointSelector"), space: namespace, rest: yes, spaces: everything()}
		p.wide = o.Kind == "CiliumClusterwideNetworkPolicy"
		p.pods = readSelector(p.chosen, ciliumKey)
		if !p.chosen.IsSet() {
			p.rest = no // a policy needs one of the two; without either it is refused
		}
		for d, name := range []string{"ingress", "egress"} {
			allowed, denied := spec.Get(name).Items(), spec.Get(name+"Deny").Items()
			p.closes[d] = len(allowed)+len(denied) > 0
			if set, ok := spec.Get("enableDefaultDeny", name).Bool(); ok {
				p.closes[d] = set
			}
			for _, item := range denied {
				p.rules[d] = append(p.rules[d], ciliumRule(item, direction(d), deny))
			}
			for _, item := range allowed {
				p.rules[d] = append(p.rules[d], ciliumRule(item, direction(d), allow))
			}
		}
		all = append(all, p)
	}
	return all
}

// ciliumRule reads a rule. One that says nothing at all matches nothing; one that only names ports matches every address.
func ciliumRule(at manifests.Field, d direction, does action) rule {
	r := rule{at: at, action: does, limited: at.Get("icmps").IsSet()}
	prefix := [...]string{"from", "to"}[d]
	named := false
	for _, e := range at.Entries() {
		if e.Key == "toPorts" || e.Key == "icmps" || e.Key == "authentication" || !strings.HasPrefix(e.Key, prefix) {
			continue
		}
		named = true
		places, unsure := ciliumPlaces(e)
		r.places, r.unsure = append(r.places, places...), r.unsure || unsure
	}
	portRules := at.Get("toPorts").Items()
	if !named && (len(portRules) > 0 || at.Get("icmps").IsSet()) {
		r.places = anywhere(at)
	}
	for _, item := range portRules {
		r.addCiliumPorts(item)
	}
	return r
}

// ciliumPlaces are the addresses of one member of a rule. Endpoints, services and names have none that are known.
func ciliumPlaces(e manifests.Entry) (places []place, unsure bool) {
	for _, item := range e.Value.Items() {
		switch {
		case strings.HasSuffix(e.Key, "Entities"):
			places = append(places, ciliumEntity(item)...)
		case strings.HasSuffix(e.Key, "CIDR"):
			if net, ok := parseNet(item.Text()); ok {
				places = append(places, place{at: item, net: net})
			}
		case strings.HasSuffix(e.Key, "CIDRSet"):
			if block, ok := readBlock(item); ok {
				places = append(places, block)
			} else {
				unsure = true // a group of them
			}
		case strings.HasSuffix(e.Key, "Groups"):
			unsure = true
		}
	}
	return places, unsure
}

// ciliumEntity are the addresses that an entity stands for, as far as they lie outside the cluster.
func ciliumEntity(f manifests.Field) []place {
	switch f.Text() {
	case "all", "world":
		return anywhere(f)
	case "world-ipv4":
		return []place{{at: f, net: allIPv4}}
	case "world-ipv6":
		return []place{{at: f, net: allIPv6}}
	}
	return nil
}

// addCiliumPorts adds the TCP ports of an item of toPorts. What is looked into further, by HTTP say, is not known.
func (r *rule) addCiliumPorts(item manifests.Field) {
	if item.Get("rules").IsSet() || item.Get("serverNames").IsSet() || item.Get("listener").IsSet() {
		r.ports, r.unsure = append(r.ports, noPorts), true
		return
	}
	listed := item.Get("ports").Items()
	if len(listed) == 0 {
		r.ports = append(r.ports, allPorts)
	}
	for _, f := range listed {
		protocol := strings.ToUpper(f.Get("protocol").Text())
		if protocol != "" && protocol != "TCP" && protocol != "ANY" {
			r.ports = append(r.ports, noPorts)
			continue
		}
		numbers, known := portRange(f.Get("port").Text(), f.Get("endPort").Text())
		if known && numbers.first == 0 {
			numbers = allPorts
		}
		r.ports, r.unsure = append(r.ports, numbers), r.unsure || !known
	}
}
