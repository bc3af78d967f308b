package pod

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var hostPathSensitive = review.Rule{
	ID: "host-path-sensitive", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod mounts a place of the node from which the node can be taken over",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"host-path", "pss-baseline", "pss-restricted", "volume-types"},
	Check:   checkHostPathSensitive,
}

// sensitiveTrees are directories of which every part matters: configuration and credentials, the kernel's own file
// systems, sockets, and what kubelet, etcd and the runtimes keep.
var sensitiveTrees = []string{
	"/etc", "/proc", "/sys", "/dev", "/root", "/boot", "/var/run", "/var/lib/kubelet", "/var/lib/etcd", "/var/lib/docker",
	"/var/lib/containerd", "/var/lib/containers", "/var/lib/rancher", "/var/lib/k0s", "/Windows",
}

// sensitiveRoots are directories that matter as a whole, because programs or all of the above lie below them.
var sensitiveRoots = []string{"/", "/var", "/var/lib", "/usr", "/usr/bin", "/usr/local/bin", "/usr/sbin", "/bin", "/sbin", "/lib", "/lib64", "/home"}

// harmlessFiles lie in sensitive trees and hold nothing that is secret or that the node trusts a writer of.
var harmlessFiles = []string{
	"/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/ca-certificates",
	"/etc/os-release", "/etc/machine-id", "/dev/null", "/dev/urandom",
}

func checkHostPathSensitive(p *review.Pass) {
	for _, v := range hostVolumes(p.Pod) {
		in := func(dir string) bool { return within(strings.ToLower(v.path), strings.ToLower(dir)) }
		if slices.ContainsFunc(harmlessFiles, in) {
			continue
		}
		if slices.Contains(sensitiveRoots, v.path) || slices.ContainsFunc(sensitiveTrees, in) {
			p.Report(v.at, "volume %s opens %s of the node to the pod", v.name, v.at.Text()).
				Detail("Keys, sockets, programs or settings of the node lie there. To read them is often, to write them is always enough to take over the node and every pod on it.")
		}
	}
}
