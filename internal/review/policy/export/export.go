// Package export writes what a policy says of images as objects that a cluster enforces by itself: names and pins as
// ValidatingAdmissionPolicy, proofs for Sigstore's policy-controller and for Kyverno. What these cannot express is said, in
// comments of the objects and as notes.
package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
)

// Target is a part of the cluster that enforces.
type Target string

// The targets.
const (
	Admission Target = "admission" // the API server: admissionregistration.k8s.io/v1
	Sigstore  Target = "sigstore"  // Sigstore's policy-controller: policy.sigstore.dev/v1beta1
	Kyverno   Target = "kyverno"   // Kyverno: policies.kyverno.io/v1
)

// Targets lists them all.
func Targets() []Target { return []Target{Admission, Sigstore, Kyverno} }

// Options say what is written.
type Options struct {
	Targets []Target // nil is all
	Today   time.Time
	Except  []string // namespaces that nothing is enforced in
	Warn    bool     // nothing is refused, only warned of
}

// Export is what a policy becomes.
type Export struct {
	Objects []Object
	Notes   []string // what is not enforced, or otherwise than in a review; each a sentence
}

// Object is one object of Kubernetes, with the comment that stands above it.
type Object struct {
	Comment    []string `yaml:"-"`
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       any      `yaml:"spec"`
}

type metadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
}

// New makes the export of a policy and of what ReadProof read of it. The rules say at which level what is found. The error
// names what is wrong in the policy.
func New(p *review.Policy, proof *policy.Proof, rules []*review.Rule, o Options) (*Export, error) {
	list, err := images.NewAllowlist(p.Images.Allow, p.Images.Deny)
	if err != nil {
		return nil, err
	}
	if len(o.Targets) == 0 {
		o.Targets = Targets()
	}
	e := &exporter{policy: p, proof: proof, rules: rules, options: o, list: list, out: &Export{}}
	for _, target := range o.Targets {
		switch target {
		case Admission:
			err = e.admission()
		case Sigstore:
			err = e.sigstore()
		case Kyverno:
			err = e.kyverno()
		default:
			err = fmt.Errorf("there is no target %q, only %v", target, Targets())
		}
		if err != nil {
			return nil, err
		}
	}
	e.unexpressed()
	return e.out, nil
}

type exporter struct {
	policy  *review.Policy
	proof   *policy.Proof
	rules   []*review.Rule
	options Options
	list    *images.Allowlist
	out     *Export
}

// add adds an object; what it does is said above it.
func (e *exporter) add(apiVersion, kind, name string, spec any, comment ...string) {
	e.out.Objects = append(e.out.Objects, Object{APIVersion: apiVersion, Kind: kind, Spec: spec, Comment: comment,
		Metadata: metadata{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "landwaiter"}}})
}

// note says what is not enforced, or otherwise, once. It returns the sentence, for a comment.
func (e *exporter) note(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(e.out.Notes, text) {
		e.out.Notes = append(e.out.Notes, text)
	}
	return text
}

// level returns the level at which the policy reports a rule, and whether that fails the check. ok is false for a rule
// that is off, of which a note is made.
func (e *exporter) level(id, what string) (fails, ok bool) {
	for _, rule := range e.rules {
		if rule.ID != id {
			continue
		}
		level, on := e.policy.LevelOf(rule)
		if !on {
			e.note("%s is not exported: the policy has %s off.", what, id)
		}
		return level >= cmp.Or(e.policy.Gate.FailOn, review.Error) && !e.options.Warn, on
	}
	return false, false
}

// unexpressed notes what of the policy none of the targets can say.
func (e *exporter) unexpressed() {
	p := e.policy.Images
	if len(p.Platforms) > 0 {
		e.note("images.platforms is not exported: admission does not ask registries which platforms an image has.")
	}
	if len(p.Fields) > 0 || len(e.policy.Workloads) > 0 {
		e.note("Custom resources (images.fields, workloads) are not judged themselves; the pods that are made of them are.")
	}
	if e.policy.Annotations {
		e.note("Exemptions by annotation are not exported: whoever creates a pod could write them.")
	}
	if len(p.Registries) > 0 && len(e.proof.Demands) > 0 {
		e.note("images.registries is not exported: give the controllers their own access to %s.", hosts(p.Registries))
	}
	if len(e.proof.Demands) > 0 && !e.policy.Gate.OnIndeterminate {
		e.note("gate.onIndeterminate is not exported: the controllers refuse an image whose registry they cannot ask.")
	}
}

func hosts(all []review.Registry) string {
	var names []string
	for _, one := range all {
		names = append(names, one.Host)
	}
	return strings.Join(names, ", ")
}
