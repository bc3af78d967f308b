package imagetable

// platform are the kinds that run clusters, machines and what all workloads share.
var platform = []Row{
	// An InstanceGroup's spec.image is of a machine, not of a container.
	{Kind: "Cluster.kops.k8s.io", Images: each("spec.", ".image", "hooks[*].execContainer", "kubeAPIServer", "kubeControllerManager", "kubeScheduler", "kubeProxy",
		"etcdClusters[*].manager", "kubeDNS.nodeLocalDNS", "clusterAutoscaler", "metricsServer", "certManager", "nodeProblemDetector", "cloudControllerManager"),
		Source: kops + "/blob/master/docs/cluster_spec.md"},
	{Kind: "Cluster.kops.k8s.io", Images: []string{"spec.kubeDNS.coreDNSImage", "spec.kubeDNS.cpaImage", "spec.etcdClusters[*].image", "spec.awsLoadBalancerController.image"},
		Source: kops + "/blob/master/pkg/apis/kops/v1alpha2/cluster.go"},
	{Kind: "InstanceGroup.kops.k8s.io", Images: []string{"spec.hooks[*].execContainer.image"}, Source: kops + "/blob/master/docs/instance_groups.md"},
	{Kind: "ClusterConfiguration.kubeadm.k8s.io", Images: []string{"dns: {imageRepository}/coredns:{imageTag}", "etcd.local: {imageRepository}/etcd:{imageTag}"},
		Source: "https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/"},

	{Kind: "ScaledJob.keda.sh", Pods: []string{"spec.jobTargetRef.template.spec"}, Source: "https://keda.sh/docs/latest/reference/scaledjob-spec/"},
	{Kind: "CloneSet.apps.kruise.io", Pods: []string{"spec.template.spec"}, Source: kruise}, {Kind: "StatefulSet.apps.kruise.io", Pods: []string{"spec.template.spec"}, Source: kruise},
	{Kind: "DaemonSet.apps.kruise.io", Pods: []string{"spec.template.spec"}, Source: kruise}, {Kind: "BroadcastJob.apps.kruise.io", Pods: []string{"spec.template.spec"}, Source: kruise},
	{Kind: "AdvancedCronJob.apps.kruise.io", Pods: []string{"spec.template.jobTemplate.spec.template.spec", "spec.template.broadcastJobTemplate.spec.template.spec"}, Source: kruise},
	{Kind: "SidecarSet.apps.kruise.io", Pods: []string{"spec"}, Source: kruise}, {Kind: "ImagePullJob.apps.kruise.io", Images: []string{"spec.image"}, Source: kruise},
	{Kind: "Fleet.agones.dev", Pods: []string{"spec.template.spec.template.spec"}, Source: "https://agones.dev/site/docs/reference/fleet/"},
	{Kind: "GameServer.agones.dev", Pods: []string{"spec.template.spec"}, Source: "https://agones.dev/site/docs/reference/gameserver/"},

	{Kind: "VirtualMachine.kubevirt.io", Images: vmImages("spec.template.spec"), Source: kubevirt + "/blob/main/staging/src/kubevirt.io/api/core/v1/schema.go"},
	{Kind: "VirtualMachine.kubevirt.io", Images: []string{"spec.dataVolumeTemplates[*].spec.source.registry.url"}, Scheme: "docker://",
		Source: "https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md"},
	{Kind: "VirtualMachineInstance.kubevirt.io", Images: vmImages("spec"), Source: kubevirt + "/blob/main/staging/src/kubevirt.io/api/core/v1/schema.go"},
	{Kind: "VirtualMachinePool.pool.kubevirt.io", Images: vmImages("spec.virtualMachineTemplate.spec.template.spec"), Source: "https://kubevirt.io/user-guide/user_workloads/pool/"},
	{Kind: "KubeVirt.kubevirt.io", Images: each("spec: {imageRegistry}/", ":{imageTag}", "virt-api", "virt-controller", "virt-handler", "virt-launcher"),
		Source: kubevirt + "/blob/main/staging/src/kubevirt.io/api/core/v1/types.go"},
	{Kind: "DataVolume.cdi.kubevirt.io", Images: []string{"spec.source.registry.url"}, Scheme: "docker://", Source: "https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md"},

	{Kind: "PolicyServer.policies.kubewarden.io", Images: []string{"spec.image"}, Source: "https://docs.kubewarden.io/reference/CRDs"},
	{Kind: "ClusterAdmissionPolicy.policies.kubewarden.io", Images: []string{"spec.module"}, Scheme: "registry://", Chart: true, Source: "https://docs.kubewarden.io/reference/CRDs"},
	{Kind: "AdmissionPolicy.policies.kubewarden.io", Images: []string{"spec.module"}, Scheme: "registry://", Chart: true, Source: "https://docs.kubewarden.io/reference/CRDs"},
	{Kind: "DataProtectionApplication.oadp.openshift.io", Images: append(each("spec.unsupportedOverrides.", "ImageFqin", "velero", "awsPlugin", "azurePlugin", "gcpPlugin",
		"openshiftPlugin", "csiPlugin", "kubevirtPlugin"), "spec.configuration.velero.customPlugins[*].image"),
		Source: "https://github.com/openshift/oadp-operator/blob/master/docs/API_ref.md"},
	{Kind: "ConfigMap", Name: "*-restore-action-config", Images: []string{"data.image"}, Source: "https://velero.io/docs/main/file-system-backup/"},
	{Kind: "ConfigMap", Name: "workflow-controller-configmap", Images: []string{"data.executor|image", "data.config|executor.image", "data.mainContainer|image"},
		Source: argoWorkflows + "/blob/main/docs/workflow-controller-configmap.md"},
	{Kind: "ConfigMap", Name: "local-path-config", Whole: []string{"data[helperPod.yaml]|"}, Source: "https://github.com/rancher/local-path-provisioner/blob/master/deploy/local-path-storage.yaml"},
	{Kind: "ClusterPolicy.nvidia.com", Images: []string{"spec.*: {repository}/{image}:{version}", "spec.driver.manager: {repository}/{image}:{version}"},
		Source: "https://github.com/NVIDIA/gpu-operator/blob/main/api/nvidia/v1/clusterpolicy_types.go"},
	{Kind: "NodeFeatureDiscovery.nfd.openshift.io", Images: []string{"spec.operand.image"}, Source: "https://github.com/openshift/cluster-nfd-operator/blob/master/api/v1/nodefeaturediscovery_types.go"},
	{Kind: "ChaosExperiment.litmuschaos.io", Images: []string{"spec.definition.image"}, Source: "https://docs.litmuschaos.io/docs/concepts/chaos-experiment"},
	{Kind: "ChaosEngine.litmuschaos.io", Images: []string{"spec.components.runner.image"}, Source: "https://docs.litmuschaos.io/docs/concepts/chaos-engine"},
}

const kruise = "https://openkruise.io/docs/"

func vmImages(at string) []string {
	return []string{at + ".volumes[*].containerDisk.image", at + ".domain.firmware.kernelBoot.container.image"}
}
