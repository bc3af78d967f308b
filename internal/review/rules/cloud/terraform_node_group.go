package cloud

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformNodeGroup = review.Rule{
	ID: "terraform-node-group", Level: review.Warning, Guidelines: []string{"G10", "G17", "G30"},
	Summary: "Terraform makes nodes with public addresses, open SSH, IMDSv1 or burstable machines",
	Kinds: resources("aws_eks_node_group", "aws_autoscaling_group", "aws_launch_template", "aws_launch_configuration", "google_container_cluster",
		"azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool"),
	Terraform: true,
	Check:     checkNodeGroup,
}

const (
	publicNodes = "A kubelet, a host port or a node port on such a machine is on the internet, kept from everybody by a firewall's rules alone. Nodes belong into private subnets."
	openSSH     = "Without security groups to come from, EKS opens port 22 of every node to all addresses."
	oldMetadata = "With version 1 of the metadata service a request that a pod is tricked into gets the credentials of the node's role."
	farMetadata = "A second hop lets pods reach the metadata service, and take the credentials of the node's role."
	burstable   = "Such machines run at a fraction of their speed when their credits are used up, so that all pods on them slow down under the load they are needed for."
)

func checkNodeGroup(p *review.Pass) {
	f := body(p.Object)
	switch p.Object.Kind {
	case "aws_eks_node_group":
		for _, access := range blocks(f.Get("remote_access")) {
			if access.Get("ec2_ssh_key").IsSet() && !access.Get("source_security_group_ids").IsSet() {
				p.Report(access, "SSH of the nodes of %s is open to everybody", title(p.Object)).Detail(openSSH)
			}
		}
		checkBurstable(p, f.Get("instance_types"))
		checkSubnets(p, f.Get("subnet_ids"))
	case "aws_autoscaling_group":
		if forNodes(p) {
			checkSubnets(p, f.Get("vpc_zone_identifier"))
		}
	case "aws_launch_template", "aws_launch_configuration":
		checkMetadata(p, f)
		for _, at := range append(f.All("network_interfaces[*].associate_public_ip_address"), f.Get("associate_public_ip_address")) {
			checkPublic(p, at)
		}
	case "google_container_cluster":
		checkGKENodes(p, f)
	default:
		for _, pool := range append(blocks(f.Get("default_node_pool")), f) {
			checkPublic(p, pool.Get("node_public_ip_enabled"))
			checkPublic(p, pool.Get("enable_node_public_ip"))
		}
	}
}

func checkPublic(p *review.Pass, at manifests.Field) {
	if isTrue(at) {
		p.Report(at, "machines of %s get public addresses", title(p.Object)).Detail(publicNodes)
	}
}

// checkSubnets reports subnets that give every machine in them a public address, unless a launch template takes it away.
func checkSubnets(p *review.Pass, subnets manifests.Field) {
	for _, o := range all(p.Root, ofResource, "aws_launch_template") {
		if !dependsOn(body(p.Object).Get("launch_template"), "aws_launch_template."+withoutKey(o.Name)) {
			continue
		}
		if slices.ContainsFunc(body(o).All("network_interfaces[*].associate_public_ip_address"), isFalse) {
			return
		}
	}
	for _, o := range all(p.Root, ofResource, "aws_subnet") {
		gives := body(o).Get("map_public_ip_on_launch")
		if isTrue(gives) && dependsOn(subnets, "aws_subnet."+withoutKey(o.Name)) {
			p.Report(subnets, "machines of %s get public addresses from aws_subnet %s (map_public_ip_on_launch)", title(p.Object), withoutKey(o.Name)).
				Detail(publicNodes).CausedBy(o, gives)
			return
		}
	}
}

// checkMetadata judges the metadata service of machines: what is left out is version 1, unless the image says otherwise.
func checkMetadata(p *review.Pass, f manifests.Field) {
	options := blocks(f.Get("metadata_options"))
	if len(options) == 0 && !f.Get("metadata_options").Exists() {
		if forNodes(p) {
			p.Report(f.Get("metadata_options"), "machines of %s do not require IMDSv2", title(p.Object)).Detail(oldMetadata)
		}
		return
	}
	for _, option := range options {
		if option.Get("http_endpoint").Text() == "disabled" {
			continue
		}
		if at := option.Get("http_tokens"); !at.IsSet() || at.Text() == "optional" {
			p.Report(at, "machines of %s do not require IMDSv2", title(p.Object)).Detail(oldMetadata)
		}
		if at := option.Get("http_put_response_hop_limit"); forNodes(p) {
			if hops, ok := at.Int(); ok && hops > 1 {
				p.Report(at, "pods on machines of %s reach the metadata service", title(p.Object)).Detail(farMetadata)
			}
		}
	}
}

// forNodes reports whether the module is about a cluster, so that its machines are likely to be nodes.
func forNodes(p *review.Pass) bool {
	return len(all(p.Root, ofResource, "aws_eks_cluster", "aws_eks_node_group")) > 0
}

// checkGKENodes judges whether nodes of Google's clusters have public addresses, which they do unless it is said.
func checkGKENodes(p *review.Pass, f manifests.Field) {
	if isTrue(f.Get("enable_autopilot")) {
		return
	}
	at := f.Get("private_cluster_config")
	for _, private := range blocks(at) {
		if at = private.Get("enable_private_nodes"); at.IsSet() && !isFalse(at) {
			return
		}
	}
	if !at.Exists() || isFalse(at) {
		p.Report(at, "nodes of %s get public addresses", title(p.Object)).Detail(publicNodes)
	}
}

// burstableType matches the machines of AWS that run on credits.
var burstableType = regexp.MustCompile(`^t[234][a-z]*\.`)

func checkBurstable(p *review.Pass, types manifests.Field) {
	for _, at := range append(types.Items(), types) {
		if burstableType.MatchString(strings.ToLower(at.Text())) {
			p.Report(at, "%s runs on burstable machines (%s)", title(p.Object), at.Text()).Lower(review.Info).Detail(burstable)
		}
	}
}
