package reviewtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// Registry is what registries say of images: answers by reference in its normal form. Of an image that it does not list
// the registry cannot be asked. It implements review.Prover.
type Registry map[string]RegistryAnswer

// RegistryAnswer is images.Evidence as registry.yaml writes it.
type RegistryAnswer struct {
	Digest    string
	Verdict   images.Verdict
	Reason    string
	Missing   bool
	Unasked   bool
	Platforms []string
	TagDigest string `yaml:"tagDigest"`
	Proofs    map[string]RegistryProof
}

// RegistryProof is images.Proof as registry.yaml writes it.
type RegistryProof struct {
	Verdict        images.Verdict
	Reason, Detail string
}

// ParseRegistry reads a registry.yaml.
func ParseRegistry(text []byte) (Registry, error) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	registry := Registry{}
	err := decoder.Decode(&registry)
	return registry, err
}

// Prove answers.
func (r Registry) Prove(_ context.Context, questions []images.Question) map[images.Reference]images.Evidence {
	answers := make(map[images.Reference]images.Evidence, len(questions))
	for _, q := range questions {
		a, ok := r[q.Reference.String()]
		if !ok {
			a = RegistryAnswer{Reason: "it is not in registry.yaml", Unasked: true}
		}
		e := images.Evidence{Digest: a.Digest, Verdict: a.Verdict, Reason: a.Reason, Missing: a.Missing, Unasked: a.Unasked, Platforms: a.Platforms, TagDigest: a.TagDigest}
		for kind, proof := range a.Proofs {
			if e.Proofs == nil {
				e.Proofs = map[string]images.Proof{}
			}
			e.Proofs[kind] = images.Proof(proof)
		}
		answers[q.Reference] = e
	}
	return answers
}

// Proving is a review.ProvingFunc that asks r. Of a policy's images.verify it reads the patterns only.
func (r Registry) Proving(policy *review.Policy, _ func(layer, file string) ([]byte, error)) (*review.Proving, error) {
	var demands []images.Demand
	for _, node := range policy.Images.Verify {
		var entry struct{ Match string }
		if err := node.Decode(&entry); err != nil {
			return nil, err
		}
		pattern, err := images.ParsePattern(entry.Match)
		if err != nil {
			return nil, fmt.Errorf("images.verify: %w", err)
		}
		demands = append(demands, images.Demand{Match: pattern})
	}
	return &review.Proving{Prover: r, Demand: func(ref images.Reference) *images.Demand {
		for i := range demands {
			if demands[i].Match.Match(ref.Name()) {
				return &demands[i]
			}
		}
		return nil
	}}, nil
}
