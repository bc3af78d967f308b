package admission

import (
	"slices"
	"strings"
)

// fillPod fills in the spec of a pod, or of a template of pods.
func fillPod(spec tree) {
	spec.or("dnsPolicy", "ClusterFirst", "restartPolicy", "Always", "schedulerName", "default-scheduler",
		"terminationGracePeriodSeconds", int64(30), "securityContext", map[string]any{})
	fillAccount(spec)
	for _, c := range slices.Concat(spec.items("initContainers"), spec.items("containers")) {
		fillContainer(c, spec["hostNetwork"] == true)
	}
	for _, v := range spec.items("volumes") {
		fillVolume(v)
	}
}

// fillAccount writes the service account under its old name as well.
func fillAccount(spec tree) {
	if name := spec.text("serviceAccountName"); name != "" {
		spec.or("serviceAccount", name)
	} else if name := spec.text("serviceAccount"); name != "" {
		spec.or("serviceAccountName", name)
	}
}

func fillContainer(c tree, hostNetwork bool) {
	c.or("terminationMessagePath", "/dev/termination-log", "terminationMessagePolicy", "File",
		"imagePullPolicy", pullPolicy(c.text("image")), "resources", map[string]any{})
	for _, port := range c.items("ports") {
		if port.or("protocol", "TCP"); hostNetwork {
			port.or("hostPort", port["containerPort"])
		}
	}
	for _, key := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		probe := c.at(key)
		probe.or("timeoutSeconds", int64(1), "periodSeconds", int64(10), "successThreshold", int64(1), "failureThreshold", int64(3))
		probe.at("httpGet").or("path", "/", "scheme", "HTTP")
		probe.at("grpc").or("service", "")
	}
	for _, key := range []string{"postStart", "preStop"} {
		c.at("lifecycle", key, "httpGet").or("path", "/", "scheme", "HTTP")
	}
	for _, env := range c.items("env") {
		env.at("valueFrom", "fieldRef").or("apiVersion", "v1")
	}
}

// pullPolicy is Always for what may move, the tag latest.
func pullPolicy(image string) string {
	if strings.Contains(image, "@") {
		return "IfNotPresent"
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, tagged := strings.Cut(name, ":"); tagged && tag != "latest" {
		return "IfNotPresent"
	}
	return "Always"
}

func fillVolume(v tree) {
	for _, key := range []string{"secret", "configMap", "projected", "downwardAPI"} {
		v.at(key).or("defaultMode", int64(420))
	}
	v.at("hostPath").or("type", "")
	if len(v) == 1 {
		v.or("emptyDir", map[string]any{})
	}
}

// fillRequests asks for what a container's limits give where it asks for nothing itself.
func fillRequests(spec tree) {
	for _, c := range slices.Concat(spec.items("initContainers"), spec.items("containers")) {
		limits := c.at("resources", "limits")
		if len(limits) == 0 {
			continue
		}
		requests := c.need("resources", "requests")
		for key, value := range limits {
			requests.or(key, value)
		}
	}
}
