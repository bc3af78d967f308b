package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// imageStage is a stage beside a registry: acme/web:1.0 is signed by the key that the repository's policy names, as is
// acme/signed:2.0, and acme/unsigned:2.0 by nobody.
type imageStage struct {
	*stage
	*imagestest.Registry
	key *imagestest.Key
}

// Whose repositories may have a registry asked at a private address, by the server's policy.
const (
	forAll    = "private: true, plainHTTP: true"
	forOthers = forAll + ", owners: [elsewhere]"
	forNobody = ""
)

// playImages plays with a registry at a private address, which the server's policy lists for some.
func playImages(t *testing.T, listed, gate string) *imageStage {
	t.Helper()
	r, key := imagestest.NewRegistry(t, imagestest.API), imagestest.NewKey(t)
	for _, name := range []string{"acme/web:1.0", "acme/signed:2.0"} {
		repository, tag, _ := strings.Cut(name, ":")
		image, _ := r.Image(t, repository, tag)
		r.Attach(t, image, imagestest.CosignSign, key.Bundle(t, nil, imagestest.SignStatement(t, image.Digest), imagestest.Sealing{}))
	}
	r.Image(t, "acme/unsigned", "2.0")
	entry := func(settings string) string { return "registries: [{host: \"" + r.Host + "\", " + settings + "}]" }
	s := prepare(t, githubtest.Files{
		webFile: imageDeployment(r, "web:1.0", 2), "keys/acme.pub": string(key.PEM),
		".github/landwaiter.yaml": "images:\n  allow: [\"" + r.Host + "/acme/**\"]\n  " + entry(forAll) +
			"\n  verify: [{match: \"" + r.Host + "/acme/**\", signature: {key: keys/acme.pub}}]\n" + gate,
	})
	if listed != forNobody {
		s.env["LANDWAITER_POLICY"] = filepath.Join(s.data, "policy.yaml")
		if err := os.WriteFile(s.env["LANDWAITER_POLICY"], []byte("images: {"+entry(listed)+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.start()
	return &imageStage{s, r, key}
}

func imageDeployment(r *imagestest.Registry, image string, replicas int) string {
	text := strings.Replace(deployment("web", ""), "ghcr.io/acme/web:1.0", r.Host+"/acme/"+image, 1)
	return strings.Replace(text, "replicas: 2", "replicas: "+string(rune('0'+replicas)), 1)
}

// imageLine is where the deployment names its image.
const imageLine = webFile + ":17"

func (s *imageStage) use(image string) githubtest.Files {
	return githubtest.Files{webFile: imageDeployment(s.Registry, image, 2)}
}

// TestServeImages holds what the App makes of registries' answers: what nobody signed fails on the line of its tag, what is
// signed passes, and the keys are those of base, whatever the change makes of them.
func TestServeImages(t *testing.T) {
	s := playImages(t, forAll, "")
	pr := s.open(s.use("unsigned:2.0"))
	run := s.reviewed(pr, "failure", "1 error")
	body := s.commented(pr, imageLine)[0].Body
	for _, want := range []string{"acme/unsigned:2.0, which nobody signed", "```suggestion", "acme/unsigned:2.0@sha256:"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment lacks %q:\n%s", want, body)
		}
	}
	for _, want := range []string{"| image | used in | registry | digest | proof | signature |", "**unsigned**"} {
		if !strings.Contains(run.Summary, want) {
			t.Errorf("the check run lacks %q:\n%s", want, run.Summary)
		}
	}
	pr.Push("ada", s.use("signed:2.0"))
	s.reviewed(pr, "success", "1 warning")

	evil := imagestest.NewKey(t)
	image, _ := s.Image(t, "acme/evil", "2.0")
	s.Attach(t, image, imagestest.CosignSign, evil.Bundle(t, nil, imagestest.SignStatement(t, image.Digest), imagestest.Sealing{}))
	files := s.use("evil:2.0")
	files["keys/acme.pub"] = string(evil.PEM)
	pr.Push("bob", files)
	run = s.reviewed(pr, "failure", "1 error")
	if !strings.Contains(run.Summary, "not signed by whom the policy names") {
		t.Errorf("the check run says:\n%s", run.Summary)
	}
}

// TestServeImagesUnanswered holds that a registry which does not answer fails what the change adds, as the gate has it, and
// nothing that was there.
func TestServeImagesUnanswered(t *testing.T) {
	for gate, conclusion := range map[string]string{"": "failure", "gate: {onIndeterminate: warn}\n": "success"} {
		t.Run(conclusion, func(t *testing.T) {
			s := playImages(t, forAll, gate)
			s.Break("/v2/", http.StatusInternalServerError)
			pr := s.open(githubtest.Files{webFile: imageDeployment(s.Registry, "web:1.0", 3)})
			run := s.reviewed(pr, "success", "Passed")
			if !strings.Contains(run.Summary, "1 image could not be checked") {
				t.Errorf("the check run does not say what was not checked:\n%s", run.Summary)
			}
			pr.Push("ada", s.use("signed:2.0"))
			run = s.reviewed(pr, conclusion, "")
			if !strings.Contains(run.Summary, "could not be verified") {
				t.Errorf("the check run does not say what was not verified:\n%s", run.Summary)
			}
			s.Registry.Fault(nil)
			if err := s.repo.ReRun("ada", run.ID); err != nil {
				t.Fatal(err)
			}
			s.reviewed(pr, "success", "1 warning")
		})
	}
}

// TestServeImagesPrivate holds that a repository's policy cannot have the App ask within its own network, nor a registry that
// the server lists for repositories of others.
func TestServeImagesPrivate(t *testing.T) {
	for name, listed := range map[string]string{"nobody's": forNobody, "others'": forOthers} {
		t.Run(name, func(t *testing.T) {
			s := playImages(t, listed, "")
			s.Requests()
			pr := s.open(s.use("signed:2.0"))
			run := s.reviewed(pr, "failure", "")
			if asked := s.Registry.Requests(); len(asked) > 0 {
				t.Errorf("asked %v", asked)
			}
			if !strings.Contains(run.Summary, "is not contacted") {
				t.Errorf("the check run does not say why:\n%s", run.Summary)
			}
		})
	}
}

// TestServeImagesAttested holds that what GitHub keeps of an image proves it where the registry has nothing, as far as the
// App may see it.
func TestServeImagesAttested(t *testing.T) {
	r, authority := imagestest.NewRegistry(t, imagestest.Fallback), imagestest.NewAuthority(t)
	image, _ := r.Image(t, "acme/web", "1.0")
	list := "registries: [{host: \"" + r.Host + "\", private: true, plainHTTP: true}]"
	s := prepare(t, githubtest.Files{
		"README.md": "# Infrastructure\n", "keys/root.json": string(authority.TrustedRoot(t, imagestest.Parts{})),
		".github/landwaiter.yaml": "images:\n  allow: [\"" + r.Host + "/acme/**\"]\n  trustedRoot: keys/root.json\n  verify: [{match: \"" + r.Host +
			"/acme/**\", provenance: {source: github.com/acme/*, ref: refs/heads/main}}]\n",
	})
	s.env["LANDWAITER_POLICY"] = filepath.Join(s.data, "policy.yaml")
	if err := os.WriteFile(s.env["LANDWAITER_POLICY"], []byte("images: {"+list+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	pr := s.open(githubtest.Files{webFile: imageDeployment(r, "web:1.0", 2)})
	run := s.reviewed(pr, "failure", "1 error")
	if !strings.Contains(run.Summary, "attestations: read") {
		t.Errorf("the check run does not say that GitHub was not asked:\n%s", run.Summary)
	}
	who := imagestest.Workflow("acme/web", ".github/workflows/release.yaml", "refs/heads/main")
	statement := imagestest.Statement(t, image.Digest, imagestest.SLSA1, map[string]any{
		"buildDefinition": map[string]any{"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": map[string]any{"workflow": map[string]any{"repository": "https://github.com/acme/web", "ref": "refs/heads/main"}}},
		"runDetails": map[string]any{"builder": map[string]any{"id": who.Subject}}})
	s.Attest("acme", image.Digest, authority.Bundle(t, who, statement, imagestest.Sealing{}))
	s.inst.Permit("attestations", "read")
	s.service.app.Load().worker.GitHub.Forget(s.inst.ID) // as an hour later
	if err := s.repo.ReRun("ada", run.ID); err != nil {
		t.Fatal(err)
	}
	s.reviewed(pr, "success", "")
}

// TestServeImagesMoved holds that a tag which names another image than in an earlier review is told with both digests.
func TestServeImagesMoved(t *testing.T) {
	s := playImages(t, forAll, "")
	pr := s.open(s.use("signed:2.0"))
	first := s.reviewed(pr, "success", "1 warning")
	image, _ := s.Image(t, "acme/signed", "2.0")
	s.Attach(t, image, imagestest.CosignSign, s.key.Bundle(t, nil, imagestest.SignStatement(t, image.Digest), imagestest.Sealing{}))
	if err := s.repo.ReRun("ada", first.ID); err != nil {
		t.Fatal(err)
	}
	run := s.reviewed(pr, "success", "1 warning")
	body := s.commented(pr, imageLine)[0].Body
	if !strings.Contains(body, "It has moved") || !strings.Contains(body, image.Digest) {
		t.Errorf("the comment does not tell that the tag moved:\n%s", body)
	}
	if !strings.Contains(run.Summary, "its tag was `sha256:") {
		t.Errorf("the check run does not tell that the tag moved:\n%s", run.Summary)
	}
}
