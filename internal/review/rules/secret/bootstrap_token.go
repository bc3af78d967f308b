package secret

import (
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var bootstrapToken = review.Rule{
	ID: "bootstrap-token", Level: review.Error, Guidelines: []string{"G22", "G27"},
	Summary: "A bootstrap token never ends, or a node joins without verifying the cluster",
	Kinds: []string{
		"Secret", "ConfigMap", "InitConfiguration.kubeadm.k8s.io", "JoinConfiguration.kubeadm.k8s.io", review.Workloads,
		"KubeadmConfig.bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io",
		"KubeadmControlPlane.controlplane.cluster.x-k8s.io", "KubeadmControlPlaneTemplate.controlplane.cluster.x-k8s.io",
	},
	Check: checkBootstrapToken,
}

const (
	endlessToken = "Whoever gets hold of the token, from a script, a log or a machine's user data, can join nodes to the cluster for as long as it exists, and a node sees the Secrets of what is scheduled to it. A day is enough to set a machine up; new tokens are made when they are needed."
	blindJoin    = "The node sends its token to, and takes its orders from, whoever answers at the address. Name the public key of the cluster's CA instead: `caCertHashes`, or `--discovery-token-ca-cert-hash`."
)

func checkBootstrapToken(p *review.Pass) {
	o := p.Object
	if o.Kind == "Secret" && o.Group() == "" && o.Field().Get("type").Text() == "bootstrap.kubernetes.io/token" {
		checkTokenSecret(p)
	}
	parts := []part{{Field: o.Field()}}
	for _, spec := range machineSpecs(o) {
		parts = append(parts, part{Field: spec.Get("initConfiguration")}, part{Field: spec.Get("joinConfiguration")})
	}
	for _, x := range append(parts, documents(o, "kubeadm.k8s.io")...) {
		checkKubeadm(p, x)
	}
	for _, c := range commands(p, "kubeadm") {
		checkKubeadmCommand(p, c)
	}
}

// checkTokenSecret judges a token in the form in which clusters keep it (k8s.io/cluster-bootstrap).
func checkTokenSecret(p *review.Pass) {
	f := p.Object.Field()
	for _, list := range []string{"data", "stringData"} {
		if decoded(list, f.Get(list, "expiration")) != "" {
			return
		}
	}
	p.Report(f.Get("type"), "bootstrap token %s never ends", p.Object.Name).Detail(endlessToken)
}

// checkKubeadm judges an InitConfiguration or JoinConfiguration, of which each has one of the fields.
func checkKubeadm(p *review.Pass, x part) {
	for _, token := range x.Get("bootstrapTokens").Items() {
		if ttl := token.Get("ttl"); isZero(ttl) && !token.Get("expires").IsSet() {
			x.report(p, ttl, "a bootstrap token never ends").Detail(endlessToken)
		}
	}
	if at := x.Get("discovery", "bootstrapToken", "unsafeSkipCAVerification"); at.True() {
		x.report(p, at, "a node joins whatever answers: the cluster's CA is not verified").Detail(blindJoin)
	}
}

// isZero reports whether a field is a duration of nothing, which kubeadm takes for no end.
func isZero(f manifests.Field) bool {
	d, err := time.ParseDuration(strings.TrimSpace(f.Text()))
	return err == nil && d == 0
}

// checkKubeadmCommand judges a call of kubeadm.
func checkKubeadmCommand(p *review.Pass, c command) {
	at := slices.IndexFunc(c.words, func(word string) bool { return word == "kubeadm" || strings.HasSuffix(word, "/kubeadm") })
	if at < 0 {
		return
	}
	words := c.words[at+1:]
	for i, word := range words {
		flag, value, assigned := strings.Cut(word, "=")
		switch {
		case flag == "--discovery-token-unsafe-skip-ca-verification" && value != "false":
			c.report(p, "kubeadm joins whatever answers: the cluster's CA is not verified").Detail(blindJoin)
		case flag == "--ttl" || flag == "--token-ttl":
			if !assigned && i+1 < len(words) {
				value = words[i+1]
			}
			if d, err := time.ParseDuration(value); err == nil && d == 0 {
				c.report(p, "kubeadm makes a bootstrap token that never ends").Detail(endlessToken)
			}
		}
	}
}
