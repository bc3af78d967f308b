package kubeapi

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/version"
)

//go:embed lifecycle.txt
var lifecycleFile string

// Lifecycle is what Kubernetes says of how long a kind is served in a version of its group. Versions are minor versions
// of Kubernetes, 0 for none yet.
type Lifecycle struct {
	Introduced, Deprecated, Removed int
	Replacement                     Kind // its Name is "" where nothing replaces it, or the markers do not say what
}

// LifecycleOf returns the life cycle of a kind that is or will be deprecated or removed.
func LifecycleOf(apiVersion, kind string) (Lifecycle, bool) {
	l, ok := lifecycles()[apiVersion+" "+kind]
	return l, ok
}

// Retired reports whether a group is one of Kubernetes', of which no version that is built in serves any kind.
func Retired(group string) bool {
	for name := range lifecycles() {
		apiVersion, _, _ := strings.Cut(name, " ")
		if (Kind{APIVersion: apiVersion}).Group() == group {
			return true
		}
	}
	return false
}

// lifecycles reads the lines of lifecycle.txt: "policy/v1beta1 PodDisruptionBudget 5 21 25 policy/v1 PodDisruptionBudget".
var lifecycles = sync.OnceValue(func() map[string]Lifecycle {
	all := map[string]Lifecycle{}
	for line := range strings.Lines(lifecycleFile) {
		words := strings.Fields(line)
		if len(words) < 5 || words[0] == "#" {
			continue
		}
		var l Lifecycle
		l.Introduced, _ = strconv.Atoi(words[2])
		l.Deprecated, _ = strconv.Atoi(words[3])
		l.Removed, _ = strconv.Atoi(words[4])
		if len(words) == 7 {
			l.Replacement = Kind{APIVersion: words[5], Name: words[6]}
		}
		all[words[0]+" "+words[1]] = l
	}
	return all
})

// compareVersions orders API versions as kubectl does: v2 after v1, and both after v2beta1, v1beta2, v1alpha1 and words
// that are no versions (k8s.io/apimachinery/pkg/version.CompareKubeAwareVersionStrings).
func compareVersions(a, b string) int {
	return version.CompareKubeAwareVersionStrings(a[strings.LastIndexByte(a, '/')+1:], b[strings.LastIndexByte(b, '/')+1:])
}
