package standard

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// AllowsSysctl reports whether a version of the standards counts a sysctl among the safe ones.
func AllowsSysctl(version api.Version, name string) bool {
	return allows(policy.CheckSysctls(), version, &corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: name}}},
	})
}

// AllowsSELinuxType reports whether a version of the standards allows a type for containers.
func AllowsSELinuxType(version api.Version, name string) bool {
	return allows(policy.CheckSELinuxOptions(), version, &corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{SELinuxOptions: &corev1.SELinuxOptions{Type: name}},
	})
}

// AllowsCapability reports whether a level of the standards lets a container add a capability, written as in
// manifests, without CAP_.
func AllowsCapability(level api.Level, name string) bool {
	check := policy.CheckCapabilitiesBaseline()
	if level == Restricted {
		check = policy.CheckCapabilitiesRestricted()
	}
	return allows(check, api.LatestVersion(), &corev1.PodSpec{
		Containers: []corev1.Container{{SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{
			Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{corev1.Capability(name)},
		}}}},
	})
}

// AllowsVolume reports whether the restricted standard allows a type of volume, named by its key in a volume.
// Types that Kubernetes does not know are allowed: they are no volumes, and the schema says so.
func AllowsVolume(kind string) bool {
	volume := decodeValue[corev1.Volume](map[string]any{kind: map[string]any{}})
	if volume.VolumeSource == (corev1.VolumeSource{}) {
		return true
	}
	return allows(policy.CheckRestrictedVolumes(), api.LatestVersion(), &corev1.PodSpec{Volumes: []corev1.Volume{volume}})
}

func allows(check policy.Check, version api.Version, spec *corev1.PodSpec) bool {
	run := runAt(check, version)
	return run == nil || run(&metav1.ObjectMeta{}, spec).Allowed
}
