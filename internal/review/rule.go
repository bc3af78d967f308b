// Package review judges rendered objects: rules over objects and what the change did to them give findings,
// which stand on source lines, carry fixes and are compared between base and head.
//
// Words: a rule is data and a function; a pass is what one call of a rule sees; a finding is one violation at
// one field of one object. A finding is new when head has it and base has not, existing when both have it,
// fixed when only base has it, exempt when the policy file at base accepts it.
package review

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Level says how bad a finding is.
type Level uint8

// The levels, from mildest to worst. The zero Level is none.
const (
	Info Level = iota + 1
	Warning
	Error
)

var levelNames = [...]string{"", "info", "warning", "error"}

// String returns "info", "warning" or "error".
func (l Level) String() string { return levelNames[min(int(l), len(levelNames)-1)] }

// milder is the next level below, if there is one.
func (l Level) milder() Level { return max(l-1, Info) }

// ParseLevel reads a level as the policy file and the command line write it.
func ParseLevel(s string) (Level, error) {
	for l, name := range levelNames {
		if s == name && l > 0 {
			return Level(l), nil
		}
	}
	return 0, fmt.Errorf("level %q is none of error, warning, info", s)
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}

// Kinds that stand for many, to be used in Rule.Kinds.
const (
	Workloads  = "workload" // Pod and everything that carries a pod template
	ImageUsers = "image"    // everything that names an image or a chart in a registry: see Pass.Images
	AnyKind    = "*"
)

// Rule is one thing the bot knows how to say. It is plain data and one function, without state or I/O.
type Rule struct {
	ID          string   // fixed for ever: policies and exemptions name it
	Area        string   // pod, pss, image …: the directory it lies in
	Level       Level    // default level
	Off         bool     // off by default
	Guidelines  []string // "G1" …
	Summary     string   // the violation in one line, for the catalogue and for SARIF
	Kinds       []string // what Check is called for: Workloads, AnyKind, "Kind" of any group or "Kind.group"
	Doc         string   // why, bad, good, how to fix: Markdown
	Covers      []string // rules whose findings at the same field say the same, less specifically
	Params      func() any
	Asks        bool     // it uses Pass.Evidence, for which registries are asked
	Terraform   bool     // it knows the blocks of Terraform's modules, and is run over them too; all others never see them
	Definitions bool     // it looks in the Index for the CustomResourceDefinitions of what is rendered
	Users       []string // the kinds of objects that use what CheckRemoved is called for; see Pass.Others
	Defined     string   // where a rule of the repository's own is defined, as file:line; "" for those of the catalogue
	Untouched   Level    // of findings on lines that the change did not touch, unless policy or profile set the level; 0 for Level

	// Check judges p.Object. It is called once for each object of Kinds.
	Check func(p *Pass)
	// CheckRoot judges the objects of a root together. It is called once a root.
	CheckRoot func(p *Pass)
	// CheckRemoved judges p.Object, which p.Base has and p.Root, the same root at head, has no more, nor another root to
	// which the change moved it. It is called once for each such object of Kinds. Of a root that is gone p.Root is empty.
	CheckRemoved func(p *Pass)
}

// Area returns an area's rules with their documentation: the page of a rule is called by its id, with "_" for "-".
func Area(name string, docs fs.FS, rules ...Rule) []Rule {
	for i := range rules {
		rules[i].Area = name
		page, err := fs.ReadFile(docs, strings.ReplaceAll(rules[i].ID, "-", "_")+".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Doc = string(page)
		}
	}
	return rules
}

// matches reports whether the rule's Check is for o.
func (r *Rule) matches(o *manifests.Object, view *RootView) bool {
	for _, want := range r.Kinds {
		kind, group, hasGroup := strings.Cut(want, ".")
		switch {
		case want == AnyKind, want == Workloads && len(view.Workloads(o)) > 0, want == ImageUsers && len(view.Images(o)) > 0:
			return true
		case kind == o.Kind && (!hasGroup || group == o.Group()):
			return true
		}
	}
	return false
}

// Pass is what one call of a rule sees.
type Pass struct {
	Rule   *Rule
	Object *manifests.Object // nil in CheckRoot
	Pod    *Workload         // the pod of Object, for rules on Workloads; one call for each pod
	Root   *RootView         // the objects rendered together with Object
	Base   *RootView         // the same root at base; nil when base itself is judged, or there is none
	Index  *Index            // what the whole repository is known to hold
	Before *Index            // the same of base; nil when base itself is judged, or there is none
	Kube   KubeVersion       // the target version
	Policy *Policy

	params any
	level  Level
	firm   bool // the level is the policy's or the profile's word
	drafts *[]*Draft

	evidence map[images.Reference]ImageEvidence
	across   *across    // nil when base itself is judged, or there is none
	omitted  *omissions // nil when base itself is judged
	removed  bool       // Object is one of base, in CheckRemoved
	tree     source.Tree
}

