// Package standard judges pods by the Pod Security Standards
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/). The checks are those of
// k8s.io/pod-security-admission, which the API server runs; what this package adds is where in a manifest each
// failing check finds its fault.
package standard

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// The levels of the standards, from open to strict.
const (
	Privileged = api.LevelPrivileged
	Baseline   = api.LevelBaseline
	Restricted = api.LevelRestricted
)

// Violation is one field at which a pod fails a check.
type Violation struct {
	Field   manifests.Field // may be absent, where the check asks for it
	Subject string          // whose field it is: "container web", "the pod", "volume data"
	Check   string          // the check's id: "hostPathVolumes"
	Says    string          // what the API server says: "privileged (container …)"
}

// Version returns the standards' version that a Kubernetes version brings.
func Version(kube review.KubeVersion) api.Version {
	return api.MajorMinorVersion(kube.Major, kube.Minor)
}

// Violations returns every field at which the pod fails the level of the standards at a version, each field once.
// Fields of a wrong type, which the API server would refuse, are judged as if they were absent.
func Violations(w *review.Workload, level api.Level, version api.Version) []Violation {
	pod := review.OnceIn(w, "pss", decodePod)
	var seen map[string]bool
	var found []Violation
	for _, check := range checksAt(level, version) {
		result := check.run(&pod.meta, &pod.whole)
		if result.Allowed {
			continue
		}
		if seen == nil {
			seen = make(map[string]bool)
		}
		aggregate := policy.AggregateCheckResults([]policy.CheckResult{result})
		says := aggregate.ForbiddenDetail() // names every container
		for _, c := range pod.offenders(check) {
			if seen[c.field.Path()] {
				continue
			}
			seen[c.field.Path()] = true
			found = append(found, Violation{c.field, c.subject, string(check.id), says})
		}
	}
	return found
}

// Strictest returns the strictest level that all the pods meet at a version.
func Strictest(pods []*review.Workload, version api.Version) api.Level {
	strictest := Restricted
	for _, pod := range pods {
		if strictest == Restricted && len(Violations(pod, Restricted, version)) > 0 {
			strictest = Baseline
		}
		if strictest == Baseline && len(Violations(pod, Baseline, version)) > 0 {
			return Privileged
		}
	}
	return strictest
}

// check is a check as it stands at one version of the standards.
type check struct {
	id  policy.CheckID
	run policy.CheckPodFn
}

// defaultChecks are all checks, which nobody changes.
var defaultChecks = policy.DefaultChecks()

// checksAt returns the checks of a level at a version, the stricter level's first: where two find the same field,
// that is the one to name. Checks of baseline that one of restricted overrides find no further fields.
func checksAt(level api.Level, version api.Version) []check {
	baseline, restricted := make([]check, 0, len(defaultChecks)), make([]check, 0, 2*len(defaultChecks))
	for _, c := range defaultChecks {
		run := runAt(c, version)
		switch {
		case run == nil:
		case c.Level == Baseline:
			baseline = append(baseline, check{c.ID, run})
		case level == Restricted:
			restricted = append(restricted, check{c.ID, run})
		}
	}
	if level == Privileged {
		return nil
	}
	return append(restricted, baseline...)
}

// runAt returns the newest revision of a check that a version of the standards has, nil when it has none.
func runAt(c policy.Check, version api.Version) policy.CheckPodFn {
	var run policy.CheckPodFn
	for _, revision := range c.Versions {
		if minimum := revision.MinimumVersion; !version.Older(minimum) {
			run = revision.CheckPod
		}
	}
	return run
}
