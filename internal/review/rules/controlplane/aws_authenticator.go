package controlplane

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var awsAuthenticator = review.Rule{
	ID: "aws-authenticator", Level: review.Error, Guidelines: []string{"G9"},
	Summary:   "An AWS role or user is mapped to system:masters, or the authenticator is not where and as it has to be",
	CheckRoot: checkAWSAuthenticator,
}

func checkAWSAuthenticator(p *review.Pass) {
	for _, o := range p.Root.Objects {
		checkMappings(p, o)
		for _, pod := range p.Root.Workloads(o) {
			checkAuthenticatorPlace(p, pod)
		}
	}
	for _, config := range configs(p.Root, "Config", "") {
		checkAuthenticatorTrust(p, config)
	}
}

// mappers are the objects, beside texts of ConfigMaps, that map roles of AWS to users of the cluster.
var mappers = map[string]string{
	"IAMIdentityMapping": "iamauthenticator.k8s.aws", "ClusterConfig": "eksctl.io", "Cluster": "kops.k8s.io",
	"AWSManagedControlPlane": "controlplane.cluster.x-k8s.io",
}

func checkMappings(p *review.Pass, o *manifests.Object) {
	if group, ok := mappers[o.Kind]; ok && (o.Group() == group || strings.HasPrefix(o.Group(), "kops.")) {
		document{Field: o.Field(), owner: o}.reportMasters(p)
	}
	if o.Kind != "ConfigMap" {
		return
	}
	for text := range texts(o) {
		if strings.Contains(text.value, "system:masters") && strings.Contains(strings.ToLower(text.value), "arn") {
			for _, d := range text.parse(o) {
				d.reportMasters(p)
			}
		}
	}
}

// reportMasters reports the mappings below a document that give system:masters.
func (d document) reportMasters(p *review.Pass) {
	d.Walk(func(f manifests.Field) {
		who := principal(f)
		if who == "" {
			return
		}
		for _, group := range f.Get("groups").Items() {
			if group.Text() == "system:masters" {
				d.place(group).report(p, "%s is administrator of the cluster by system:masters", who).
					Detail("The group is above RBAC: no role bounds it and no binding shows it. Map the role to a group of your own, and bind that.")
			}
		}
	})
}

// principal returns which role or user of AWS a mapping is for, "" where it is none.
func principal(f manifests.Field) string {
	for _, e := range f.Entries() {
		switch strings.ToLower(e.Key) {
		case "rolearn", "userarn", "arn":
			if e.Value.Text() != "" {
				return e.Value.Text()
			}
		}
	}
	return ""
}

// checkAuthenticatorPlace reports an authenticator that runs on other nodes than those of the control plane.
func checkAuthenticatorPlace(p *review.Pass, pod *review.Workload) {
	if pod.Object.Kind == "Pod" {
		return // its node decides, which the file does not say
	}
	for _, c := range pod.Containers {
		command := c.Command()
		image, _, _ := strings.Cut(path.Base(c.Get("image").Text()), ":")
		serves := len(command) == 0 || strings.Contains(strings.Join(command, " "), "server")
		if image != "aws-iam-authenticator" && !(len(command) > 0 && path.Base(command[0]) == "aws-iam-authenticator") || !serves {
			continue
		}
		if !mentionsControlPlane(pod) {
			p.ReportOn(pod.Object, pod.Spec.Get("nodeSelector"), "the AWS authenticator runs on any node, not only on those of the control plane").
				Detail("It holds the key that API servers trust, and decides who a caller is: on a worker, whoever breaks out of a pod becomes anybody.")
		}
	}
}

// mentionsControlPlane reports whether a pod asks for the control plane's nodes.
func mentionsControlPlane(pod *review.Workload) bool {
	found := false
	look := func(f manifests.Field) {
		text := f.Text()
		found = found || strings.HasPrefix(text, "node-role.kubernetes.io/control-plane") || strings.HasPrefix(text, "node-role.kubernetes.io/master")
	}
	for _, e := range pod.Get("nodeSelector").Entries() {
		found = found || strings.HasPrefix(e.Key, "node-role.kubernetes.io/") || e.Key == "kubernetes.io/role"
	}
	pod.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution").Walk(look)
	return found
}

// checkAuthenticatorTrust looks at the configuration by which the API server calls the authenticator.
func checkAuthenticatorTrust(p *review.Pass, config document) {
	for _, item := range config.Get("clusters").Items() {
		cluster := item.Get("cluster")
		server := cluster.Get("server").Text()
		names := strings.ToLower(item.Get("name").Text() + " " + server)
		if !strings.Contains(names, "authenticat") && !strings.Contains(server, ":21362") {
			continue
		}
		host, plain := strings.CutPrefix(server, "http://")
		switch skip := cluster.Get("insecure-skip-tls-verify"); {
		case skip.True():
			config.place(skip).report(p, "the API server asks the authenticator without checking who answers").Detail("%s", authenticatorDetail)
		case plain && !isLoopback(host):
			config.place(cluster.Get("server")).report(p, "the API server asks the authenticator without TLS").Detail("%s", authenticatorDetail)
		}
	}
}

const authenticatorDetail = "Whoever answers in its place says who every caller is, and so can be anybody."