// HasFile reports whether the side of the change that is judged has a file at a path from the repository's root. known is
// false where that cannot be told.
func (p *Pass) HasFile(path string) (has, known bool) {
	if p.tree == nil {
		return false, false
	}
	info, err := p.tree.Stat(path)
	return err == nil && info.Kind == source.File, err == nil || errors.Is(err, fs.ErrNotExist)
}

// AtBase reports whether base itself is judged, to learn what was there before the change.
func (p *Pass) AtBase() bool { return p.omitted == nil }

// Images lists the places where p.Object names images and charts, each field once. Those of one pod are in p.Pod.
func (p *Pass) Images() []ImageField {
	if p.removed {
		return p.Base.Images(p.Object)
	}
	return p.Root.Images(p.Object)
}

// Params returns the rule's parameters: the defaults of Rule.Params with what the policy file sets.
func Params[T any](p *Pass) *T {
	return p.params.(*T)
}

// Report notes a violation of the rule at a field of p.Object, which may be absent: the finding then stands on
// the nearest mapping above it that is written. The message is one short line without a full stop; it names
// the container or key concerned, never a secret value.
func (p *Pass) Report(at manifests.Field, format string, args ...any) *Draft {
	return p.ReportOn(p.Object, at, format, args...)
}

// ReportOn is Report for a field of another object of the root, as CheckRoot needs it.
func (p *Pass) ReportOn(o *manifests.Object, at manifests.Field, format string, args ...any) *Draft {
	text := fmt.Sprintf(format, args...)
	d := &Draft{rule: p.Rule, root: p.Root, object: o, path: at.Path(), message: shorten(text),
		level: p.level, firm: p.firm, guessed: p.guesses(o, at), gone: p.removed && o == p.Object}
	if d.message != text {
		d.uncut = fingerprint(text)
	}
	if d.guessed && !d.firm {
		d.level = d.level.milder()
	}
	*p.drafts = append(*p.drafts, d)
	return d
}

// guesses reports whether a field is one of a pod that was found in its object by its shape. What rules say of every kind
// does not hang on that, nor what they say of images where the policy lists them: a list would be passed by a kind that
// nobody knows.
func (p *Pass) guesses(o *manifests.Object, at manifests.Field) bool {
	listed := p.Policy != nil && len(p.Policy.Images.Allow)+len(p.Policy.Images.Deny) > 0 && slices.Contains(p.Rule.Kinds, ImageUsers)
	if p.Root == nil || listed || slices.Contains(p.Rule.Kinds, AnyKind) {
		return false
	}
	for _, pod := range p.Root.Workloads(o) {
		if pod.Found && (strings.HasPrefix(at.Path(), pod.Spec.Path()) || strings.HasPrefix(at.Path(), pod.Meta.Path())) {
			return true
		}
	}
	return false
}

// Draft is a finding as its rule made it: a symbolic place, not yet a line.
type Draft struct {
	rule    *Rule
	root    *RootView
	object  *manifests.Object
	path    string
	message string
	detail  string
	fix     *SymbolicFix
	related []string
	beside  []beside
	same    []spot // of a rule that covers this one
	causes  []cause
	part    string
	named   bool // see Named
	onKey   bool // see OnKey
	line    int  // see Line; 0 for the field itself
	level   Level
	firm    bool   // Lower does not count
	guessed bool   // said of a Workload that is Found
	about   string // see About
	effect  string // hash of what Effect said
	uncut   string // hash of a message that was cut
	gone    bool   // the object is one of base, which head has no more
	secret  bool   // see Secret
}

// Part says which part of the field's value is at fault, where several source lines may each give one: the tag of an
// image, say, which a values file keeps apart from the repository.
func (d *Draft) Part(text string) *Draft {
	d.part = text
	return d
}

// Detail adds the consequence, and whatever else helps to decide: full sentences.
func (d *Draft) Detail(format string, args ...any) *Draft {
	d.detail = shorten(fmt.Sprintf(format, args...))
	return d
}

// Lower makes the finding one of a milder level than its rule's, for a case of the violation that is less bad. A level
// that the policy file or the profile gives the rule holds for all its findings.
func (d *Draft) Lower(to Level) *Draft {
	if !d.firm {
		d.level = min(to, d.level)
	}
	return d
}

