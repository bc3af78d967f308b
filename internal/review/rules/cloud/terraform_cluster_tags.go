package cloud

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformClusterTags = review.Rule{
	ID: "terraform-cluster-tags", Level: review.Warning, Guidelines: []string{"G29"},
	Summary:   "Subnets or nodes that Terraform makes for a cluster lack the cluster's tags",
	Terraform: true,
	CheckRoot: checkClusterTags,
}

const clusterTags = "Controllers of load balancers and volumes, and the autoscaler, find what is theirs by these tags. Without them they take nothing, or what belongs to another cluster; and nobody can tell what may go when the cluster does. Add `kubernetes.io/cluster/NAME`."

// checkClusterTags looks at the subnets that the module's clusters name, and at its groups of machines.
func checkClusterTags(p *review.Pass) {
	clusters := all(p.Root, ofResource, "aws_eks_cluster")
	if len(clusters) == 0 || defaultTags(p) {
		return
	}
	for _, o := range all(p.Root, ofResource, "aws_subnet") {
		if namedBy(clusters, "aws_subnet."+withoutKey(o.Name)) && lacksTag(body(o)) {
			p.ReportOn(o, body(o).Get("tags"), "%s of a cluster lacks its tag", title(o)).Detail(clusterTags)
		}
	}
	for _, o := range all(p.Root, ofResource, "aws_autoscaling_group") {
		if tags := body(o).Get("tag"); lacksGroupTag(body(o)) {
			p.ReportOn(o, tags, "%s beside a cluster lacks its tag", title(o)).Detail(clusterTags)
		}
	}
}

// withoutKey is the name of a resource without what for_each adds.
func withoutKey(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name
}

// namedBy reports whether the subnets of one of the clusters depend on a resource.
func namedBy(clusters []*manifests.Object, resource string) (named bool) {
	for _, c := range clusters {
		for _, config := range blocks(body(c).Get("vpc_config")) {
			named = named || dependsOn(config.Get("subnet_ids"), resource)
		}
	}
	return named
}

// dependsOn reports whether a value, or one in it, is made of something of a resource.
func dependsOn(value manifests.Field, resource string) (depends bool) {
	value.Walk(func(f manifests.Field) {
		inner := strings.TrimSuffix(strings.TrimPrefix(f.Text(), "${"), "}")
		for _, name := range strings.Split(inner, ",") {
			depends = depends || name == resource
		}
	})
	return depends
}

func isClusterTag(key string) bool {
	return strings.HasPrefix(key, "kubernetes.io/cluster/") || strings.HasPrefix(key, "kubernetes.io/role/") || key == "KubernetesCluster" || strings.HasPrefix(key, "k8s.io/cluster-autoscaler/")
}

// lacksTag reports whether all tags of a resource are known, and none is a cluster's.
func lacksTag(f manifests.Field) bool {
	tags := f.Get("tags")
	if !isWhole(tags) {
		return false
	}
	for _, e := range tags.Entries() {
		if isClusterTag(e.Key) || strings.Contains(e.Key, "${") {
			return false
		}
	}
	return true
}

// lacksGroupTag is lacksTag for a group of machines, which has its tags in blocks.
func lacksGroupTag(f manifests.Field) bool {
	if f.Get("tags").Exists() || !isWhole(f.Get("tag")) {
		return false
	}
	for _, tag := range blocks(f.Get("tag")) {
		if key := tag.Get("key"); isClusterTag(key.Text()) || !isKnown(key) {
			return false
		}
	}
	return true
}

// defaultTags reports whether the module's provider gives a cluster's tag to everything, or may.
func defaultTags(p *review.Pass) bool {
	for _, o := range all(p.Root, ofProvider, "provider") {
		for _, tags := range blocks(body(o).Get("default_tags")) {
			if !lacksTag(tags) {
				return true
			}
		}
	}
	// Tags may also be given by resources of their own.
	return len(all(p.Root, ofResource, "aws_ec2_tag")) > 0
}
