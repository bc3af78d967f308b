package main

import (
	"context"
	"time"

	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/policy/export"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

type policyExportCmd struct {
	Path   string   `arg:"" optional:"" default:"." help:"The repository."`
	Policy string   `help:"Policy file instead of the repository's." placeholder:"FILE"`
	Rev    string   `help:"The commit to read the policy from. Default: the work tree." placeholder:"REV"`
	Output string   `short:"o" default:"yaml" enum:"yaml" help:"yaml."`
	For    []string `name:"for" enum:"admission,sigstore,kyverno" default:"admission,sigstore,kyverno" help:"Who enforces it: admission (the API server), sigstore (policy-controller), kyverno." placeholder:"WHO,…"`
	Except []string `default:"kube-system" help:"Namespaces that nothing is enforced in; \"\" for none." placeholder:"NAMESPACE,…"`
	Warn   bool     `help:"Refuse nothing yet, only warn."`
}

// Help is shown below the flags.
func (policyExportCmd) Help() string {
	return `Examples:
  landwaiter policy export --for admission --warn | kubectl apply -f -    the allowlist and pins, only warning
  landwaiter policy export --for sigstore > cluster/image-policies.yaml

What the cluster cannot enforce, or does otherwise than a review, is said on stderr and in comments.`
}

// Run prints the objects.
func (c *policyExportCmd) Run(ctx context.Context, sys surroundings) error {
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := everything(ctx, where, c.Rev)
	if err != nil {
		return err
	}
	p, err := loadPolicy(change.Head, c.Policy)
	if err != nil {
		return err
	}
	proof, err := policy.ReadProof(p.Images, namedFiles(where, c.Policy, change.Head))
	if err != nil {
		return usageError(err)
	}
	x, err := export.New(p, proof, rules.All(), c.options())
	if err != nil {
		return usageError(err)
	}
	for _, note := range x.Notes {
		say(sys.stderr, "%s", note)
	}
	return x.Write(sys.stdout)
}

func (c *policyExportCmd) options() export.Options {
	o := export.Options{Today: time.Now(), Warn: c.Warn}
	for _, target := range c.For {
		o.Targets = append(o.Targets, export.Target(target))
	}
	for _, namespace := range c.Except {
		if namespace != "" {
			o.Except = append(o.Except, namespace)
		}
	}
	return o
}
