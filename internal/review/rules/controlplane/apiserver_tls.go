package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var apiserverTLS = review.Rule{
	ID: "apiserver-tls", Level: review.Warning, Guidelines: []string{"G19", "G22"},
	Summary:   "The API server's connections are not protected as they should be",
	CheckRoot: checkAPIServerTLS,
}

func checkAPIServerTLS(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		checkProtocol(p, c, "the API server")
		reportMissing(p, c, []string{"tls-cert-file", "tls-private-key-file"}, "the API server makes a certificate of its own, which nobody can check",
			"Clients can only skip the check, and then talk to whoever answers.")
		reportMissing(p, c, []string{"client-ca-file"}, "the API server knows no authority for client certificates",
			"Components then have to sign in by static tokens.")
		checkEtcdClient(p, c)
	}
}

// checkEtcdClient looks at how the API server talks to etcd.
func checkEtcdClient(p *review.Pass, c component) {
	f, ok := c.get("etcd-servers")
	if !ok || !f.known() {
		return
	}
	for _, server := range splitList(f.value) {
		host, plain := strings.CutPrefix(server, "http://")
		if plain && !isLoopback(host) {
			f.at.report(p, "the API server talks to etcd without TLS").
				Detail("All that the cluster keeps, Secrets included, goes over the network as it is.")
			return
		}
	}
	if strings.Contains(f.value, "https://") {
		reportMissing(p, c, []string{"etcd-cafile", "etcd-certfile", "etcd-keyfile"}, "the API server and etcd do not prove to each other who they are",
			"An etcd that takes anybody's connection is readable by everybody who reaches it.")
	}
}

func isLoopback(host string) bool {
	return strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "[::1]")
}
