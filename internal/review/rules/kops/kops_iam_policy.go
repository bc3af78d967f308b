package kops

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsIAMPolicy = review.Rule{
	ID: "kops-iam-policy", Level: review.Error, Guidelines: []string{"G10"},
	Summary: "Nodes get cloud rights without bounds",
	Kinds:   []string{cluster},
	Check:   checkKopsIAMPolicy,
}

func checkKopsIAMPolicy(p *review.Pass) {
	for _, entry := range spec(p).Get("externalPolicies").Entries() {
		for _, at := range entry.Value.Items() {
			if name := path.Base(at.Text()); strings.Contains(at.Text(), ":iam::aws:policy/") && slices.Contains(unboundedPolicies, name) {
				reportRights(p, at, entry.Key, "what AWS's policy "+name+" allows")
			}
		}
	}
	for _, entry := range spec(p).Get("additionalPolicies").Entries() {
		var statements []statement
		if json.Unmarshal([]byte(entry.Value.Text()), &statements) != nil {
			continue
		}
		for _, s := range statements {
			if s.Effect == "Allow" && s.unbounded() {
				reportPolicy(p, entry, s)
				break
			}
		}
	}
}

// statement is one of an AWS IAM policy.
type statement struct {
	Effect   string
	Action   words
	Resource words
}

// words are one text or a list of them, as IAM has it.
type words []string

// UnmarshalJSON reads either form.
func (w *words) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

func (w words) any(match func(string) bool) bool {
	for _, word := range w {
		if match(word) {
			return true
		}
	}
	return false
}

// unbounded reports whether the statement allows every action, or all actions of a service on everything.
func (s statement) unbounded() bool {
	everything := s.Resource.any(func(r string) bool { return r == "*" })
	return s.Action.any(func(a string) bool { return a == "*" || strings.HasSuffix(a, ":*") && everything })
}

func reportPolicy(p *review.Pass, entry manifests.Entry, s statement) {
	d := reportRights(p, entry.Value, entry.Key, strings.Join(s.Action, ", "))
	for _, action := range s.Action {
		if action == "*" || strings.HasSuffix(action, ":*") {
			d.Part(`"` + action + `"`)
			return
		}
	}
}

func reportRights(p *review.Pass, at manifests.Field, who, what string) *review.Draft {
	return p.Report(at, "every %s of cluster %s may do %s in the cloud", who, p.Object.Name, what).
		Detail("The role is the machine's, and so every pod's that reaches the metadata service. What one program needs goes to the role of its service account.")
}

// unboundedPolicies are AWS's own policies that allow everything, or to take everything.
var unboundedPolicies = []string{"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"}
