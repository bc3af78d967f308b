package rules_test

import (
	"strings"
	"testing"
)

// plainIngress is an Ingress without TLS and, behind it, what another directory of the repository holds.
const plainIngress = `Facts from elsewhere in the repository.
-- web/ingress.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: a.example.com%s
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
-- ingress/all.yaml --
`

const openBalancer = `Facts from elsewhere in the repository.
-- web/service.yaml --
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer%s
  ports: [{port: 80}]
-- pools/all.yaml --
`

// elsewhere are objects of another root that decide whether a rule speaks.
var elsewhere = map[string]struct {
	rule, around string
	want         string // the finding of the object, "" for none
	object       string
}{
	"a certificate for every host": {"ingress-tls", plainIngress, "", `apiVersion: apps/v1
kind: Deployment
metadata: {name: controller}
spec:
  template:
    spec:
      containers: [{name: main, image: "registry.k8s.io/ingress-nginx/controller:v1.13.2", args: [--default-ssl-certificate=ingress/wildcard]}]
`},
	"a load balancer that ends TLS": {"ingress-tls", plainIngress, "", `apiVersion: v1
kind: Service
metadata:
  name: controller
  labels: {app.kubernetes.io/name: ingress-nginx}
  annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:aws:acm:eu-central-1:123456789012:certificate/a"}
spec: {type: LoadBalancer}
`},
	"a load balancer of something else": {"ingress-tls", plainIngress, ` # want "serves a.example.com without TLS"`, `apiVersion: v1
kind: Service
metadata:
  name: shop
  annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:aws:acm:eu-central-1:123456789012:certificate/a"}
spec: {type: LoadBalancer}
`},
	"private addresses of MetalLB": {"service-load-balancer", openBalancer, "", `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lan, namespace: metallb-system}
spec: {addresses: [192.168.10.40-192.168.10.60, 10.9.0.0/24]}
`},
	"public addresses of MetalLB": {"service-load-balancer", openBalancer, ` # want "opens a load balancer to every address"`, `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: all, namespace: metallb-system}
spec: {addresses: [192.168.10.40-192.168.10.60, 8.8.4.0/24]}
`},
	"private addresses of Cilium": {"service-load-balancer", openBalancer, "", `apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata: {name: lan}
spec: {blocks: [{cidr: 10.0.10.0/24}, {start: 192.168.1.10, stop: 192.168.1.20}]}
`},
}

// TestElsewhere holds rules of the network to what other roots of the repository say.
func TestElsewhere(t *testing.T) {
	lab := newLab()
	for name, c := range elsewhere {
		t.Run(name, func(t *testing.T) {
			lab.CheckFixture(t, c.rule, []byte(strings.Replace(c.around, "%s", c.want, 1)+c.object))
		})
	}
}
