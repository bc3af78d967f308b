package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var etcdSharedCA = review.Rule{
	ID: "etcd-shared-ca", Level: review.Error, Guidelines: []string{"G23"},
	Summary:   "etcd trusts the authority that signs the cluster's own client certificates",
	CheckRoot: checkEtcdSharedCA,
}

// clusterAuthorities are where installers keep the cluster's own authority.
var clusterAuthorities = []string{"/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/ssl/ca.crt", "/etc/kubernetes/ssl/ca.pem", "/srv/kubernetes/ca.crt"}

func checkEtcdSharedCA(p *review.Pass) {
	authorities := set(clusterAuthorities)
	for _, c := range of(p, apiServer) {
		if ca := c.value("client-ca-file"); strings.HasPrefix(ca, "/") {
			authorities[ca] = true
		}
	}
	reported := func(c component, name string) {
		f, ok := c.get(name)
		if ok && authorities[f.value] {
			f.at.report(p, "etcd trusts the cluster's own authority (%s)", f.shown()).
				Detail("Every certificate that the cluster signs, for a kubelet or for a person, then opens etcd, past all roles and all records. etcd needs an authority of its own.")
		}
	}
	for _, c := range of(p, etcd) {
		reported(c, "trusted-ca-file")
		reported(c, "peer-trusted-ca-file")
	}
	for _, c := range of(p, apiServer) {
		reported(c, "etcd-cafile")
	}
}

func set(values []string) map[string]bool {
	found := make(map[string]bool, len(values))
	for _, v := range values {
		found[v] = true
	}
	return found
}
