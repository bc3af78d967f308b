package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceTargetPort = review.Rule{
	ID: "service-target-port", Level: review.Warning,
	Summary: "A Service leads to a port that its pods do not have",
	Kinds:   []string{"Service"},
	Params:  newElsewhere,
	Check:   checkServiceTargetPort,
}

func checkServiceTargetPort(p *review.Pass) {
	o, spec := p.Object, p.Object.Field().Get("spec")
	selector := spec.Get("selector")
	if o.Group() != "" || len(selector.Entries()) == 0 || review.Params[elsewhere](p).has("Service", p.Root.Namespace(o), o.Name) {
		return
	}
	pods := choice{selector, true}.pods(p)
	if len(pods) == 0 || len(pods) == mostSelected || slices.ContainsFunc(pods, func(l labelled) bool { return injects(l.pod) }) {
		return
	}
	names := portNames(pods)
	for _, port := range spec.Get("ports").Items() {
		checkTargetName(p, port, names)
	}
	checkTargetNumbers(p, spec.Get("ports").Items(), pods)
}

// checkTargetName reports a name that is none of those that the pods' ports have for the port's protocol, among which it is
// looked up.
func checkTargetName(p *review.Pass, port manifests.Field, all portSets) {
	names := all.of(protocolOf(port))
	target := port.Get("targetPort")
	name := target.Text()
	if _, number := target.Int(); number || strings.Trim(name, "0123456789") == "" || names.has[name] || kubeapi.HasPlaceholder(target) {
		return
	}
	if all.of(anyProtocol).has[name] {
		p.Report(target, "service %s leads to port %s by %s, for which its pods do not have it", p.Object.Name, name, protocolOf(port)).
			Detail("A port is looked for by its name and its protocol. The Service has no endpoints for it: calls are refused.")
		return
	}
	meant := names.meant(name)
	d := p.Report(target, "service %s leads to port %s, which its pods do not have%s", p.Object.Name, name, isMeant(meant)).
		Detail("The Service has no endpoints for the port: calls are refused.")
	if meant != "" {
		d.Fix("Name port "+meant, review.Set(target, meant)).Unsafe()
	}
}

// protocolOf is the protocol of a port of a Service or container.
func protocolOf(port manifests.Field) string {
	if protocol := port.Get("protocol").Text(); protocol != "" {
		return protocol
	}
	return "TCP"
}

// anyProtocol stands for all of them.
const anyProtocol = ""

// portSets are the names of ports by their protocol, or anyProtocol.
type portSets map[string]*nameSet

// portNames are the names of the ports that any of the pods has.
func portNames(pods []labelled) portSets {
	all := portSets{}
	for _, port := range portsOf(pods) {
		for _, protocol := range []string{anyProtocol, protocolOf(port)} {
			if all[protocol] == nil {
				all[protocol] = &nameSet{}
			}
			all[protocol].add(port.Get("name").Text())
		}
	}
	return all
}

// of returns the names for a protocol, none of them where no port has it.
func (s portSets) of(protocol string) *nameSet {
	if s[protocol] == nil {
		return &nameSet{}
	}
	return s[protocol]
}

func portsOf(pods []labelled) (ports []manifests.Field) {
	for _, l := range pods {
		for _, c := range l.pod.Containers {
			ports = append(ports, c.Get("ports").Items()...)
		}
	}
	return ports
}

// checkTargetNumbers reports numbers that the pods do not declare. Containers may listen where they declare nothing, so it
// takes more: none of the Service's ports leads to what they declare, or this one did at base.
func checkTargetNumbers(p *review.Pass, ports []manifests.Field, pods []labelled) {
	declared := declares(pods)
	if len(declared) == 0 || p.Root.Partial {
		return
	}
	astray := !slices.ContainsFunc(ports, func(port manifests.Field) bool {
		n, ok := targetOf(port)
		return !ok || declared[portKey{n, protocolOf(port)}]
	})
	led := ledBefore(p)
	for _, port := range ports {
		n, ok := targetOf(port)
		if !ok || declared[portKey{n, protocolOf(port)}] || !astray && !led[port.Get("port").Text()] {
			continue
		}
		p.Report(port.Get("targetPort"), "service %s leads to port %d, and its pods declare %s", p.Object.Name, n, numbers(declared)).
			Detail("Containers may listen on a port that they do not declare. Where they do not, calls are refused.")
	}
}

// portKey is a port's number and protocol.
type portKey struct {
	number   int64
	protocol string
}

// declares are the ports that any of the pods declares.
func declares(pods []labelled) map[portKey]bool {
	all := map[portKey]bool{}
	for _, port := range portsOf(pods) {
		if n, ok := port.Get("containerPort").Int(); ok {
			all[portKey{n, protocolOf(port)}] = true
		}
	}
	return all
}

// targetOf is the number that a port of a Service leads to; false for a name.
func targetOf(port manifests.Field) (int64, bool) {
	if target := port.Get("targetPort"); target.IsSet() {
		if n, ok := target.Int(); ok {
			return n, n != 0
		}
		n, err := strconv.ParseInt(target.Text(), 10, 32)
		return n, err == nil
	}
	return port.Get("port").Int()
}

// ledBefore are the Service's ports that led at base to ports that its pods declared.
func ledBefore(p *review.Pass) map[string]bool {
	if p.Base == nil {
		return nil
	}
	was := p.Base.Match(p.Object)
	if was == nil {
		return nil
	}
	spec, led := was.Field().Get("spec"), map[string]bool{}
	declared := declares(podsOf(p.Base).within(p.Base.Namespace(was), spec.Get("selector"), true))
	for _, port := range spec.Get("ports").Items() {
		n, ok := targetOf(port)
		led[port.Get("port").Text()] = ok && declared[portKey{n, protocolOf(port)}]
	}
	return led
}

// numbers lists ports for a message, a few of them.
func numbers(ports map[portKey]bool) string {
	var all []string
	for key := range ports {
		all = append(all, strconv.FormatInt(key.number, 10))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 4 {
		return "others"
	}
	return strings.Join(all, ", ")
}

// injects reports whether somebody may put containers with further ports into a pod: it is no kind whose pods are as they
// are written, or asks for a sidecar.
func injects(pod *review.Workload) bool {
	if !slices.Contains(podKinds(), pod.Object.Kind) {
		return true
	}
	return slices.ContainsFunc(pod.Meta.Get("annotations").Entries(), func(e manifests.Entry) bool { return strings.Contains(e.Key, "inject") })
}
