package export

import "strings"

const admissionAPI = "admissionregistration.k8s.io/v1"

// admissionPolicy is the spec of a ValidatingAdmissionPolicy.
type admissionPolicy struct {
	FailurePolicy    string        `yaml:"failurePolicy"`
	MatchConstraints resourceRules `yaml:"matchConstraints"`
	MatchConditions  []named       `yaml:"matchConditions,omitempty"`
	Variables        []named       `yaml:"variables"`
	Validations      []validation  `yaml:"validations"`
}

type resourceRules struct {
	NamespaceSelector *selector      `yaml:"namespaceSelector,omitempty"`
	Rules             []resourceRule `yaml:"resourceRules,omitempty"`
}

type resourceRule struct {
	APIGroups   []string `yaml:"apiGroups,flow"`
	APIVersions []string `yaml:"apiVersions,flow"`
	Operations  []string `yaml:"operations,flow"`
	Resources   []string `yaml:"resources,flow"`
}

// named is a variable or a condition.
type named struct {
	Name       string `yaml:"name"`
	Expression string `yaml:"expression"`
}

type validation struct {
	Expression        string `yaml:"expression"`
	Message           string `yaml:"message"`
	MessageExpression string `yaml:"messageExpression,omitempty"`
}

// admissionBinding is the spec of a ValidatingAdmissionPolicyBinding.
type admissionBinding struct {
	PolicyName        string         `yaml:"policyName"`
	ValidationActions []string       `yaml:"validationActions,flow"`
	MatchResources    *resourceRules `yaml:"matchResources,omitempty"`
}

type selector struct {
	MatchExpressions []requirement `yaml:"matchExpressions"`
}

type requirement struct {
	Key      string   `yaml:"key"`
	Operator string   `yaml:"operator"`
	Values   []string `yaml:"values,flow"`
}

// podResources are all kinds of Kubernetes that have a pod, or make some.
func podResources() []resourceRule {
	rule := func(group string, resources ...string) resourceRule {
		return resourceRule{[]string{group}, []string{"v1"}, []string{"CREATE", "UPDATE"}, resources}
	}
	return []resourceRule{
		rule("", "pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"),
		rule("apps", "daemonsets", "deployments", "replicasets", "statefulsets"),
		rule("batch", "cronjobs", "jobs"),
	}
}

// admission exports the allowlist and the rules on pins, each as a policy of its own, because each has its own level.
func (e *exporter) admission() error {
	if e.list.Decides() {
		e.admit("image-registry", "The allowlist", e.listValidations(), "Images are from where the policy allows (images.allow, images.deny).")
	} else {
		e.note("There is no allowlist to export: the policy has neither images.allow nor images.deny.")
	}
	e.admit("image-latest", "What forbids moving tags", e.latestValidations(), "Images have a tag that stays what it is, or a digest.")
	e.admit("image-digest", "Pinning by digest", digestValidations(), "Images are pinned by digest.")
	return nil
}

// admit adds the policy of a rule with its binding.
func (e *exporter) admit(rule, what string, judging []validation, does string) {
	fails, on := e.level(rule, what)
	if !on {
		return
	}
	comment := []string{does}
	spec := admissionPolicy{FailurePolicy: "Fail", MatchConstraints: resourceRules{Rules: podResources()}, Variables: variables(),
		Validations: append([]validation{unreadable}, judging...)}
	exempt, said := e.exempt(rule)
	if exempt != "" {
		spec.MatchConditions = []named{{"not-exempt", exempt}}
	}
	name := "landwaiter-" + rule
	e.add(admissionAPI, "ValidatingAdmissionPolicy", name, spec, append(comment, said...)...)

	binding := admissionBinding{PolicyName: name, ValidationActions: []string{"Warn", "Audit"}}
	comment = []string{"It warns, since the policy of the review has " + rule + " at a level that does not fail the check."}
	switch {
	case fails:
		binding.ValidationActions, comment = []string{"Deny"}, nil
	case e.options.Warn:
		comment = []string{"It only warns, as was asked for."}
	}
	if len(e.options.Except) > 0 {
		binding.MatchResources = &resourceRules{NamespaceSelector: except(e.options.Except)}
		comment = append(comment, e.note("Nothing is enforced in the namespaces %s.", strings.Join(e.options.Except, ", ")))
	}
	e.add(admissionAPI, "ValidatingAdmissionPolicyBinding", name, binding, comment...)
}

