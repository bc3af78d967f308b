package rbac

import (
	"cmp"
	"slices"
)

// everything is what cluster-admin has.
var everything = power{
	can: "do everything", nowhere: true, verbs: []string{"*"},
	on: []resources{{group: "*", names: []string{"*"}}},
}

// startAnything and changeObjects are what of startPods and changeAdmission needs nothing that is there already.
var (
	startAnything = power{
		can: startPods.can, verbs: startPods.verbs,
		on: append(startPods.on[:3:3], resources{group: "argoproj.io", names: []string{"workflows", "cronworkflows"}}),
	}
	changeObjects = power{
		can: "change objects on their way into the cluster (%s)", verbs: changeAdmission.verbs,
		on: []resources{{group: "admissionregistration.k8s.io", cluster: true, names: []string{"mutatingwebhookconfigurations", "mutatingadmissionpolicies"}}},
	}
)

// takeovers are the powers that, held in every namespace or in that of the cluster's own parts, are enough to become
// administrator of the cluster.
func takeovers() []power {
	return []power{
		everything, escalateRoles, bindRoles, actAsOthers, readSecrets, enterPods, injectContainers, startAnything, makeTokens,
		useKubelets, changeObjects, approveCertificates,
	}
}

// route is one of the takeovers as a role gives it.
type route struct {
	power
	order  int // among takeovers
	hits   []hit
	within int // how many of the hits, the first ones, are in namespaces
	grant  grant
	role   *role
}

// addRoutes finds the routes of the roles that are bound where they lead to the whole cluster: everywhere, or where its
// own parts run.
func (w *world) addRoutes() {
	done := make(map[*role]bool)
	for _, r := range slices.Concat(w.clusterRoles, w.systemRoles) {
		if !r.wide && !r.in["kube-system"] {
			continue
		}
		for _, given := range append([]*role{r}, r.taken...) {
			if !done[given] {
				done[given] = true
				given.routes = routesOf(given)
			}
		}
	}
}

// routesOf lists the takeovers that a role gives, each once, but for those on named objects.
func routesOf(r *role) (routes []route) {
	for order, w := range takeovers() {
		if w.can == approveCertificates.can && !approvesClients(r.grants) {
			continue
		}
		for _, g := range r.grants {
			if hits := w.hits(g); len(hits) > 0 && (!g.named() || w.namesWorst(g)) {
				routes = append(routes, route{w, order, hits, outsideLast(hits), g, r})
				break
			}
		}
	}
	return routes
}

// routes lists the takeovers that a binding gives, each once. Within a namespace that is none but in kube-system, and there
// none over what is outside of namespaces.
func (b *binding) routes() (found []route) {
	if b.namespace != everywhere && b.namespace != "kube-system" {
		return nil
	}
	known := make(map[int]bool)
	for _, r := range b.gives() {
		for _, way := range r.routes {
			if b.namespace != everywhere {
				way.hits = way.hits[:way.within]
			}
			if len(way.hits) > 0 && !known[way.order] {
				known[way.order] = true
				found = append(found, way)
			}
		}
	}
	slices.SortFunc(found, func(a, b route) int { return cmp.Compare(a.order, b.order) })
	if known[0] {
		return found[:1] // whoever can do everything need not be told what
	}
	return found
}
