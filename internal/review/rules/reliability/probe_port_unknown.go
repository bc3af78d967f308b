package reliability

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var probePortUnknown = review.Rule{
	ID: "probe-port-unknown", Level: review.Warning,
	Summary: "A probe asks a port that the container does not have",
	Kinds:   []string{review.Workloads},
	Check:   checkProbePortUnknown,
}

func checkProbePortUnknown(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, key := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
			for _, handler := range []string{"httpGet", "tcpSocket"} {
				action := c.Get(key, handler)
				if port := action.Get("port"); port.Text() != "" && !action.Get("host").IsSet() && !knowsPort(p.Pod, c, port) {
					p.Report(port, "%s has a %s on port %s, which it does not declare", c.Title(), key, port.Text()).
						Detail("The probe finds nobody listening and fails for ever: the pod never gets ready, or is restarted again and again.")
				}
			}
		}
	}
}

// operatorHealth is where operators made with controller-runtime answer probes unless told otherwise.
const operatorHealth = "8081"

// knowsPort reports whether a probe's port is declared. A name has to be in the container itself. A number need not be
// declared at all, so it is only unknown when the container declares others and nothing in the pod mentions it.
func knowsPort(pod *review.Workload, c review.Container, port manifests.Field) bool {
	if _, isNumber := port.Int(); !isNumber {
		return !isName(port.Text()) || declares(c, "name", port.Text())
	}
	if len(c.Get("ports").Items()) == 0 || port.Text() == operatorHealth || mentions(c.Field, port.Text()) {
		return true
	}
	for _, other := range pod.Containers {
		if declares(other, "containerPort", port.Text()) {
			return true
		}
	}
	return false
}

func declares(c review.Container, key, value string) bool {
	for _, port := range c.Get("ports").Items() {
		if port.Get(key).Text() == value {
			return true
		}
	}
	return false
}

// isName reports whether a port is written as a name; numbers in quotes are none.
func isName(port string) bool { return strings.Trim(port, "0123456789") != "" }

// mentions reports whether a container's arguments or variables hold a number.
func mentions(c manifests.Field, number string) bool {
	if len(c.Get("envFrom").Items()) > 0 {
		return true
	}
	for _, list := range []string{"command", "args"} {
		for _, word := range c.Get(list).Items() {
			if strings.Contains(word.Text(), number) {
				return true
			}
		}
	}
	for _, variable := range c.Get("env").Items() {
		if variable.Get("valueFrom").IsSet() || strings.Contains(variable.Get("value").Text(), number) {
			return true
		}
	}
	return false
}
