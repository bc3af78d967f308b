package manifests

import (
	"cmp"
	"path"
	"slices"
)

// Deployment is how an object of Argo CD or Flux has a part of the tree rendered: it makes a root of kind ArgoCD or Flux.
type Deployment struct {
	By         Identity // the object that names what is rendered
	At         Origin   // where it names that
	Render     RootKind // what renders it: Kustomize, Helm or Plain
	Free       bool     // kustomizations may read files from anywhere in the tree
	CRDs       bool     // the CRDs of a chart's crds/ directories belong to it
	Dirs       []string // directories that it names besides the one that is rendered
	Watch      []string // files and directories whose change is one more reason to render, as manifest-generate-paths says
	Below      []string // directories below it that are rendered with it, though nothing in it names them
	Components []string // directories of components that it adds
	Under      string   // the directory that roots which its objects make are named after; "" for the one that is rendered
	Laid       []Laid   // what lies over the tree while it is rendered
	Mounts     []Lack   // what lies elsewhere and is fetched, to lie under all that; each with its Dir
	Chart      *RemoteChart
	After      Finish

	KubeVersion string   // that charts are rendered for; "" for that of the settings
	APIVersions []string // that charts may ask for besides those of the settings
	SkipSchema  bool     // values need not fit the charts' schemas

	Effect  Effect
	Permits *Permits // nil where nothing in the repository restricts it
	Source  int      // its number among several sources of one Application, of which the later ones win; 0 for the only one

	Notes   []string // what a reader should know of what is rendered
	Guessed bool     // some of what it renders with is known by its name alone: that it does not render is nobody's fault

	Skip      string // why nothing can be rendered; "" when it can
	Elsewhere bool   // Skip is nobody's fault: what the object names lies elsewhere, or is rendered by something that is not run here
}

// Permits is what a project of Argo CD lets a source of an Application have in the cluster.
type Permits struct {
	Says        string  // a digest of all that the project says of it: another one is another deployment
	Project     *Object `json:"-"` // the AppProject
	Application *Object `json:"-"`
	Source      string  `json:"-"` // the path of the source in the Application
}

// Effect is what becomes of what is rendered once a change is merged, in words for a reader.
type Effect struct {
	Cluster string // where it goes: a name or address; "" for the cluster in which the object is
	Applied string // how it gets there, and what becomes of what is not rendered any more
	Gone    string // what becomes of all of it when the object is gone
	Stays   bool   // all of it stays in the cluster then

	Automated bool   // the tool applies it by itself
	Prune     bool   // and deletes what is gone
	SelfHeal  bool   // and undoes what is changed in the cluster
	Suspended bool   // but not before it is resumed
	Follows   string // the branch of the repository from which it is taken; "" where the object names none
}

// Makes reports whether the tool itself makes an object of those rendered, as it does with namespaces. Neither Argo CD nor
// Helm deletes them again.
func (d *Deployment) Makes(o *Object) bool {
	if d == nil || o.Kind != "Namespace" {
		return false
	}
	at, _ := o.OriginAt("apiVersion")
	return slices.ContainsFunc(d.After.Adds, func(laid Laid) bool {
		made, err := NewObject(laid.Text)
		return err == nil && made.Identity == o.Identity && len(laid.Lines) > 0 && slices.Equal(laid.Lines[0], at)
	})
}

// Laid is a file over a tree: text that stands in an object, or a file that is made of the tree's and an object's words.
type Laid struct {
	Path  string
	Text  []byte
	Lines []Origin // where the lines of Text are from; one that nobody wrote has none
}

// RemoteChart is a chart that is not in the repository.
type RemoteChart struct {
	URL     string   // of a chart repository over HTTP, or of a registry with oci://
	Name    string   // in the repository; "" for one in a registry, which is named by its address
	Version string   // a version or a range of versions; "" for the newest
	Tag     bool     // Version is a tag of a registry, and no range
	Filter  string   // an expression that tags in a registry have to match besides the range; "" for none
	Digest  string   // "sha256:…" of its manifest in a registry, or of its archive; "" where it is not pinned
	At      Origin   // where the version is written, or the chart
	Values  []string // files in it whose values count instead of those of its values.yaml; none for that one
	Lenient bool     // of these some may be missing

	Found   string            // the version that it has, once that is known
	Address string            // of what has the digest, once that is known
	Notes   []string          `json:"-"` // what a reader should know of it
	Moved   *Moved            `json:"-"` // nil where its version is not known to have had other content
	Files   map[string][]byte `json:"-"` // by their paths below it, once they are fetched
}

// Finish is what is done to objects after they are rendered.
type Finish struct {
	Substitute  bool                // variables are substituted, as Flux's postBuild has it
	Variables   map[string]Variable //
	Unknown     []string            // sources of variables that are not in the repository; what they may set stays unresolved
	Labels      map[string]Variable // that all objects get
	Annotations map[string]Variable // likewise
	Namespace   Variable            // of namespaced objects that have none
	Cluster     []string            // custom kinds that live in no namespace, as "Kind.group"
	Adds        []Laid              // objects that the tool makes beside what renders, each one document
	SkipTests   bool                // tests of charts are left out
	Patched     bool                // the Applications of an ApplicationSet are followed by their templatePatch
}

// Variable is a value, as for a ${NAME}, and where it is written.
type Variable struct {
	Value string
	At    Origin
}

// Called names the chart as people do who know where it is from: "the chart redis 19.0.2".
func (c *RemoteChart) Called() string {
	text := "the chart " + cmp.Or(c.Name, path.Base(c.URL))
	switch version := cmp.Or(c.Found, c.Version); {
	case version != "":
		return text + " " + version
	case c.Digest != "":
		return text + " at " + c.Digest
	}
	return text
}

// String names the chart for a reader.
func (c *RemoteChart) String() string {
	text := "the chart " + ShownAddress(c.URL)
	if c.Name != "" {
		text = "the chart " + ShownAddress(c.Name) + " of " + ShownAddress(c.URL)
	}
	switch {
	case c.Digest != "" && c.Found == "":
		text += " at " + ShownAddress(c.Digest)
	case c.Version != "":
		text += " in version " + ShownAddress(c.Version)
	}
	return text
}
