package review_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// imageRules are rules that use what registries said.
func imageRules() []*review.Rule {
	return []*review.Rule{
		{ID: review.RuleImageUnverified, Area: "image", Level: review.Warning, Kinds: []string{review.ImageUsers}, Asks: true, Check: func(p *review.Pass) {
			for _, u := range p.Images() {
				ref, _ := images.ParseReference(u.Text())
				if found, ok := p.Evidence(ref); ok && found.Unknown() {
					p.Report(u.Field, "%s is not verified", u.Title)
				}
			}
		}},
		{ID: "tag", Area: "image", Level: review.Warning, Untouched: review.Info, Kinds: []string{review.ImageUsers}, Check: func(p *review.Pass) {
			for _, u := range p.Images() {
				p.Report(u.Field, "%s has a tag", u.Title)
			}
		}},
	}
}

// imageLab reviews with a registry that writes down what it is asked.
type imageLab struct {
	registry reviewtest.Registry
	asked    []images.Question
	made     int // provers
	cache    *manifests.Cache
	now      time.Time
}

func (l *imageLab) Prove(ctx context.Context, questions []images.Question) map[images.Reference]images.Evidence {
	l.asked = append(l.asked, questions...)
	return l.registry.Prove(ctx, questions)
}

func (l *imageLab) engine() *review.Engine {
	if l.now.IsZero() {
		l.now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	}
	return &review.Engine{
		Renderer: reviewtest.Direct{manifests.Plain: manifests.PlainRenderer{}}, Rules: imageRules(), Cache: l.cache, Now: func() time.Time { return l.now },
		Proving: func(p *review.Policy, named func(string, string) ([]byte, error)) (*review.Proving, error) {
			l.made++
			proving, err := l.registry.Proving(p, named)
			if err == nil {
				proving.Prover = l
			}
			return proving, err
		},
	}
}

