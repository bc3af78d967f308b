package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var removedInUse = review.Rule{
	ID: "removed-in-use", Level: review.Warning, Guidelines: []string{"G32"},
	Summary: "The change removes what objects elsewhere in the repository use",
	Kinds: []string{"Service.", "ConfigMap.", "Secret.", "ServiceAccount.", "PersistentVolumeClaim.", "Namespace.",
		"StorageClass.storage.k8s.io", "IngressClass.networking.k8s.io", "PriorityClass.scheduling.k8s.io",
		"Role.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io", "Gateway.gateway.networking.k8s.io",
		"Issuer.cert-manager.io", "ClusterIssuer.cert-manager.io", "CustomResourceDefinition.apiextensions.k8s.io"},
	Users: []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Rollout", "Ingress", "HTTPRoute", "GRPCRoute",
		"TCPRoute", "TLSRoute", "UDPRoute", "VirtualService", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "RoleBinding", "ClusterRoleBinding",
		"PersistentVolumeClaim", "Certificate", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService",
		"Application", "Kustomization", "HelmRelease"},
	Params:       newElsewhere,
	CheckRemoved: checkRemovedInUse,
}

func checkRemovedInUse(p *review.Pass) {
	o, lands := p.Object, p.Base.Namespace(p.Object)
	if o.Hook != "" || staysBehind(o) || o.Kind == "Namespace" && madeByDeployer(p) || review.Params[elsewhere](p).has(o.Kind, lands, o.Name) {
		return
	}
	users := usersLeft(p, lands)
	if len(users) == 0 || stillMade(p, lands) {
		return
	}
	d := p.Report(o.Field(), "%s %s is removed, and %s", o.Kind, o.Name, usersNamed(users)).
		Detail("%s Nothing in the repository has it any more under this name. Change what uses it in the same pull request, or keep it until that is done.", lossWithout(o))
	var effect []string
	for _, u := range users {
		effect = append(effect, u.owner.String()+" "+u.at.Path())
		if len(effect) <= mostUsersShown {
			d.RelatedTo(u.owner, u.at, "is used here, by "+u.owner.Kind+" "+u.owner.Name)
		}
	}
	slices.Sort(effect)
	d.Effect("%s", strings.Join(effect, "|"))
}

// mostUsersShown is how many users of what is removed a finding leads to.
const mostUsersShown = 5

// usersNamed says who uses what is removed.
func usersNamed(users []use) string {
	var names []string
	for _, u := range users {
		if name := fmt.Sprintf("%s %s of %s", u.owner.Kind, u.owner.Name, u.in.Root.Path); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0] + " still uses it"
	}
	if len(names) == 2 {
		return names[0] + " and " + names[1] + " still use it"
	}
	return fmt.Sprintf("%s and %d others still use it", names[0], len(names)-1)
}

// lossWithout is what happens to users of a kind that is not there any more.
func lossWithout(o *manifests.Object) string {
	switch o.Kind {
	case "Service":
		return "Its name no longer resolves, and what leads to it answers with errors."
	case "ConfigMap", "Secret":
		return "What runs goes on; the next pod that needs it does not start."
	case "ServiceAccount":
		return "New pods that run as it are not created."
	case "PersistentVolumeClaim":
		return "New pods that mount it wait for ever."
	case "Namespace":
		return "All that is in it is deleted, and what is applied to it is refused."
	case "CustomResourceDefinition":
		return "Objects of the kind are deleted, and what is applied of it is refused."
	case "Role", "ClusterRole":
		return "The binding gives nothing any more, so that its subjects are refused."
	case "StorageClass":
		return "Claims that name it get no volume."
	case "IngressClass":
		return "No controller serves what names it."
	case "PriorityClass":
		return "New pods that name it are refused."
	case "Gateway":
		return "Routes that attach to it serve nothing."
	}
	return "Certificates are neither issued nor renewed."
}

// staysBehind reports whether an object says itself that it is not deleted when it is gone from the repository.
func staysBehind(o *manifests.Object) bool {
	annotations := o.Field().Get("metadata", "annotations")
	return annotations.Get("helm.sh/resource-policy").Text() == "keep" ||
		strings.Contains(annotations.Get("argocd.argoproj.io/sync-options").Text(), "Prune=false") ||
		strings.EqualFold(annotations.Get("kustomize.toolkit.fluxcd.io/prune").Text(), "disabled")
}

// madeByDeployer reports whether a namespace is of the cluster itself, or one that an object of Argo CD or Flux has made.
func madeByDeployer(p *review.Pass) bool {
	name := p.Object.Name
	if name == "default" || strings.HasPrefix(name, "kube-") {
		return true
	}
	for _, o := range p.Index.OfKind("Application") {
		spec := o.Field().Get("spec")
		for _, option := range spec.Get("syncPolicy", "syncOptions").Items() {
			if option.Text() == "CreateNamespace=true" && spec.Get("destination", "namespace").Text() == name {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.Index.OfKind("HelmRelease"), func(o *manifests.Object) bool {
		spec := o.Field().Get("spec")
		return spec.Get("install", "createNamespace").True() && cmp.Or(spec.Get("targetNamespace").Text(), p.Index.Namespace(o)) == name
	})
}

// stillMade reports whether something has, or may make, what is removed: another root at head, plain source of which
// nobody knows how it is applied, or a program that the change brings in.
func stillMade(p *review.Pass, lands string) bool {
	o := p.Object
	is := func(other *manifests.Object, space string) bool {
		return other.Kind == o.Kind && other.Group() == o.Group() && other.Name == o.Name && may(lands, space)
	}
	for _, v := range append(p.Others(), p.Root) {
		if v.Partial || slices.ContainsFunc(v.OfKind(o.Kind), func(other *manifests.Object) bool { return is(other, v.Namespace(other)) }) {
			return true
		}
		if neighboursAt(v).words[o.Name]&byMaker != 0 && (o.Kind == "Secret" || o.Kind == "ConfigMap") {
			return true
		}
	}
	left := slices.Concat(p.Index.OfKind(o.Kind), p.Index.Beyond(o.Kind))
	if !p.Index.Searched() || slices.ContainsFunc(left, func(other *manifests.Object) bool { return is(other, p.Index.Namespace(other)) }) {
		return true
	}
	if (o.Kind == "Secret" || o.Kind == "ConfigMap") && madeBeyond(p.Index)[o.Name] {
		return true
	}
	return p.Arrived(func(v *review.RootView, other *manifests.Object) bool {
		return isCustom(other) && !makesNoPods(other) && len(v.Workloads(other)) == 0
	})
}
