package pss

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

// gap is something that a PodSecurityPolicy lets through and a standard does not.
type gap struct {
	at     manifests.Field
	lets   string // goes on after "lets pods"
	strict bool   // only the restricted standard forbids it
}

// gapsOf compares a PodSecurityPolicy with the standards, after the mapping in the Kubernetes documentation
// (https://kubernetes.io/docs/reference/access-authn-authz/psp-to-pod-security-standards/).
func gapsOf(policy manifests.Field) []gap {
	spec := policy.Get("spec")
	gaps := switchGaps(spec)
	gaps = append(gaps, listGaps(spec)...)
	gaps = append(gaps, annotationGaps(policy.Get("metadata", "annotations"))...)
	return append(gaps, userGaps(spec)...)
}

func switchGaps(spec manifests.Field) []gap {
	var gaps []gap
	for _, s := range []struct{ key, lets string }{
		{"privileged", "be privileged"}, {"hostNetwork", "use the node's network"},
		{"hostPID", "see the node's processes"}, {"hostIPC", "use the node's shared memory"},
	} {
		if field := spec.Get(s.key); field.True() {
			gaps = append(gaps, gap{field, s.lets, false})
		}
	}
	if ports := spec.Get("hostPorts"); len(ports.Items()) > 0 {
		gaps = append(gaps, gap{ports, "take ports of the node", false})
	}
	if field := spec.Get("allowPrivilegeEscalation"); !field.False() {
		gaps = append(gaps, gap{field, "gain privileges", true})
	}
	return gaps
}

func listGaps(spec manifests.Field) []gap {
	var gaps []gap
	for _, item := range spec.Get("volumes").Items() {
		switch kind := item.Text(); {
		case kind == "*":
			gaps = append(gaps, gap{item, "mount volumes of every type, places of the node among them", false})
		case kind == "hostPath":
			gaps = append(gaps, gap{item, "mount places of the node", false})
		case !standard.AllowsVolume(kind):
			gaps = append(gaps, gap{item, "mount volumes of type " + kind, true})
		}
	}
	for _, key := range []string{"allowedCapabilities", "defaultAddCapabilities"} {
		for _, item := range spec.Get(key).Items() {
			if name := item.Text(); !standard.AllowsCapability(standard.Restricted, name) {
				gaps = append(gaps, gap{item, "add the capability " + name, standard.AllowsCapability(standard.Baseline, name)})
			}
		}
	}
	for _, item := range spec.Get("allowedUnsafeSysctls").Items() {
		gaps = append(gaps, gap{item, "set the sysctl " + item.Text(), false})
	}
	for _, item := range spec.Get("allowedProcMountTypes").Items() {
		if item.Text() != "Default" {
			gaps = append(gaps, gap{item, "see /proc unmasked", false})
		}
	}
	return gaps
}

// annotationGaps looks at the profiles that a policy names in its annotations, as it had no fields for them.
func annotationGaps(annotations manifests.Field) []gap {
	var gaps []gap
	seccomp := annotations.Get("seccomp.security.alpha.kubernetes.io/allowedProfileNames")
	if seccomp.Text() == "" {
		gaps = append(gaps, gap{seccomp, "run without a seccomp profile", true})
	}
	appArmor := annotations.Get("apparmor.security.beta.kubernetes.io/allowedProfileNames")
	for _, module := range []struct {
		at   manifests.Field
		name string
	}{{seccomp, "seccomp"}, {appArmor, "AppArmor"}} {
		for _, profile := range strings.Split(module.at.Text(), ",") {
			if profile = strings.TrimSpace(profile); profile == "*" || profile == "unconfined" {
				gaps = append(gaps, gap{module.at, "switch " + module.name + " off", false})
				break
			}
		}
	}
	return gaps
}

func userGaps(spec manifests.Field) []gap {
	var gaps []gap
	drop := spec.Get("requiredDropCapabilities")
	dropsAll := false
	for _, item := range drop.Items() {
		dropsAll = dropsAll || item.Text() == "ALL"
	}
	if !dropsAll {
		gaps = append(gaps, gap{drop, "keep the runtime's capabilities", true})
	}
	if user := spec.Get("runAsUser"); !excludesRoot(user) {
		gaps = append(gaps, gap{user.Get("rule"), "run as root", true})
	}
	return gaps
}

// excludesRoot reports whether a policy's rule for users leaves root out.
func excludesRoot(user manifests.Field) bool {
	switch user.Get("rule").Text() {
	case "MustRunAsNonRoot":
		return true
	case "MustRunAs":
		for _, r := range user.Get("ranges").Items() {
			if lowest, ok := r.Get("min").Int(); !ok || lowest == 0 {
				return false
			}
		}
		return len(user.Get("ranges").Items()) > 0
	}
	return false
}
