package imagetable

// kserveServers are the model servers that a predictor may name by its framework.
func kserveServers() []string {
	var paths []string
	for _, server := range []string{"model", "sklearn", "xgboost", "tensorflow", "pytorch", "triton", "onnx", "huggingface", "pmml", "lightgbm", "paddle"} {
		paths = append(paths, "spec.predictor."+server+".image")
	}
	return append(paths, "spec.explainer.art.image")
}

// istioHub are the images that Istio makes of a registry and a tag: the control plane and its proxies.
func istioHub(at string) []string {
	return []string{at + ": {hub}/pilot:{tag}-{variant}", at + ": {hub}/proxyv2:{tag}-{variant}"}
}

// replicaSpecs are the pods of the jobs of Kubeflow's training operator.
func replicaSpecs(kind, field string) Row {
	return Row{Kind: kind + ".kubeflow.org", Pods: []string{"spec." + field + ".*.template.spec"}, Source: kubeflow + "/trainer/tree/release-1.9/manifests/base/crds"}
}

// serving are the kinds that serve requests and models, and train those.
var serving = []Row{
	{Kind: "ContainerSource.sources.knative.dev", Pods: []string{"spec.template.spec"}, Source: "https://knative.dev/docs/eventing/custom-event-source/containersource/reference/"},
	{Kind: "KnativeServing.operator.knative.dev", Images: []string{"spec.registry.override.*"}, Source: "https://knative.dev/docs/install/operator/configuring-serving-cr/"},
	{Kind: "KnativeEventing.operator.knative.dev", Images: []string{"spec.registry.override.*"}, Source: "https://knative.dev/docs/install/operator/configuring-eventing-cr/"},
	{Kind: "ConfigMap", Name: "config-deployment", Images: []string{"data.queue-sidecar-image", "data.queueSidecarImage"},
		Source: "https://github.com/knative/serving/blob/main/config/core/configmaps/deployment.yaml"},

	{Kind: "IstioOperator.install.istio.io", Images: append(istioHub("spec"), istioHub("spec.values.global")...),
		Source: "https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/"},
	{Kind: "Istio.sailoperator.io", Images: istioHub("spec.values.global"), Source: "https://github.com/istio-ecosystem/sail-operator/blob/main/docs/api-reference/sailoperator.io.md"},
	{Kind: "WasmPlugin.extensions.istio.io", Images: []string{"spec: {url}@sha256:{sha256}"}, Scheme: "oci://", Chart: true,
		Source: "https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/"},
	{Kind: "EnvoyExtensionPolicy.gateway.envoyproxy.io", Images: []string{"spec.wasm[*].code.image.url"}, Chart: true, Source: "https://gateway.envoyproxy.io/docs/api/extension_types/"},
	{Kind: "EnvoyProxy.gateway.envoyproxy.io", Images: []string{"spec.provider.kubernetes.envoyDeployment.container.image",
		"spec.provider.kubernetes.envoyDaemonSet.container.image", "spec.provider.kubernetes.envoyDeployment.initContainers[*].image"},
		Source: "https://gateway.envoyproxy.io/docs/api/extension_types/"},

	{Kind: "InferenceService.serving.kserve.io", Images: kserveServers(), Pods: []string{"spec.predictor", "spec.transformer", "spec.explainer", "spec.predictor.workerSpec"},
		Source: kserve + "/blob/master/docs/apis/v1beta1/README.md"},
	{Kind: "ServingRuntime.serving.kserve.io", Pods: []string{"spec", "spec.workerSpec"}, Source: kserve + "/blob/master/pkg/apis/serving/v1alpha1/servingruntime_types.go"},
	{Kind: "ClusterServingRuntime.serving.kserve.io", Pods: []string{"spec", "spec.workerSpec"}, Source: kserve + "/blob/master/pkg/apis/serving/v1alpha1/servingruntime_types.go"},
	{Kind: "ClusterStorageContainer.serving.kserve.io", Images: []string{"spec.container.image"}, Source: kserve + "/blob/master/pkg/apis/serving/v1alpha1/storage_container_types.go"},
	{Kind: "ConfigMap", Name: "inferenceservice-config", Images: []string{"data.storageInitializer|image", "data.logger|image", "data.batcher|image",
		"data.agent|image", "data.router|image", "data.explainers|*: {image}:{defaultImageVersion}"}, Source: kserve + "/blob/master/config/configmap/inferenceservice.yaml"},
	{Kind: "SeldonDeployment.machinelearning.seldon.io", Pods: []string{"spec.predictors[*].componentSpecs[*].spec"},
		Source: "https://docs.seldon.io/projects/seldon-core/en/latest/reference/seldon-deployment.html"},
	{Kind: "Notebook.kubeflow.org", Pods: []string{"spec.template.spec"}, Source: kubeflow + "/notebooks/blob/notebooks-v1/components/notebook-controller/api/v1/notebook_types.go"},
	{Kind: "PodDefault.kubeflow.org", Images: []string{"spec.sidecars[*].image", "spec.initContainers[*].image"},
		Source: kubeflow + "/dashboard/blob/main/components/poddefaults-webhooks/pkg/apis/settings/v1alpha1/poddefault_types.go"},
	{Kind: "Experiment.kubeflow.org", Whole: []string{"spec.trialTemplate.trialSpec"}, Source: kubeflow + "/katib/blob/master/pkg/apis/controller/experiments/v1beta1/experiment_types.go"},
	{Kind: "ConfigMap", Name: "katib-config", Images: []string{"data[katib-config.yaml]|runtime.suggestions[*].image", "data[katib-config.yaml]|runtime.metricsCollectors[*].image",
		"data[katib-config.yaml]|runtime.earlyStoppings[*].image"}, Source: kubeflow + "/katib/blob/master/manifests/v1beta1/installs/katib-standalone/katib-config.yaml"},
	replicaSpecs("TFJob", "tfReplicaSpecs"), replicaSpecs("PyTorchJob", "pytorchReplicaSpecs"), replicaSpecs("MPIJob", "mpiReplicaSpecs"),
	replicaSpecs("XGBoostJob", "xgbReplicaSpecs"), replicaSpecs("PaddleJob", "paddleReplicaSpecs"), replicaSpecs("JAXJob", "jaxReplicaSpecs"),
	{Kind: "TrainingRuntime.trainer.kubeflow.org", Pods: []string{"spec.template.spec.replicatedJobs[*].template.spec.template.spec"},
		Source: kubeflow + "/trainer/blob/master/pkg/apis/trainer/v1alpha1/trainingruntime_types.go"},
	{Kind: "ClusterTrainingRuntime.trainer.kubeflow.org", Pods: []string{"spec.template.spec.replicatedJobs[*].template.spec.template.spec"},
		Source: kubeflow + "/trainer/blob/master/pkg/apis/trainer/v1alpha1/trainingruntime_types.go"},
	{Kind: "TrainJob.trainer.kubeflow.org", Images: []string{"spec.trainer.image"}, Source: kubeflow + "/trainer/blob/master/pkg/apis/trainer/v1alpha1/trainjob_types.go"},
	{Kind: "JobSet.jobset.x-k8s.io", Pods: []string{"spec.replicatedJobs[*].template.spec.template.spec"}, Source: "https://jobset.sigs.k8s.io/docs/reference/jobset.v1alpha2/"},
	{Kind: "LeaderWorkerSet.leaderworkerset.x-k8s.io", Pods: []string{"spec.leaderWorkerTemplate.leaderTemplate.spec", "spec.leaderWorkerTemplate.workerTemplate.spec"},
		Source: "https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1/"},
	{Kind: "Job.batch.volcano.sh", Pods: []string{"spec.tasks[*].template.spec"}, Source: "https://volcano.sh/en/docs/vcjob/"},
	{Kind: "RayCluster.ray.io", Pods: rayPods("spec"), Source: ray},
	{Kind: "RayJob.ray.io", Pods: append(rayPods("spec.rayClusterSpec"), "spec.submitterPodTemplate.spec"), Source: ray},
	{Kind: "RayService.ray.io", Pods: rayPods("spec.rayClusterConfig"), Source: ray},
	{Kind: "SparkApplication.sparkoperator.k8s.io", Images: sparkImages("spec"), Pods: []string{"spec.driver.template.spec", "spec.executor.template.spec"}, Source: spark},
	{Kind: "ScheduledSparkApplication.sparkoperator.k8s.io", Images: sparkImages("spec.template"), Source: spark},
	{Kind: "FlinkDeployment.flink.apache.org", Images: []string{"spec.image"}, Pods: []string{"spec.podTemplate.spec", "spec.jobManager.podTemplate.spec", "spec.taskManager.podTemplate.spec"},
		Source: "https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/custom-resource/reference/"},
	{Kind: "Integration.camel.apache.org", Images: []string{"spec.traits.container.image"}, Source: "https://camel.apache.org/camel-k/next/traits/container.html"},
}

const (
	ray   = "https://docs.ray.io/en/latest/cluster/kubernetes/references.html"
	spark = "https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md"
)

func rayPods(at string) []string {
	return []string{at + ".headGroupSpec.template.spec", at + ".workerGroupSpecs[*].template.spec"}
}

func sparkImages(at string) []string {
	paths := []string{at + ".image"}
	for _, part := range []string{".driver", ".executor"} {
		paths = append(paths, at+part+".image", at+part+".initContainers[*].image", at+part+".sidecars[*].image")
	}
	return paths
}
