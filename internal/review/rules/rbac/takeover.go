package rbac

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

// route is a power with the way by which somebody has it.
type route struct {
	power
	hits    []hit
	grant   grant
	role    *role
	binding *binding
}

// takeoversBy lists the ways to take over the cluster that a binding gives, each power once. A binding within a namespace
// gives none but in kube-system, and there none over what is outside of namespaces.
func takeoversBy(b *binding) (routes []route) {
	if b.namespace != everywhere && b.namespace != "kube-system" {
		return nil
	}
	for _, w := range takeovers() {
		if found, ok := takeoverBy(b, w); ok {
			routes = append(routes, found)
			if w.can == everything.can {
				break
			}
		}
	}
	return routes
}

func takeoverBy(b *binding, w power) (route, bool) {
	for _, r := range b.gives {
		for _, g := range r.grants {
			hits := w.hits(g)
			if within := outsideLast(hits); b.namespace != everywhere {
				hits = hits[:within]
			}
			if len(hits) > 0 && (!g.named() || w.namesWorst(g)) {
				return route{w, hits, g, r, b}, true
			}
		}
	}
	return route{}, false
}
