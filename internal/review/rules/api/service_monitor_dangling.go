package api

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceMonitorDangling = review.Rule{
	ID: "service-monitor-dangling", Level: review.Warning,
	Summary: "A monitor selects no Service or pod, or a port that what it selects does not have",
	Kinds:   []string{"ServiceMonitor.monitoring.coreos.com", "PodMonitor.monitoring.coreos.com"},
	Params:  newElsewhere,
	Check:   checkServiceMonitorDangling,
}

func checkServiceMonitorDangling(p *review.Pass) {
	o, spec := p.Object, p.Object.Field().Get("spec")
	selector := spec.Get("selector")
	if !selector.IsMap() || kubeapi.HasPlaceholder(selector) || review.Params[elsewhere](p).has(o.Kind, p.Root.Namespace(o), o.Name) {
		return
	}
	m := monitor{what: "Services", here: servicesOf(p.Root), all: servicesIn, spaces: monitored(p)}
	if p.Base != nil {
		m.before = servicesOf(p.Base)
	}
	endpoints := spec.Get("endpoints")
	if o.Kind == "PodMonitor" {
		m = monitor{what: "pods", here: podsOf(p.Root), all: podsIn, spaces: m.spaces}
		if p.Base != nil {
			m.before = podsOf(p.Base)
		}
		endpoints = spec.Get("podMetricsEndpoints")
	}
	found := m.find(m.here, selector)
	if len(found) >= mostSelected {
		return // there may be more ports
	}
	if len(found) > 0 {
		m.checkPorts(p, found, endpoints)
		return
	}
	if at, label, yes := m.dangles(p, selector); yes {
		p.Report(at, "%s %s selects no %s, none of those here has %s", o.Kind, o.Name, m.what, label).
			Detail("Nothing is scraped, and alerts on what is missing stay silent.")
	}
}

// monitor is what a monitor may select from, in which namespaces.
type monitor struct {
	what         string
	here, before shelves
	all          func(*review.Index) shelves // may have the whole source read
	spaces       []string
}

// monitored are the namespaces that a monitor looks into.
func monitored(p *review.Pass) []string {
	in := p.Object.Field().Get("spec", "namespaceSelector")
	if in.Get("any").True() {
		return []string{everywhere}
	}
	var names []string
	for _, name := range in.Get("matchNames").Items() {
		names = append(names, name.Text())
	}
	if len(names) == 0 {
		names = append(names, p.Root.Namespace(p.Object))
	}
	return names
}

func (m monitor) find(in shelves, selector manifests.Field) (found []labelled) {
	for _, namespace := range m.spaces {
		found = append(found, in.within(namespace, selector, false)...)
	}
	return found
}

// dangles reports whether nothing is selected that there plausibly is: the root had it at base, or has others in all of
// the namespaces, and nothing that makes more.
func (m monitor) dangles(p *review.Pass, selector manifests.Field) (at manifests.Field, label string, yes bool) {
	if p.Root.Partial || len(m.find(m.all(p.Index), selector)) > 0 || setLater(selector) {
		return at, "", false
	}
	n := neighbours(p)
	if len(m.find(m.before, selector)) == 0 {
		if n.makers[""] || !p.Index.Searched() || n.creates("services", "pods", "deployments", "statefulsets") || slices.ContainsFunc(m.spaces, func(namespace string) bool {
			return m.here[namespace] == nil || n.makers[namespace]
		}) {
			return at, "", false
		}
		if m.what == "pods" && len(m.find(podsBeyond(p.Index), selector)) > 0 {
			return at, "", false
		}
	}
	labels := selector.Get("matchLabels")
	if at = guilty(labels, m.here[m.spaces[0]]); !at.IsSet() {
		at = selector
	}
	return at, labelOf(labels, at), true
}

// checkPorts reports endpoints at ports that none of what is selected has.
func (m monitor) checkPorts(p *review.Pass, found []labelled, endpoints manifests.Field) {
	names := &nameSet{}
	if m.what == "pods" {
		if names = portNames(found).of(anyProtocol); slices.ContainsFunc(found, func(l labelled) bool { return injects(l.pod) }) {
			return
		}
	} else {
		for _, l := range found {
			for _, port := range l.object.Field().Get("spec", "ports").Items() {
				names.add(port.Get("name").Text())
			}
		}
	}
	for _, endpoint := range endpoints.Items() {
		at := endpoint.Get("port")
		if at.Text() != "" && !names.has[at.Text()] && !kubeapi.HasPlaceholder(at) {
			p.Report(at, "%s %s scrapes port %s, which the %s it selects do not have%s", p.Object.Kind, p.Object.Name, at.Text(), m.what,
				isMeant(names.meant(at.Text()))).Detail("Nothing is scraped, and alerts on what is missing stay silent.")
		}
	}
}
