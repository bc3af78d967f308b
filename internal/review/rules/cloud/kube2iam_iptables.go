package cloud

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kube2iamIptables = review.Rule{
	ID: "kube2iam-iptables", Level: review.Error, Guidelines: []string{"G10"},
	Summary: "kube2iam or kiam runs without its iptables rule, or gives every pod a default role",
	Kinds:   []string{review.Workloads},
	Check:   checkKube2iam,
}

func checkKube2iam(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		switch flags := flagsOf(c); agentOf(c) {
		case "kube2iam":
			checkRedirect(p, c, flags, "kube2iam")
			if role, ok := flags["default-role"]; ok && role.value != "" {
				p.Report(role.at, "kube2iam gives pods without a role the default role %s", role.value).
					Detail("Every pod of the cluster then has its rights, those of whoever breaks into one included.").
					Fix("Give no default role", review.Remove(role.at)).Unsafe()
			}
		case "kiam":
			checkRedirect(p, c, flags, "kiam's agent")
		}
	}
}

// checkRedirect reports an agent that does not put itself between pods and the metadata service.
func checkRedirect(p *review.Pass, c review.Container, flags map[string]flag, who string) {
	const detail = "Pods then reach the cloud's metadata service past it, and take the node's own role."
	switch f, ok := flags["iptables"]; {
	case !ok:
		p.Report(c.Field, "%s does not redirect the metadata service: --iptables is not set", who).Detail("%s", detail)
	case f.value == "false":
		p.Report(f.at, "%s does not redirect the metadata service", who).Detail("%s", detail).
			Fix("Redirect it", review.Set(f.at, "--iptables=true")).Unsafe()
	}
}

// agentOf returns which agent a container runs, "" for none. kiam's server needs no redirection.
func agentOf(c review.Container) string {
	image, _, _ := strings.Cut(path.Base(c.Get("image").Text()), "@")
	image, _, _ = strings.Cut(image, ":")
	words := c.Command()
	switch {
	case image == "kube2iam", len(words) > 0 && path.Base(words[0]) == "kube2iam":
		return "kube2iam"
	case image == "kiam" && len(words) > 0 && (words[0] == "agent" || len(words) > 1 && words[1] == "agent"):
		return "kiam"
	}
	return ""
}

// flag is one flag of an agent.
type flag struct {
	value string
	at    manifests.Field
}

func flagsOf(c review.Container) map[string]flag {
	flags := map[string]flag{}
	for _, key := range []string{"command", "args"} {
		for _, item := range c.Get(key).Items() {
			name, value, valued := strings.Cut(item.Text(), "=")
			if bare := strings.TrimLeft(name, "-"); bare != name {
				if !valued {
					value = "true"
				}
				flags[bare] = flag{value, item}
			}
		}
	}
	return flags
}