// Raise makes the finding one of a worse level than its rule's, for a case of the violation that is worse. It counts where
// Lower does.
func (d *Draft) Raise(to Level) *Draft {
	if d.guessed {
		to = to.milder()
	}
	if !d.firm {
		d.level = max(to, d.level)
	}
	return d
}

// Effect says all that the violation brings about, where message and value of the field do not: for what a role gains,
// say, every subject, verb and resource, in a fixed order. A finding that a person accepted in a pull request is asked
// for again when its effect is another. Only a hash of the text is kept, as part of the fingerprint; values of secrets
// do not belong into it, since what is short could be guessed.
func (d *Draft) Effect(format string, args ...any) *Draft {
	d.effect = fingerprint(fmt.Sprintf(format, args...))
	return d
}

// About names what the violation is one of, where that is not the object: a namespace, say, which needs some object of it to
// stand on. It is then the same violation on whichever of them it stands.
func (d *Draft) About(what string) *Draft {
	d.about = what
	return d
}

// Secret says that the field's value is a secret, though the object is none: no difference shows it.
func (d *Draft) Secret() *Draft {
	d.secret = true
	return d
}

// Related names another field of the same object that explains the finding.
func (d *Draft) Related(at manifests.Field) *Draft {
	d.related = append(d.related, at.Path())
	return d
}

// beside is a field of another object that explains a violation.
type beside struct {
	cause
	text string
}

// RelatedTo names a field of another object of the repository that explains the finding, and what it is.
func (d *Draft) RelatedTo(o *manifests.Object, at manifests.Field, text string) *Draft {
	d.beside = append(d.beside, beside{cause{o, at.Path()}, shorten(text)})
	return d
}

// Fix offers a safe correction: the right value follows from the manifest alone and the workload goes on as
// before or is only held to what it does. Use Unsafe for the others.
func (d *Draft) Fix(title string, ops ...Op) *Draft {
	d.fix = &SymbolicFix{Title: title, Safe: true, Ops: ops}
	return d
}

// Unsafe marks the offered fix as one that a person has to look at, since it may change what the workload can do.
func (d *Draft) Unsafe() *Draft {
	if d.fix != nil {
		d.fix.Safe = false
	}
	return d
}

// Op is one change of a fix: it sets the field at Path, making what lies above it, or removes it.
type Op struct {
	Path   string
	Value  any // a scalar, a []any or a map[string]any; ignored when Remove is set
	Remove bool
	pin    bool // Value is a digest that goes behind the image's tag
}

// Set makes an Op that sets the field, present or absent, to value.
func Set(at manifests.Field, value any) Op { return Op{Path: at.Path(), Value: value} }

// Remove makes an Op that removes the field, or the list item.
func Remove(at manifests.Field) Op { return Op{Path: at.Path(), Remove: true} }

// SymbolicFix is a fix in terms of the rendered object. Package edit turns it into edits of source lines.
type SymbolicFix struct {
	Title string
	Safe  bool
	Ops   []Op
}

// KubeVersion is a Kubernetes version, of which only major and minor decide what an API server does.
type KubeVersion struct{ Major, Minor int }

// kubeVersion matches a version of Kubernetes, with a vendor's suffix at most: "v1.34.2-eks-3a1".
var kubeVersion = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\.\d+)?(?:[-+][-+.0-9A-Za-z]*)?$`)

// ParseKubeVersion reads "1.34", "v1.34", "1.34.2" or "1.34.2-eks-3a1".
func ParseKubeVersion(s string) (KubeVersion, error) {
	var v KubeVersion
	parts := kubeVersion.FindStringSubmatch(s)
	if parts == nil {
		return v, fmt.Errorf("kubernetes version %q: want MAJOR.MINOR, as in \"1.34\"", s)
	}
	v.Major, _ = strconv.Atoi(parts[1])
	v.Minor, _ = strconv.Atoi(parts[2])
	if v.Major != 1 {
		return v, fmt.Errorf("kubernetes version %q: there is no such version", s)
	}
	return v, nil
}

// String returns "1.34".
func (v KubeVersion) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// AtLeast reports whether v is 1.minor or newer.
func (v KubeVersion) AtLeast(minor int) bool { return v.Minor >= minor }

// maxText caps messages and details, in bytes: manifests may hold names of any length.
const maxText = 1000

func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// FileHolds reports whether a file of the side of the change that is judged holds a text; false where it cannot be read.
func (p *Pass) FileHolds(path, text string) bool {
	if p.tree == nil || path == "" {
		return false
	}
	data, err := p.tree.ReadFile(path)
	return err == nil && strings.Contains(string(data), text)
}
