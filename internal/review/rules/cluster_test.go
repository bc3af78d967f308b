package rules_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
)

// cluster makes a repository of plain manifests such as platform teams keep: a directory for each team, in it the team's
// namespace and its applications, and a directory of what is the cluster's. Most of it is as the rules want it, some is
// not. It is the same each time.
type cluster struct {
	apps, perTeam int
	kyverno       int // policies of Kyverno
	admission     int // ValidatingAdmissionPolicies, each with its binding
	change        int // every so manieth application is another at head than at base; 0 for no base
}

// fixture returns the repository as a change.
func (c cluster) fixture() *reviewtest.Fixture {
	f := &reviewtest.Fixture{Head: c.files(true)}
	if c.change > 0 {
		f.Base = c.files(false)
	}
	return f
}

func (c cluster) files(head bool) map[string][]byte {
	files := map[string][]byte{"cluster/policies.yaml": []byte(c.policies())}
	for app := range c.apps {
		team := app / c.perTeam
		dir := fmt.Sprintf("teams/team-%d", team)
		if app%c.perTeam == 0 {
			files[dir+"/namespace.yaml"] = []byte(fill(namespaceText, app, team, "stable"))
		}
		text := fill(applicationText, app, team, "stable")
		if c.change > 0 && app%c.change == 0 && head {
			text = changed(fill(applicationText, app, team, "other"), app)
		}
		files[fmt.Sprintf("%s/app-%d.yaml", dir, app)] = []byte(weak(text, app))
	}
	return files
}

// policies are those of the whole cluster.
func (c cluster) policies() string {
	var all strings.Builder
	for i := range c.kyverno {
		all.WriteString(fill(kyvernoText, i, i, "stable"))
	}
	for i := range c.admission {
		all.WriteString(fill(admissionText, i, i, "stable"))
	}
	return all.String()
}

// TestCluster proves that the whole catalogue, which runs on all processors, says the same each time.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := cluster{apps: 24, perTeam: 8, kyverno: 2, admission: 2, change: 3}
	lab := newLab()
	var first string
	for range 3 {
		change, err := c.fixture().Change()
		if err != nil {
			t.Fatal(err)
		}
		engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: func() time.Time { return time.Time{} }}
		result, err := engine.Review(t.Context(), change, review.DefaultPolicy(), review.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{"findings": result.Findings, "notes": result.Notes})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Fatalf("the same change gave\n%s\nand\n%s", first, text)
		}
		for _, want := range []string{"rbac-gained", "protection-removed", "rbac-wildcard-verbs"} {
			if !strings.Contains(first, `"rule":"`+want+`"`) {
				t.Errorf("no finding of %s", want)
			}
		}
	}
}

func fill(text string, app, team int, tag string) string {
	return strings.NewReplacer("APP", fmt.Sprintf("app-%d", app), "TEAM", fmt.Sprintf("team-%d", team), "TAG", tag).Replace(text)
}

// weak makes every seventh application do things that rules speak of.
func weak(text string, app int) string {
	if app%7 != 0 {
		return text
	}
	return strings.NewReplacer("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "memory: 256Mi", "memory: 4Gi",
		"verbs: [get, list]", "verbs: ['*']").Replace(text)
}

// changed is what a change does to an application beside its images: it opens a port, gives more rights, takes away what protects it.
func changed(text string, app int) string {
	switch app % 4 {
	case 0:
		return strings.Replace(text, "port: 8080, protocol: TCP}]", "protocol: TCP}]", 1)
	case 1:
		return strings.Replace(text, "verbs: [get, list]", "verbs: [get, list, update, delete]", 1)
	case 2:
		before, _, _ := strings.Cut(text, "---\napiVersion: policy/v1\n")
		return before
	}
	return text
}

const namespaceText = `apiVersion: v1
kind: Namespace
metadata:
  name: TEAM
  labels:
    team: TEAM
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: v1.34
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota, namespace: TEAM}
spec:
  hard: {requests.cpu: "100", requests.memory: 200Gi, limits.memory: 400Gi, pods: "200"}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: TEAM}
spec:
  limits:
  - type: Container
    default: {memory: 256Mi}
    defaultRequest: {cpu: 50m, memory: 128Mi}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: TEAM}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers, namespace: TEAM}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers-TEAM}
`

