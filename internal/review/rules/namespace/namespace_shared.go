package namespace

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var namespaceShared = review.Rule{
	ID: "namespace-shared", Level: review.Info, Guidelines: []string{"G5"},
	Summary:   "Unrelated applications, or layers of different trust, share a namespace",
	CheckRoot: checkNamespaceShared,
}

const partOf = "app.kubernetes.io/part-of"

func checkNamespaceShared(p *review.Pass) {
	first := map[string]string{}  // namespace to the application seen first in it
	public := publicNamespaces(p) // namespace to what opens it to the outside
	reported := map[string]bool{}
	for _, o := range p.Root.Objects {
		namespace := p.Root.Namespace(o)
		if namespace == "" || ofSystem(namespace) || len(p.Root.Workloads(o)) == 0 {
			continue
		}
		label := o.Field().Get("metadata", "labels", partOf)
		switch app := label.Text(); {
		case app == "":
		case first[namespace] == "":
			first[namespace] = app
		case first[namespace] != app && !reported[namespace+"/"+app]:
			reported[namespace+"/"+app] = true
			p.ReportOn(o, label, "namespace %s holds %s and %s, which are different applications", namespace, first[namespace], app).
				About("namespace " + namespace).
				Detail("What may be done in a namespace holds for all of it: rights, Secrets and network policies of the one application reach the other.")
		}
		if at, ok := database(p.Root.Workloads(o)[0]); ok && public[namespace] != "" {
			p.ReportOn(o, at, "%s %s keeps data in namespace %s, which %s opens to the outside", o.Kind, o.Name, namespace, public[namespace]).
				Detail("Whoever takes over what faces the internet is then in the data's namespace, with its Secrets and behind its network policies.")
		}
	}
}

// publicNamespaces finds the namespaces that an Ingress or a load balancer opens.
func publicNamespaces(p *review.Pass) map[string]string {
	open := map[string]string{}
	for _, o := range p.Root.Objects {
		balancer := o.Kind == "Service" && o.Field().Get("spec", "type").Text() == "LoadBalancer" && !isInternal(o)
		if o.Kind == "Ingress" && !isInternal(o) || balancer {
			open[p.Root.Namespace(o)] = strings.ToLower(o.Kind) + " " + o.Name
		}
	}
	return open
}

// isInternal reports whether annotations or the Ingress class keep the way in inside a network.
func isInternal(o *manifests.Object) bool {
	for _, entry := range o.Field().Get("metadata", "annotations").Entries() {
		value := entry.Value.Text()
		if strings.Contains(value, "internal") || strings.Contains(entry.Key, "internal") && value != "false" {
			return true
		}
	}
	return strings.Contains(o.Field().Get("spec", "ingressClassName").Text(), "internal")
}

var databases = map[string]bool{
	"postgres": true, "postgresql": true, "mysql": true, "mariadb": true, "mongo": true, "mongodb": true, "cassandra": true,
	"elasticsearch": true, "opensearch": true, "cockroach": true, "couchdb": true, "influxdb": true, "percona": true,
	"timescaledb": true, "neo4j": true, "scylla": true, "clickhouse-server": true,
}

// database returns the field by which a pod is known to keep data: its component label, or a database's image.
func database(pod *review.Workload) (manifests.Field, bool) {
	component := pod.Meta.Get("labels", "app.kubernetes.io/component")
	if component.Text() == "database" {
		return component, true
	}
	for _, c := range pod.Containers {
		image := c.Get("image")
		ref, err := c.Reference()
		if err == nil && c.Kind == review.RegularContainer && databases[path.Base(ref.Repository)] {
			return image, true
		}
	}
	return manifests.Field{}, false
}
