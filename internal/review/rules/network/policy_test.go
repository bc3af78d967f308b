package network

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// objects reads documents, parted by lines of "---".
func objects(t *testing.T, text string) (all []*manifests.Object) {
	t.Helper()
	for _, doc := range strings.Split(text, "\n---\n") {
		o, err := manifests.NewObject([]byte(doc))
		if err != nil {
			t.Fatalf("%v in:\n%s", err, doc)
		}
		all = append(all, o)
	}
	return all
}

// enforce makes a root of documents, and finds the pod of the first workload in it.
func enforce(t *testing.T, text string) (*enforced, pod) {
	t.Helper()
	all := objects(t, text)
	root := review.NewRootView(manifests.Root{Kind: manifests.Plain}, all)
	e := enforcedIn(root, review.NewIndex(all))
	for _, o := range all {
		if pods := root.Workloads(o); len(pods) > 0 {
			return e, e.podOf(pods[0])
		}
	}
	t.Fatal("no workload")
	return nil, pod{}
}

const webPod = `
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front, example.com/team: a}}
spec: {serviceAccountName: web, containers: [{name: web}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: red}}
`

// TestSelects holds what policies select against what Kubernetes, Calico and Cilium do.
func TestSelects(t *testing.T) {
	t.Parallel()
	const (
		kubernetes = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: "
		elsewhere  = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: park}\nspec: "
		unnamed    = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: "
		calico     = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: "
		global     = "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec: "
		cilium     = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: "
		wide       = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec: "
	)
	tests := []struct {
		policy string
		want   truth
	}{
		{kubernetes + "{podSelector: {}}", yes},
		{kubernetes + "{policyTypes: [Ingress]}", yes},
		{kubernetes + "{podSelector: null}", yes},
		{kubernetes + "{podSelector: {matchLabels: {app: web}}}", yes},
		{kubernetes + "{podSelector: {matchLabels: {app: web, tier: back}}}", no},
		{kubernetes + "{podSelector: {matchLabels: {app: api}}}", no},
		{kubernetes + "{podSelector: {matchLabels: {other: web}}}", no},
		{kubernetes + "{podSelector: {matchLabels: {pod-template-hash: '12'}}}", maybe},
		{kubernetes + "{podSelector: {app: web}}", maybe},
		{kubernetes + "{podSelector: all}", maybe},
		{kubernetes + "{podSelector: {matchExpressions: [{key: app, operator: In, values: [api, web]}]}}", yes},
		{kubernetes + "{podSelector: {matchExpressions: [{key: app, operator: In, values: []}]}}", no},
		{kubernetes + "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", no},
		{kubernetes + "{podSelector: {matchExpressions: [{key: none, operator: NotIn, values: [web]}]}}", yes},
		{kubernetes + "{podSelector: {matchExpressions: [{key: tier, operator: Exists}, {key: none, operator: DoesNotExist}]}}", yes},
		{kubernetes + "{podSelector: {matchExpressions: [{key: app, operator: Equals, values: [web]}]}}", maybe},
		{kubernetes + "{podSelector: {matchExpressions: [{key: app, operator: Equals}], matchLabels: {app: api}}}", no},
		{elsewhere + "{podSelector: {}}", no},
		{unnamed + "{podSelector: {}}", maybe},
		{unnamed + "{podSelector: {matchLabels: {app: api}}}", no},

		{calico + "{}", yes},
		{calico + "{selector: all()}", yes},
		{calico + "{selector: global()}", no},
		{calico + "{selector: \"app == 'web' && tier in {'front', 'back'}\"}", yes},
		{calico + "{selector: \"app == 'api' || has(example.com/team)\"}", yes},
		{calico + "{selector: \"!has(tier)\"}", no},
		{calico + "{selector: \"!(app == 'api') && tier not in {'back'}\"}", yes},
		{calico + "{selector: \"none != 'x'\"}", yes},
		{calico + "{selector: \"app contains 'e' && app starts with 'w' && app ends with \\\"b\\\"\"}", yes},
		{calico + "{selector: \"app starts with 'x'\"}", no},
		{calico + "{selector: \"projectcalico.org/namespace == 'shop' && projectcalico.org/serviceaccount == 'web'\"}", yes},
		{calico + "{selector: \"pcns.team == 'red'\"}", yes},
		{calico + "{selector: \"pcsa.team == 'red'\"}", maybe},
		{calico + "{selector: \"app = 'web'\"}", maybe},
		{calico + "{selector: \"app == web\"}", maybe},
		{calico + "{selector: \"(app == 'web'\"}", maybe},
		{calico + "{selector: \"has(app) has(tier)\"}", maybe},
		{calico + "{serviceAccountSelector: \"role == 'x'\"}", maybe},
		{calico + "{selector: \"app == 'api'\", serviceAccountSelector: \"role == 'x'\"}", no},
		{global + "{selector: \"app == 'web'\", namespaceSelector: \"team == 'red'\"}", yes},
		{global + "{namespaceSelector: \"team == 'blue'\"}", no},
		{global + "{namespaceSelector: \"has(projectcalico.org/name) && kubernetes.io/metadata.name not in {'kube-system'}\"}", yes},
		{global + "{preDNAT: true, applyOnForward: true}", no},

		{cilium + "{endpointSelector: {}}", yes},
		{cilium + "{}", no},
		{cilium + "{nodeSelector: {}}", no},
		{cilium + "{endpointSelector: {matchLabels: {'k8s:app': web, 'any:tier': front, app: web}}}", yes},
		{cilium + "{endpointSelector: {matchLabels: {'reserved:host': ''}}}", no},
		{cilium + "{endpointSelector: {matchExpressions: [{key: 'k8s:app', operator: NotIn, values: [web]}]}}", no},
		{wide + "{endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': shop}}}", yes},
		{wide + "{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: park}}}", no},
		{wide + "{endpointSelector: {matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': red, io.cilium.k8s.policy.serviceaccount: web}}}", yes},
	}
	for _, tt := range tests {
		e, pod := enforce(t, tt.policy+webPod)
		var policies []*policy
		for _, g := range e.spaces {
			policies = append(policies, g.all...)
		}
		policies = append(policies, e.wide...)
		if len(policies) != 1 {
			t.Fatalf("%d policies in %s", len(policies), tt.policy)
		}
		if got := policies[0].selects(pod); got != tt.want {
			t.Errorf("%s\nselects: got %d, want %d", tt.policy, got, tt.want)
		}
		if got := e.selected(pod); got != tt.want {
			t.Errorf("%s\nselected, by the index: got %d, want %d", tt.policy, got, tt.want)
		}
	}
}

