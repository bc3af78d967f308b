package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressHostDuplicate = review.Rule{
	ID: "ingress-host-duplicate", Level: review.Error,
	Summary:   "Two Ingress rules take the same path of the same host",
	CheckRoot: checkIngressHostDuplicate,
}

func checkIngressHostDuplicate(p *review.Pass) {
	type place struct {
		o *manifests.Object
		r route
	}
	first := make(map[[4]string]place)
	for _, o := range p.Root.OfKind("Ingress") {
		if !isIngress(o) || sharesPaths(o) {
			continue
		}
		for _, r := range routes(o) {
			key := [4]string{ingressClass(o), r.host, r.path, ""}
			if r.kind == "Exact" {
				key[3] = r.kind
			}
			other, taken := first[key]
			if !taken {
				first[key] = place{o, r}
				continue
			}
			if other.o != o && p.Root.Namespace(other.o) == p.Root.Namespace(o) && other.o.Name == o.Name {
				continue // the same object written twice, of which one holds
			}
			p.ReportOn(o, r.at, "ingress %s takes path %s of host %s, which %s", o.Name, orAll(r.path, "/"), orAll(r.host, "*"), theOther(other.o, o)).
				CausedBy(other.o, other.r.at).
				Detail("Which of the two services answers depends on the controller and on the age of the objects: some of the requests end up with the wrong one, or all do after the next rollout.")
		}
	}
}

func orAll(text, all string) string {
	if text == "" {
		return all
	}
	return text
}

// theOther names the Ingress that was there before o.
func theOther(before, o *manifests.Object) string {
	switch {
	case before == o:
		return "it has already"
	case before.Namespace != o.Namespace:
		return before.Namespace + "/" + before.Name + " has already"
	}
	return before.Name + " has already"
}

// sharesPaths reports whether an Ingress is made to stand beside another for the same paths: a canary, or one that is
// one of several which a controller joins or orders.
func sharesPaths(o *manifests.Object) bool {
	for _, e := range o.Field().Get("metadata", "annotations").Entries() {
		_, name, _ := strings.Cut(e.Key, "/")
		if name == "canary" && e.Value.Text() == "true" || name == "mergeable-ingress-type" || name == "group.name" ||
			name == "group.order" || strings.Contains(name, "canary-") || name == "router.priority" {
			return true
		}
	}
	return false
}
