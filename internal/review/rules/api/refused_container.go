package api

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

func checkContainers(p *review.Pass, pod *review.Workload) {
	lists := map[string]string{} // name of a container to the list that has it
	for _, c := range pod.Containers {
		list := c.Path()[:len(c.Path())-len(lastIndex(c.Path()))]
		switch first, taken := lists[c.Name]; {
		case c.Name == "":
		case taken && first != list: // within a list, its schema says so
			refuse(p, c.Get("name"), "%s has the name of another container of the pod", c.Title())
		case len(validation.IsDNS1123Label(c.Name)) > 0:
			refuse(p, c.Get("name"), "%s has a name that is none: small letters, digits and - only", c.Title())
		}
		lists[c.Name] = list
		checkPorts(p, c, pod)
		checkEnv(p, c)
		checkEscalation(p, c)
		for _, key := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
			checkProbe(p, c, c.Get(key), key)
		}
	}
}

// lastIndex is the index at the end of a path, with its brackets.
func lastIndex(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '[' {
			return path[i:]
		}
	}
	return ""
}

func checkPorts(p *review.Pass, c review.Container, pod *review.Workload) {
	for _, port := range c.Get("ports").Items() {
		number, own := port.Get("containerPort").Int()
		if own {
			checkPortNumber(p, port.Get("containerPort"), c.Title()+": containerPort")
		}
		if host, ok := port.Get("hostPort").Int(); ok && host != 0 {
			checkPortNumber(p, port.Get("hostPort"), c.Title()+": hostPort")
			if own && host != number && pod.Spec.Get("hostNetwork").True() {
				refuse(p, port.Get("hostPort"), "%s: hostPort %d is not its containerPort, as on the node's network it has to be", c.Title(), host)
			}
		}
		if name := port.Get("name"); name.Text() != "" {
			if says := validation.IsValidPortName(name.Text()); len(says) > 0 {
				refuse(p, name, "%s: port name %q is none: %s", c.Title(), clip(name.Text()), firstSentence(says[0]))
			}
		}
	}
}

// checkPortNumber reports a number that no port has.
func checkPortNumber(p *review.Pass, at manifests.Field, what string) {
	if n, ok := at.Int(); ok && (n < 1 || n > 65535) {
		refuse(p, at, "%s %d is no port: they go from 1 to 65535", what, n)
	}
}

func checkEnv(p *review.Pass, c review.Container) {
	for _, env := range c.Get("env").Items() {
		from, name := env.Get("valueFrom"), clip(env.Get("name").Text())
		if env.Get("value").Text() != "" && from.IsSet() {
			refuse(p, from, "%s: variable %s has a value and a valueFrom, of which it may have one", c.Title(), name)
		}
		if sources := sourcesOf(from); len(sources) > 1 {
			refuse(p, sources[1], "%s: variable %s is taken from two places", c.Title(), name)
		}
	}
}

// checkEscalation reports a container that is not to gain privileges and has them all from the start.
func checkEscalation(p *review.Pass, c review.Container) {
	context := c.Get("securityContext")
	at := context.Get("allowPrivilegeEscalation")
	switch {
	case !at.False():
	case context.Get("privileged").True():
		refuse(p, context.Get("privileged"), "%s: allowPrivilegeEscalation cannot be false of a privileged container", c.Title()).Related(at)
	case slices.ContainsFunc(context.Get("capabilities", "add").Items(), func(f manifests.Field) bool { return f.Text() == "CAP_SYS_ADMIN" }):
		refuse(p, at, "%s: allowPrivilegeEscalation cannot be false with CAP_SYS_ADMIN", c.Title())
	}
}

func checkProbe(p *review.Pass, c review.Container, probe manifests.Field, key string) {
	if !probe.IsMap() {
		return
	}
	var handlers []manifests.Field
	for _, name := range []string{"exec", "httpGet", "tcpSocket", "grpc"} {
		if h := probe.Get(name); h.IsSet() {
			handlers = append(handlers, h)
			checkPortNumber(p, h.Get("port"), c.Title()+": "+key+"'s port")
		}
	}
	switch {
	case len(handlers) == 0:
		refuse(p, probe, "%s: %s asks nothing, it needs one of exec, httpGet, tcpSocket and grpc", c.Title(), key)
	case len(handlers) > 1:
		refuse(p, handlers[1], "%s: %s asks in two ways, %s and %s", c.Title(), key, lastKey(handlers[0]), lastKey(handlers[1]))
	}
	threshold := probe.Get("successThreshold")
	if n, ok := threshold.Int(); ok && n > 1 && key != "readinessProbe" {
		refuse(p, threshold, "%s: successThreshold of a %s is 1 and nothing else", c.Title(), key).
			Fix("Write 1", review.Set(threshold, 1))
	}
}
