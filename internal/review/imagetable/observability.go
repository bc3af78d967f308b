package imagetable

// elasticKind is a kind of Elastic's operator, with the pods whose templates it takes.
func elasticKind(kind string, pods ...string) Row {
	return Row{Kind: kind, Images: []string{"spec.image"}, Pods: pods, Source: eck + "/blob/main/docs/reference/api-reference/main.md"}
}

// prometheusKind is a kind of the Prometheus operator.
func prometheusKind(kind string, more ...string) Row {
	return Row{Kind: kind + ".monitoring.coreos.com", Images: append([]string{"spec.image", "spec: {baseImage}:{tag,version}"}, more...), Pods: []string{"spec"},
		Source: prometheusOperator + "/blob/main/Documentation/api-reference/api.md"}
}

// victoriaKind is a kind of VictoriaMetrics' operator, with the parts that have an image of their own.
func victoriaKind(kind string, parts ...string) Row {
	row := Row{Kind: kind + ".operator.victoriametrics.com", Source: victoriaOperator + "/blob/master/docs/api.md"}
	if len(parts) == 0 {
		parts = []string{""}
	}
	for _, at := range each("spec.", "", parts...) {
		row.Images = append(row.Images, at+".image: {repository}:{tag}", at+".configReloaderImage", at+".configReloaderImageTag")
		row.Pods = append(row.Pods, at)
	}
	return row
}

// observability are the kinds that measure, log and trace.
var observability = []Row{
	prometheusKind("Prometheus", "spec.thanos.image", "spec.thanos: {baseImage}:{tag,version}"), prometheusKind("PrometheusAgent"),
	prometheusKind("Alertmanager"), prometheusKind("ThanosRuler"),
	victoriaKind("VMAgent"), victoriaKind("VMSingle"), victoriaKind("VMAlert"), victoriaKind("VMAlertmanager"), victoriaKind("VMAuth"),
	victoriaKind("VMCluster", "vmselect", "vminsert", "vmstorage"), victoriaKind("VLogs"), victoriaKind("VLSingle"), victoriaKind("VLCluster", "vlselect", "vlinsert", "vlstorage"),

	elasticKind("Elasticsearch.elasticsearch.k8s.elastic.co", "spec.nodeSets[*].podTemplate.spec"), elasticKind("Kibana.kibana.k8s.elastic.co", "spec.podTemplate.spec"),
	elasticKind("ApmServer.apm.k8s.elastic.co", "spec.podTemplate.spec"), elasticKind("EnterpriseSearch.enterprisesearch.k8s.elastic.co", "spec.podTemplate.spec"),
	elasticKind("Logstash.logstash.k8s.elastic.co", "spec.podTemplate.spec"), elasticKind("ElasticMapsServer.maps.k8s.elastic.co", "spec.podTemplate.spec"),
	elasticKind("Beat.beat.k8s.elastic.co", "spec.daemonSet.podTemplate.spec", "spec.deployment.podTemplate.spec"),
	elasticKind("Agent.agent.k8s.elastic.co", "spec.daemonSet.podTemplate.spec", "spec.deployment.podTemplate.spec", "spec.statefulSet.podTemplate.spec"),

	{Kind: "OpenTelemetryCollector.opentelemetry.io", Images: []string{"spec.image", "spec.targetAllocator.image", "spec.initContainers[*].image", "spec.additionalContainers[*].image"},
		Source: otelAPI + "/opentelemetrycollectors.md"},
	{Kind: "TargetAllocator.opentelemetry.io", Images: []string{"spec.image", "spec.initContainers[*].image", "spec.additionalContainers[*].image"}, Source: otelAPI + "/targetallocators.md"},
	{Kind: "OpAMPBridge.opentelemetry.io", Images: []string{"spec.image"}, Source: otelAPI + "/opampbridges.md"},
	{Kind: "Instrumentation.opentelemetry.io", Images: append(each("spec.", ".image", "java", "nodejs", "python", "dotnet", "go", "apacheHttpd", "nginx"), "spec.java.extensions[*].image"),
		Source: otelAPI + "/instrumentations.md"},
	{Kind: "Jaeger.jaegertracing.io", Images: each("spec.", ".image", "allInOne", "agent", "collector", "ingester", "query", "storage.esIndexCleaner", "storage.esRollover",
		"storage.dependencies", "storage.cassandraCreateSchema"), Source: "https://github.com/jaegertracing/jaeger-operator/blob/main/docs/api.md"},
	{Kind: "Grafana.grafana.integreatly.org", Pods: []string{"spec.deployment.spec.template.spec"}, Source: "https://grafana.github.io/grafana-operator/docs/api/"},
	{Kind: "TempoStack.tempo.grafana.com", Images: []string{"spec.images.*"}, Source: "https://github.com/grafana/tempo-operator/blob/main/docs/spec/tempo.grafana.com_tempostacks.yaml"},
	{Kind: "Logging.logging.banzaicloud.io", Images: []string{"spec.fluentd.image: {repository}:{tag}", "spec.fluentbit.image: {repository}:{tag}",
		"spec.fluentd.configReloaderImage: {repository}:{tag}", "spec.fluentd.bufferVolumeImage: {repository}:{tag}", "spec.fluentbit.configHotReload.image: {repository}:{tag}",
		"spec.syslogNG.syslogNGImage: {repository}:{tag}"}, Source: "https://kube-logging.dev/docs/configuration/crds/v1beta1/"},
	{Kind: "FluentbitAgent.logging.banzaicloud.io", Images: []string{"spec.image: {repository}:{tag}", "spec.configHotReload.image: {repository}:{tag}"},
		Source: "https://kube-logging.dev/docs/configuration/crds/v1beta1/fluentbit_types/"},
	{Kind: "DatadogAgent.datadoghq.com", Images: []string{"spec.override.*.image: {name}:{tag}"},
		Source: "https://github.com/DataDog/datadog-operator/blob/main/docs/configuration.v2alpha1.md"},
	{Kind: "ConfigMap", Name: "trivy-operator-trivy-config", Images: []string{"data: {[trivy.repository]}:{[trivy.tag]}"},
		Source: "https://aquasecurity.github.io/trivy-operator/latest/getting-started/installation/configuration/"},
}

const otelAPI = otelOperator + "/blob/main/docs/api"
