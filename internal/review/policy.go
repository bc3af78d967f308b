package review

import (
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/review/imagetable"
	"go.yaml.in/yaml/v3"
)

// Policy is what a repository wants of the review: its policy file over the organisation's over the server's.
// It is always read from base, since whoever opens the pull request writes head.
type Policy struct {
	Kubernetes  string                 // target version, "1.34"; "" is the newest known
	Helm        int                    // 3 or 4; 0 is the default, 4
	Profile     string                 // recommended, baseline, restricted or everything; "" is recommended
	Rules       map[string]RuleSetting // by rule id
	Images      ImagePolicy
	Roots       RootsPolicy
	Exemptions  []ExemptionRule
	Gate        Gate
	Annotations bool // exemptions in annotations of manifests count
	Workloads   []WorkloadPath
	Checks      []string // further check runs
	Acknowledge []Acknowledge
	Comments    CommentPolicy
	Charts      AllowList // where charts may be fetched
	ChartSeals  []ChartSeal
	Bases       AllowList // where kustomize bases may be fetched
	Own         []*Rule   // rules that the policy defines, beside the catalogue
}

// RuleSetting is what a policy says of one rule.
type RuleSetting struct {
	Off    bool
	Level  Level      // 0 leaves the default
	Params *yaml.Node // the setting's mapping, decoded strictly into the rule's parameters; nil for none
}

// ImagePolicy says which images are allowed and how they are proven.
type ImagePolicy struct {
	Allow, Deny []string // patterns, see interface.md
	Platforms   []string
	Registries  []Registry
	Mirrors     []Mirror
	TrustedRoot string
	Verify      []yaml.Node // read by policy.ReadProof
	From        ImageLayers
	Moving      []string    // tags that count as moving, beside latest
	Fields      []ImagePath // where custom resources name images, beside those that are known
}

// ImagePath points to a field of a custom resource that names an image.
type ImagePath struct {
	Kind string // "Kind" or "Kind.group"
	Path string // of the reference, as in spec.image; with "*" for every key or item
	Tag  string // of its tag, where that stands apart: beside the reference, as in tag; "" for none
}

// rows are the policy's fields as rows of the table of operators.
func (p *ImagePolicy) rows() []imagetable.Row {
	rows := make([]imagetable.Row, len(p.Fields))
	for i, f := range p.Fields {
		rows[i] = imagetable.Row{Kind: f.Kind, Images: []string{f.Path}}
		if f.Tag != "" {
			above, key := splitPath(f.Path)
			rows[i].Images = []string{above + ": {" + key + "}:{" + f.Tag + "}"}
		}
	}
	return rows
}

// ImageLayers says which policy files the parts of an ImagePolicy are from that name files themselves.
type ImageLayers struct {
	Verify          string
	TrustedRoot     string
	TrustedRootLine int
}

// Registry is what differs from a public registry over HTTPS.
type Registry struct {
	Host      string // in the normal form of references
	Private   bool
	PlainHTTP bool
	Realms    []string // hosts of its token servers
	Owners    []string // on a server: whose repositories may use what it has for this registry; nil for everybody's
}

// Mirror says that the repositories below From are copies of those below To, each a name or NAME/**.
type Mirror struct{ From, To string }

// RootsPolicy says which roots there are.
type RootsPolicy struct {
	Include, Ignore []string // patterns of paths
	Helm            []ChartVariant
	Kops            []KopsTemplate
}

// ChartVariant is a chart with values files, which makes a root of its own.
type ChartVariant struct {
	Chart     string
	Values    []string // relative to the repository
	Release   string
	Namespace string
}

// KopsTemplate is a kops template with its values.
type KopsTemplate struct {
	Template string
	Values   []string
	Snippets string
}

// WorkloadPath points to a pod template in a custom resource.
type WorkloadPath struct {
	Kind string // "Kind" or "Kind.group"
	Path string // of the pod template, as in spec.podTemplate
}

// ExemptionRule accepts findings of a rule on an object until a day.
type ExemptionRule struct {
	Rule, Object string // the object as Kind/name or Kind/namespace/name, with * in parts
	Root         string // a pattern of roots; "" is every root
	Reason       string
	Until        time.Time // the last day
	By           string
	Line         int // of the policy file
}

// Gate says what fails the check.
type Gate struct {
	FailOn          Level // 0 is Error
	OnIndeterminate bool  // fail; the default
	OnRenderFailure bool  // fail; the default
}

// Acknowledge says who may accept findings of rules by a command in a pull request.
type Acknowledge struct {
	Rules, By []string
	NotAuthor bool
}

// Acknowledging returns the entries that say who may accept findings of a rule in a pull request; none when nobody can.
// What does not render cannot be accepted: nobody knows its effect.
func (p *Policy) Acknowledging(rule string) []Acknowledge {
	if rule == RuleRenderFailed || rule == RuleHelmLine {
		return nil
	}
	var found []Acknowledge
	for _, a := range p.Acknowledge {
		if slices.ContainsFunc(a.Rules, func(pattern string) bool { return matchName(pattern, rule) }) {
			found = append(found, a)
		}
	}
	return found
}

// CommentPolicy says what is written into the conversation of a pull request, beside the check run.
type CommentPolicy struct {
	Max     int  // inline comments at a time; 0 for none
	Summary bool // one comment with the summary
}

// MaxComments is how many inline comments there are when no policy says otherwise.
const MaxComments = 30

// AllowList is where something may be fetched.
type AllowList struct{ Allow []string }

// DefaultPolicy is the policy of a repository that has none.
func DefaultPolicy() *Policy {
	return &Policy{Gate: Gate{FailOn: Error, OnIndeterminate: true, OnRenderFailure: true}, Comments: CommentPolicy{Max: MaxComments}}
}
