package cloud

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var podCloudRole = review.Rule{
	ID: "pod-cloud-role", Level: review.Warning, Guidelines: []string{"G10"},
	Summary: "A pod's role in the cloud is not bounded, is not its own, or cannot work",
	Kinds:   []string{review.Workloads, "ServiceAccount", "Namespace"},
	Params:  func() any { return &roleParams{} },
	Check:   checkPodCloudRole,
}

// roleParams names the accounts of AWS whose roles may be used; none for any.
type roleParams struct {
	Accounts []string `yaml:"accounts"`
}

// Annotations by which roles are given: kube2iam's and kiam's of a pod and of a namespace, and IRSA's.
const (
	podRole      = "iam.amazonaws.com/role"
	allowedRoles = "iam.amazonaws.com/allowed-roles" // kube2iam
	permitted    = "iam.amazonaws.com/permitted"     // kiam
	irsaRole     = "eks.amazonaws.com/role-arn"
)

func checkPodCloudRole(p *review.Pass) {
	annotations := p.Object.Field().Get("metadata", "annotations")
	switch {
	case p.Pod != nil:
		checkAgentRole(p)
	case p.Object.Kind == "Namespace" && p.Object.Group() == "":
		if at := annotations.Get(permitted); slices.Contains([]string{".*", "^.*$", ".+"}, at.Text()) {
			p.Report(at, "pods of namespace %s may take any role", p.Object.Name).
				Detail("Whoever may start a pod there has the rights of every role that the nodes can assume.")
		}
	case p.Object.Kind == "ServiceAccount" && p.Object.Group() == "":
		if at := annotations.Get(irsaRole); at.Text() != "" && !strings.ContainsAny(at.Text(), "<>${}") {
			checkIRSA(p, at)
		}
	}
}

// checkAgentRole looks at a role that kube2iam or kiam is to give.
func checkAgentRole(p *review.Pass) {
	at := p.Pod.Meta.Get("annotations", podRole)
	if at.Text() == "" {
		return
	}
	namespace := p.Root.Namespace(p.Object)
	for _, ns := range append(p.Root.OfKind("Namespace"), p.Index.OfKind("Namespace")...) {
		annotations := ns.Field().Get("metadata", "annotations")
		if ns.Name == namespace && (annotations.Get(allowedRoles).Text() != "" || annotations.Get(permitted).Text() != "") {
			return
		}
	}
	p.Report(at, "the pod takes role %s, and nothing bounds which roles its namespace may take", at.Text()).
		Detail("Whoever may start a pod there names any role that the nodes can assume. List the roles in the namespace's annotation %s (kube2iam) or %s (kiam), or give the role to a service account by IRSA or EKS Pod Identity, where the cloud itself decides.", allowedRoles, permitted)
}

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})$`)

// adminLike finds names of roles that say that they may do everything.
var adminLike = regexp.MustCompile(`(?i)(^|[-_./])(admin(istrator)?(access)?|poweruser(access)?|fullaccess|root|organizationaccountaccessrole)($|[-_./])`)

func checkIRSA(p *review.Pass, at manifests.Field) {
	match := roleARN.FindStringSubmatch(at.Text())
	accounts := review.Params[roleParams](p).Accounts
	switch {
	case match == nil:
		p.Report(at, "service account %s names no role of AWS: %q", p.Object.Name, at.Text()).
			Detail("An ARN of a role reads arn:aws:iam::123456789012:role/name. Pods of the account get no credentials, and fall back to those of the node where they reach them.")
		return
	case len(accounts) > 0 && !slices.Contains(accounts, match[1]):
		p.Report(at, "service account %s takes a role of AWS account %s, which the policy does not name", p.Object.Name, match[1]).
			Detail("Whoever owns that account decides what the pods may do there, and sees what they do.")
	case adminLike.MatchString(match[2]):
		p.Report(at, "service account %s takes the role %s, which by its name may do everything", p.Object.Name, match[2]).
			Detail("Whoever breaks into one of the pods has the cloud account. Give the application a role with what it needs.")
	}
	if other := sharer(p, at.Text()); other != "" {
		p.Report(at, "service account %s shares its role with %s", p.Object.Name, other).
			Detail("Each has what the other needs, and the cloud's records do not tell them apart. Give each application a role of its own.")
	}
}

// sharer returns another account, of another name, that takes the same role; "" when there is none. The account that
// comes first by name keeps it, so that a pair is reported once.
func sharer(p *review.Pass, role string) string {
	first := ""
	for _, o := range append(p.Root.OfKind("ServiceAccount"), p.Index.OfKind("ServiceAccount")...) {
		if o.Name < p.Object.Name && (first == "" || o.Name < first) && o.Field().Get("metadata", "annotations", irsaRole).Text() == role {
			first = o.Name
		}
	}
	return first
}
