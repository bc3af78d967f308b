package namespace

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var namespaceSystem = review.Rule{
	ID: "namespace-system", Level: review.Warning, Guidelines: []string{"G5"},
	Summary:   "An application's object is put into a namespace of the cluster itself",
	CheckRoot: checkNamespaceSystem,
}

// ownKinds are the kinds by which applications settle in a namespace. Roles, policies, quotas and monitors are
// rightly put where what they are about is.
var ownKinds = map[string]bool{
	"Service": true, "Ingress": true, "ConfigMap": true, "Secret": true, "ServiceAccount": true, "PersistentVolumeClaim": true,
}

func checkNamespaceSystem(p *review.Pass) {
	if isAddon(p.Root) {
		return
	}
	for _, o := range p.Root.Objects {
		if !strings.HasPrefix(o.Namespace, "kube-") || !byOwnWord(p, o) {
			continue
		}
		isWorkload := len(p.Root.Workloads(o)) > 0
		if !isWorkload && (!ownKinds[o.Kind] || ofTheCluster(o)) {
			continue
		}
		p.ReportOn(o, o.Field().Get("metadata", "namespace"), "%s %s is put into %s", o.Kind, o.Name, o.Namespace).
			Detail("Policies and admission webhooks mostly leave this namespace out, so that nothing watches what runs in it, and whoever may create pods there can use the cluster's own accounts.")
	}
}

// systemNames are applications that are part of a cluster, as their images, labels and ConfigMaps name them.
var systemNames = []string{
	"kube-", "coredns", "node-local-dns", "nodelocaldns", "calico", "canal", "cilium", "flannel", "weave", "aws-",
	"ebs-csi", "efs-csi", "csi-", "metrics-server", "cluster-autoscaler", "cluster-proportional", "konnectivity", "istio-cni",
	"etcd", "node-problem-detector", "descheduler", "snapshot-controller", "kiam", "kube2iam", "extension-apiserver",
	"cloud-controller", "external-dns", "sealed-secrets", "azure-", "gke-", "karpenter", "node-termination",
}

func isSystemName(name string) bool {
	for _, prefix := range systemNames {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isAddon reports whether the root is a component of the cluster: one of its workloads says so by its priority or its
// labels, or is known by name.
func isAddon(root *review.RootView) bool {
	for _, o := range root.Objects {
		pods := root.Workloads(o)
		if len(pods) == 0 || !strings.HasPrefix(o.Namespace, "kube-") {
			continue
		}
		priority := pods[0].Get("priorityClassName").Text()
		if strings.HasPrefix(priority, "system-") || ofTheCluster(o) || pods[0].Get("hostNetwork").True() && o.Kind == "DaemonSet" {
			return true
		}
	}
	return false
}

// ofTheCluster reports whether an object is, or is about, a component of the cluster.
func ofTheCluster(o *manifests.Object) bool {
	labels := o.Field().Get("metadata", "labels")
	for _, key := range []string{"addonmanager.kubernetes.io/mode", "kubernetes.io/cluster-service", "addon.kops.k8s.io/name", "addon.kops.k8s.io/version"} {
		if labels.Get(key).IsSet() {
			return true
		}
	}
	selector := o.Field().Get("spec", "selector")
	for _, field := range []manifests.Field{labels.Get("k8s-app"), selector.Get("k8s-app"), selector.Get("component")} {
		if name := field.Text(); isSystemName(name) {
			return true
		}
	}
	return isSystemName(o.Name)
}