// TestLets holds what policies close and let through.
func TestLets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, spec string
		want       string // closes ingress, egress; lets all in, out; reaches metadata by IPv4, IPv6
	}{
		{"k", "{podSelector: {}}", "i- -- --"},
		{"k", "{podSelector: {}, egress: []}", "i- -- --"},
		{"k", "{podSelector: {}, egress: [{}]}", "ie -e 46"},
		{"k", "{podSelector: {}, egress: [null]}", "ie -e 46"},
		{"k", "{podSelector: {}, policyTypes: [Egress], ingress: [{}]}", "-e -- --"},
		{"k", "{podSelector: {}, ingress: [{from: []}]}", "i- i- --"},
		{"k", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", "i- -- --"},
		{"k", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", "i- i- --"},
		{"k", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '::/0'}}], ports: [{port: 80}]}]}", "i- -- --"},
		{"k", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]}", "ie -- --"},
		{"k", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.253/32]}}]}]}", "ie -- 4-"},
		{"k", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 'fd00:ec2::/64'}}]}]}", "ie -- -6"},
		{"k", "{podSelector: {}, egress: [{ports: [{port: 1, endPort: 65535}]}]}", "ie -- 46"},
		{"k", "{podSelector: {}, egress: [{ports: [{protocol: TCP}, {protocol: UDP}]}]}", "ie -e 46"},
		{"k", "{podSelector: {}, egress: [{ports: [{protocol: UDP}]}]}", "ie -- --"},
		{"k", "{podSelector: {}, egress: [{ports: [{port: http}]}]}", "ie -- --"},
		{"k", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: nonsense}}]}]}", "ie -- --"},

		{"c", "{}", "i- -- --"},
		{"c", "{egress: [{action: Allow}]}", "-e -e 46"},
		{"c", "{egress: [{action: allow, destination: {net: 169.254.0.0/16}}]}", "-e -- 4-"},
		{"c", "{types: [Ingress, Egress], ingress: [{action: Allow, source: {nets: [0.0.0.0/0]}}]}", "ie i- --"},
		{"c", "{ingress: [{action: Allow, source: {selector: all()}}]}", "i- i- --"},
		{"c", "{ingress: [{action: Allow, source: {selector: \"a == 'b'\"}}]}", "i- -- --"},
		{"c", "{ingress: [{action: Allow, http: {methods: [GET]}}]}", "i- -- --"},
		{"c", "{ingress: [{action: Pass}]}", "i- -- --"},
		{"c", "{egress: [{action: Deny, destination: {nets: [169.254.169.254/32]}}, {action: Allow}]}", "-e -- -6"},
		{"c", "{egress: [{action: Allow, protocol: TCP, destination: {ports: ['1:100']}}]}", "-e -- 46"},
		{"c", "{egress: [{action: Allow, protocol: UDP}]}", "-e -- --"},
		{"c", "{egress: [{action: Allow, destination: {notNets: [169.254.0.0/16, 'fd00::/8']}}]}", "-e -- --"},
		{"c", "{egress: [{action: Allow, destination: {domains: [example.com]}}]}", "-e -- --"},

		{"l", "{endpointSelector: {}}", "-- -- --"},
		{"l", "{endpointSelector: {}, ingress: []}", "-- -- --"},
		{"l", "{endpointSelector: {}, ingress: [{}], egress: [{}]}", "ie -- --"},
		{"l", "{endpointSelector: {}, enableDefaultDeny: {egress: false}, egress: [{toEntities: [all]}]}", "-- -- --"},
		{"l", "{endpointSelector: {}, egress: [{toEntities: [world]}]}", "-e -e 46"},
		{"l", "{endpointSelector: {}, egress: [{toEntities: [world-ipv4]}]}", "-e -e 4-"},
		{"l", "{endpointSelector: {}, egress: [{toEntities: [cluster, host]}]}", "-e -- --"},
		{"l", "{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: '80'}]}]}]}", "-e -- 46"},
		{"l", "{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: '0'}]}]}]}", "-e -e 46"},
		{"l", "{endpointSelector: {}, egress: [{toEndpoints: [{}]}]}", "-e -- --"},
		{"l", "{endpointSelector: {}, egress: [{toEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}]}", "-e -- --"},
		{"l", "{endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 0.0.0.0/0, except: [169.254.0.0/16]}]}]}", "-e -- --"},
		{"l", "{endpointSelector: {}, egressDeny: [{toCIDR: [169.254.169.254]}], egress: [{toEntities: [world]}]}", "-e -- -6"},
		{"l", "{endpointSelector: {}, ingressDeny: [{fromEntities: [world]}]}", "i- -- --"},
		{"l", "{endpointSelector: {}, ingress: [{fromCIDR: [0.0.0.0/1, 128.0.0.0/1]}]}", "i- i- --"},
	}
	heads := map[string]string{
		"k": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy", "c": "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy",
		"l": "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy",
	}
	for _, tt := range tests {
		o := objects(t, heads[tt.kind]+"\nmetadata: {name: p, namespace: shop}\nspec: "+tt.spec)[0]
		p := readPolicies(o, "shop")[0]
		_, in := p.letsAll(ingress)
		_, out := p.letsAll(egress)
		four := len(p.lets(egress, netip.MustParseAddr(metadataIPv4), metadataPort)) > 0
		six := len(p.lets(egress, netip.MustParseAddr(metadataIPv6), metadataPort)) > 0
		flag := func(set bool, letter string) string { return map[bool]string{true: letter, false: "-"}[set] }
		got := fmt.Sprintf("%s%s %s%s %s%s", flag(p.closes[ingress], "i"), flag(p.closes[egress], "e"),
			flag(in, "i"), flag(out, "e"), flag(four, "4"), flag(six, "6"))
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.kind, tt.spec, got, tt.want)
		}
	}
}

