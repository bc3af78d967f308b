package imagetable

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Word is an argument, variable or annotation by which something is told of an image that it will run.
type Word struct {
	Name    string // of a flag without its dashes, of a variable or annotation; with "*"
	Program string // part of the image of the container that has it; "" for any
	Open    bool   // the tag is told elsewhere
	Source  string
}

// Flags, Variables and Annotations are the words that are known.
func Flags() []Word       { return flags }
func Variables() []Word   { return variables }
func Annotations() []Word { return annotations }

// Told lists the images that a container's command, arguments and environment tell of.
func Told(c manifests.Field) []Found {
	var found []Found
	program := c.Get("image").Text()
	note := func(one Found, ok bool, at manifests.Field) {
		if ok {
			one.Field, one.Container = at, c.Get("name").Text()
			found = append(found, one)
		}
	}
	for _, list := range []string{"command", "args"} {
		items := c.Get(list).Items()
		for i, item := range items {
			name, text, whole := strings.Cut(item.Text(), "=")
			if !strings.HasPrefix(name, "-") || !strings.Contains(name, "image") && !strings.Contains(name, "reloader") {
				continue
			}
			if !whole && i+1 < len(items) {
				item, text = items[i+1], items[i+1].Text()
			}
			one, ok := told(flags, strings.TrimLeft(name, "-"), program, text)
			one.Word = "argument " + name
			note(one, ok, item)
		}
	}
	for _, e := range c.Get("env").Items() {
		if !strings.Contains(e.Get("name").Text(), "IMAGE") {
			continue
		}
		at := e.Get("value")
		for _, line := range strings.Fields(at.Text()) { // a list of one a line, perhaps named: "3.9.0=quay.io/…"
			one, ok := told(variables, e.Get("name").Text(), program, line[strings.IndexByte(line, '=')+1:])
			one.Word = "variable " + e.Get("name").Text()
			note(one, ok, at)
		}
	}
	return found
}

// Injected lists the images of a pod's annotations that what injects containers into it goes by.
func Injected(meta manifests.Field) []Found {
	var found []Found
	for _, e := range meta.Get("annotations").Entries() {
		if one, ok := told(annotations, e.Key, "", e.Value.Text()); ok {
			one.Field, one.Word = e.Value, "annotation "+e.Key
			found = append(found, one)
		}
	}
	return found
}

func told(words []Word, name, program, text string) (Found, bool) {
	for _, w := range words {
		if ok, err := path.Match(w.Name, name); !ok || err != nil || !strings.Contains(program, w.Program) {
			continue
		}
		if _, err := images.ParseReference(text); err != nil {
			return Found{}, false
		}
		return Found{Text: text, Open: w.Open}, true
	}
	return Found{}, false
}

