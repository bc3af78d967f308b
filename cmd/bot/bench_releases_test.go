package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// benchReleases is how many HelmReleases the home of BenchmarkReleases has; every third is of one chart, as homes are that
// have one chart for all that has none of its own.
const benchReleases = 100

// BenchmarkReleases reviews a repository as people keep for a cluster at home, 100 HelmReleases of 67 charts of a repository:
// the bump of one chart, and everything. Charts were fetched before; renderings are kept in one case, and not in the other.
func BenchmarkReleases(b *testing.B) {
	bin := program(b, "landwaiter")
	charts := imagestest.NewChartRepository(b)
	dir := b.TempDir()
	makeHome(b, dir, charts)
	review := []string{bin, "review", "--base", "main", "--head", "change", "-o", "json"}
	all := []string{bin, "review", "--all", "-o", "json"}
	for b.Loop() {
		cache := b.TempDir()
		spend(b, dir, cache, review...)
		spend(b, dir, cache, all...)
		asked := len(charts.Requests())
		b.ReportMetric(float64(asked), "requests-cold")
		for name, argv := range map[string][]string{"bump": review, "all": all} {
			warm := least(3, func() cost { return spend(b, dir, cache, argv...) })
			began := time.Now()
			anew := least(3, func() cost { return spend(b, dir, onlyCharts(b, cache), argv...) })
			b.ReportMetric(time.Since(began).Seconds()/3, name+"-wall-s")
			b.ReportMetric(warm.cpu, name+"-kept-cpu-s")
			b.ReportMetric(anew.cpu, name+"-cpu-s")
			b.ReportMetric(anew.mib, name+"-peak-MiB")
		}
		if again := charts.Requests(); len(again) > 0 {
			b.Errorf("with all charts at hand %d requests: %s …", len(again), again[0])
		}
	}
}

// onlyCharts is a cache that holds the charts of another one, and nothing else.
func onlyCharts(b *testing.B, cache string) string {
	b.Helper()
	own := b.TempDir()
	if err := os.CopyFS(filepath.Join(own, "charts"), os.DirFS(filepath.Join(cache, "charts"))); err != nil {
		b.Fatal(err)
	}
	return own
}

