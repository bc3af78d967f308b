package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var privilegedPort = review.Rule{
	ID: "privileged-port", Level: review.Info,
	Summary: "A container listens on a port below 1024 without the capability for it",
	Kinds:   []string{review.Workloads},
	Check:   checkPrivilegedPort,
}

func checkPrivilegedPort(p *review.Pass) {
	if p.Pod.Windows() || unprivilegedPorts(p.Pod) {
		return
	}
	for _, c := range p.Pod.Containers {
		if c.Kind == review.InitContainer || mayBind(c) {
			continue
		}
		for _, port := range c.Get("ports").Items() {
			at := port.Get("containerPort")
			if n, ok := at.Int(); ok && n > 0 && n < 1024 {
				p.Report(at, "%s listens on port %d, which takes root or NET_BIND_SERVICE", c.Title(), n).
					Detail("As another user the program does not start, unless the runtime lifts the limit; as root it has more rights than listening takes. A port of 1024 or more does without both, and the Service can keep its own port.")
			}
		}
	}
}

// mayBind reports whether a container is given the capability by name.
func mayBind(c review.Container) bool {
	for _, item := range c.Get("securityContext", "capabilities", "add").Items() {
		switch strings.TrimPrefix(strings.ToUpper(item.Text()), "CAP_") {
		case "NET_BIND_SERVICE", "ALL":
			return true
		}
	}
	return c.Get("securityContext", "privileged").True()
}

// unprivilegedPorts reports whether a pod lifts the limit for its own network.
func unprivilegedPorts(pod *review.Workload) bool {
	for _, item := range pod.Get("securityContext", "sysctls").Items() {
		if item.Get("name").Text() == "net.ipv4.ip_unprivileged_port_start" {
			return lowest(item.Get("value"))
		}
	}
	return false
}

func lowest(value manifests.Field) bool { return value.Text() == "0" || value.Text() == "1" }
