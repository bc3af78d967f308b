package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressControllerEdge = review.Rule{
	ID: "ingress-controller-edge", Level: review.Warning, Guidelines: []string{"G18"},
	Summary: "An ingress controller may run on any node, or takes any node for a target",
	Kinds:   []string{review.Workloads},
	Check:   checkIngressControllerEdge,
}

// proxies are the ends of the image names of controllers whose pods take the traffic themselves.
var proxies = []string{
	"ingress-nginx/controller", "ingress-nginx/controller-chroot", "nginx-ingress-controller", "nginx/nginx-ingress", "nginx-ic/nginx-plus-ingress",
	"library/traefik", "traefik/traefik", "haproxytech/kubernetes-ingress", "jcmoraisjr/haproxy-ingress", "zalando/skipper", "pathfinder/skipper",
	"teapot/skipper", "deis/router", "hephy/router", "datawire/ambassador", "emissaryingress/emissary", "datawire/aes", "bitnami/nginx-ingress-controller",
	"library/kong", "kong/kong", "kong/kong-gateway", "apache/apisix", "solo-io/gloo-envoy-wrapper", "openshift/origin-haproxy-router",
}

func checkIngressControllerEdge(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		ref, err := c.Reference()
		if err != nil || c.Kind != review.RegularContainer {
			continue
		}
		name := ref.Name()
		switch {
		case strings.HasSuffix(name, "/kube-ingress-aws-controller"):
			checkCustomFilters(p, c)
		case slices.ContainsFunc(proxies, func(proxy string) bool { return strings.HasSuffix(name, "/"+proxy) }) || istioGatewayPod(p, name) || contourProxy(p, name):
			if !boundToNodes(p.Pod) {
				p.Report(p.Pod.Spec.Get("nodeSelector"), "the ingress controller %s is not bound to edge nodes", p.Object.Name).
					Detail("What faces the internet shares nodes with everything else: whoever breaks out of it is beside the cluster's databases. Give edge nodes a label and a taint, and the controller a nodeSelector and a toleration for them.")
				return
			}
		}
	}
}

// checkCustomFilters reports a kube-ingress-aws-controller that takes every node for a target.
func checkCustomFilters(p *review.Pass, c review.Container) {
	at := c.Get("env")
	for _, e := range at.Items() {
		if e.Get("name").Text() != "CUSTOM_FILTERS" {
			continue
		}
		if at = e.Get("value"); at.Text() != "" || e.Get("valueFrom").IsMap() {
			return
		}
	}
	if len(c.Get("envFrom").Items()) > 0 {
		return // it may come from there
	}
	p.Report(at, "%s has no CUSTOM_FILTERS", c.Title()).
		Detail("Without them kube-ingress-aws-controller puts every instance of the cluster behind its load balancers. Filter for the tags of the edge nodes.")
}

// contourProxy reports whether a pod is an Envoy that Contour directs.
func contourProxy(p *review.Pass, image string) bool {
	return strings.HasSuffix(image, "/envoyproxy/envoy") && slices.ContainsFunc(p.Pod.Containers, func(c review.Container) bool { return imageName(c) == "contour" })
}

// istioGatewayPod reports whether a pod is one of Istio's gateways to the outside.
func istioGatewayPod(p *review.Pass, image string) bool {
	label := p.Pod.Meta.Get("labels", "istio").Text()
	return strings.HasSuffix(image, "/proxyv2") && strings.Contains(label, "ingressgateway")
}

// everyNode are labels that (nearly) all nodes have.
var everyNode = []string{"kubernetes.io/os", "beta.kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/arch"}

// boundToNodes reports whether a pod may only run on nodes of some kind.
func boundToNodes(pod *review.Workload) bool {
	for _, e := range pod.Get("nodeSelector").Entries() {
		if !slices.Contains(everyNode, e.Key) {
			return true
		}
	}
	terms := pod.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").Items()
	for _, term := range terms {
		chosen := slices.ContainsFunc(append(term.Get("matchExpressions").Items(), term.Get("matchFields").Items()...), func(f manifests.Field) bool {
			operator := f.Get("operator").Text()
			return !slices.Contains(everyNode, f.Get("key").Text()) && (operator == "In" || operator == "Exists")
		})
		if !chosen {
			return false // terms are alternatives
		}
	}
	return len(terms) > 0 || pod.Get("nodeName").Text() != ""
}