var flags = []Word{
	{Name: "prometheus-config-reloader", Source: prometheusOperator + "/blob/main/cmd/operator/main.go"},
	{Name: "prometheus-default-base-image", Open: true, Source: prometheusOperator + "/blob/main/cmd/operator/main.go"},
	{Name: "alertmanager-default-base-image", Open: true, Source: prometheusOperator + "/blob/main/cmd/operator/main.go"},
	{Name: "thanos-default-base-image", Open: true, Source: prometheusOperator + "/blob/main/cmd/operator/main.go"},
	{Name: "acme-http01-solver-image", Source: "https://cert-manager.io/docs/cli/controller/"},
	{Name: "executor-image", Program: "workflow-controller", Source: argoWorkflows + "/blob/main/cmd/workflow-controller/main.go"},
	{Name: "auto-instrumentation-*-image", Source: otelOperator + "/blob/main/internal/config/cli.go"},
	{Name: "collector-image", Program: "opentelemetry-operator", Source: otelOperator + "/blob/main/internal/config/cli.go"},
	{Name: "target-allocator-image", Source: otelOperator + "/blob/main/internal/config/cli.go"},
	{Name: "operator-opamp-bridge-image", Source: otelOperator + "/blob/main/internal/config/cli.go"},
	{Name: "entrypoint-image", Program: "controller", Source: tektonPipeline + "/blob/main/config/controller.yaml"},
	{Name: "nop-image", Program: "controller", Source: tektonPipeline + "/blob/main/config/controller.yaml"},
	{Name: "sidecarlogresults-image", Source: tektonPipeline + "/blob/main/config/controller.yaml"},
	{Name: "workingdirinit-image", Source: tektonPipeline + "/blob/main/config/controller.yaml"},
	{Name: "shell-image*", Program: "controller", Source: tektonPipeline + "/blob/main/config/controller.yaml"},
	{Name: "engine-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "instance-manager-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "share-manager-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "backing-image-manager-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "support-bundle-manager-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "manager-image", Program: "longhorn-manager", Source: longhorn + "/blob/master/deploy/longhorn.yaml"},
	{Name: "pod-infra-container-image", Source: "https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/"},
	{Name: "helper-image", Program: "local-path-provisioner", Source: "https://github.com/rancher/local-path-provisioner/blob/master/main.go"},
}

var variables = []Word{
	{Name: "RELATED_IMAGE_*", Source: "https://docs.openshift.com/container-platform/latest/operators/operator_sdk/osdk-generating-csvs.html"},
	{Name: "ROOK_*_IMAGE", Source: "https://github.com/rook/rook/blob/master/deploy/examples/operator.yaml"},
	{Name: "STRIMZI_*_IMAGE*", Source: strimzi + "/blob/main/install/cluster-operator/060-Deployment-strimzi-cluster-operator.yaml"},
	{Name: "VIRT_*_IMAGE", Source: kubevirt + "/blob/main/pkg/virt-operator/util/config.go"},
	{Name: "GS_IMAGE", Program: "virt-operator", Source: kubevirt + "/blob/main/pkg/virt-operator/util/config.go"},
	{Name: "PR_HELPER_IMAGE", Program: "virt-operator", Source: kubevirt + "/blob/main/pkg/virt-operator/util/config.go"},
	{Name: "SIDECAR_SHIM_IMAGE", Program: "virt-operator", Source: kubevirt + "/blob/main/pkg/virt-operator/util/config.go"},
	{Name: "*_IMAGE", Program: "cdi-operator", Source: "https://github.com/kubevirt/containerized-data-importer/blob/main/manifests/templates/cdi-operator.yaml.in"},
	{Name: "POSTGRES_IMAGE_NAME", Source: cloudNativePG + "/blob/main/docs/src/operator_conf.md"},
	{Name: "OPERATOR_IMAGE_NAME", Program: "cloudnative-pg", Source: cloudNativePG + "/blob/main/docs/src/operator_conf.md"},
	{Name: "DEFAULT_RABBITMQ_IMAGE", Source: rabbitmq + "/blob/main/main.go"},
	{Name: "DEFAULT_USER_UPDATER_IMAGE", Source: rabbitmq + "/blob/main/main.go"},
	{Name: "CONTROLLER_MANAGER_CONTAINER_IMAGE", Source: "https://github.com/actions/actions-runner-controller/blob/master/charts/gha-runner-scale-set-controller/templates/deployment.yaml"},
	{Name: "ARGO_EVENTS_IMAGE", Source: "https://github.com/argoproj/argo-events/blob/master/manifests/base/controller-manager/controller-manager-deployment.yaml"},
	{Name: "IMAGE_*", Program: "tekton", Source: "https://github.com/tektoncd/operator/blob/main/config/base/operator.yaml"},
	{Name: "VM_*DEFAULT_IMAGE", Open: true, Source: victoriaOperator + "/blob/master/docs/env.md"},
	{Name: "VM_CUSTOMCONFIGRELOADERIMAGE", Source: victoriaOperator + "/blob/master/docs/env.md"},
	{Name: "*_IMAGE", Program: "mongodb-kubernetes-operator", Source: mongoOperator + "/blob/master/config/manager/manager.yaml"},
	{Name: "V2_*_IMAGE", Program: "api-server", Source: "https://github.com/kubeflow/pipelines/blob/master/backend/src/v2/compiler/argocompiler/container.go"},
	{Name: "AGENT_INJECT_VAULT_IMAGE", Source: "https://developer.hashicorp.com/vault/docs/platform/k8s/injector/installation"},
}

var annotations = []Word{
	{Name: "sidecar.istio.io/proxyImage", Source: "https://istio.io/latest/docs/reference/config/annotations/"},
	{Name: "vault.hashicorp.com/agent-image", Source: "https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations"},
	{Name: "dapr.io/sidecar-image", Source: "https://docs.dapr.io/reference/arguments-annotations-overview/"},
	{Name: "config.linkerd.io/proxy-image", Open: true, Source: "https://linkerd.io/2/reference/proxy-configuration/"},
	{Name: "config.linkerd.io/debug-image", Open: true, Source: "https://linkerd.io/2/reference/proxy-configuration/"},
}
