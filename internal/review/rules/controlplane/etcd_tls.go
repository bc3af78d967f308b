package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var etcdTLS = review.Rule{
	ID: "etcd-tls", Level: review.Error, Guidelines: []string{"G23", "G22"},
	Summary:   "The cluster's etcd talks to whoever connects, or without TLS",
	CheckRoot: checkEtcdTLS,
}

const etcdDetail = "etcd holds every Secret and every role of the cluster: who reads it has them all, and who writes it is administrator."

func checkEtcdTLS(p *review.Pass) {
	client := expectation{component: etcd, flag: "client-cert-auth", good: is("true"), detail: etcdDetail, want: true, title: "Ask clients for certificates",
		bad: "etcd takes clients without a certificate", missing: "etcd takes clients without a certificate: --client-cert-auth is not set"}
	peer := expectation{component: etcd, flag: "peer-client-cert-auth", good: is("true"), detail: etcdDetail, want: true, title: "Ask peers for certificates",
		bad: "etcd takes peers without a certificate", missing: "etcd takes peers without a certificate: --peer-client-cert-auth is not set"}
	for _, c := range of(p, etcd) {
		client.judge(p, c)
		peer.judge(p, c)
		for _, name := range []string{"auto-tls", "peer-auto-tls"} {
			if f, ok := c.get(name); ok && f.value == "true" {
				f.at.report(p, "etcd makes certificates of its own, which nobody can check (--%s)", name).Detail("%s", etcdDetail)
			}
		}
		reportMissing(p, c, []string{"cert-file", "key-file"}, "etcd serves clients without a certificate", etcdDetail)
		reportMissing(p, c, []string{"peer-cert-file", "peer-key-file"}, "etcd serves peers without a certificate", etcdDetail)
		checkPlainURLs(p, c, "listen-client-urls")
		checkPlainURLs(p, c, "listen-peer-urls")
	}
}

func checkPlainURLs(p *review.Pass, c component, name string) {
	f, _ := c.get(name)
	for _, url := range splitList(f.value) {
		if host, plain := strings.CutPrefix(url, "http://"); plain && !isLoopback(host) && f.known() {
			f.at.report(p, "etcd listens without TLS (%s)", f.shown()).Detail("%s", etcdDetail)
			return
		}
	}
}
