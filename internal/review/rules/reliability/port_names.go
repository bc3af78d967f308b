package reliability

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var portNames = review.Rule{
	ID: "port-names", Level: review.Warning,
	Summary: "Ports without a name where they need one, or that clash",
	Kinds:   []string{review.Workloads, "Service"},
	Check:   checkPortNames,
}

func checkPortNames(p *review.Pass) {
	if p.Pod != nil {
		for _, c := range p.Pod.Containers {
			checkClashes(p, c.Title(), c.Get("ports").Items(), "containerPort")
		}
		checkNeighbours(p)
		return
	}
	if p.Object.Group() != "" {
		return
	}
	ports := p.Object.Field().Get("spec", "ports").Items()
	title := "service " + p.Object.Name
	for _, port := range ports {
		if len(ports) > 1 && port.Get("name").Text() == "" {
			p.Report(port.Get("name"), "%s has several ports, of which %s has no name", title, port.Get("port").Text()).
				Detail("The API server refuses a Service of several ports unless each of them has a name.")
		}
	}
	checkClashes(p, title, ports, "port")
}

// checkNeighbours reports names of ports that two containers of the pod have, which the API server lets pass.
func checkNeighbours(p *review.Pass) {
	owners := map[string]review.Container{}
	for _, c := range p.Pod.Containers {
		if c.Kind != review.RegularContainer && c.Kind != review.SidecarContainer {
			continue // its ports are served before the others, or for somebody who looks for an error
		}
		for _, port := range c.Get("ports").Items() {
			name := port.Get("name")
			first, taken := owners[name.Text()]
			if !taken {
				owners[name.Text()] = c
			} else if name.Text() != "" && first.Path() != c.Path() {
				p.Report(name, "%s names a port %s, as %s does", c.Title(), name.Text(), first.Title()).
					Detail("A Service or probe that asks for the name gets the first one only: what this container serves cannot be reached by it. Names of ports are for the whole pod.")
			}
		}
	}
}

// checkClashes reports ports of one list that have the same name, or the same number and protocol.
func checkClashes(p *review.Pass, title string, ports []manifests.Field, number string) {
	names, numbers := map[string]bool{}, map[string]string{}
	for _, port := range ports {
		name := port.Get("name")
		if name.Text() != "" && names[name.Text()] {
			p.Report(name, "%s has two ports named %s", title, name.Text()).
				Detail("The API server refuses it: probes, Services and Ingresses could not tell which is meant.")
		}
		names[name.Text()] = true
		protocol := port.Get("protocol").Text()
		if protocol == "" {
			protocol = "TCP"
		}
		at := port.Get(number)
		key := at.Text() + "/" + protocol + "/" + port.Get("hostIP").Text() + "/" + port.Get("hostPort").Text()
		other, twice := numbers[key]
		isAlias := number == "containerPort" && name.Text() != "" && other != "" && name.Text() != other
		if at.Text() != "" && twice && !isAlias {
			p.Report(at, "%s has port %s/%s twice", title, at.Text(), protocol).
				Detail("One of the two has no effect, or the API server refuses the object.")
		}
		numbers[key] = name.Text()
	}
}
