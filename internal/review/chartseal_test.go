package review_test

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

// readingOnly reads the file that makes a root one, as renderers do, and makes nothing of it.
type readingOnly struct{ file string }

func (r readingOnly) Render(_ context.Context, tree source.Tree, root manifests.Root, _ manifests.Settings) (*manifests.Rendering, error) {
	if _, err := tree.ReadFile(path.Join(root.Dir, r.file)); err != nil {
		return nil, &manifests.RenderError{Reason: err.Error()}
	}
	return &manifests.Rendering{Root: root}, nil
}

// chartLab reviews charts' files with the rules on their proof.
func chartLab(t *testing.T, base, head map[string][]byte, policyText string, registry reviewtest.Registry, asked *[]images.Question) (*review.Result, error) {
	t.Helper()
	all := []*review.Rule{{ID: review.RuleChartSignature, Area: "rendering", Level: review.Error, Asks: true}, {ID: review.RuleImageUnverified, Area: "image", Level: review.Warning, Asks: true},
		{ID: review.RuleRenderFailed, Area: "rendering", Level: review.Error}}
	change, err := (&reviewtest.Fixture{Head: head, Base: base}).Change()
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(all, policy.Layer{File: "p.yaml", Text: []byte(policyText)})
	if err != nil {
		t.Fatal(err)
	}
	l := &imageLab{registry: registry}
	engine := l.engine()
	engine.Rules, engine.Now = all, time.Now
	engine.Renderer = reviewtest.Direct{manifests.Helm: readingOnly{"Chart.yaml"}, manifests.Kustomize: readingOnly{"kustomization.yaml"}}
	result, err := engine.Review(t.Context(), change, p, review.Options{})
	if asked != nil {
		*asked = l.asked
	}
	return result, err
}

const umbrella = `apiVersion: v2
name: app
version: 0.1.0
dependencies:
- name: redis
  repository: https://charts.example.com/
  version: 19.x.x
- name: own
  version: 1.0.0
  repository: file://../own
`

const sealedBy = "charts: {verify: [{match: \"https://charts.example.com\", keyring: keys/charts.asc}]}\n"

