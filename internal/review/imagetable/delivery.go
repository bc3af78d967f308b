package imagetable

// tektonSteps are the images of a Tekton task's spec.
func tektonSteps(at ...string) (paths []string) {
	for _, spec := range at {
		paths = append(paths, spec+".steps[*].image", spec+".sidecars[*].image", spec+".stepTemplate.image")
	}
	return paths
}

// kustomizeImages is an entry of images as a kustomization has it.
const kustomizeImages = ": {newName,name}:{newTag}@{digest}"

// delivery are the kinds that build, deliver and install.
var delivery = []Row{
	{Kind: "Task.tekton.dev", Images: tektonSteps("spec"), Source: tektonPipeline + "/blob/main/docs/pipeline-api.md"},
	{Kind: "ClusterTask.tekton.dev", Images: tektonSteps("spec"), Source: tektonPipeline + "/blob/main/docs/pipeline-api.md"},
	{Kind: "StepAction.tekton.dev", Images: []string{"spec.image"}, Source: tektonPipeline + "/blob/main/docs/stepactions.md"},
	{Kind: "TaskRun.tekton.dev", Images: tektonSteps("spec.taskSpec"), Source: tektonPipeline + "/blob/main/docs/pipeline-api.md"},
	{Kind: "Pipeline.tekton.dev", Images: tektonSteps("spec.tasks[*].taskSpec", "spec.finally[*].taskSpec"), Source: tektonPipeline + "/blob/main/docs/pipeline-api.md"},
	{Kind: "PipelineRun.tekton.dev", Images: tektonSteps("spec.pipelineSpec.tasks[*].taskSpec", "spec.pipelineSpec.finally[*].taskSpec"),
		Source: tektonPipeline + "/blob/main/docs/pipeline-api.md"},
	{Kind: "TriggerTemplate.triggers.tekton.dev", Whole: []string{"spec.resourcetemplates"}, Source: "https://github.com/tektoncd/triggers/blob/main/docs/triggertemplates.md"},

	{Kind: "Experiment.argoproj.io", Pods: []string{"spec.templates[*].template.spec"}, Source: argoRollouts + "/blob/master/manifests/crds/experiment-crd.yaml"},
	{Kind: "AnalysisTemplate.argoproj.io", Pods: []string{"spec.metrics[*].provider.job.spec.template.spec"}, Source: argoRollouts + "/blob/master/manifests/crds/analysis-template-crd.yaml"},
	{Kind: "ClusterAnalysisTemplate.argoproj.io", Pods: []string{"spec.metrics[*].provider.job.spec.template.spec"},
		Source: argoRollouts + "/blob/master/manifests/crds/cluster-analysis-template-crd.yaml"},
	{Kind: "AnalysisRun.argoproj.io", Pods: []string{"spec.metrics[*].provider.job.spec.template.spec"}, Source: argoRollouts + "/blob/master/manifests/crds/analysis-run-crd.yaml"},
	{Kind: "Sensor.argoproj.io", Images: []string{"spec.template.container.image"},
		Whole:  []string{"spec.triggers[*].template.argoWorkflow.source.resource", "spec.triggers[*].template.k8s.source.resource"},
		Source: argoEvents + "/blob/master/docs/APIs.md"},
	{Kind: "EventSource.argoproj.io", Images: []string{"spec.template.container.image"}, Source: argoEvents + "/blob/master/docs/APIs.md"},
	{Kind: "ArgoCD.argoproj.io", Images: argoCDImages, Source: "https://argocd-operator.readthedocs.io/en/latest/reference/argocd/"},
	{Kind: "Application.argoproj.io", Images: []string{"spec.source: {repoURL}/{chart}:{targetRevision}", "spec.sources[*]: {repoURL}/{chart}:{targetRevision}"},
		Chart: true, Ranges: true, Source: argoCD + "/blob/master/docs/user-guide/helm.md"},
	{Kind: "ApplicationSet.argoproj.io", Images: []string{"spec.template.spec.source: {repoURL}/{chart}:{targetRevision}",
		"spec.template.spec.sources[*]: {repoURL}/{chart}:{targetRevision}"}, Chart: true, Ranges: true, Source: argoCD + "/blob/master/docs/user-guide/helm.md"},
	{Kind: "Application.argoproj.io", Images: []string{"spec.source: {repoURL}/{chart?}:{targetRevision}", "spec.sources[*]: {repoURL}/{chart?}:{targetRevision}"},
		Scheme: "oci://", Chart: true, Ranges: true, Source: argoCD + "/blob/master/docs/user-guide/oci.md"},
	{Kind: "ApplicationSet.argoproj.io", Images: []string{"spec.template.spec.source: {repoURL}/{chart?}:{targetRevision}",
		"spec.template.spec.sources[*]: {repoURL}/{chart?}:{targetRevision}"}, Scheme: "oci://", Chart: true, Ranges: true, Source: argoCD + "/blob/master/docs/user-guide/oci.md"},
	{Kind: "Application.argoproj.io", Images: []string{"spec.source.kustomize.images[*]", "spec.sources[*].kustomize.images[*]"},
		Values:     []string{"spec.source.helm.valuesObject", "spec.sources[*].helm.valuesObject", "spec.source.helm.values|", "spec.sources[*].helm.values|"},
		Parameters: []string{"spec.source.helm.parameters", "spec.sources[*].helm.parameters"},
		Source:     argoCD + "/blob/master/docs/operator-manual/application.yaml"},
	{Kind: "ApplicationSet.argoproj.io", Images: []string{"spec.template.spec.source.kustomize.images[*]", "spec.template.spec.sources[*].kustomize.images[*]"},
		Values: []string{"spec.template.spec.source.helm.valuesObject", "spec.template.spec.sources[*].helm.valuesObject",
			"spec.template.spec.source.helm.values|", "spec.template.spec.sources[*].helm.values|"},
		Parameters: []string{"spec.template.spec.source.helm.parameters", "spec.template.spec.sources[*].helm.parameters"},
		Source:     argoCD + "/blob/master/docs/operator-manual/applicationset.yaml"},

	{Kind: "HelmRelease.helm.toolkit.fluxcd.io", Values: []string{"spec.values"}, Images: []string{"spec.postRenderers[*].kustomize.images[*]" + kustomizeImages},
		Source: flux + "/helm-controller/blob/main/docs/spec/v2/helmreleases.md"},
	{Kind: "Kustomization.kustomize.toolkit.fluxcd.io", Images: []string{"spec.images[*]" + kustomizeImages},
		Source: flux + "/kustomize-controller/blob/main/docs/spec/v1/kustomizations.md"},
	{Kind: "OCIRepository.source.toolkit.fluxcd.io", Images: []string{"spec: {url}:{ref.tag}@{ref.digest}"}, Scheme: "oci://", Chart: true,
		Source: flux + "/source-controller/blob/main/docs/spec/v1/ocirepositories.md"},
	{Kind: "FluxInstance.fluxcd.controlplane.io", Images: []string{"spec.distribution.artifact"}, Scheme: "oci://", Chart: true,
		Source: "https://fluxcd.control-plane.io/operator/fluxinstance/"},
	{Kind: "HelmChart.helm.cattle.io", Images: []string{"spec: {chart}:{version}"}, Scheme: "oci://", Chart: true, Ranges: true, Source: "https://docs.k3s.io/add-ons/helm"},
	{Kind: "HelmChart.helm.cattle.io", Images: []string{"spec.jobImage"}, Values: []string{"spec.valuesContent|"}, Source: "https://docs.k3s.io/add-ons/helm"},
	{Kind: "HelmChartConfig.helm.cattle.io", Values: []string{"spec.valuesContent|"}, Source: "https://docs.k3s.io/add-ons/helm"},
	{Kind: "Plan.upgrade.cattle.io", Images: []string{"spec.upgrade.image", "spec.prepare.image"}, Tags: true, Source: "https://github.com/rancher/system-upgrade-controller#example-plans"},

	{Kind: "Provider.pkg.crossplane.io", Images: []string{"spec.package"}, Host: crossplaneHost, Chart: true, Source: crossplane + "/blob/main/apis/pkg/v1/package_types.go"},
	{Kind: "Configuration.pkg.crossplane.io", Images: []string{"spec.package"}, Host: crossplaneHost, Chart: true, Source: crossplane + "/blob/main/apis/pkg/v1/package_types.go"},
	{Kind: "Function.pkg.crossplane.io", Images: []string{"spec.package"}, Host: crossplaneHost, Chart: true, Source: crossplane + "/blob/main/apis/pkg/v1/package_types.go"},
	{Kind: "DeploymentRuntimeConfig.pkg.crossplane.io", Pods: []string{"spec.deploymentTemplate.spec.template.spec"},
		Source: crossplane + "/blob/main/apis/pkg/v1beta1/deployment_runtime_config_types.go"},
	{Kind: "ControllerConfig.pkg.crossplane.io", Images: []string{"spec.image"}, Source: crossplane + "/blob/release-1.20/apis/pkg/v1alpha1/config.go"},
	{Kind: "Object.kubernetes.crossplane.io", Whole: []string{"spec.forProvider.manifest"}, Source: "https://github.com/crossplane-contrib/provider-kubernetes/blob/main/apis/object/v1alpha2/types.go"},
	{Kind: "Release.helm.crossplane.io", Values: []string{"spec.forProvider.values"}, Source: "https://github.com/crossplane-contrib/provider-helm/blob/master/apis/release/v1beta1/types.go"},
	{Kind: "ManifestWork.work.open-cluster-management.io", Whole: []string{"spec.workload.manifests"}, Source: "https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/"},
	{Kind: "Template.template.openshift.io", Whole: []string{"objects"}, Source: "https://docs.openshift.com/container-platform/latest/openshift_images/using-templates.html"},

	{Kind: "ClusterServiceVersion.operators.coreos.com", Pods: []string{"spec.install.spec.deployments[*].spec.template.spec"}, Images: []string{"spec.relatedImages[*].image"},
		Source: "https://github.com/operator-framework/api/blob/master/pkg/operators/v1alpha1/clusterserviceversion_types.go"},
	{Kind: "CatalogSource.operators.coreos.com", Images: []string{"spec.image"},
		Source: "https://github.com/operator-framework/api/blob/master/pkg/operators/v1alpha1/catalogsource_types.go"},
	{Kind: "ClusterCatalog.olm.operatorframework.io", Images: []string{"spec.source.image.ref"},
		Source: "https://github.com/operator-framework/operator-controller/blob/main/api/v1/clustercatalog_types.go"},
	{Kind: "AutoscalingRunnerSet.actions.github.com", Pods: []string{"spec.template.spec", "spec.listenerTemplate.spec"},
		Source: "https://github.com/actions/actions-runner-controller/blob/master/apis/actions.github.com/v1alpha1/autoscalingrunnerset_types.go"},
	{Kind: "RunnerDeployment.actions.summerwind.dev", Pods: []string{"spec.template.spec"},
		Images: []string{"spec.template.spec.image", "spec.template.spec.dockerImage"},
		Source: "https://github.com/actions/actions-runner-controller/blob/master/apis/actions.summerwind.net/v1alpha1/runner_types.go"},
	{Kind: "Jenkins.jenkins.io", Images: []string{"spec.master.containers[*].image"}, Source: "https://jenkinsci.github.io/kubernetes-operator/docs/getting-started/latest/schema/"},
	{Kind: "TestRun.k6.io", Images: []string{"spec.runner.image", "spec.starter.image", "spec.initializer.image"},
		Source: "https://github.com/grafana/k6-operator/blob/main/api/v1alpha1/testrun_types.go"},
	{Kind: "TestWorkflow.testworkflows.testkube.io", Images: []string{"spec.container.image", "spec.steps[*].container.image", "spec.steps[*].run.image", "spec.services.*.image"},
		Source: "https://docs.testkube.io/articles/crds/testworkflows.testkube.io-v1"},
	{Kind: "DevWorkspace.workspace.devfile.io", Images: []string{"spec.template.components[*].container.image"}, Source: "https://devfile.io/docs/2.3.0/devfile-schema"},
}

// crossplaneHost is the registry of packages whose names have none, in Crossplane 1; Crossplane 2 takes no such name.
const crossplaneHost = "xpkg.upbound.io"

// argoCDImages are the parts of Argo CD that its operator takes an image and a version for, which may be a digest.
var argoCDImages = []string{
	"spec: {image}:{version}", "spec.repo: {image}:{version}", "spec.redis: {image}:{version}", "spec.ha: {redisProxyImage}:{redisProxyVersion}",
	"spec.applicationSet: {image}:{version}", "spec.notifications: {image}:{version}", "spec.sso.dex: {image}:{version}", "spec.sso.keycloak: {image}:{version}",
	"spec.repo.sidecarContainers[*].image", "spec.repo.initContainers[*].image", "spec.controller.sidecarContainers[*].image", "spec.controller.initContainers[*].image",
	"spec.server.sidecarContainers[*].image", "spec.server.initContainers[*].image",
}
