package imagetable

import "strings"

// each puts a prefix and a suffix around keys; an empty key stands for the place itself.
func each(prefix, suffix string, keys ...string) []string {
	paths := make([]string, len(keys))
	for i, key := range keys {
		if paths[i] = prefix + key + suffix; key == "" {
			paths[i] = strings.TrimSuffix(prefix, ".") + suffix
		}
	}
	return paths
}

// redisParts are the images of the kinds of OpsTree's Redis operator.
var redisParts = []string{"spec.kubernetesConfig.image", "spec.redisExporter.image", "spec.sidecars[*].image", "spec.initContainer.image"}

const redisOperator = "https://github.com/OT-CONTAINER-KIT/redis-operator/tree/main/config/crd/bases"

// data are the kinds that keep data and pass messages.
var data = []Row{
	{Kind: "Kafka.kafka.strimzi.io", Images: each("spec.", "", "kafka.image", "kafka.brokerRackInitImage", "zookeeper.image", "entityOperator.topicOperator.image",
		"entityOperator.userOperator.image", "entityOperator.tlsSidecar.image", "kafkaExporter.image", "cruiseControl.image", "cruiseControl.tlsSidecar.image", "jmxTrans.image"),
		Source: strimziAPI},
	{Kind: "KafkaConnect.kafka.strimzi.io", Images: []string{"spec.image", "spec.clientRackInitImage"}, Source: strimziAPI},
	{Kind: "KafkaMirrorMaker.kafka.strimzi.io", Images: []string{"spec.image"}, Source: strimziAPI},
	{Kind: "KafkaMirrorMaker2.kafka.strimzi.io", Images: []string{"spec.image", "spec.clientRackInitImage"}, Source: strimziAPI},
	{Kind: "KafkaBridge.kafka.strimzi.io", Images: []string{"spec.image", "spec.clientRackInitImage"}, Source: strimziAPI},
	{Kind: "RabbitmqCluster.rabbitmq.com", Images: []string{"spec.image"}, Pods: []string{"spec.override.statefulSet.spec.template.spec"},
		Source: rabbitmq + "/blob/main/api/v1beta1/rabbitmqcluster_types.go"},

	{Kind: "Cluster.postgresql.cnpg.io", Images: []string{"spec.imageName", "spec.postgresql.extensions[*].image.reference"}, Source: cloudNativePG + "/blob/main/api/v1/cluster_types.go"},
	{Kind: "ImageCatalog.postgresql.cnpg.io", Images: []string{"spec.images[*].image"}, Source: cloudNativePG + "/blob/main/api/v1/imagecatalog_types.go"},
	{Kind: "ClusterImageCatalog.postgresql.cnpg.io", Images: []string{"spec.images[*].image"}, Source: cloudNativePG + "/blob/main/api/v1/clusterimagecatalog_types.go"},
	{Kind: "Pooler.postgresql.cnpg.io", Pods: []string{"spec.template.spec"}, Source: cloudNativePG + "/blob/main/api/v1/pooler_types.go"},
	{Kind: "postgresql.acid.zalan.do", Images: []string{"spec.dockerImage", "spec.connectionPooler.dockerImage", "spec.sidecars[*].image", "spec.initContainers[*].image"}, Source: zalando},
	{Kind: "OperatorConfiguration.acid.zalan.do", Images: []string{"configuration.docker_image", "configuration.sidecars[*].image",
		"configuration.logical_backup.logical_backup_docker_image", "configuration.connection_pooler.connection_pooler_image"}, Source: zalando},
	{Kind: "PostgresCluster.postgres-operator.crunchydata.com", Images: each("spec.", ".image", "", "backups.pgbackrest", "proxy.pgBouncer", "monitoring.pgmonitor.exporter",
		"userInterface.pgAdmin", "instances[*].containers[*]"), Source: crunchy},
	{Kind: "PGUpgrade.postgres-operator.crunchydata.com", Images: []string{"spec.image"}, Source: crunchy},
	{Kind: "PGAdmin.postgres-operator.crunchydata.com", Images: []string{"spec.image"}, Source: crunchy},
	{Kind: "PerconaPGCluster.pgv2.percona.com", Images: each("spec.", ".image", "", "backups.pgbackrest", "proxy.pgBouncer", "pmm", "instances[*].sidecars[*]"),
		Source: "https://docs.percona.com/percona-operator-for-postgresql/latest/operator.html"},
	{Kind: "PerconaServerMongoDB.psmdb.percona.com", Images: append(each("spec.", ".image", "", "backup", "pmm", "logcollector", "replsets[*].sidecars[*]"), "spec.initImage"),
		Source: "https://docs.percona.com/percona-operator-for-mongodb/operator.html"},
	{Kind: "PerconaXtraDBCluster.pxc.percona.com", Images: append(each("spec.", ".image", "pxc", "haproxy", "proxysql", "logcollector", "pmm", "backup", "initContainer", "pxc.sidecars[*]"), "spec.initImage"),
		Source: "https://docs.percona.com/percona-operator-for-mysql/pxc/operator.html"},
	{Kind: "PerconaServerMySQL.ps.percona.com", Images: append(each("spec.", ".image", "mysql", "orchestrator", "proxy.router", "proxy.haproxy", "pmm", "backup", "toolkit"), "spec.initImage"),
		Source: "https://docs.percona.com/percona-operator-for-mysql/ps/operator.html"},
	{Kind: "MongoDBCommunity.mongodbcommunity.mongodb.com", Pods: []string{"spec.statefulSet.spec.template.spec"}, Source: mongoOperator + "/blob/master/api/v1/mongodbcommunity_types.go"},
	{Kind: "MariaDB.k8s.mariadb.com", Images: each("spec.", ".image", "", "metrics.exporter", "galera.initContainer", "galera.agent", "maxScale", "sidecarContainers[*]", "initContainers[*]"), Source: mariadb},
	{Kind: "MaxScale.k8s.mariadb.com", Images: []string{"spec.image", "spec.metrics.exporter.image"}, Source: mariadb},
	{Kind: "InnoDBCluster.mysql.oracle.com", Pods: []string{"spec.podSpec", "spec.router.podSpec"}, Source: "https://dev.mysql.com/doc/mysql-operator/en/mysql-operator-properties.html"},

	{Kind: "Redis.redis.redis.opstreelabs.in", Images: redisParts, Source: redisOperator},
	{Kind: "RedisCluster.redis.redis.opstreelabs.in", Images: redisParts, Source: redisOperator},
	{Kind: "RedisReplication.redis.redis.opstreelabs.in", Images: redisParts, Source: redisOperator},
	{Kind: "RedisSentinel.redis.redis.opstreelabs.in", Images: redisParts, Source: redisOperator},
	{Kind: "RedisFailover.databases.spotahome.com", Images: append(each("spec.redis.", ".image", "", "exporter", "initContainers[*]", "extraContainers[*]"),
		each("spec.sentinel.", ".image", "", "exporter", "initContainers[*]", "extraContainers[*]")...), Source: "https://github.com/spotahome/redis-operator/blob/master/api/redisfailover/v1/types.go"},
	{Kind: "Dragonfly.dragonflydb.io", Images: []string{"spec.image"}, Source: "https://github.com/dragonflydb/dragonfly-operator/blob/main/api/v1alpha1/dragonfly_types.go"},

	{Kind: "CassandraDatacenter.cassandra.datastax.com", Images: []string{"spec.serverImage", "spec.systemLoggerImage", "spec.configBuilderImage"}, Pods: []string{"spec.podTemplateSpec.spec"},
		Source: "https://github.com/k8ssandra/cass-operator/blob/master/apis/cassandra/v1beta1/cassandradatacenter_types.go"},
	{Kind: "ScyllaCluster.scylla.scylladb.com", Images: []string{"spec: {repository}:{version}", "spec: {agentRepository}:{agentVersion}"},
		Source: "https://operator.docs.scylladb.com/stable/reference/api/groups/scylla.scylladb.com/scyllaclusters.html"},
	{Kind: "CrdbCluster.crdb.cockroachlabs.com", Images: []string{"spec.image.name"}, Source: "https://github.com/cockroachdb/cockroach-operator/blob/master/apis/v1alpha1/cluster_types.go"},
	{Kind: "ClickHouseInstallation.clickhouse.altinity.com", Pods: []string{"spec.templates.podTemplates[*].spec"},
		Source: "https://github.com/Altinity/clickhouse-operator/blob/master/docs/custom_resource_explained.md"},
	{Kind: "ClickHouseKeeperInstallation.clickhouse-keeper.altinity.com", Pods: []string{"spec.templates.podTemplates[*].spec"},
		Source: "https://github.com/Altinity/clickhouse-operator/tree/master/docs/chk-examples"},
	{Kind: "SolrCloud.solr.apache.org", Images: []string{"spec.solrImage: {repository}:{tag}", "spec.busyBoxImage: {repository}:{tag}"},
		Source: "https://apache.github.io/solr-operator/docs/solr-cloud/solr-cloud-crd.html"},
	{Kind: "ZookeeperCluster.zookeeper.pravega.io", Images: []string{"spec.image: {repository}:{tag}"}, Source: "https://github.com/pravega/zookeeper-operator/blob/master/api/v1beta1/zookeepercluster_types.go"},
	{Kind: "Tenant.minio.min.io", Images: []string{"spec.image", "spec.kes.image", "spec.sideCars.containers[*].image", "spec.initContainers[*].image"},
		Source: "https://min.io/docs/minio/kubernetes/upstream/reference/operator-crd.html"},
	{Kind: "CephCluster.ceph.rook.io", Images: []string{"spec.cephVersion.image"}, Source: "https://rook.io/docs/rook/latest/CRDs/Cluster/ceph-cluster-crd/"},
	{Kind: "ConfigMap", Name: "rook-ceph-operator-config", Images: each("data.ROOK_CSI_", "_IMAGE", "CEPH", "REGISTRAR", "RESIZER", "PROVISIONER", "SNAPSHOTTER", "ATTACHER"),
		Source: "https://github.com/rook/rook/blob/master/deploy/examples/operator.yaml"},
	{Kind: "Vault.vault.banzaicloud.com", Images: append(each("spec.", "Image", "bankVaults", "statsd", "fluentd"), "spec.image"),
		Source: "https://bank-vaults.dev/docs/operator/reference/"},
	{Kind: "Keycloak.k8s.keycloak.org", Images: []string{"spec.image"}, Pods: []string{"spec.unsupported.podTemplate.spec"},
		Source: "https://www.keycloak.org/operator/advanced-configuration"},
}

const (
	strimziAPI = "https://strimzi.io/docs/operators/latest/configuring.html"
	zalando    = "https://github.com/zalando/postgres-operator/tree/master/manifests"
	crunchy    = "https://access.crunchydata.com/documentation/postgres-operator/latest/references/crd/5.8.x"
	mariadb    = "https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/api_reference.md"
)
