package network

import (
	"slices"
	"strings"
)

// truth is what can be said of a question: selectors that cannot be read and labels that only a cluster knows leave
// it open, and rules stay silent where they would have to guess.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func (t truth) not() truth { return yes - t }

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

// labels are the labels of a pod or namespace. When open, it may have others that are not written; otherwise only
// those whose keys begin with one of unsure.
type labels struct {
	values map[string]string
	open   bool
	unsure []string
}

// get returns a label's value, and whether it is there.
func (l labels) get(key string) (value string, there truth) {
	if value, ok := l.values[key]; ok {
		return value, yes
	}
	begins := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	if l.open || setByControllers[key] || slices.ContainsFunc(l.unsure, begins) {
		return "", maybe
	}
	return "", no
}

// setByControllers are labels that controllers of Kubernetes, OpenShift and Argo give to the pods they make.
var setByControllers = map[string]bool{
	"pod-template-hash": true, "controller-revision-hash": true, "pod-template-generation": true, "controller-uid": true,
	"job-name": true, "batch.kubernetes.io/job-name": true, "batch.kubernetes.io/controller-uid": true,
	"batch.kubernetes.io/job-completion-index": true, "statefulset.kubernetes.io/pod-name": true,
	"apps.kubernetes.io/pod-index": true, "rollouts-pod-template-hash": true, "deployment": true, "deploymentconfig": true,
}
