package api

import (
	"net"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

func checkEmptySelector(p *review.Pass, spec manifests.Field) {
	selector := spec.Get("selector")
	if selector.IsMap() && len(selector.Get("matchLabels").Entries()) == 0 && len(selector.Get("matchExpressions").Items()) == 0 {
		refuse(p, selector, "spec.selector of a %s must not be empty", p.Object.Kind)
	}
}

func checkStrategy(p *review.Pass, spec manifests.Field) {
	strategy := spec.Get("strategy")
	rolling := strategy.Get("rollingUpdate")
	if strategy.Get("type").Text() == "Recreate" && rolling.IsSet() {
		refuse(p, rolling, "spec.strategy.rollingUpdate stands beside type Recreate").
			Fix("Leave rollingUpdate out", review.Remove(rolling))
		return
	}
	if isZero(rolling.Get("maxSurge")) && isZero(rolling.Get("maxUnavailable")) {
		refuse(p, rolling.Get("maxUnavailable"), "spec.strategy.rollingUpdate allows no pod more and none less, so that none can be replaced")
	}
}

// isZero reports whether a number or percentage is 0.
func isZero(f manifests.Field) bool { return f.Text() == "0" || f.Text() == "0%" }

func checkServiceSpec(p *review.Pass, spec manifests.Field) {
	kind, none := spec.Get("type").Text(), spec.Get("clusterIP").Text() == "None"
	switch {
	case kind == "ExternalName" && spec.Get("externalName").Text() == "":
		refuse(p, spec.Get("externalName"), "spec.externalName is missing, to which a Service of type ExternalName leads")
	case none && (kind == "NodePort" || kind == "LoadBalancer"):
		refuse(p, spec.Get("clusterIP"), "spec.clusterIP None is none for a Service of type %s", kind)
	case kind != "ExternalName" && !none && len(spec.Get("ports").Items()) == 0:
		refuse(p, spec.Get("ports"), "spec.ports is missing, which a Service with an address needs")
	}
	for _, port := range spec.Get("ports").Items() {
		checkPortNumber(p, port.Get("port"), "port")
		checkPortNumber(p, port.Get("targetPort"), "targetPort")
		if name := port.Get("name"); name.Text() != "" && len(validation.IsDNS1123Label(name.Text())) > 0 {
			refuse(p, name, "port name %q is none: small letters, digits and - only", clip(name.Text()))
		}
	}
}

func checkIngressSpec(p *review.Pass, spec manifests.Field) {
	if p.Object.APIVersion != "networking.k8s.io/v1" {
		return
	}
	rules := spec.Get("rules").Items()
	if len(rules) == 0 && !spec.Get("defaultBackend").IsSet() {
		refuse(p, spec.Get("rules"), "spec has neither rules nor a defaultBackend")
	}
	checkBackend(p, spec.Get("defaultBackend"))
	for _, rule := range rules {
		if host := rule.Get("host"); host.Text() != "" && !isHost(host.Text()) {
			refuse(p, host, "host %q is no name: no scheme, no port, small letters only, * as the first label at most", clip(host.Text()))
		}
		for _, path := range rule.Get("http", "paths").Items() {
			if at := path.Get("path"); at.Text() != "" && !strings.HasPrefix(at.Text(), "/") {
				refuse(p, at, "path %q does not begin with /", clip(at.Text()))
			}
			checkBackend(p, path.Get("backend"))
		}
	}
}

// isHost reports whether a text is the name of a host, or of all hosts below one.
func isHost(host string) bool {
	if net.ParseIP(host) != nil {
		return false
	}
	if strings.HasPrefix(host, "*.") {
		return len(validation.IsWildcardDNS1123Subdomain(host)) == 0
	}
	return len(validation.IsDNS1123Subdomain(host)) == 0
}

func checkBackend(p *review.Pass, backend manifests.Field) {
	service := backend.Get("service")
	switch {
	case !backend.IsMap():
	case service.IsSet() && backend.Get("resource").IsSet():
		refuse(p, service, "a backend is a service or a resource, not both")
	case service.IsMap() && !service.Get("port", "name").IsSet() && !service.Get("port", "number").IsSet():
		refuse(p, service.Get("port"), "the backend says no port of service %s", clip(service.Get("name").Text()))
	default:
		checkPortNumber(p, service.Get("port", "number"), "port number")
	}
}

func checkPolicySpec(p *review.Pass, spec manifests.Field) {
	for _, side := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for _, rule := range spec.Get(side[0]).Items() {
			for _, peer := range rule.Get(side[1]).Items() {
				checkBlock(p, peer)
			}
			for _, port := range rule.Get("ports").Items() {
				checkPortNumber(p, port.Get("port"), "port")
				first, numbered := port.Get("port").Int()
				if last, ok := port.Get("endPort").Int(); ok && (!numbered || last < first) {
					refuse(p, port.Get("endPort"), "endPort %d ends no range: it needs a port that is a number and no greater", last)
				}
			}
		}
	}
}