func (l *imageLab) review(t *testing.T, policyText, archive string, opts review.Options) *review.Result {
	t.Helper()
	f, err := reviewtest.ParseFixture([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	change, err := f.Change()
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(imageRules(), policy.Layer{File: "p.yaml", Text: []byte(policyText)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := l.engine().Review(t.Context(), change, p, opts)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, result)
	return result
}

// pod writes a Pod of one container for each image.
func pod(images ...string) string {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
	for i, image := range images {
		text += fmt.Sprintf("  - name: c%d\n    image: %s\n", i, image)
	}
	return text
}

const allowAcme = "images: {allow: [ghcr.io/acme/**], verify: [{match: ghcr.io/acme/proven/**, sbom: required}, {match: ghcr.io/acme/**, scan: {maxAge: 1h}}]}\n"

// TestIndeterminate holds that a registry which cannot be asked stops only what changes, as the gate has it.
func TestIndeterminate(t *testing.T) {
	t.Parallel()
	const a, b, other = "ghcr.io/acme/a:1", "ghcr.io/acme/b:1", "quay.io/other/x:1"
	both := files("base/p.yaml", pod(a, other), "p.yaml", pod(a, other, b))
	for name, test := range map[string]struct {
		policy string
		opts   review.Options
		want   []string
		fails  bool
	}{
		"by default": {"", review.Options{}, []string{"existing error image-unverified p.yaml:7", "new error image-unverified p.yaml:11"}, true},
		"as a warning": {"gate: {onIndeterminate: warn}\n", review.Options{},
			[]string{"existing warning image-unverified p.yaml:7", "new warning image-unverified p.yaml:11"}, false},
		"the policy's word": {"rules: {image-unverified: info}\n", review.Options{},
			[]string{"existing info image-unverified p.yaml:7", "new info image-unverified p.yaml:11"}, false},
		"under baseline": {"profile: baseline\n", review.Options{},
			[]string{"existing error image-unverified p.yaml:7", "new error image-unverified p.yaml:11"}, true},
		"off":     {"rules: {image-unverified: off}\n", review.Options{}, nil, false},
		"offline": {"", review.Options{Offline: true}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &imageLab{}
			test.opts.Skip = []string{"tag"}
			r := l.review(t, allowAcme+test.policy, both, test.opts)
			wantLines(t, r, test.want...)
			if (r.Verdict == review.Fails) != test.fails {
				t.Errorf("verdict %s", r.Verdict)
			}
			asked := name != "off" && name != "offline"
			if (l.made == 1) != (name != "off") || (len(l.asked) == 2) != asked {
				t.Errorf("%d provers, asked %v", l.made, l.asked)
			}
			notes := strings.Join(r.Notes, "\n")
			switch {
			case name == "offline":
				if want := "registries were not asked about images, offline: ghcr.io (2 images)"; notes != want {
					t.Errorf("notes %q", notes)
				}
				if i := r.Images[0]; i.Evidence != "indeterminate" || i.Reason != "offline: no registry was asked" {
					t.Errorf("%+v", i)
				}
			case asked:
				if want := "registry ghcr.io: 2 images could not be checked: it is not in registry.yaml"; notes != want {
					t.Errorf("notes %q", notes)
				}
			}
		})
	}
	l := &imageLab{}
	if r := l.review(t, allowAcme, files("base/p.yaml", pod(a)+"# c\n", "p.yaml", pod(a)+"# d\n"), review.Options{Skip: []string{"tag"}}); r.Verdict == review.Fails || r.Summary.Existing != 1 {
		t.Errorf("an unchanged image fails the check: %v", lines(r))
	}
}

// TestQuestions holds which questions are asked: about images of head that an allow list covers, each once, with the first
// demand that covers it.
func TestQuestions(t *testing.T) {
	t.Parallel()
	names := []string{"ghcr.io/acme/a:1", "GHCR.io/acme/a:1", "ghcr.io/acme/proven/b:2", "ghcr.io/acme/debug:1", "docker.io/library/redis:7", "ghcr.io/acme/$(X):1", "not an image"}
	archive := files("base/p.yaml", pod("ghcr.io/acme/gone:1"), "p.yaml", pod(names...),
		"untouched.yaml", "", "o.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: o}\nspec: {containers: [{name: o, image: \"ghcr.io/acme/a:1\"}]}\n")
	for name, test := range map[string]struct {
		policy string
		want   []string
	}{
		"with an allow list": {allowAcme[:len(allowAcme)-2] + ", deny: [\"**/debug\"], platforms: [linux/arm64]}\n",
			[]string{"ghcr.io/acme/a:1 ghcr.io/acme/** [linux/arm64]", "ghcr.io/acme/proven/b:2 ghcr.io/acme/proven/** [linux/arm64]"}},
		"without demands":       {"images: {allow: [docker.io/library/*]}\n", []string{"docker.io/library/redis:7 none []"}},
		"without an allow list": {"images: {deny: [docker.io/library/*]}\n", nil},
		"without a policy":      {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &imageLab{}
			l.review(t, test.policy, archive, review.Options{})
			var got []string
			for _, q := range l.asked {
				demand := "none"
				if q.Demand != nil {
					demand = q.Demand.Match.String()
				}
				got = append(got, fmt.Sprintf("%s %s %v", q.Reference, demand, q.Platforms))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("asked\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
	l := &imageLab{}
	if l.review(t, allowAcme, archive, review.Options{Only: []string{"tag"}}); l.made > 0 {
		t.Error("registries are asked though no rule wants to know")
	}
}

// TestDemandsWithoutList holds that proof which nobody may ask for is not passed over.
func TestDemandsWithoutList(t *testing.T) {
	t.Parallel()
	l := &imageLab{}
	r := l.review(t, "images: {verify: [{match: ghcr.io/acme/**, sbom: required}]}\n", files("p.yaml", pod("ghcr.io/acme/a:1", "quay.io/b:1")), review.Options{Skip: []string{"tag"}})
	wantLines(t, r, "new error image-unverified p.yaml:7")
	if len(l.asked) > 0 {
		t.Errorf("asked %v", l.asked)
	}
	if r.Images[0].Evidence != "indeterminate" || !strings.Contains(r.Images[0].Reason, "images.allow") {
		t.Errorf("%+v", r.Images[0])
	}
}

// TestCharts holds that a chart may be asked about where charts.allow covers it, and needs no place in images.allow.
func TestCharts(t *testing.T) {
	t.Parallel()
	app := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {repoURL: ghcr.io/charts, chart: web, targetRevision: 1.2.3}\n"
	l := &imageLab{registry: reviewtest.Registry{"ghcr.io/charts/web:1.2.3": {Digest: digestA}}}
	r := l.review(t, "images: {allow: [ghcr.io/acme/**]}\ncharts: {allow: [\"oci://ghcr.io/charts/**\", \"https://charts.example.com\"]}\n", files("a.yaml", app), review.Options{})
	if len(l.asked) != 1 || len(r.Images) != 1 || r.Images[0].Kind != "chart" || r.Images[0].Digest != digestA || !r.Images[0].Allowed {
		t.Errorf("asked %v, images %+v", l.asked, r.Images)
	}
	l = &imageLab{}
	r = l.review(t, "images: {allow: [ghcr.io/acme/**]}\n", files("a.yaml", app), review.Options{})
	if len(l.asked) != 0 || !r.Images[0].Allowed {
		t.Errorf("asked %v, images %+v", l.asked, r.Images)
	}
}

// TestMovedTags holds that a tag which names another image than in an earlier review is told with both digests, for a
// while, and that one with a digest beside it is not.
func TestMovedTags(t *testing.T) {
	t.Parallel()
	l := &imageLab{cache: manifests.OpenCache(filepath.Join(t.TempDir(), "cache"), 1<<20, "v"), registry: reviewtest.Registry{}}
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	see := func(day int, digest, repository string) *review.TagMove {
		t.Helper()
		l.now = start.AddDate(0, 0, day)
		l.registry["ghcr.io/acme/a:1"] = reviewtest.RegistryAnswer{Digest: digest}
		l.registry["ghcr.io/acme/a:1@"+digestA] = reviewtest.RegistryAnswer{Digest: digestA}
		r := l.review(t, allowAcme, files("p.yaml", pod("ghcr.io/acme/a:1", "ghcr.io/acme/a:1@"+digestA)), review.Options{Repository: repository})
		if r.Images[1].Moved != nil {
			t.Errorf("a pinned image moved: %+v", r.Images[1])
		}
		return r.Images[0].Moved
	}
	if m := see(0, digestA, "r"); m != nil {
		t.Errorf("seen for the first time: %+v", m)
	}
	if m := see(1, digestA, "r"); m != nil {
		t.Errorf("it did not move: %+v", m)
	}
	moved := review.TagMove{From: digestA, To: digestB, Seen: start.AddDate(0, 0, 1)}
	for _, day := range []int{2, 20} {
		if m := see(day, digestB, "r"); m == nil || *m != moved {
			t.Errorf("day %d: %+v, want %+v", day, m, moved)
		}
	}
	if m := see(2, digestB, "another"); m != nil {
		t.Errorf("another repository knows of it: %+v", m)
	}
	if m := see(40, digestB, "r"); m != nil {
		t.Errorf("it is told for ever: %+v", m)
	}
	if m := see(300, digestA, "r"); m == nil || m.From != digestB {
		t.Errorf("the next move: %+v", m)
	}
}

// TestUntouched holds that a rule's findings on lines that the change did not touch are milder, where it says so and
// nobody else says otherwise.
func TestUntouched(t *testing.T) {
	t.Parallel()
	archive := files("base/p.yaml", pod("a:1"), "p.yaml", pod("a:1", "b:1"))
	only := review.Options{Only: []string{"tag"}}
	wantLines(t, (&imageLab{}).review(t, "", archive, only), "existing info tag p.yaml:7", "new warning tag p.yaml:9")
	wantLines(t, (&imageLab{}).review(t, "rules: {tag: error}", archive, only), "existing error tag p.yaml:7", "new error tag p.yaml:9")
	wantLines(t, (&imageLab{}).review(t, "", files("p.yaml", pod("a:1")), only), "new warning tag p.yaml:7")
}

// TestImageResults holds what the list of images says of each.
func TestImageResults(t *testing.T) {
	t.Parallel()
	l := &imageLab{registry: reviewtest.Registry{
		"ghcr.io/acme/a:1": {Digest: digestA, Verdict: images.Verified, Proofs: map[string]reviewtest.RegistryProof{"sbom": {Verdict: images.Verified, Detail: "SPDX"}}},
		"ghcr.io/acme/b:1": {Missing: true, Reason: "ghcr.io does not have it"}, "ghcr.io/acme/c:1": {Digest: digestB, Platforms: []string{"linux/arm64"}},
		"ghcr.io/acme/d:1@" + digestA: {Digest: digestA, TagDigest: digestB}, "ghcr.io/acme/e:1": {Digest: digestA, Verdict: images.Untrusted, Reason: "it is by somebody else"},
	}}
	policy := strings.Replace(allowAcme, "{allow", "{platforms: [linux/arm64], allow", 1)
	r := l.review(t, policy, files("p.yaml", pod("ghcr.io/acme/a:1", "ghcr.io/acme/b:1", "ghcr.io/acme/c:1", "ghcr.io/acme/d:1@"+digestA, "ghcr.io/acme/e:1", "ghcr.io/acme/f:1", "quay.io/g:1")), review.Options{})
	fail, pass := review.Gate{OnIndeterminate: true}, review.Gate{}
	want := map[string]struct {
		evidence, digest string
		meets, lenient   bool
	}{
		"a:1": {"verified", digestA, true, true}, "b:1": {"", "", false, false}, "c:1": {"", digestB, false, false}, "d:1@" + digestA: {"", digestA, false, false},
		"e:1": {"untrusted", digestA, false, false}, "f:1": {"indeterminate", "", false, true}, "g:1": {"", "", false, false},
	}
	for _, image := range r.Images {
		w := want[image.Image[strings.LastIndexByte(image.Image, '/')+1:]]
		if image.Evidence != w.evidence || image.Digest != w.digest || image.Meets(fail) != w.meets || image.Meets(pass) != w.lenient || len(image.UsedBy) != 1 {
			t.Errorf("%+v", image)
		}
	}
	if p := r.Images[0].Proofs["sbom"]; p.Evidence != "verified" || p.Detail != "SPDX" || r.Images[3].TagDigest != digestB || r.Images[2].Platforms[0] != "linux/arm64" {
		t.Errorf("%+v", r.Images)
	}
}

// TestPasswordsInReferences holds that a password that somebody wrote into a reference is not repeated among the images.
func TestPasswordsInReferences(t *testing.T) {
	t.Parallel()
	r := (&imageLab{}).review(t, allowAcme, files("p.yaml", pod("me:hunter2@ghcr.io/acme/a:1")), review.Options{})
	if len(r.Images) != 1 || r.Images[0].Image != "***@ghcr.io/acme/a:1" || r.Images[0].Allowed {
		t.Errorf("%+v", r.Images)
	}
}

// TestNobodyAsks holds that a program without registries says that it asks none.
func TestNobodyAsks(t *testing.T) {
	t.Parallel()
	l := &imageLab{}
	engine := l.engine()
	engine.Proving = nil
	tree, err := source.Memory(map[string][]byte{"p.yaml": []byte(pod("ghcr.io/acme/a:1"))}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p := review.DefaultPolicy()
	p.Images.Allow = []string{"ghcr.io/acme/**"}
	r, err := engine.Review(t.Context(), &source.Change{Head: tree}, p, review.Options{})
	if err != nil || len(r.Notes) != 1 || r.Notes[0] != "registries were not asked about images, no registry is asked here: ghcr.io (1 image)" {
		t.Errorf("%v %q", err, r.Notes)
	}
}
