package api

import (
	"slices"
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
		target := port.Get("targetPort")
		name := target.Text()
		if _, number := target.Int(); number || strings.Trim(name, "0123456789") == "" || slices.Contains(names, name) || kubeapi.HasPlaceholder(target) {
			continue
		}
		meant := kubeapi.Nearest(name, names)
		d := p.Report(target, "service %s leads to port %s, which its pods do not have%s", o.Name, name, isMeant(meant)).
			Detail("The Service has no endpoints for the port: calls are refused.")
		if meant != "" {
			d.Fix("Name port "+meant, review.Set(target, meant)).Unsafe()
		}
	}
}

// portNames are the names of the ports that any of the pods has.
func portNames(pods []labelled) (names []string) {
	for _, l := range pods {
		for _, c := range l.pod.Containers {
			for _, port := range c.Get("ports").Items() {
				if name := port.Get("name").Text(); name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// injects reports whether somebody may put containers with further ports into a pod: it is no kind whose pods are as they
// are written, or asks for a sidecar.
func injects(pod *review.Workload) bool {
	if !slices.Contains(podKinds(), pod.Object.Kind) {
		return true
	}
	return slices.ContainsFunc(pod.Meta.Get("annotations").Entries(), func(e manifests.Entry) bool { return strings.Contains(e.Key, "inject") })
}