// checkBlock reports a peer's block of addresses that is none.
func checkBlock(p *review.Pass, peer manifests.Field) {
	block := peer.Get("ipBlock")
	if !block.IsMap() {
		return
	}
	if peer.Get("podSelector").IsSet() || peer.Get("namespaceSelector").IsSet() {
		refuse(p, block, "an ipBlock stands beside a selector in one peer: they have to be peers of their own")
	}
	cidr := block.Get("cidr")
	_, all, err := net.ParseCIDR(cidr.Text())
	if err != nil {
		if cidr.Text() != "" {
			refuse(p, cidr, "cidr %q is no range of addresses, as in 10.0.0.0/8", clip(cidr.Text()))
		}
		return
	}
	for _, except := range block.Get("except").Items() {
		_, part, err := net.ParseCIDR(except.Text())
		if err != nil {
			refuse(p, except, "except %q is no range of addresses, as in 10.0.0.0/8", clip(except.Text()))
			continue
		}
		outer, _ := all.Mask.Size()
		if inner, _ := part.Mask.Size(); !all.Contains(part.IP) || inner <= outer {
			refuse(p, except, "except %s lies not within %s", clip(except.Text()), clip(cidr.Text()))
		}
	}
}

// typedKeys are the keys that Secrets of a type have to have.
var typedKeys = map[string][]string{
	"kubernetes.io/tls":              {"tls.crt", "tls.key"},
	"kubernetes.io/dockerconfigjson": {".dockerconfigjson"},
	"kubernetes.io/dockercfg":        {".dockercfg"},
	"kubernetes.io/ssh-auth":         {"ssh-privatekey"},
}

func checkDataKeys(p *review.Pass) {
	root := p.Object.Field()
	seen := map[string]bool{}
	for _, part := range []string{"data", "binaryData", "stringData"} {
		for _, e := range root.Get(part).Entries() {
			if strings.ContainsAny(e.Key, "${}<>") {
				return // filled in later
			}
			if len(validation.IsConfigMapKey(e.Key)) > 0 {
				refuse(p, e.Value, "key %q is none: letters, digits, -, _ and . only", clip(e.Key))
			}
			if seen[e.Key] && part == "binaryData" {
				refuse(p, e.Value, "key %s stands in data and in binaryData", clip(e.Key))
			}
			seen[e.Key] = true
		}
	}
	if p.Object.Kind != "Secret" || len(seen) == 0 {
		return
	}
	for _, key := range typedKeys[root.Get("type").Text()] {
		if !seen[key] {
			refuse(p, root.Get("type"), "a Secret of type %s needs the key %s", root.Get("type").Text(), key)
		}
	}
}

var subjectKinds = []string{"ServiceAccount", "User", "Group"}

func checkSubjects(p *review.Pass) {
	for _, s := range p.Object.Field().Get("subjects").Items() {
		kind := s.Get("kind")
		switch {
		case kind.Text() != "" && !slices.Contains(subjectKinds, kind.Text()):
			meant := kubeapi.Nearest(kind.Text(), subjectKinds)
			d := refuse(p, kind, "subject kind %q is none of Group, ServiceAccount, User%s", clip(kind.Text()), isMeant(meant))
			if meant != "" {
				d.Fix("Name the kind "+meant, review.Set(kind, meant)).Unsafe()
			}
		case kind.Text() == "ServiceAccount" && s.Get("namespace").Text() == "" && p.Object.Kind == "ClusterRoleBinding" && !namedLater(p, s.Get("name").Text()):
			refuse(p, s.Get("namespace"), "the account %s lacks its namespace, which a ClusterRoleBinding has to name", clip(s.Get("name").Text()))
		case kind.Text() == "ServiceAccount" && s.Get("apiGroup").Text() != "":
			refuse(p, s.Get("apiGroup"), "a ServiceAccount is of no apiGroup").Fix("Leave apiGroup out", review.Remove(s.Get("apiGroup")))
		}
	}
}

// namedLater reports whether kustomize fills in an account's namespace once an overlay says one: the root is a kustomization
// in which the account stands without.
func namedLater(p *review.Pass, account string) bool {
	if p.Root.Root.Kind != manifests.Kustomize {
		return false
	}
	for _, o := range namedIn(p.Root)[[2]string{"ServiceAccount", account}] {
		if p.Root.Namespace(o) != "" {
			return false
		}
	}
	return true
}
