package rbac

import (
	"encoding/json"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var abacPolicy = review.Rule{
	ID: "abac-policy", Level: review.Error, Guidelines: []string{"G6"},
	Summary: "An ABAC policy file lies among the manifests",
	Kinds:   []string{"ConfigMap", "Cluster.kops.k8s.io", "InstanceGroup.kops.k8s.io"},
	Check:   checkABACPolicy,
}

func checkABACPolicy(p *review.Pass) {
	o := p.Object.Field()
	if p.Object.Kind == "ConfigMap" && p.Object.Group() == "" {
		for key, value := range o.Get("data").EachEntry() {
			reportABAC(p, value, "key "+key, value.Text())
		}
		return
	}
	for _, asset := range o.Get("spec", "fileAssets").Items() {
		content := asset.Get("content")
		text := content.Text()
		if plain, ok := review.FromBase64(text); ok && asset.Get("isBase64").True() {
			text = plain
		}
		reportABAC(p, content, "file "+asset.Get("name").Text(), text)
	}
}

// abacLine is one policy of the API server's ABAC authorizer, of which a file holds one on each line.
type abacLine struct {
	APIVersion, Kind string
	Spec             struct {
		User, Group, Namespace, Resource, NonResourcePath string
		ReadOnly                                          bool
	}
}

// abacGroup is the API group of such policies, without which there is none in a text.
const abacGroup = "abac.authorization.kubernetes.io/"

// reportABAC reports a text that holds policies, at the first that is for everybody or everything, else at the first.
func reportABAC(p *review.Pass, at manifests.Field, title, text string) {
	if !strings.Contains(text, abacGroup) {
		return
	}
	first, widest, says := 0, 0, ""
	for i, line := range strings.Split(text, "\n") {
		var policy abacLine
		if !strings.Contains(line, abacGroup) || json.Unmarshal([]byte(line), &policy) != nil || policy.Kind != "Policy" {
			continue
		}
		if first == 0 {
			first = i + 1
		}
		if wide := policy.widely(); wide != "" && widest == 0 {
			widest, says = i+1, ", which "+wide
		}
	}
	if first == 0 {
		return
	}
	if widest > 0 {
		first = widest
	}
	p.Report(at, "%s is an ABAC policy%s", title, says).Line(first).
		Detail("The API server reads the file when it starts: a right that is taken away stays until every one of them is restarted, and neither kubectl nor the audit of roles shows what it allows.")
}

// widely says for whom or on what a policy is by wildcards, "" when it is by none.
func (a abacLine) widely() string {
	switch {
	case a.Spec.User == "*" || a.Spec.Group == "*" || a.Spec.Group == "system:authenticated" || a.Spec.Group == "system:unauthenticated":
		return "is for everybody"
	case a.Spec.Resource == "*" && a.Spec.Namespace == "*":
		return "is for every resource of every namespace"
	}
	return ""
}
