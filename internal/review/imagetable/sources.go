package imagetable

// Where the table was learned from: the projects' definitions of their kinds.
const (
	argoWorkflows      = "https://github.com/argoproj/argo-workflows"
	argoRollouts       = "https://github.com/argoproj/argo-rollouts"
	argoEvents         = "https://github.com/argoproj/argo-events"
	argoCD             = "https://github.com/argoproj/argo-cd"
	cloudNativePG      = "https://github.com/cloudnative-pg/cloudnative-pg"
	crossplane         = "https://github.com/crossplane/crossplane"
	eck                = "https://github.com/elastic/cloud-on-k8s"
	flux               = "https://github.com/fluxcd"
	kops               = "https://github.com/kubernetes/kops"
	kserve             = "https://github.com/kserve/kserve"
	kubeflow           = "https://github.com/kubeflow"
	kubevirt           = "https://github.com/kubevirt/kubevirt"
	longhorn           = "https://github.com/longhorn/longhorn"
	mongoOperator      = "https://github.com/mongodb/mongodb-kubernetes-operator"
	otelOperator       = "https://github.com/open-telemetry/opentelemetry-operator"
	prometheusOperator = "https://github.com/prometheus-operator/prometheus-operator"
	rabbitmq           = "https://github.com/rabbitmq/cluster-operator"
	strimzi            = "https://github.com/strimzi/strimzi-kafka-operator"
	tektonPipeline     = "https://github.com/tektoncd/pipeline"
	victoriaOperator   = "https://github.com/VictoriaMetrics/operator"
)

// podKinds are Kubernetes' own kinds, as far as they stand within other objects.
var podKinds = []Row{
	{Kind: "Pod", Pods: []string{"spec"}, Source: kubernetesAPI},
	{Kind: "PodTemplate", Pods: []string{"template.spec"}, Source: kubernetesAPI},
	{Kind: "Deployment.apps", Pods: []string{"spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "StatefulSet.apps", Pods: []string{"spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "DaemonSet.apps", Pods: []string{"spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "ReplicaSet.apps", Pods: []string{"spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "Job.batch", Pods: []string{"spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "CronJob.batch", Pods: []string{"spec.jobTemplate.spec.template.spec"}, Source: kubernetesAPI},
	{Kind: "Service.serving.knative.dev", Pods: []string{"spec.template.spec"}, Source: "https://knative.dev/docs/serving/reference/serving-api/"},
	{Kind: "Workflow.argoproj.io", Images: argoTemplates("spec"), Source: argoWorkflows + "/blob/main/docs/fields.md"},
	{Kind: "CronWorkflow.argoproj.io", Images: argoTemplates("spec.workflowSpec"), Source: argoWorkflows + "/blob/main/docs/fields.md"},
}

const kubernetesAPI = "https://kubernetes.io/docs/reference/kubernetes-api/"

// argoTemplates are the images of a workflow's templates.
func argoTemplates(at string) (paths []string) {
	for _, list := range []string{"initContainers[*]", "container", "script", "containerSet.containers[*]", "sidecars[*]"} {
		paths = append(paths, at+".templates[*]."+list+".image")
	}
	return paths
}