// TestChartSeals holds the verdicts on charts that lie as archives in the repository, on the line that names each.
func TestChartSeals(t *testing.T) {
	t.Parallel()
	acme, evil := imagestest.NewMaintainer(t, "Acme"), imagestest.NewMaintainer(t, "Evil")
	archive := []byte("the archive of redis")
	const name = "redis-19.0.2.tgz"
	seal := acme.Seal(t, name, archive)
	for what, c := range map[string]struct {
		files  map[string][]byte // beside those of the chart
		policy string
		want   string // "" for nothing
	}{
		"signed":            {map[string][]byte{name: archive, name + ".prov": seal}, sealedBy, ""},
		"nobody signed":     {map[string][]byte{name: archive}, sealedBy, "is signed by nobody: there is no app/charts/redis-19.0.2.tgz.prov"},
		"altered":           {map[string][]byte{name: []byte("altered"), name + ".prov": seal}, sealedBy, "about another content"},
		"somebody else":     {map[string][]byte{name: archive, name + ".prov": evil.Seal(t, name, archive)}, sealedBy, "a key that is not in the keyring (keys/charts.asc)"},
		"of another":        {map[string][]byte{name: archive, name + ".prov": acme.Seal(t, "redis-18.0.0.tgz", archive)}, sealedBy, "is not about redis-19.0.2.tgz"},
		"unpacked":          {map[string][]byte{"redis/Chart.yaml": []byte("name: redis\nversion: 19.0.2\n")}, sealedBy, "lies unpacked in app/charts/redis"},
		"not asked for":     {map[string][]byte{name: archive}, strings.Replace(sealedBy, "charts.example.com", "other.example", 1), ""},
		"by name":           {map[string][]byte{name: archive}, strings.Replace(sealedBy, "charts.example.com", "charts.example.com/redis", 1), "is signed by nobody"},
		"everything":        {map[string][]byte{name: archive}, strings.Replace(sealedBy, "https://charts.example.com", "**", 1), "is signed by nobody"},
		"no policy":         {map[string][]byte{name: archive}, "", ""},
		"the rule is off":   {map[string][]byte{name: archive}, sealedBy + "rules: {chart-signature: off}\n", ""},
		"the rule is lower": {map[string][]byte{name: archive}, sealedBy + "rules: {chart-signature: warning}\n", "is signed by nobody"},
	} {
		head := map[string][]byte{"app/Chart.yaml": []byte(umbrella), "keys/charts.asc": acme.Keyring, "app/Chart.lock": []byte("dependencies:\n- {name: redis, version: 19.0.2}\n")}
		for file, content := range c.files {
			head["app/charts/"+file] = content
		}
		base := map[string][]byte{"keys/charts.asc": acme.Keyring}
		r, err := chartLab(t, base, head, c.policy, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if c.want == "" {
			wantLines(t, r)
			if what == "signed" && (len(r.Images) != 1 || r.Images[0].Image != "app/charts/"+name || r.Images[0].Evidence != "verified" || r.Images[0].Proofs["signature"].Detail != "Acme <acme@example.com>") {
				t.Errorf("listed as %+v", r.Images)
			}
			continue
		}
		if what != "unpacked" && (len(r.Images) != 1 || r.Images[0].Meets(review.Gate{})) {
			t.Errorf("%s: listed as %+v", what, r.Images)
		}
		level := "error"
		if what == "the rule is lower" {
			level = "warning"
		}
		wantLines(t, r, "new "+level+" chart-signature app/Chart.yaml:7")
		if f := r.Findings[0]; !strings.HasPrefix(f.Message, "chart redis 19.0.2 ") || !strings.Contains(f.Message, c.want) || !f.Location.Changed {
			t.Errorf("%s: %q, want %q", what, f.Message, c.want)
		}
		// What was there before is not this change's doing.
		was := map[string][]byte{}
		for file, content := range head {
			was[file] = content
		}
		head["app/Chart.yaml"] = []byte(umbrella + "# a remark\n")
		if r, err = chartLab(t, was, head, c.policy, nil, nil); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		wantLines(t, r, "existing "+level+" chart-signature app/Chart.yaml:7")
	}
}

// TestKeyringsOfBase holds that a change does not choose whose signatures count, and that a keyring which cannot be read is
// wrong configuration, on the policy's line.
func TestKeyringsOfBase(t *testing.T) {
	t.Parallel()
	acme, evil := imagestest.NewMaintainer(t, "Acme"), imagestest.NewMaintainer(t, "Evil")
	const name = "redis-19.0.2.tgz"
	archive := []byte("another archive")
	head := map[string][]byte{"app/Chart.yaml": []byte(umbrella), "keys/charts.asc": evil.Keyring, "app/charts/" + name: archive, "app/charts/" + name + ".prov": evil.Seal(t, name, archive)}
	r, err := chartLab(t, map[string][]byte{"keys/charts.asc": acme.Keyring}, head, sealedBy, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, r, "new error chart-signature app/Chart.yaml:7")
	for what, base := range map[string]map[string][]byte{"missing": {"x": nil}, "no keys": {"keys/charts.asc": []byte("keys")}} {
		if _, err := chartLab(t, base, head, sealedBy, nil, nil); err == nil || !strings.Contains(err.Error(), "p.yaml:1: charts.verify: keys/charts.asc: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestNamedCharts holds that charts in registries which dependencies and kustomizations name are asked about as images are,
// for no platform, and judged on the line with their version.
func TestNamedCharts(t *testing.T) {
	t.Parallel()
	head := map[string][]byte{
		"k/kustomization.yaml": []byte("helmCharts:\n- name: web\n  repo: oci://ghcr.io/charts\n  version: 1.2.3+4\n- name: api\n  repo: oci://ghcr.io/charts\n  version: 1.0.0\n- name: range\n  repo: oci://ghcr.io/charts\n  version: ^1\n- name: http\n  repo: https://charts.example\n  version: 1.0.0\n"),
		"h/Chart.yaml":         []byte("apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- {name: db, repository: \"oci://ghcr.io/charts/\", version: 2.x}\n- {name: gone, repository: \"oci://ghcr.io/charts\", version: 3.0.0}\n- {name: down, repository: \"oci://ghcr.io/charts\", version: 3.0.0}\n- {name: evil, repository: \"oci://ghcr.io.evil.example\", version: 1.0.0}\n"),
		"h/Chart.lock":         []byte("dependencies:\n- {name: db, version: 2.0.1}\n"),
	}
	registry := reviewtest.Registry{
		"ghcr.io/charts/web:1.2.3_4": {Digest: digestA, Verdict: images.Verified}, "ghcr.io/charts/api:1.0.0": {Digest: digestA, Verdict: images.Unsigned, Reason: "no signature is there"},
		"ghcr.io/charts/db:2.0.1": {Digest: digestA, Verdict: images.Untrusted, Reason: "it is by somebody else"}, "ghcr.io/charts/gone:3.0.0": {Missing: true},
	}
	var asked []images.Question
	r, err := chartLab(t, map[string][]byte{"x": nil}, head,
		"images: {allow: [ghcr.io/acme/**], platforms: [linux/arm64], verify: [{match: ghcr.io/charts/**, sbom: required}]}\ncharts: {allow: [\"oci://ghcr.io/charts/**\"]}\n", registry, &asked)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, r, "new error chart-signature h/Chart.yaml:5", "new error chart-signature h/Chart.yaml:6", "new error chart-signature k/kustomization.yaml:7", "new error image-unverified h/Chart.yaml:7")
	if len(r.Images) != 5 || r.Images[0].Kind != "chart" || r.Images[0].UsedBy[0].Object.Name == "" {
		t.Errorf("listed as %+v", r.Images)
	}
	var names []string
	for _, q := range asked {
		if len(q.Platforms) > 0 {
			t.Errorf("%s is asked for %v", q.Reference, q.Platforms)
		}
		names = append(names, q.Reference.String())
	}
	slices.Sort(names)
	if want := []string{"ghcr.io/charts/api:1.0.0", "ghcr.io/charts/db:2.0.1", "ghcr.io/charts/down:3.0.0", "ghcr.io/charts/gone:3.0.0", "ghcr.io/charts/web:1.2.3_4"}; !slices.Equal(names, want) {
		t.Errorf("asked about %v, want %v", names, want)
	}
}
