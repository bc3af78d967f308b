package kops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

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
	checkNames(p)
}

// checkNames reports names in a public zone, which is where kops puts them unless it is told otherwise. A cluster whose name
// ends in k8s.local finds itself by gossip.
func checkNames(p *review.Pass) {
	const why = "They tell everybody where the API server and its nodes are. A private zone serves those who are inside."
	at := topology(p).Get("dns")
	if !isAlpha3(p) || at.IsMap() {
		at = at.Get("type")
	}
	switch {
	case at.Text() == "Public":
		p.Report(at, "the names of cluster %s are public", p.Object.Name).Detail(why)
	case !at.IsSet() && !strings.HasSuffix(p.Object.Name, ".k8s.local"):
		p.Report(at, "the names of cluster %s are public, which is what kops makes of a topology that does not say", p.Object.Name).Detail(why)
	}
}

const publicWhy = "What listens on a machine, meant or not, can be reached from the internet as soon as one security group is too wide. In private subnets it cannot, and what has to be reached comes through load balancers."
