package standard

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/policy"
)

// candidate is a field that a check may find fault with, in a pod that holds nothing else of the kind. The check
// itself then says whether the field is at fault, so that no list of allowed values is written twice.
type candidate struct {
	field   manifests.Field
	subject string
	meta    metav1.ObjectMeta
	spec    *corev1.PodSpec
}

// candidatesOf lists the fields that each check reads.
var candidatesOf = map[policy.CheckID]func(*pod, check) []candidate{
	"privileged":                 each("securityContext", "privileged"),
	"allowPrivilegeEscalation":   each("securityContext", "allowPrivilegeEscalation"),
	"procMount":                  each("securityContext", "procMount"),
	"procMount_restricted":       each("securityContext", "procMount"),
	"runAsNonRoot":               inherited("runAsNonRoot"),
	"runAsUser":                  inherited("runAsUser"),
	"windowsHostProcess":         inherited("windowsOptions", "hostProcess"),
	"seccompProfile_baseline":    seccomp,
	"seccompProfile_restricted":  seccomp,
	"appArmorProfile":            appArmor,
	"seLinuxOptions":             seLinux,
	"capabilities_baseline":      capabilities,
	"capabilities_restricted":    capabilities,
	"hostNamespaces":             hostNamespaces,
	"hostPorts":                  hostPorts,
	"hostPathVolumes":            volumes,
	"restrictedVolumes":          volumes,
	"sysctls":                    sysctls,
	"hostProbesAndHostLifecycle": hosts,
}

// offenders returns the fields at which the pod fails the check. For a check that this package does not know yet
// it is the whole spec: a failing check is never passed over.
func (p *pod) offenders(c check) []candidate {
	var found []candidate
	if candidates := candidatesOf[c.id]; candidates != nil {
		for _, candidate := range candidates(p, c) {
			if !c.run(&candidate.meta, candidate.spec).Allowed {
				found = append(found, candidate)
			}
		}
	}
	if found == nil {
		found = []candidate{{field: p.workload.Spec, subject: "the pod"}}
	}
	return found
}

// each makes candidates of a field of every container.
func each(keys ...string) func(*pod, check) []candidate {
	return func(p *pod, c check) []candidate {
		var all []candidate
		context := p.mended(c)
		for i, container := range p.workload.Containers {
			spec := p.bare(func(s *corev1.PodSpec) {
				s.SecurityContext, s.Containers = context, p.containers[i:i+1]
			})
			all = append(all, candidate{container.Get(keys...), container.Title(), metav1.ObjectMeta{}, spec})
		}
		return all
	}
}

// inherited makes candidates of a field of the pod's security context and of every container's.
func inherited(keys ...string) func(*pod, check) []candidate {
	containers := each(append([]string{"securityContext"}, keys...)...)
	return func(p *pod, c check) []candidate {
		spec := p.bare(func(s *corev1.PodSpec) { s.SecurityContext = p.spec.SecurityContext })
		field := p.workload.Get("securityContext", keys...)
		return append([]candidate{{field, "the pod", metav1.ObjectMeta{}, spec}}, containers(p, c)...)
	}
}

// mended returns the security context that containers are judged under: the pod's, or, where the check finds fault
// with that already, one that it likes, so that what is inherited is blamed once.
func (p *pod) mended(c check) *corev1.PodSecurityContext {
	spec := p.bare(func(s *corev1.PodSpec) { s.SecurityContext = p.spec.SecurityContext })
	if c.run(&metav1.ObjectMeta{}, spec).Allowed {
		return p.spec.SecurityContext
	}
	return strictContext()
}

