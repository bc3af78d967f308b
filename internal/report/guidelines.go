package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Guideline is one thing that the rules together ask of a cluster and of what runs in it.
type Guideline struct {
	ID    string // "G1"
	Part  string // the heading it stands under
	Title string
	Text  string
}

// Guidelines are all guidelines, in their order. Rules cite them by id.
func Guidelines() []Guideline {
	return []Guideline{
		{"G1", "Workloads", "Pods get no power over their node", "A container that is privileged, runs as root, shares the node's namespaces, opens its paths or ports, or may gain capabilities is a way out of the pod. Namespaces say by Pod Security Admission what they accept. PodSecurityPolicy is gone since Kubernetes 1.25: one that is left in a repository protects nothing, and is read for what should take its place."},
		{"G2", "Workloads", "The kernel's guards are left on", "seccomp and AppArmor at least with the runtime's own profile, SELinux with a type that confines. To be unconfined, by a field or by one of the annotations of old, needs a reason."},
		{"G3", "Workloads", "Nobody can use up a node", "Containers say what they need and what they may take. Quotas and limit ranges hold namespaces to a share."},
		{"G4", "Workloads", "A running container does not change", "Its file system is read-only, its image is the one that was tested, and nothing is installed or downloaded when it starts. What must change is built again."},
		{"G5", "Workloads", "Applications live in namespaces of their own", "The namespace is what policies, quotas and roles are bound to. Each application declares its own, `default` stays empty, and what is trusted less does not share one with what is trusted more."},

		{"G6", "Identity and access", "The API server asks RBAC", "Attribute files and modes that allow everything are switched off, in whatever way the cluster is set up."},
		{"G7", "Identity and access", "Roles give what is needed", "No wildcards, no role of the cluster's administrator, none of the rights from which its holder can make more for itself, and nothing for groups that everybody is in."},
		{"G8", "Identity and access", "A workload has an account of its own", "Otherwise a role that one needs is everybody's. Where the API is not called, no token is mounted."},
		{"G9", "Identity and access", "People sign in with a single sign-on", "An identity provider knows who has left, a file with passwords or tokens does not. Roles of a cloud do not become masters of the cluster."},
		{"G10", "Identity and access", "A pod does not act as its node", "The node's cloud role is served by its metadata service, so pods must not reach that: by the service's own second version with one hop, and by policies for egress. A pod that needs the cloud gets a role of its own."},
		{"G11", "Identity and access", "Consoles take no strangers", "Sign-up is closed and nobody is let in without a name, in the platform's console as in dashboards, build servers and delivery tools."},

		{"G12", "Images", "Images are from where somebody decided they may be from", "A list of registries and repositories is held against each image in review, and the same list by admission in the cluster."},
		{"G13", "Images", "An image is named so that it stays the same", "A moving tag is another program tomorrow. A digest is not."},
		{"G14", "Images", "Images prove who made them", "A signature by somebody that the policy names, a record of the build, and a scan that is not too old."},

		{"G15", "Network and exposure", "Pods receive only what is meant for them", "Each namespace denies what no policy allows, each workload is chosen by a policy, and no policy allows everything."},
		{"G16", "Network and exposure", "Pods call only where they must", "Egress is denied until allowed, whichever of the network's own kinds of policy says so."},
		{"G17", "Network and exposure", "Little of the cluster is on the internet", "Ranges that mean everybody, public addresses of machines and of the API, ports on every node: each of them has to be wanted."},
		{"G18", "Network and exposure", "Traffic comes in over edge nodes", "Controllers that face the internet run on nodes set apart, and load balancers send to these alone."},
		{"G19", "Network and exposure", "TLS, and of a kind that holds", "Whatever is served is served encrypted, with versions and ciphers of today, and with certificates whose issuer, key and life fit where they are used."},
		{"G20", "Network and exposure", "SSH is the exception", "No daemon in containers. Where there is one: keys and not passwords, nobody as root, algorithms of today, a log, and few who can reach it."},
		{"G21", "Network and exposure", "A tunnel asks for two factors", "A certificate that was copied is as good as its owner. So a VPN that leads to the API asks for something else as well."},

		{"G22", "The control plane", "API server, kubelet and etcd let nobody in unasked", "No anonymous requests, no port without authentication, a kubelet that asks the API server, and a node that may touch only what is its own."},
		{"G23", "The control plane", "etcd is encrypted and stands alone", "Peers and clients speak TLS under a CA that nothing else uses, its disks are encrypted, and events have a store of their own."},
		{"G24", "The control plane", "Secrets are encrypted where they lie", "By a key service before a key in a file, and never by the provider that does nothing. Keys are changed now and then, and none is in Git."},
		{"G25", "The control plane", "There is a record of who did what", "A policy for auditing and a place for its log that keeps it, without the contents of Secrets."},
		{"G26", "The control plane", "Admission decides, and fails closed", "The plug-ins that hold nodes, pods and images to their limits are on. A webhook that guards something refuses when it cannot be asked, and does not hold everything up."},
		{"G27", "The control plane", "No secret lies in Git", "Nor in a ConfigMap, a variable or an argument. What is encrypted or only named in a manifest may be there. A vault is run so that it deserves the name."},
		{"G28", "The control plane", "Clusters come from templates that are reviewed", "The template and each cluster's values are rendered and judged like any other manifest, with the add-ons and scripts that they name."},
		{"G29", "The control plane", "The network is laid out on purpose", "Subnets, routes out and topology are written down, and what belongs to a cluster says so by its tags."},
		{"G30", "The control plane", "Groups of nodes fit their work", "Machines of a type and an image that suit, disks that are encrypted, a metadata service that is closed, and taints where only some may run."},
		{"G31", "The control plane", "Nothing that Kubernetes has given up", "A version of an API that the cluster does not serve any more cannot be applied. One that it will not serve for long is changed in time."},
		{"G32", "The control plane", "A protection is not taken away unseen", "When a change removes or weakens a policy, a quota or an agent that base had, the review says it."},
	}
}

// GuidelinesMarkdown writes docs/guidelines.md: every guideline with the rules that enforce it.
func GuidelinesMarkdown(w io.Writer, rules []*review.Rule) error {
	enforcing := make(map[string][]string)
	for _, r := range rules {
		for _, id := range r.Guidelines {
			enforcing[id] = append(enforcing[id], fmt.Sprintf("[%s](%s)", r.ID, rulePage(r)))
		}
	}
	var b strings.Builder
	b.WriteString("# Guidelines\n\nWhat the rules together ask for. Made from the rules by `make generate`.\n")
	part := ""
	for _, g := range Guidelines() {
		if g.Part != part {
			part = g.Part
			fmt.Fprintf(&b, "\n## %s\n", part)
		}
		by := "No rule enforces it yet."
		if len(enforcing[g.ID]) > 0 {
			by = "Rules: " + strings.Join(enforcing[g.ID], ", ") + "."
		}
		fmt.Fprintf(&b, "\n### %s %s\n\n%s\n\n%s\n", g.ID, g.Title, g.Text, by)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// rulePage is the path of a rule's page, relative to docs/.
func rulePage(r *review.Rule) string { return "rules/" + r.ID + ".md" }
