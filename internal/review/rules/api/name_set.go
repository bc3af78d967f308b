package api

import "github.com/landwaiter/landwaiter/internal/manifests/kubeapi"

// nameSet is the names of one sort, of volumes or ports, among which others are looked up. The zero value is empty.
type nameSet struct {
	all   []string
	has   map[string]bool
	slips int // for which a name was looked for that is like them
}

// Limits of looking for the name that was meant, which compares letters: among how many, and for how many slips.
const (
	mostNames = 200
	mostSlips = 50
)

// add adds a name, unless it is there or empty.
func (n *nameSet) add(name string) {
	if name == "" || n.has[name] {
		return
	}
	if n.has == nil {
		n.has = map[string]bool{}
	}
	n.all, n.has[name] = append(n.all, name), true
}

// meant returns the name that another one was meant to be; "" when there is none, or when it is no longer looked for.
func (n *nameSet) meant(slip string) string {
	if n.slips++; n.slips > mostSlips {
		return ""
	}
	return kubeapi.Nearest(slip, n.all[:min(len(n.all), mostNames)])
}