// makeHome writes the repository, publishes its charts and bumps one of them on a branch.
func makeHome(b *testing.B, dir string, charts *imagestest.ChartRepository) {
	b.Helper()
	write(b, filepath.Join(dir, ".github", "landwaiter.yaml"), fmt.Sprintf(
		"charts: {allow: [%q]}\nimages: {registries: [{host: %q, private: true, plainHTTP: true}]}\n", charts.URL, charts.Host))
	write(b, filepath.Join(dir, "repositories", "charts.yaml"), "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: flux-system}\nspec: {url: "+charts.URL+"}\n")
	for i := range benchReleases {
		chart := fmt.Sprintf("chart-%d", i)
		if i%3 == 0 {
			chart = "app"
		}
		for _, version := range []string{"1.0.0", "1.1.0"} {
			charts.Add(chart, version, homeChart(b, chart, version))
		}
		app := filepath.Join(dir, "apps", fmt.Sprintf("app-%02d", i))
		write(b, filepath.Join(app, "ks.yaml"), fmt.Sprintf(homeKustomization, i, i))
		write(b, filepath.Join(app, "app", "kustomization.yaml"), "resources: [release.yaml]\n")
		write(b, filepath.Join(app, "app", "release.yaml"), fmt.Sprintf(homeRelease, i, chart, i))
	}
	inGit(b, dir, "init", "-q", "-b", "main")
	inGit(b, dir, "add", "-A")
	inGit(b, dir, "commit", "-q", "-m", "base")
	inGit(b, dir, "checkout", "-q", "-b", "change")
	file := filepath.Join(dir, "apps", "app-01", "app", "release.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	write(b, file, strings.Replace(string(text), "version: 1.0.0", "version: 1.1.0", 1))
	inGit(b, dir, "commit", "-q", "-a", "-m", "bump")
}

func inGit(b *testing.B, dir string, args ...string) {
	b.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

// homeChart is a chart of the usual size: a dozen templates, helpers, documented values, a schema's worth of text.
func homeChart(b *testing.B, name, version string) []byte {
	b.Helper()
	files := map[string]string{
		name + "/Chart.yaml":             "apiVersion: v2\nname: " + name + "\nversion: " + version + "\n",
		name + "/README.md":              strings.Repeat("What this chart is for, and how each of its values is meant.\n", 400),
		name + "/templates/_helpers.tpl": homeHelpers,
		name + "/values.yaml":            homeValues + strings.Repeat("# what the next value is for, and what it is when nobody says anything\n", 150),
	}
	image := "ghcr.io/acme/" + name + ":" + version
	for i, body := range homeTemplates() {
		files[fmt.Sprintf("%s/templates/part-%02d.yaml", name, i)] = strings.ReplaceAll(body, "IMAGE", image)
	}
	return imagestest.Pack(b, files)
}

const homeKustomization = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app-%02d, namespace: flux-system}
spec:
  path: ./apps/app-%02d/app
  prune: true
  interval: 1h
  targetNamespace: home
  sourceRef: {kind: GitRepository, name: flux-system}
`

const homeRelease = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: app-%02d
  namespace: home
spec:
  interval: 1h
  chart:
    spec:
      chart: %s
      version: 1.0.0
      sourceRef: {kind: HelmRepository, name: charts, namespace: flux-system}
  values:
    replicas: 2
    host: app-%02d.example.com
    settings:
      LOG_LEVEL: info
      TZ: Europe/Vienna
    resources:
      requests: {cpu: 10m, memory: 64Mi}
      limits: {memory: 256Mi}
`

const homeHelpers = `{{- define "name" -}}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{- end }}
{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.Version | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
`

const homeValues = `replicas: 1
host: app.local
labels: {}
settings: {}
resources: {}
probes: {path: /healthz, port: 8080}
persistence: {size: 1Gi, class: ""}
securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}
`

// homeTemplates are the objects of a chart, each under the head that all share.
func homeTemplates() []string {
	const head = "apiVersion: %s\nkind: %s\nmetadata:\n  name: {{ include \"name\" . }}\n  namespace: {{ .Release.Namespace }}\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\n"
	var all []string
	for _, t := range [][3]string{
		{"v1", "ServiceAccount", "automountServiceAccountToken: false\n"},
		{"v1", "ConfigMap", "data:\n  {{- range $key, $value := .Values.settings }}\n  {{ $key }}: {{ $value | quote }}\n  {{- end }}\n"},
		{"v1", "PersistentVolumeClaim", "spec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: {{ .Values.persistence.size }}\n  {{- with .Values.persistence.class }}\n  storageClassName: {{ . }}\n  {{- end }}\n"},
		{"v1", "Service", "spec:\n  selector:\n    {{- include \"selector\" . | nindent 4 }}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n"},
		{"apps/v1", "Deployment", homeDeployment},
		{"networking.k8s.io/v1", "Ingress", "spec:\n  ingressClassName: internal\n  tls:\n  - hosts: [{{ .Values.host | quote }}]\n    secretName: {{ include \"name\" . }}-tls\n  rules:\n  - host: {{ .Values.host | quote }}\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: {{ include \"name\" . }}\n            port:\n              name: http\n"},
		{"networking.k8s.io/v1", "NetworkPolicy", "spec:\n  podSelector:\n    matchLabels:\n      {{- include \"selector\" . | nindent 6 }}\n  policyTypes: [Ingress]\n  ingress:\n  - ports:\n    - port: 8080\n"},
		{"policy/v1", "PodDisruptionBudget", "spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      {{- include \"selector\" . | nindent 6 }}\n"},
		{"rbac.authorization.k8s.io/v1", "Role", "rules:\n{{ toYaml .Values.rules }}\n"},
		{"rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {{ include \"name\" . }}\nsubjects:\n- kind: ServiceAccount\n  name: {{ include \"name\" . }}\n  namespace: {{ .Release.Namespace }}\n"},
		{"monitoring.coreos.com/v1", "ServiceMonitor", "spec:\n  selector:\n    matchLabels:\n      {{- include \"selector\" . | nindent 6 }}\n  endpoints:\n  - port: http\n    path: /metrics\n"},
	} {
		all = append(all, fmt.Sprintf(head, t[0], t[1])+t[2])
	}
	return all
}

const homeDeployment = `spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "name" . }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      containers:
      - name: app
        image: IMAGE
        envFrom:
        - configMapRef:
            name: {{ include "name" . }}
        ports:
        - name: http
          containerPort: {{ .Values.probes.port }}
        livenessProbe:
          httpGet:
            path: {{ .Values.probes.path }}
            port: http
        readinessProbe:
          httpGet:
            path: {{ .Values.probes.path }}
            port: http
        {{- with .Values.resources }}
        resources:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        volumeMounts:
        - name: data
          mountPath: /data
      volumes:
      - name: data
        persistentVolumeClaim:
          claimName: {{ include "name" . }}
`