func except(namespaces []string) *selector {
	return &selector{[]requirement{{"kubernetes.io/metadata.name", "NotIn", namespaces}}}
}

// listValidations are one for each pattern that denies, so that the message names it, and then one for all that allow.
func (e *exporter) listValidations() []validation {
	var all []validation
	for _, p := range e.list.Denied() {
		denied := "n.name.matches(" + literal(p.Regexp()) + ")"
		all = append(all, validation{
			Expression:        "!variables.names.exists(n, " + denied + ")",
			Message:           "an image is denied by the policy (images.deny: " + oneLine(p.String()) + ")",
			MessageExpression: complaint("variables.names.filter(n, "+denied+")", "n.title + ' uses ' + n.name", ", which the policy denies (images.deny: "+p.String()+")"),
		})
	}
	var allowed []string
	for _, p := range e.list.Allowed() {
		allowed = append(allowed, "n.name.matches("+literal(p.Regexp())+")")
	}
	if len(allowed) == 0 {
		return all
	}
	covered := "\n  " + strings.Join(allowed, " ||\n  ") + "\n"
	return append(all, validation{
		Expression:        "variables.names.all(n," + covered + ")",
		Message:           "an image is not on the policy's list (images.allow)",
		MessageExpression: complaint("variables.names.filter(n, !("+covered+"))", "n.title + ' uses ' + n.name", ", which the policy does not allow (images.allow)"),
	})
}

// latestValidations are those of image-latest: no tag, latest, or a tag that the policy calls moving.
func (e *exporter) latestValidations() []validation {
	rests := []string{"", ":latest"}
	for _, tag := range e.policy.Images.Moving {
		rests = append(rests, ":"+tag)
	}
	for i, rest := range rests {
		rests[i] = literal(rest)
	}
	moving := "n.rest in [" + strings.Join(rests, ", ") + "]"
	return []validation{{
		Expression:        "!variables.names.exists(n, " + moving + ")",
		Message:           "an image has no tag, or one that moves; name a version and its digest",
		MessageExpression: complaint("variables.names.filter(n, "+moving+")", "n.title + ' uses ' + n.name + (n.rest == '' ? ' without a tag' : ' with the moving tag ' + n.rest.substring(1))", "; name a version and its digest"),
	}}
}

func digestValidations() []validation {
	return []validation{{
		Expression:        "variables.names.all(n, n.rest.contains('@'))",
		Message:           "an image is not pinned by digest; write NAME:TAG@sha256:…",
		MessageExpression: complaint("variables.names.filter(n, !n.rest.contains('@'))", "n.title + ' uses ' + n.name + n.rest", " without a digest; write NAME:TAG@sha256:…"),
	}}
}

// unreadable refuses names that programs read in different ways: whoever judges them need not be whoever pulls. The names
// themselves are not shown, since they may hold passwords.
var unreadable = validation{
	Expression:        "variables.images.all(i, variables.names.exists(n, n.image == i.image))",
	Message:           "an image reference cannot be read, so that it cannot be held against the policy",
	MessageExpression: complaint("variables.images.filter(n, !variables.names.exists(m, m.image == n.image))", "n.title", ": the image reference cannot be read, so that it cannot be held against the policy"),
}

// complaint joins what is to be said of each image.
func complaint(of, says, end string) string {
	return of + "\n  .map(n, " + says + ").join(', ') + " + literal(end)
}
