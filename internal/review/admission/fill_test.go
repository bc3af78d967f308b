package admission

import (
	"encoding/json"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestFillIn compares objects with what an API server makes of them before it asks policies.
func TestFillIn(t *testing.T) {
	t.Parallel()
	const container = "terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, resources: {}"
	const pod = "dnsPolicy: ClusterFirst, restartPolicy: Always, schedulerName: default-scheduler, terminationGracePeriodSeconds: 30, securityContext: {}"
	const ofPod = pod + ", serviceAccountName: default, serviceAccount: default, enableServiceLinks: true, priority: 0, preemptionPolicy: PreemptLowerPriority"
	const stays = "{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}, {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}"
	const match = "matchPolicy: Equivalent, namespaceSelector: {}, objectSelector: {}"
	for _, test := range []struct{ name, kind, given, want string }{
		{"latest is pulled always", "v1/Pod", "spec: {tolerations: [{operator: Exists}], containers: [{image: a}], initContainers: [{image: 'a:latest@sha256:0'}], ephemeralContainers: [{image: 'a@sha256:0'}]}",
			"spec: {" + ofPod + ", tolerations: [{operator: Exists}], containers: [{image: a, imagePullPolicy: Always, " + container + "}], initContainers: [{image: 'a:latest@sha256:0', imagePullPolicy: Always, " + container +
				"}], ephemeralContainers: [{image: 'a@sha256:0', imagePullPolicy: IfNotPresent, " + container + "}]}"},
		{"a pod is given tolerations and requests", "v1/Pod", "spec: {containers: [{image: 'h:5000/a:1', resources: {limits: {cpu: 1}}}]}",
			"spec: {" + ofPod + ", tolerations: [" + stays + "], containers: [{image: 'h:5000/a:1', imagePullPolicy: IfNotPresent, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, resources: {limits: {cpu: 1}, requests: {cpu: 1}}}]}"},
		{"a template has no account", "apps/v1/DaemonSet", "spec: {template: {spec: {hostNetwork: true, containers: [{image: 'a:1', ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: 80}}}], volumes: [{name: a}, {name: b, hostPath: {path: /a}}, {name: c, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}}}",
			"spec: {revisionHistoryLimit: 10, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}, template: {spec: {hostNetwork: true, " + pod +
				", containers: [{image: 'a:1', imagePullPolicy: IfNotPresent, " + container + ", ports: [{containerPort: 80, hostPort: 80, protocol: TCP}], livenessProbe: {httpGet: {port: 80, path: /, scheme: HTTP}, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3}}]" +
				", volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: {path: /a, type: ''}}, {name: c, projected: {defaultMode: 420, sources: [{serviceAccountToken: {path: t, expirationSeconds: 3600}}]}}]}}}"},
		{"claims of a set", "apps/v1/StatefulSet", "spec: {volumeClaimTemplates: [{spec: {}}]}",
			"spec: {replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: OrderedReady, persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}, volumeClaimTemplates: [{spec: {volumeMode: Filesystem}}]}"},
		{"a deployment that recreates", "apps/v1/Deployment", "spec: {strategy: {type: Recreate}}", "spec: {replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {type: Recreate}}"},
		{"a job", "batch/v1/Job", "spec: {}", "spec: {completions: 1, parallelism: 1, backoffLimit: 6, completionMode: NonIndexed, suspend: false, podReplacementPolicy: TerminatingOrFailed}"},
		{"a job by index", "batch/v1/Job", "spec: {parallelism: 2, backoffLimitPerIndex: 1, podFailurePolicy: {rules: [{onPodConditions: [{type: A}]}]}}",
			"spec: {parallelism: 2, backoffLimit: 2147483647, backoffLimitPerIndex: 1, completionMode: NonIndexed, suspend: false, podReplacementPolicy: Failed, podFailurePolicy: {rules: [{onPodConditions: [{type: A, status: 'True'}]}]}}"},
		{"a service inside", "v1/Service", "spec: {ports: [{port: 80}], sessionAffinity: ClientIP}",
			"spec: {type: ClusterIP, internalTrafficPolicy: Cluster, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 10800}}, ports: [{port: 80, targetPort: 80, protocol: TCP}]}"},
		{"a service with outer addresses", "v1/Service", "spec: {externalIPs: [192.0.2.1]}",
			"spec: {type: ClusterIP, internalTrafficPolicy: Cluster, externalTrafficPolicy: Cluster, sessionAffinity: None, externalIPs: [192.0.2.1]}"},
		{"a balancer", "v1/Service", "spec: {type: LoadBalancer}", "spec: {type: LoadBalancer, internalTrafficPolicy: Cluster, externalTrafficPolicy: Cluster, allocateLoadBalancerNodePorts: true, sessionAffinity: None}"},
		{"a name elsewhere", "v1/Service", "spec: {type: ExternalName, externalName: a.b}", "spec: {type: ExternalName, externalName: a.b, sessionAffinity: None}"},
		{"a policy for egress too", "networking.k8s.io/v1/NetworkPolicy", "spec: {egress: [{ports: [{port: 53}]}]}", "spec: {policyTypes: [Ingress, Egress], egress: [{ports: [{port: 53, protocol: TCP}]}]}"},
		{"a secret", "v1/Secret", "stringData: {a: b}", "type: Opaque\ndata: {a: Yg==}"},
		{"a namespace", "v1/Namespace", "metadata: {name: a}", "metadata: {name: a, labels: {kubernetes.io/metadata.name: a}}\nspec: {finalizers: [kubernetes]}"},
		{"limits by the maximum", "v1/LimitRange", "spec: {limits: [{type: Container, max: {cpu: 2}, min: {memory: 1}, default: {cpu: 1}}, {type: Pod, max: {cpu: 2}}]}",
			"spec: {limits: [{type: Container, max: {cpu: 2}, min: {memory: 1}, default: {cpu: 1}, defaultRequest: {cpu: 1, memory: 1}}, {type: Pod, max: {cpu: 2}}]}"},
		{"a volume", "v1/PersistentVolume", "spec: {}", "spec: {volumeMode: Filesystem, persistentVolumeReclaimPolicy: Retain}"},
		{"a claim", "v1/PersistentVolumeClaim", "spec: {}", "spec: {volumeMode: Filesystem}"},
		{"a storage class", "storage.k8s.io/v1/StorageClass", "provisioner: a", "provisioner: a\nreclaimPolicy: Delete\nvolumeBindingMode: Immediate"},
		{"a driver", "storage.k8s.io/v1/CSIDriver", "spec: {attachRequired: false}",
			"spec: {attachRequired: false, podInfoOnMount: false, storageCapacity: false, fsGroupPolicy: ReadWriteOnceWithFSType, volumeLifecycleModes: [Persistent], requiresRepublish: false, seLinuxMount: false}"},
		{"a priority", "scheduling.k8s.io/v1/PriorityClass", "value: 1", "value: 1\npreemptionPolicy: PreemptLowerPriority"},
		{"a slice", "discovery.k8s.io/v1/EndpointSlice", "ports: [{port: 80}]", "ports: [{port: 80, protocol: TCP}]"},
		{"endpoints", "v1/Endpoints", "subsets: [{ports: [{port: 80}]}]", "subsets: [{ports: [{port: 80, protocol: TCP}]}]"},
		{"an autoscaler", "autoscaling/v2/HorizontalPodAutoscaler", "spec: {}", "spec: {minReplicas: 1}"},
		{"a binding", "rbac.authorization.k8s.io/v1/RoleBinding", "roleRef: {name: a}\nsubjects: [{kind: User}, {kind: ServiceAccount}]",
			"roleRef: {name: a, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: User, apiGroup: rbac.authorization.k8s.io}, {kind: ServiceAccount}]"},
		{"a webhook", "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration", "webhooks: [{clientConfig: {service: {name: a}}, rules: [{resources: [pods]}]}]",
			"webhooks: [{failurePolicy: Fail, timeoutSeconds: 10, reinvocationPolicy: Never, clientConfig: {service: {name: a, port: 443}}, rules: [{resources: [pods], scope: '*'}], " + match + "}]"},
		{"a policy", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy", "spec: {matchConstraints: {resourceRules: [{resources: [pods]}]}}",
			"spec: {failurePolicy: Fail, matchConstraints: {resourceRules: [{resources: [pods], scope: '*'}], " + match + "}}"},
		{"its binding", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding", "spec: {matchResources: {}}", "spec: {matchResources: {" + match + "}}"},
		{"an API of another server", "apiregistration.k8s.io/v1/APIService", "spec: {service: {name: a}}", "spec: {service: {name: a, port: 443}}"},
		{"a definition", "apiextensions.k8s.io/v1/CustomResourceDefinition", "spec: {names: {kind: Foo}}", "spec: {names: {kind: Foo, singular: foo, listKind: FooList}, conversion: {strategy: None}}"},
		{"a kind of somebody else's", "example.com/v1/Service", "spec: {ports: [{port: 80}]}", "spec: {ports: [{port: 80}]}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, want := filled(t, test.kind, test.given), filled(t, test.kind, test.want)
			fillIn(got)
			if !reflect.DeepEqual(want, got) {
				wantText, _ := json.Marshal(want)
				gotText, _ := json.Marshal(got)
				t.Errorf("want %s\ngot  %s", wantText, gotText)
			}
		})
	}
}

// filled reads an object of a kind, "group/version/kind", with its integers as JSON's are read.
func filled(t *testing.T, kind, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	i := len(kind) - 1
	for kind[i] != '/' {
		i--
	}
	o["apiVersion"], o["kind"] = kind[:i], kind[i+1:]
	return widened(o).(map[string]any)
}

func widened(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = widened(item)
		}
	case []any:
		for i, item := range v {
			v[i] = widened(item)
		}
	case int:
		return int64(v)
	}
	return v
}
