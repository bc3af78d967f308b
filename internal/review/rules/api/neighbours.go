package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// neighbourhood is what a root has that may make other objects while it runs.
type neighbourhood struct {
	makers map[string]bool    // namespaces with custom objects that may have pods and Services made; "" for all of them
	grants map[string]bool    // resources that the root lets somebody create
	words  map[string]mention // names that are mentioned, and by what
}

// mention says what mentions a name.
type mention uint8

const (
	byCommand    mention = 1 << iota // of a pod, or by a variable of it
	byAnnotation                     // of any object
	byMaker                          // a custom object, a role, or an Ingress for which there is a certificate to be made
)

func neighbours(p *review.Pass) *neighbourhood { return neighboursAt(p.Root) }

func neighboursAt(v *review.RootView) *neighbourhood { return review.Once(v, "api-neighbours", survey) }

// makesIn reports whether something may have pods and Services made in a namespace.
func (n *neighbourhood) makesIn(namespace string) bool { return n.makers[namespace] || n.makers[""] }

func survey(v *review.RootView) *neighbourhood {
	n := &neighbourhood{makers: map[string]bool{}, grants: map[string]bool{}, words: map[string]mention{}}
	for _, o := range v.Objects {
		pods := v.Workloads(o)
		root := o.Field()
		switch {
		case o.Group() == "rbac.authorization.k8s.io":
			n.addRules(root.Get("rules"))
		case isCustom(o):
			if len(pods) == 0 && !refersOnly(o) {
				n.addTexts(root, byMaker)
			}
			if len(pods) == 0 && !makesNoPods(o) {
				n.makers[v.Namespace(o)] = true
			}
		case o.Kind == "Ingress" && len(root.Get("metadata", "annotations").Entries()) > 0:
			n.addTexts(root.Get("spec", "tls"), byMaker) // cert-manager makes the Secret
		}
		n.addTexts(root.Get("metadata", "annotations"), byAnnotation)
		for _, pod := range pods {
			n.addCommands(pod)
		}
	}
	return n
}

// addRules notes what a role lets its holders create, and the names that it mentions.
func (n *neighbourhood) addRules(rules manifests.Field) {
	for _, rule := range rules.Items() {
		n.addTexts(rule.Get("resourceNames"), byMaker)
		if !ofKubernetes(rule.Get("apiGroups")) {
			continue
		}
		for _, verb := range rule.Get("verbs").Items() {
			if verb.Text() != "create" && verb.Text() != "*" {
				continue
			}
			for _, resource := range rule.Get("resources").Items() {
				n.grants[resource.Text()] = true
			}
		}
	}
}

// ofKubernetes reports whether any of a rule's API groups has the kinds that references lead to.
func ofKubernetes(groups manifests.Field) bool {
	for _, group := range groups.Items() {
		switch group.Text() {
		case "", "*", "apps", "batch":
			return true
		}
	}
	return false
}

// creates reports whether the root lets somebody create any of some resources.
func (n *neighbourhood) creates(resources ...string) bool {
	for _, resource := range resources {
		if n.grants[resource] || n.grants["*"] {
			return true
		}
	}
	return false
}

func (n *neighbourhood) addTexts(f manifests.Field, by mention) {
	f.Walk(func(f manifests.Field) { n.addWords(f.Text(), by) })
}

// addCommands notes the words of a pod's commands and of the values of its variables.
func (n *neighbourhood) addCommands(pod *review.Workload) {
	for _, c := range pod.Containers {
		for _, word := range c.Command() {
			n.addWords(word, byCommand)
		}
		for _, env := range c.Get("env").Items() {
			n.addWords(env.Get("value").Text(), byCommand)
		}
	}
}

// addWords notes the parts of a text that may be names of objects.
func (n *neighbourhood) addWords(text string, by mention) {
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return !nameRune(c) }) {
		n.words[word] |= by
	}
}

// nameRune reports whether a letter may be part of the name of an object.
func nameRune(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// isCustom reports whether an object is of none of Kubernetes' own groups, and is for the cluster all the same.
func isCustom(o *manifests.Object) bool {
	newest := kubeapi.Minors()[len(kubeapi.Minors())-1]
	return strings.Contains(o.Group(), ".") && !kubeapi.For(newest).Serves(o.Group()) && !kubeapi.Retired(o.Group()) && !ofProgram(o)
}

// refersOnly reports whether what a custom object mentions is there already: it routes to it, scales or watches it.
func refersOnly(o *manifests.Object) bool {
	switch o.Group() {
	case "networking.istio.io", "traefik.io", "traefik.containo.us", "projectcontour.io", "autoscaling.k8s.io":
		return true
	}
	return strings.HasSuffix(o.Kind, "Route") || o.Kind == "ScaledObject" || o.Kind == "ServiceMonitor" || o.Kind == "PodMonitor"
}

// makesNoPods reports whether a custom object is known to have no pods made for it.
func makesNoPods(o *manifests.Object) bool {
	switch o.Group() {
	case "monitoring.coreos.com":
		return o.Kind != "Prometheus" && o.Kind != "PrometheusAgent" && o.Kind != "Alertmanager" && o.Kind != "ThanosRuler"
	case "argoproj.io":
		return o.Kind == "AppProject" || o.Kind == "Rollout" || strings.HasSuffix(o.Kind, "Template")
	case "keda.sh":
		return o.Kind != "ScaledJob"
	case "route.openshift.io", "console.openshift.io", "security.openshift.io",
		"bitnami.com", "cert-manager.io", "acme.cert-manager.io", "trust.cert-manager.io", "external-secrets.io",
		"generators.external-secrets.io", "secrets.hashicorp.com", "secrets-store.csi.x-k8s.io", "gateway.networking.k8s.io",
		"networking.istio.io", "security.istio.io", "telemetry.istio.io", "cilium.io", "projectcalico.org", "crd.projectcalico.org",
		"traefik.io", "traefik.containo.us", "projectcontour.io", "kyverno.io", "autoscaling.k8s.io", "snapshot.storage.k8s.io",
		"externaldns.k8s.io", "metallb.io", "isindir.github.com", "networking.gke.io", "cloud.google.com", "elbv2.k8s.aws",
		"karpenter.sh", "karpenter.k8s.aws", "k8s.nginx.org", "configuration.konghq.com", "policy.linkerd.io",
		"notification.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "image.toolkit.fluxcd.io", "grafana.integreatly.org",
		"templates.gatekeeper.sh", "constraints.gatekeeper.sh":
		return true
	}
	return false
}
