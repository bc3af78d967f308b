package cloud

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformRouteGained = review.Rule{
	ID: "terraform-route-gained", Level: review.Warning, Guidelines: []string{"G17", "G29"},
	Summary:   "This change connects the network with another one",
	Kinds:     append(resources(peerings...), resources("aws_route", "aws_route_table", "aws_default_route_table", "google_compute_route", "azurerm_route")...),
	Terraform: true,
	Check:     checkRouteGained,
}

const routeGained = "What could not reach the cluster's network before can now, and the other way round, as far as firewalls and policies do not stand in between. Make sure that this is meant, and that routes on both sides name the subnets that need it."

// peerings are resources that connect networks by being there.
var peerings = []string{
	"aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter", "aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_peering_attachment",
	"aws_vpn_connection", "aws_internet_gateway", "google_compute_network_peering", "google_compute_vpn_tunnel", "azurerm_virtual_network_peering",
	"azurerm_virtual_network_gateway_connection",
}

// route is a way out of a network: where to, and through what.
type route struct {
	at      manifests.Field
	to, via string
}

func checkRouteGained(p *review.Pass) {
	if p.Before == nil {
		return // base itself, or no change
	}
	before := slices.DeleteFunc(p.Before.OfKind(p.Object.Kind), func(o *manifests.Object) bool { return o.Group() != ofResource })
	if slices.Contains(peerings, p.Object.Kind) {
		named := func(o *manifests.Object) bool { return o.Name == p.Object.Name }
		if !slices.ContainsFunc(before, named) {
			p.Report(body(p.Object), "this change connects networks by %s", title(p.Object)).Detail(routeGained)
		}
		return
	}
	for _, r := range routes(p.Object) {
		had := func(o *manifests.Object) bool {
			return slices.ContainsFunc(routes(o), func(old route) bool { return old.to == r.to && old.via == r.via })
		}
		if !slices.ContainsFunc(before, had) {
			p.Report(r.at, "this change adds a route from %s to %s", title(p.Object), r.to).Detail(routeGained)
		}
	}
}

// gateways are the arguments that say what a route goes through. NAT gateways let nobody in.
var gateways = []string{
	"gateway_id", "egress_only_gateway_id", "vpc_peering_connection_id", "transit_gateway_id", "vpn_gateway_id", "network_interface_id",
	"next_hop_gateway", "next_hop_vpn_tunnel", "next_hop_ip", "next_hop_in_ip_address",
}

func routes(o *manifests.Object) (found []route) {
	all := []manifests.Field{body(o)}
	if strings.HasSuffix(o.Kind, "route_table") {
		all = blocks(body(o).Get("route"))
	}
	for _, f := range all {
		var to string
		for _, key := range []string{"cidr_block", "ipv6_cidr_block", "destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id", "dest_range", "address_prefix"} {
			if text := f.Get(key).Text(); text != "" {
				to = text
			}
		}
		for _, key := range gateways {
			if via := f.Get(key); via.Text() != "" && to != "" && via.Text() != "local" {
				found = append(found, route{via, to, via.Text()})
			}
		}
	}
	return found
}