// TestCovers holds that blocks add up as addresses do.
func TestCovers(t *testing.T) {
	t.Parallel()
	for nets, want := range map[string]bool{
		"0.0.0.0/0": true, "": false, "0.0.0.0/1": false, "0.0.0.0/1 128.0.0.0/1": true, "0.0.0.0/1 128.0.0.0/2 192.0.0.0/2": true,
		"0.0.0.0/1 128.0.0.0/2 192.0.0.0/3": false, "0.0.0.0/2 0.0.0.0/1 64.0.0.0/2 128.0.0.0/1": true,
	} {
		var all []netip.Prefix
		for _, text := range strings.Fields(nets) {
			all = append(all, netip.MustParsePrefix(text))
		}
		if got := covers(all, allIPv4); got != want {
			t.Errorf("covers(%s): got %v", nets, got)
		}
	}
}

// FuzzCalicoSelector holds that no selector breaks the reader, and that what is read can be asked.
func FuzzCalicoSelector(f *testing.F) {
	for _, seed := range []string{"all()", "a == 'b' && !has(c) || d not in {'e', \"f\"}", "((((", "a starts with 'b", "!!!!has(a)", "a in {}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := calicoSelector(text)
		for _, l := range []labels{{}, {open: true}, {values: map[string]string{"a": "b"}}} {
			if got := s.test(l); got > yes {
				t.Errorf("%q: %d is no truth", text, got)
			}
		}
		if s.need.key != "" && s.test(labels{values: map[string]string{}}) == yes {
			t.Errorf("%q selects what lacks %s, which it needs", text, s.need.key)
		}
	})
}