const applicationText = `apiVersion: v1
kind: ServiceAccount
metadata: {name: APP, namespace: TEAM}
automountServiceAccountToken: false
---
apiVersion: v1
kind: ConfigMap
metadata: {name: APP, namespace: TEAM}
data:
  LOG_LEVEL: info
  DATABASE_HOST: database.TEAM.svc.cluster.local
  application.yaml: |
    server: {port: 8080, shutdown: graceful}
    cache: {size: 1000, ttl: 60s}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: APP
  namespace: TEAM
  labels: {app.kubernetes.io/name: APP, app.kubernetes.io/part-of: TEAM}
spec:
  replicas: 3
  selector:
    matchLabels: {app.kubernetes.io/name: APP}
  strategy:
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels: {app.kubernetes.io/name: APP, app.kubernetes.io/part-of: TEAM}
    spec:
      serviceAccountName: APP
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: topology.kubernetes.io/zone
        whenUnsatisfiable: ScheduleAnyway
        labelSelector:
          matchLabels: {app.kubernetes.io/name: APP}
      containers:
      - name: server
        image: registry.example.com/TEAM/APP:1.4.2-TAG@sha256:3b7ae5d4ff5cd22e0f1a9d2c4aef1aa8cd1f0b9a7cbb5f3d6f3a1f0e2b4c6d8e
        imagePullPolicy: IfNotPresent
        args: [--config=/etc/app/application.yaml, --listen=:8080]
        ports:
        - {name: http, containerPort: 8080, protocol: TCP}
        - {name: metrics, containerPort: 9090, protocol: TCP}
        env:
        - name: LOG_LEVEL
          valueFrom:
            configMapKeyRef: {name: APP, key: LOG_LEVEL}
        - name: POD_NAME
          valueFrom:
            fieldRef: {fieldPath: metadata.name}
        resources:
          requests: {cpu: 100m, memory: 256Mi, ephemeral-storage: 100Mi}
          limits: {memory: 256Mi, ephemeral-storage: 200Mi}
        readinessProbe:
          httpGet: {path: /ready, port: http}
        livenessProbe:
          httpGet: {path: /live, port: http}
          periodSeconds: 20
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        volumeMounts:
        - {name: config, mountPath: /etc/app}
        - {name: tmp, mountPath: /tmp}
      volumes:
      - name: config
        configMap: {name: APP}
      - name: tmp
        emptyDir: {sizeLimit: 50Mi}
---
apiVersion: v1
kind: Service
metadata:
  name: APP
  namespace: TEAM
  labels: {app.kubernetes.io/name: APP}
spec:
  selector: {app.kubernetes.io/name: APP}
  ports:
  - {name: http, port: 80, targetPort: http}
  - {name: metrics, port: 9090, targetPort: metrics}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: APP
  namespace: TEAM
  annotations: {cert-manager.io/cluster-issuer: letsencrypt}
spec:
  ingressClassName: nginx
  tls:
  - hosts: [APP.TEAM.example.com]
    secretName: APP-tls
  rules:
  - host: APP.TEAM.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service: {name: APP, port: {name: http}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: APP, namespace: TEAM}
spec:
  podSelector:
    matchLabels: {app.kubernetes.io/name: APP}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: ingress-nginx}
    ports: [{port: 8080, protocol: TCP}]
  egress:
  - to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: kube-system}
    ports: [{port: 53, protocol: UDP}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: APP, namespace: TEAM}
rules:
- apiGroups: [""]
  resources: [configmaps, endpoints]
  verbs: [get, list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: APP, namespace: TEAM}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: APP}
subjects:
- {kind: ServiceAccount, name: APP, namespace: TEAM}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: APP, namespace: TEAM}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: APP}
  endpoints:
  - {port: metrics, interval: 30s}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: APP, namespace: TEAM}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: APP}
  minReplicas: 3
  maxReplicas: 10
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: APP, namespace: TEAM}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {app.kubernetes.io/name: APP}
`

const kyvernoText = `---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: require-owner-APP}
spec:
  rules:
  - name: owner
    match:
      any:
      - resources: {kinds: [Deployment, StatefulSet], namespaces: [TEAM]}
    validate:
      failureAction: Enforce
      message: name the team that owns it
      pattern:
        metadata:
          labels: {app.kubernetes.io/part-of: "?*"}
`

const admissionText = `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas-APP}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: object.spec.replicas <= 50
    message: fifty replicas are enough
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replicas-APP}
spec:
  policyName: replicas-APP
  validationActions: [Deny]
  matchResources:
    namespaceSelector:
      matchLabels: {team: TEAM}
`
