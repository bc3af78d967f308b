package protection

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// What agents do. One of the same class may stand in for another.
const (
	detection = "the detection of attacks at run time"
	logs      = "the collection of logs"
	metrics   = "the monitoring"
	alerts    = "the sending of alerts"
)

// agents are programs that watch a cluster, by the last part of their image's name, or the last two where the last says
// too little. Charts go by the same names.
var agents = map[string]string{
	"falco": detection, "falco-no-driver": detection, "falco-distroless": detection, "tetragon": detection, "tracee": detection,
	"kubearmor": detection, "falcon-sensor": detection, "falcon-node-sensor": detection, "wazuh-agent": detection, "sysdig/agent": detection,
	"sysdig/agent-slim": detection, "sysdig-deploy": detection, "aquasec/enforcer": detection, "neuvector/enforcer": detection,
	"twistlock/defender": detection, "private/defender": detection, "stackrox/collector": detection, "lacework/datacollector": detection, "sentinelone/s1-agent": detection,
	"kubescape/node-agent": detection, "deepfence_agent_ce": detection, "osquery": detection, "low-level-collector": detection,
	"fluentd": logs, "fluentd-kubernetes-daemonset": logs, "fluent-bit": logs, "aws-for-fluent-bit": logs, "promtail": logs,
	"grafana/alloy": logs, "timberio/vector": logs, "filebeat": logs, "logging-operator": logs,
	"prometheus": metrics, "kube-prometheus-stack": metrics, "node-exporter": metrics, "kube-state-metrics": metrics, "datadog/agent": metrics,
	"victoria-metrics": metrics, "opentelemetry-collector": metrics, "opentelemetry-collector-contrib": metrics,
	"alertmanager": alerts,
}

// agentKinds are where an agent may stand.
var agentKinds = []string{"DaemonSet.apps", "Deployment.apps", "StatefulSet.apps", "HelmRelease.helm.toolkit.fluxcd.io", "Application.argoproj.io",
	"Prometheus.monitoring.coreos.com", "Alertmanager.monitoring.coreos.com", "Falco.instance.falcosecurity.dev"}

// operatedAgents are the kinds of operators that stand for an agent.
var operatedAgents = map[string]string{
	"Prometheus.monitoring.coreos.com": metrics, "Alertmanager.monitoring.coreos.com": alerts, "Falco.instance.falcosecurity.dev": detection,
}

// agent is a program that watches the cluster, as an object has it run.
type agent struct {
	name, does string
	at         manifests.Field
	pod        *review.Workload // nil for a chart, or what an operator runs
}

// agentIn returns the agent that an object of a root runs as its main program, or installs; nil for none.
func agentIn(in *review.RootView, o *manifests.Object) *agent {
	kind := kindOf(o)
	if !slices.Contains(agentKinds, kind) {
		return nil
	}
	if does := operatedAgents[kind]; does != "" {
		return &agent{name: o.Name, does: does, at: o.Field()}
	}
	for _, pod := range in.Workloads(o) {
		for _, c := range pod.Containers {
			if c.Kind != review.RegularContainer {
				continue
			}
			ref, err := c.Reference()
			if err != nil {
				return nil
			}
			name := ref.Repository
			if does := agentCalled(name); does != "" {
				return &agent{path.Base(name), does, c.Field, pod}
			}
			break // the others help it
		}
	}
	spec := o.Field().Get("spec")
	for _, chart := range append([]manifests.Field{spec.Get("chart", "spec", "chart"), spec.Get("source", "chart")}, spec.All("sources[*].chart")...) {
		if does := agentCalled(chart.Text()); does != "" {
			return &agent{path.Base(chart.Text()), does, chart, nil}
		}
	}
	return nil
}

func agentCalled(name string) string {
	if does := agents[path.Base(name)]; does != "" {
		return does
	}
	return agents[path.Base(path.Dir(name))+"/"+path.Base(name)]
}

