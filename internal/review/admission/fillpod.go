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
	for _, c := range slices.Concat(spec.items("initContainers"), spec.items("containers"), spec.items("ephemeralContainers")) {
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

// pullPolicy is Always for the tag latest, which an image without tag and digest has, and which counts beside a digest too.
func pullPolicy(image string) string {
	image, _, digested := strings.Cut(image, "@")
	name := image[strings.LastIndexByte(image, '/')+1:]
	_, tag, tagged := strings.Cut(name, ":")
	if tag == "latest" || !tagged && !digested {
		return "Always"
	}
	return "IfNotPresent"
}

func fillVolume(v tree) {
	for _, key := range []string{"secret", "configMap", "projected", "downwardAPI"} {
		v.at(key).or("defaultMode", int64(420))
	}
	v.at("hostPath").or("type", "")
	v.at("iscsi").or("iscsiInterface", "default")
	v.at("azureDisk").or("cachingMode", "ReadWrite", "kind", "Shared", "fsType", "ext4", "readOnly", false)
	v.at("ephemeral", "volumeClaimTemplate", "spec").or("volumeMode", "Filesystem")
	if image := v.at("image"); image != nil {
		image.or("pullPolicy", pullPolicy(image.text("reference")))
	}
	for _, source := range v.at("projected").items("sources") {
		source.at("serviceAccountToken").or("expirationSeconds", int64(3600))
		fillItems(source.at("downwardAPI"))
	}
	fillItems(v.at("downwardAPI"))
	if len(v) == 1 {
		v.or("emptyDir", map[string]any{})
	}
}

// fillItems fills in the fields of a pod that a volume shows.
func fillItems(downward tree) {
	for _, item := range downward.items("items") {
		item.at("fieldRef").or("apiVersion", "v1")
	}
}

// fillTolerations is what the admission plug-in DefaultTolerationSeconds adds to a pod that does not say how long it stays on
// a node that is gone.
func fillTolerations(spec tree) {
	if _, list := spec["tolerations"].([]any); !list && spec["tolerations"] != nil {
		return
	}
	for _, key := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		tolerates := func(t tree) bool {
			return (t.text("key") == key || t.text("key") == "") && (t.text("effect") == "NoExecute" || t.text("effect") == "")
		}
		if all, _ := spec["tolerations"].([]any); spec != nil && !slices.ContainsFunc(spec.items("tolerations"), tolerates) {
			spec["tolerations"] = append(slices.Clone(all), map[string]any{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": int64(300)})
		}
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
