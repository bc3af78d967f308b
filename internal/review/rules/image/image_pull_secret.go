package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

var imagePullSecret = review.Rule{
	ID: "image-pull-secret", Level: review.Info, Off: true,
	Summary: "An image of a registry that asks for a sign-in, and no pull secret",
	Kinds:   []string{review.Workloads},
	Params:  func() any { return &pullSecretParams{} },
	Check:   checkImagePullSecret,
}

// pullSecretParams says which repositories need a secret.
type pullSecretParams struct {
	Registries patterns `yaml:"registries"`
}

// patterns are image patterns, refused with their reason when they are read.
type patterns []images.Pattern

// UnmarshalYAML reads a list of patterns.
func (ps *patterns) UnmarshalYAML(node *yaml.Node) error {
	var texts []string
	if err := node.Decode(&texts); err != nil {
		return err
	}
	for _, text := range texts {
		pattern, err := images.ParsePattern(text)
		if err != nil {
			return err
		}
		*ps = append(*ps, pattern)
	}
	return nil
}

func checkImagePullSecret(p *review.Pass) {
	secrets := p.Pod.Get("imagePullSecrets")
	if len(secrets.Items()) > 0 || accountMayHaveSecrets(p) {
		return
	}
	each(p, func(u review.ImageField, ref images.Reference) {
		for _, pattern := range review.Params[pullSecretParams](p).Registries {
			if pattern.Match(ref.Name()) {
				p.Report(u.Field, "%s uses %s, and neither pod nor account has a pull secret", u.Title, ref.Name()).
					Detail("The policy says that this registry asks for a sign-in (%s). Unless the nodes sign in by themselves, the pod cannot pull its image.", pattern)
				return
			}
		}
	})
}

// accountMayHaveSecrets reports whether the pod's service account brings pull secrets, or is made elsewhere, so that
// nobody can tell. The account "default" exists by itself, without any.
func accountMayHaveSecrets(p *review.Pass) bool {
	name := p.Pod.Get("serviceAccountName").Text()
	if name == "" {
		name = p.Pod.Get("serviceAccount").Text()
	}
	if name == "" {
		name = "default"
	}
	known := false
	for _, account := range p.Near("ServiceAccount", p.Object) {
		if account.Name != name {
			continue
		}
		if known = true; len(account.Field().Get("imagePullSecrets").Items()) > 0 {
			return true
		}
	}
	return !known && name != "default"
}