// readAgent reads what an agent does, and on which nodes.
func readAgent(s side, o *manifests.Object) []*guard {
	a := agentIn(s.RootView, o)
	if a == nil {
		return nil
	}
	g := &guard{key: "agent " + a.does, does: a.does + " by " + a.name, at: a.at}
	if a.does == metrics || a.does == alerts {
		g.mild = review.Warning
	}
	if a.pod != nil && o.Kind == "DaemonSet" {
		for _, e := range a.pod.Get("nodeSelector").Entries() {
			if e.Key != "kubernetes.io/os" && e.Key != "kubernetes.io/arch" {
				g.except("node "+e.Key+"="+e.Value.Text(), "nodes without label "+e.Key+"="+e.Value.Text(), e.Value)
			}
		}
		g.grades = []grade{toleratesAll(a.pod)}
	}
	return []*guard{g}
}

// toleratesAll says whether pods run on every node, whatever its taints.
func toleratesAll(pod *review.Workload) grade {
	at := pod.Get("tolerations")
	for _, t := range at.Items() {
		if t.Get("operator").Text() == "Exists" && t.Get("key").Text() == "" {
			return grade{2, "every node", at}
		}
	}
	return grade{1, "nodes whose taints it tolerates", at}
}

// readProfile reads an object that is one protection as a whole: by what it says, whatever it is called.
func readProfile(_ side, o *manifests.Object) []*guard {
	spec := o.Field().Get("spec")
	g := &guard{key: kindOf(o) + "|" + canonical(spec), does: profiles[kindOf(o)], at: spec}
	if action := spec.Get("action"); action.Text() == "Block" || action.Text() == "Audit" {
		n := map[string]int{"Audit": 1, "Block": 2}[action.Text()]
		g.key, g.grades = kindOf(o)+"|"+canonical(spec, "action"), []grade{{n, action.Text(), action}}
	}
	if strings.HasPrefix(kindOf(o), "TracingPolicy") {
		g.grades = []grade{tracing(spec)}
	}
	return []*guard{g}
}

// enforcing are the actions by which Tetragon stops what it sees.
var enforcing = []string{"Sigkill", "Signal", "Override", "NotifyEnforcer", "NotifyKiller"}

// tracing says whether Tetragon stops what a policy finds, or tells of it only.
func tracing(spec manifests.Field) grade {
	g := grade{1, "reporting only", spec}
	spec.Walk(func(f manifests.Field) {
		switch {
		case !strings.HasSuffix(f.Path(), ".action") || g.n == 2:
		case slices.Contains(enforcing, f.Text()):
			g = grade{2, "stopping what it finds", f}
		default:
			g.at = f
		}
	})
	return g
}

// profileUnused reports whether a seccomp or AppArmor profile is gone that nothing in the root runs with any more.
func profileUnused(p *review.Pass) bool {
	if p.Object.Group() != "security-profiles-operator.x-k8s.io" {
		return false
	}
	for _, o := range p.Root.Objects {
		for _, pod := range p.Root.Workloads(o) {
			used := false
			pod.Spec.Walk(func(f manifests.Field) {
				last := strings.TrimSuffix(path.Base(f.Text()), ".json")
				used = used || strings.HasSuffix(f.Path(), ".localhostProfile") && last == p.Object.Name
			})
			if used {
				return false
			}
		}
	}
	return true
}

// maxRules is how large a text of rules is read.
const maxRules = 1 << 20

// readFalcoRules reads the rules of Falco in a ConfigMap, and which of them are switched on.
func readFalcoRules(_ side, o *manifests.Object) (all []*guard) {
	for _, e := range o.Field().Get("data").Entries() {
		text := e.Value.Text()
		if len(text) > maxRules || !strings.Contains(text, "rule:") || !strings.Contains(text, "condition:") && !strings.Contains(text, "enabled:") {
			continue
		}
		var rules []struct {
			Rule    string    `yaml:"rule"`
			Enabled yaml.Node `yaml:"enabled"`
		}
		if yaml.Unmarshal([]byte(text), &rules) != nil {
			continue
		}
		for _, r := range rules {
			if r.Rule == "" {
				continue
			}
			state := grade{2, "on", e.Value}
			if r.Enabled.Value == "false" {
				state = grade{1, "off", e.Value}
			}
			all = append(all, &guard{key: "falco " + r.Rule, does: "Falco's rule " + quoted(r.Rule), at: e.Value, idle: state.n == 1, grades: []grade{state}})
		}
	}
	return all
}
