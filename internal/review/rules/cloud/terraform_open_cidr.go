package cloud

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformOpenCIDR = review.Rule{
	ID: "terraform-open-cidr", Level: review.Error, Guidelines: []string{"G17"},
	Summary:   "Terraform lets every address in: in a security group, a firewall, or a variable for one",
	Terraform: true,
	CheckRoot: checkOpenCIDR,
}

const openCIDR = "Everybody on the internet can try what listens there, from the moment it exists. Name the networks that need it: an office, a VPN, a load balancer's security group."

// door is a kind of block that lets addresses in.
type door struct {
	kind    string
	block   string   // the block in it that holds the rule; "" for itself
	sources []string // where the addresses are
	ports   []string // where the ports are: first and last, or a list
	lets    func(resource, rule manifests.Field) bool
}

func always(_, _ manifests.Field) bool { return true }

// says makes a condition that an argument has one of the values. A default stands for one that is left out.
func says(key, missing string, values ...string) func(_, rule manifests.Field) bool {
	return func(_, rule manifests.Field) bool {
		text := rule.Get(key).Text()
		if !rule.Get(key).IsSet() {
			text = missing
		}
		return slices.Contains(values, strings.ToLower(text))
	}
}

func azureLets(_, rule manifests.Field) bool {
	return strings.EqualFold(rule.Get("access").Text(), "allow") && strings.EqualFold(rule.Get("direction").Text(), "inbound")
}

func googleLets(resource, _ manifests.Field) bool {
	direction := resource.Get("direction")
	ingress := !direction.IsSet() || strings.EqualFold(direction.Text(), "ingress")
	narrowed := len(resource.Get("source_tags").Items()) > 0 || len(resource.Get("source_service_accounts").Items()) > 0
	return ingress && resource.Get("allow").Exists() && !isTrue(resource.Get("disabled")) && !narrowed
}

var (
	fromTo    = []string{"from_port", "to_port"}
	awsRanges = []string{"cidr_blocks", "ipv6_cidr_blocks"}
	azureFrom = []string{"source_address_prefix", "source_address_prefixes"}
)

// doors are the ways into networks by the providers' documentation.
var doors = []door{
	{"aws_security_group", "ingress", awsRanges, fromTo, always},
	{"aws_default_security_group", "ingress", awsRanges, fromTo, always},
	{"aws_security_group_rule", "", awsRanges, fromTo, says("type", "", "ingress")},
	{"aws_vpc_security_group_ingress_rule", "", []string{"cidr_ipv4", "cidr_ipv6"}, fromTo, always},
	{"google_compute_firewall", "", []string{"source_ranges"}, []string{"allow"}, googleLets},
	{"azurerm_network_security_rule", "", azureFrom, []string{"destination_port_range", "destination_port_ranges"}, azureLets},
	{"azurerm_network_security_group", "security_rule", azureFrom, []string{"destination_port_range", "destination_port_ranges"}, azureLets},
	{"openstack_networking_secgroup_rule_v2", "", []string{"remote_ip_prefix"}, []string{"port_range_min", "port_range_max"}, says("direction", "", "ingress")},
	{"digitalocean_firewall", "inbound_rule", []string{"source_addresses"}, []string{"port_range"}, always},
	{"hcloud_firewall", "rule", []string{"source_ips"}, []string{"port"}, says("direction", "", "in")},
	{"alicloud_security_group_rule", "", []string{"cidr_ip", "ipv6_cidr_ip"}, []string{"port_range"}, says("type", "", "ingress")},
}

func checkOpenCIDR(p *review.Pass) {
	said := map[manifests.Frame]bool{}
	for _, d := range doors {
		for _, o := range all(p.Root, ofResource, d.kind) {
			rules := []manifests.Field{body(o)}
			if d.block != "" {
				rules = blocks(body(o).Get(d.block))
			}
			for _, rule := range rules {
				if d.lets(body(o), rule) {
					d.report(p, o, rule, said)
				}
			}
		}
	}
	checkOpenVariables(p, said)
}

// report notes the open addresses of a rule, and where they are written.
func (d door) report(p *review.Pass, o *manifests.Object, rule manifests.Field, said map[manifests.Frame]bool) {
	for _, key := range d.sources {
		for _, at := range append(everybody(rule.Get(key)), azureAnybody(d, rule.Get(key))...) {
			to, public := d.target(rule)
			draft := p.ReportOn(o, at, "%s lets %s reach %s", title(o), at.Text(), to).Detail(openCIDR)
			if public {
				draft.Lower(review.Info).Detail("What serves the web is open to everybody by its nature; the balancer in front of it should be, and nothing behind it.")
			}
			if origin, _ := o.OriginAt(at.Path()); len(origin) > 0 {
				said[origin[0]] = true
			}
		}
	}
}

