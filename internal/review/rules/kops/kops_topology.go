package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsTopology = review.Rule{
	ID: "kops-topology", Level: review.Warning, Guidelines: []string{"G17", "G29"},
	Summary: "Machines of a cluster stand in a network that the internet reaches",
	Kinds:   []string{cluster},
	Check:   checkKopsTopology,
}

func checkKopsTopology(p *review.Pass) {
	for _, key := range []string{"masters", "controlPlane", "nodes"} {
		if at := topology(p).Get(key); at.Text() == "public" {
			p.Report(at, "the %s of cluster %s have public addresses", key, p.Object.Name).Detail(publicWhy)
		}
	}
	for _, subnet := range subnets(p) {
		if at := subnet.Get("type"); at.Text() == "Public" {
			p.Report(at, "subnet %s of cluster %s gives its machines public addresses", subnet.Get("name").Text(), p.Object.Name).Detail(publicWhy)
			break // the others are the same decision
		}
	}
	if at := topology(p).Get("dns", "type"); at.Text() == "Public" {
		p.Report(at, "the names of cluster %s are public", p.Object.Name).
			Detail("They tell everybody where the API server and its nodes are. A private zone serves those who are inside.")
	}
}

const publicWhy = "What listens on a machine, meant or not, can be reached from the internet as soon as one security group is too wide. In private subnets it cannot, and what has to be reached comes through load balancers."
