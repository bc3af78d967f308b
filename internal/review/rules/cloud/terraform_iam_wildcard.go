package cloud

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformIAMWildcard = review.Rule{
	ID: "terraform-iam-wildcard", Level: review.Error, Guidelines: []string{"G10"},
	Summary: "Terraform gives a role of the cloud everything, or lets everybody take one",
	Kinds: append(resources("aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "aws_iam_role",
		"aws_iam_role_policy_attachment", "aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment", "aws_iam_policy_attachment"),
		"aws_iam_policy_document."+ofData),
	Terraform: true,
	Check:     checkIAMWildcard,
}

const (
	wildcardGrant = "Whoever gets hold of the role, through a pod or a machine that has it, owns the account, or all of the service. Name the actions, and the resources that they are for."
	openTrust     = "Anybody with an account of AWS can take the role. Name who may, or add a condition."
	openOIDC      = "Every token of the provider opens the role: any service account of the cluster, or any repository of everybody's. Add a condition on its subject (`…:sub`) that names the one."
)

func checkIAMWildcard(p *review.Pass) {
	f := body(p.Object)
	switch p.Object.Kind {
	case "aws_iam_policy_document":
		for _, s := range dataStatements(f) {
			checkGrant(p, manifests.Field{}, s)
			checkTrust(p, manifests.Field{}, s)
		}
	case "aws_iam_role":
		for _, s := range statements(f.Get("assume_role_policy")) {
			checkTrust(p, f.Get("assume_role_policy"), s)
		}
		for _, inline := range blocks(f.Get("inline_policy")) {
			checkPolicy(p, inline.Get("policy"))
		}
		for _, arn := range f.Get("managed_policy_arns").Items() {
			checkManaged(p, arn)
		}
	default:
		checkPolicy(p, f.Get("policy"))
		checkManaged(p, f.Get("policy_arn"))
	}
}

func checkPolicy(p *review.Pass, policy manifests.Field) {
	for _, s := range statements(policy) {
		checkGrant(p, policy, s)
	}
}

// report notes a violation at a field of a statement, or at the line of the text that it is in.
func (s statement) report(p *review.Pass, policy, at manifests.Field, format string, args ...any) *review.Draft {
	if s.line == 0 {
		return p.Report(at, format, args...)
	}
	line := s.line
	if at.Node() != nil {
		line = at.Node().Line
	}
	return p.Report(policy, format, args...).Line(line)
}

// checkManaged judges a policy of AWS's own that is attached.
func checkManaged(p *review.Pass, arn manifests.Field) {
	name := arn.Text()[strings.LastIndexByte(arn.Text(), '/')+1:]
	if strings.HasPrefix(arn.Text(), "arn:aws") && strings.Contains(arn.Text(), ":iam::aws:policy/") && slices.Contains([]string{"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"}, name) {
		p.Report(arn, "%s gives %s", title(p.Object), name).Detail(wildcardGrant)
	}
}

// checkGrant finds statements that allow everything, or all of a service on everything. Policies on a resource, which
// name a principal, are about that resource.
func checkGrant(p *review.Pass, policy manifests.Field, s statement) {
	if !s.allows() || len(s.principals()) > 0 || s.key("Principal", "principals").IsSet() {
		return
	}
	onAll := slices.Contains(texts(s.resources()), "*")
	for _, at := range append(s.actions().Items(), s.actions()) {
		switch service, action, _ := strings.Cut(at.Text(), ":"); {
		case (at.Text() == "*" || at.Text() == "*:*") && !s.hasCondition():
			s.report(p, policy, at, "%s allows every action", title(p.Object)).Detail(wildcardGrant)
		case at.Text() == "*":
			s.report(p, policy, at, "%s allows every action under a condition", title(p.Object)).Lower(review.Warning).Detail(wildcardGrant)
		case action == "*" && onAll && !s.hasCondition():
			s.report(p, policy, at, "%s allows all of %s on every resource", title(p.Object), service).Detail(wildcardGrant)
		}
	}
}

// checkTrust finds statements that let everybody, or every token of a provider, take the role.
func checkTrust(p *review.Pass, policy manifests.Field, s statement) {
	assumes := slices.ContainsFunc(texts(s.actions()), func(action string) bool { return strings.HasPrefix(action, "sts:AssumeRole") })
	if !s.allows() || !assumes {
		return
	}
	for _, who := range s.principals() {
		switch {
		case who.at.Text() == "*" && who.kind != "Service" && !s.hasCondition():
			s.report(p, policy, who.at, "%s lets everybody take the role", title(p.Object)).Detail(openTrust)
		case isOIDC(who) && slices.Contains(texts(s.actions()), "sts:AssumeRoleWithWebIdentity"):
			checkSubject(p, policy, s, who)
		}
	}
}

// isOIDC reports whether a holder is whoever a provider of OpenID Connect gives tokens to.
func isOIDC(who holder) bool {
	return who.kind == "Federated" && (strings.Contains(who.at.Text(), "oidc") || strings.Contains(who.at.Text(), "openid_connect"))
}

// anySubject matches subjects that are everybody's: of every service account, or of every repository.
var anySubject = regexp.MustCompile(`^(\*|system:serviceaccount:\*(:\*)?|repo:\*.*|project_path:\*.*|organization:\*.*)$`)

func checkSubject(p *review.Pass, policy manifests.Field, s statement, who holder) {
	bound := false
	for _, c := range s.conditions() {
		if strings.Contains(c.key, "${") && !strings.Contains(c.key, ":") {
			return // the key is not known
		}
		if !strings.HasSuffix(c.key, ":sub") && !strings.HasSuffix(c.key, ":repository") && !strings.HasSuffix(c.key, ":job_workflow_ref") {
			continue
		}
		bound = true
		for _, value := range c.values {
			if anySubject.MatchString(value) && strings.Contains(c.test, "Like") {
				s.report(p, policy, c.at, "%s lets every subject %s take the role", title(p.Object), value).Detail(openOIDC)
			}
		}
	}
	if !bound && !(s.hasCondition() && len(s.conditions()) == 0) {
		s.report(p, policy, who.at, "%s asks no token for its subject", title(p.Object)).Detail(openOIDC)
	}
}
