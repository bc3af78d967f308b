package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// ofTerraform is the group of Terraform's resources: see package terraform of manifests.
const ofTerraform = "resource.terraform"

// resources are the kinds of Terraform's resources for Rule.Kinds.
func resources(types ...string) []string {
	kinds := make([]string, len(types))
	for i, t := range types {
		kinds[i] = t + "." + ofTerraform
	}
	return kinds
}

func isResource(o *manifests.Object) bool { return o.Group() == ofTerraform }

// blocksOf lists the blocks of a type in a resource, or in a block of one. Terraform's JSON may write one without a list.
func blocksOf(f manifests.Field) []manifests.Field {
	if f.IsMap() {
		return []manifests.Field{f}
	}
	return slices.DeleteFunc(f.Items(), func(item manifests.Field) bool { return !item.IsMap() })
}

// isLater reports whether a value is only known when Terraform runs.
func isLater(f manifests.Field) bool { return strings.Contains(f.Text(), "${") }

// checkClientVPN reports a client VPN of AWS, which is OpenVPN, whose users show a certificate and nothing else.
func checkClientVPN(p *review.Pass) {
	options := blocksOf(p.Object.Field().Get("body", "authentication_options"))
	for _, b := range options {
		if b.Get("type").Text() != "certificate-authentication" {
			return
		}
	}
	if len(options) > 0 {
		p.Report(options[0].Get("type"), "client VPN %s asks for no second factor", p.Object.Name).Detail(vpnDetail)
	}
}

// groupRule is a rule of a security group: who may reach whom, at which ports.
type groupRule struct {
	at       manifests.Field // what is said of ports
	from, to string
	all      bool // all ports
}

// groupRules reads the rules of AWS's security groups and of Google's firewalls.
func groupRules(o *manifests.Object) (found []groupRule) {
	body := o.Field().Get("body")
	switch o.Kind {
	case "aws_security_group_rule":
		if body.Get("type").Text() == "ingress" {
			at, all := allPortsOf(body, "protocol")
			found = append(found, groupRule{at, body.Get("source_security_group_id").Text(), body.Get("security_group_id").Text(), all})
		}
	case "aws_vpc_security_group_ingress_rule":
		at, all := allPortsOf(body, "ip_protocol")
		found = append(found, groupRule{at, body.Get("referenced_security_group_id").Text(), body.Get("security_group_id").Text(), all})
	case "aws_security_group":
		for _, b := range blocksOf(body.Get("ingress")) {
			at, all := allPortsOf(b, "protocol")
			for _, f := range b.Get("security_groups").Items() {
				found = append(found, groupRule{at, f.Text(), o.Name + " " + body.Get("name").Text(), all})
			}
		}
	case "google_compute_firewall":
		for _, b := range blocksOf(body.Get("allow")) {
			protocol := strings.ToLower(b.Get("protocol").Text())
			all := protocol == "all" || protocol == "tcp" && len(b.Get("ports").Items()) == 0 && !isLater(b.Get("ports"))
			for _, f := range body.Get("source_tags").Items() {
				found = append(found, groupRule{b.Get("protocol"), f.Text(), joined(body.Get("target_tags")), all})
			}
		}
	}
	return found
}

// allPortsOf reports whether a rule of AWS is for all ports, and where that is said.
func allPortsOf(rule manifests.Field, protocol string) (at manifests.Field, all bool) {
	from, okFrom := rule.Get("from_port").Int()
	to, okTo := rule.Get("to_port").Int()
	switch at = rule.Get(protocol); at.Text() {
	case "-1", "all":
		return at, true
	case "tcp", "6":
		return rule.Get("from_port"), okFrom && okTo && from <= 1 && to == 65535
	}
	return at, false
}

func joined(list manifests.Field) string {
	var texts []string
	for _, f := range list.Items() {
		texts = append(texts, f.Text())
	}
	return strings.Join(texts, " ")
}

// workerWords are words by which nodes that are not the control plane's are called.
var workerWords = []string{"node", "worker", "minion"}

// checkGroupRules reports rules by which workers reach the control plane's nodes on all ports.
func checkGroupRules(p *review.Pass) {
	for _, r := range groupRules(p.Object) {
		worker := slices.ContainsFunc(workerWords, func(word string) bool { return strings.Contains(strings.ToLower(r.from), word) })
		if r.all && worker && namesControlPlane(spelled(r.to)) && !namesControlPlane(spelled(r.from)) {
			p.Report(r.at, "%s lets workers reach the control plane's nodes on all ports", p.Object.Name).Detail(controlPlaneDetail)
		}
	}
}

// spelled writes the names of Terraform as those of Kubernetes are written.
func spelled(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// checkManagedCluster reports a managed cluster of Google or Azure that does not enforce the repository's policies.
func checkManagedCluster(p *review.Pass) {
	body := p.Object.Field().Get("body")
	var at manifests.Field
	switch p.Object.Kind {
	case "google_container_cluster":
		if body.Get("enable_autopilot").IsSet() && body.Get("enable_autopilot").Text() != "false" || body.Get("datapath_provider").Text() == "ADVANCED_DATAPATH" || isLater(body.Get("datapath_provider")) {
			return
		}
		at = body.Get("network_policy")
		for _, b := range blocksOf(at) {
			at = b.Get("enabled")
		}
		if at.IsList() || at.Text() != "" && at.Text() != "false" {
			return
		}
	case "azurerm_kubernetes_cluster":
		at = body.Get("network_profile")
		for _, b := range blocksOf(at) {
			if b.Get("network_plugin").Text() == "none" {
				return
			}
			at = b.Get("network_policy")
		}
		if at.IsList() || at.Text() != "" && at.Text() != "none" {
			return
		}
	}
	p.Report(at, "cluster %s does not enforce network policies, which the repository has", p.Object.Name).
		Detail("The API server takes them, and nothing happens: pods stay open. Switch on what enforces them, such as Google's Dataplane V2 or Azure's Cilium.")
}