// azureAnybody finds the words that Azure has for every address.
func azureAnybody(d door, f manifests.Field) (found []manifests.Field) {
	for _, item := range append(f.Items(), f) {
		if strings.HasPrefix(d.kind, "azurerm_") && slices.Contains([]string{"*", "internet", "any"}, strings.ToLower(item.Text())) {
			found = append(found, item)
		}
	}
	return found
}

// target says what a rule opens, and whether that is the ports of the web alone, or answers to ping.
func (d door) target(rule manifests.Field) (to string, public bool) {
	var ports []string
	for _, key := range d.ports {
		if key == "allow" {
			for _, allowed := range blocks(rule.Get("allow")) {
				ports = append(ports, texts(allowed.Get("ports"))...)
				if !allowed.Get("ports").Exists() && allowed.Get("protocol").Text() != "icmp" {
					ports = append(ports, "all")
				}
			}
			continue
		}
		ports = append(ports, texts(rule.Get(key))...)
	}
	protocol := strings.ToLower(rule.Get("protocol").Text() + rule.Get("ip_protocol").Text())
	if protocol == "-1" || slices.Contains(ports, "*") || slices.Contains(ports, "all") || slices.Contains(ports, "0-65535") {
		return "all ports", false
	}
	if strings.HasPrefix(protocol, "icmp") {
		return "it by ICMP", true
	}
	slices.Sort(ports)
	ports = slices.Compact(ports)
	if len(ports) == 0 || slices.ContainsFunc(ports, func(port string) bool { return strings.Contains(port, "${") }) {
		return "it", false
	}
	web := !slices.ContainsFunc(ports, func(port string) bool { return port != "80" && port != "443" && port != "443/443" && port != "80/80" })
	if len(d.ports) == 2 && d.ports[0] == "from_port" && len(ports) == 2 {
		return "ports " + strings.Join(ports, " to "), false
	}
	return "port " + strings.Join(ports, ", "), web
}

// texts are the scalars of a list, or the scalar itself.
func texts(f manifests.Field) (all []string) {
	for _, item := range append(f.Items(), f) {
		if item.Text() != "" {
			all = append(all, item.Text())
		}
	}
	return all
}

var (
	// lettingIn are names of variables whose addresses are let in, and lettingOut of those that say where one may go.
	lettingIn  = regexp.MustCompile(`(?i)(cidrs?|ips?|ip_ranges?|ranges?|networks?|addresses)(_blocks?|_ranges?|_list|s)?$`)
	admitting  = regexp.MustCompile(`(?i)allow|access|ingress|inbound|admin|ssh|bastion|source|trusted|whitelist|authori[sz]ed|permit|api|public|management|office|vpn`)
	lettingOut = regexp.MustCompile(`(?i)egress|outbound|destination|route|nat\b|to_cidr`)
)

// checkOpenVariables judges the defaults and values of variables, and what modules of the repository are given, whose
// names say that the addresses are let in. What a resource was found for is not said again.
func checkOpenVariables(p *review.Pass, said map[manifests.Frame]bool) {
	report := func(o *manifests.Object, name string, f manifests.Field) {
		if !admitting.MatchString(name) || !lettingIn.MatchString(name) || lettingOut.MatchString(name) {
			return
		}
		for _, at := range everybody(f) {
			if origin, _ := o.OriginAt(at.Path()); len(origin) == 0 || !said[origin[0]] {
				p.ReportOn(o, at, "variable %s lets %s in", name, at.Text()).Detail(openCIDR)
			}
		}
	}
	for _, o := range all(p.Root, ofVariable, "variable") {
		report(o, o.Name, body(o).Get("default"))
	}
	for _, o := range append(all(p.Root, ofTFVars, "tfvars"), all(p.Root, ofModule, "module")...) {
		source := body(o).Get("source").Text()
		if o.Kind == "module" && !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
			continue
		}
		for _, e := range body(o).Entries() {
			if origin, _ := o.OriginAt(e.Value.Path()); o.Kind == "tfvars" || len(origin) < 2 {
				report(o, e.Key, e.Value)
			}
		}
	}
}
