package pod

import (
	"path"

	"github.com/landwaiter/landwaiter/internal/review"
)

var runtimeSocket = review.Rule{
	ID: "runtime-socket", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod mounts the socket of the node's container runtime",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"host-path-sensitive", "host-path", "pss-baseline", "pss-restricted", "volume-types"},
	Check:   checkRuntimeSocket,
}

// runtimeOf returns the runtime whose socket is at a path of a node or right below it, "" for none.
func runtimeOf(p string) string {
	switch path.Base(p) {
	case "docker.sock", "dockershim.sock", "cri-dockerd.sock", "docker_engine":
		return "Docker"
	case "containerd.sock", "containerd-containerd":
		return "containerd"
	case "crio.sock":
		return "CRI-O"
	case "podman.sock":
		return "Podman"
	}
	switch p {
	case "/var/run/docker":
		return "Docker"
	case "/var/run/containerd", "/var/run/k3s", "/var/run/k3s/containerd", "/var/run/k0s":
		return "containerd"
	case "/var/run/crio":
		return "CRI-O"
	case "/var/run/podman":
		return "Podman"
	}
	return ""
}

func checkRuntimeSocket(p *review.Pass) {
	for _, v := range hostVolumes(p.Pod) {
		if runtime := runtimeOf(v.path); runtime != "" {
			p.Report(v.at, "volume %s gives the pod the node's %s socket", v.name, runtime).
				Detail("Who can speak to the runtime can start a container with any right on the node and look into every other one. A read-only mount does not change that.")
		}
	}
}