// strictContext is a pod's security context that every level likes.
func strictContext() *corev1.PodSecurityContext {
	nonRoot := true
	return &corev1.PodSecurityContext{
		RunAsNonRoot:   &nonRoot,
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

func seccomp(p *pod, c check) []candidate {
	return append(inherited("seccompProfile", "type")(p, c), p.annotations("seccomp")...)
}

func appArmor(p *pod, c check) []candidate {
	return append(inherited("appArmorProfile", "type")(p, c), p.annotations("apparmor")...)
}

// annotations makes candidates of the pod's annotations that name a Linux security module, for the pod or, behind a
// slash, for one of its containers.
func (p *pod) annotations(module string) []candidate {
	containers := make(map[string][]corev1.Container)
	for _, c := range p.containers {
		containers[c.Name] = []corev1.Container{{Name: c.Name}}
	}
	var all []candidate
	for _, e := range p.workload.Meta.Get("annotations").Entries() {
		if prefix, name, _ := strings.Cut(e.Key, "/"); strings.Contains(prefix, module) {
			spec := p.bare(func(s *corev1.PodSpec) { s.SecurityContext, s.Containers = strictContext(), containers[name] })
			meta := metav1.ObjectMeta{Annotations: map[string]string{e.Key: e.Value.Text()}}
			all = append(all, candidate{e.Value, "annotation " + e.Key, meta, spec})
		}
	}
	return all
}

func seLinux(p *pod, _ check) []candidate {
	var all []candidate
	add := func(subject string, options manifests.Field) {
		for _, key := range []string{"user", "role", "type"} {
			alone := decodeValue[corev1.SELinuxOptions](map[string]any{key: options.Get(key).Text()})
			spec := p.bare(func(s *corev1.PodSpec) { s.SecurityContext = &corev1.PodSecurityContext{SELinuxOptions: &alone} })
			all = append(all, candidate{options.Get(key), subject, metav1.ObjectMeta{}, spec})
		}
	}
	add("the pod", p.workload.Get("securityContext", "seLinuxOptions"))
	for _, c := range p.workload.Containers {
		add(c.Title(), c.Get("securityContext", "seLinuxOptions"))
	}
	return all
}

func capabilities(p *pod, _ check) []candidate {
	var all []candidate
	for i, c := range p.workload.Containers {
		var drop []corev1.Capability
		if context := p.containers[i].SecurityContext; context != nil && context.Capabilities != nil {
			drop = context.Capabilities.Drop
		}
		field := c.Get("securityContext", "capabilities")
		all = append(all, candidate{field.Get("drop"), c.Title(), metav1.ObjectMeta{}, p.withCapabilities(corev1.Capabilities{Drop: drop})})
		for _, item := range field.Get("add").Items() {
			alone := corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{corev1.Capability(item.Text())}}
			all = append(all, candidate{item, c.Title(), metav1.ObjectMeta{}, p.withCapabilities(alone)})
		}
	}
	return all
}

func (p *pod) withCapabilities(c corev1.Capabilities) *corev1.PodSpec {
	return p.bare(func(s *corev1.PodSpec) {
		s.Containers = []corev1.Container{{SecurityContext: &corev1.SecurityContext{Capabilities: &c}}}
	})
}

func hostNamespaces(p *pod, _ check) []candidate {
	one := func(key string, spec corev1.PodSpec) candidate {
		return candidate{p.workload.Get(key), "the pod", metav1.ObjectMeta{}, &spec}
	}
	return []candidate{
		one("hostNetwork", corev1.PodSpec{HostNetwork: p.spec.HostNetwork}),
		one("hostPID", corev1.PodSpec{HostPID: p.spec.HostPID}),
		one("hostIPC", corev1.PodSpec{HostIPC: p.spec.HostIPC}),
	}
}

func hostPorts(p *pod, _ check) []candidate {
	var all []candidate
	for _, c := range p.workload.Containers {
		for _, item := range c.Get("ports").Items() {
			alone := corev1.Container{Ports: []corev1.ContainerPort{decodeValue[corev1.ContainerPort](plain(item))}}
			spec := p.bare(func(s *corev1.PodSpec) { s.Containers = []corev1.Container{alone} })
			all = append(all, candidate{item.Get("hostPort"), c.Title(), metav1.ObjectMeta{}, spec})
		}
	}
	return all
}

func volumes(p *pod, _ check) []candidate {
	var all []candidate
	for i, v := range p.workload.List("volumes") {
		spec := p.bare(func(s *corev1.PodSpec) { s.Volumes = p.volumes[i : i+1] })
		_, field := VolumeSource(v)
		all = append(all, candidate{field, "volume " + v.Get("name").Text(), metav1.ObjectMeta{}, spec})
	}
	return all
}

func sysctls(p *pod, _ check) []candidate {
	var all []candidate
	for _, item := range p.workload.Get("securityContext", "sysctls").Items() {
		name := item.Get("name")
		context := &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: name.Text()}}}
		spec := p.bare(func(s *corev1.PodSpec) { s.SecurityContext = context })
		all = append(all, candidate{name, "the pod", metav1.ObjectMeta{}, spec})
	}
	return all
}

func hosts(p *pod, _ check) []candidate {
	var all []candidate
	for _, c := range p.workload.Containers {
		for _, host := range Hosts(c) {
			probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: host.Text()}}}
			spec := p.bare(func(s *corev1.PodSpec) { s.Containers = []corev1.Container{{LivenessProbe: probe}} })
			all = append(all, candidate{host, c.Title(), metav1.ObjectMeta{}, spec})
		}
	}
	return all
}

// Hosts returns the host fields that are written in a container's probes and lifecycle handlers.
func Hosts(c review.Container) []manifests.Field {
	var found []manifests.Field
	handlers := []manifests.Field{
		c.Get("livenessProbe"), c.Get("readinessProbe"), c.Get("startupProbe"),
		c.Get("lifecycle", "postStart"), c.Get("lifecycle", "preStop"),
	}
	for _, handler := range handlers {
		for _, key := range []string{"httpGet", "tcpSocket"} {
			if host := handler.Get(key, "host"); host.Text() != "" {
				found = append(found, host)
			}
		}
	}
	return found
}

// VolumeSource returns the type of a volume and the field that says what it holds: the path of a hostPath volume, the
// source of another one. A volume without a source is an emptyDir.
func VolumeSource(volume manifests.Field) (kind string, field manifests.Field) {
	if source := volume.Get("hostPath"); source.IsSet() {
		return "hostPath", source.Get("path")
	}
	for _, e := range volume.Entries() {
		if e.Key != "name" && e.Value.IsSet() {
			return e.Key, e.Value
		}
	}
	return "emptyDir", volume.Get("emptyDir")
}
