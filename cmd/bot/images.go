package main

import (
	"context"
	"fmt"
	"os"
	slashpath "path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

type imagesCmd struct {
	What    []string `arg:"" optional:"" name:"path|image" help:"A directory or file of manifests, or images. Default: the directory one is in."`
	Policy  string   `help:"Policy file instead of the repository's." placeholder:"FILE"`
	Output  string   `short:"o" default:"text" enum:"text,json" help:"text or json."`
	Offline bool     `help:"Use no network at all."`
}

// Help is shown below the flags.
func (imagesCmd) Help() string {
	return `Examples:
  landwaiter images                              every image of what renders here
  landwaiter images clusters/prod -o json
  landwaiter images ghcr.io/acme/web:1.4.2       one image: is it allowed, its digest, what proves it
  landwaiter images --policy policy.yaml nginx:1.29 ghcr.io/acme/api@sha256:…

Registries are asked where the policy has an allow list that covers the image, with the credentials of Docker's
configuration ($DOCKER_CONFIG). What exists as a file or directory is one, whatever else it could be.

Exit codes: 0 the images meet the policy, 1 a failure of landwaiter, 2 wrong usage or configuration, 3 they do not, or
something does not render.`
}

// Run lists images with what is known of them.
func (c *imagesCmd) Run(ctx context.Context, sys surroundings) error {
	paths, named, err := c.parse()
	if err != nil {
		return usageError(err)
	}
	var all []review.ImageResult
	failed, gate := false, review.Gate{}
	for i, path := range paths {
		list, err := c.list(ctx, sys, path, named)
		if err != nil {
			return err
		}
		if i == 0 || list.gate.OnIndeterminate {
			gate = list.gate
			gate.OnIndeterminate = gate.OnIndeterminate && !c.Offline
		}
		all, failed, named = append(all, list.images...), failed || list.failed, nil
	}
	write := report.ImagesText
	if c.Output == "json" {
		write = report.ImagesJSON
	}
	if err := write(sys.stdout, all); err != nil {
		return err
	}
	for _, image := range all {
		failed = failed || !image.Meets(gate)
	}
	if failed {
		return errFindings
	}
	return nil
}

// parse tells paths from images. Where only images are named, the policy is that of the directory one is in.
func (c *imagesCmd) parse() (paths, named []string, err error) {
	for _, what := range c.What {
		if _, err := os.Stat(what); err == nil || what == "-" {
			paths = append(paths, what)
			continue
		}
		if _, err := images.ParseReference(what); err != nil {
			return nil, nil, fmt.Errorf("%s is no file or directory, and the %w", what, err)
		}
		named = append(named, what)
	}
	if len(paths) == 0 {
		paths = append(paths, ".")
	}
	return paths, named, nil
}

// listing is what is known of images, and whether something could not be looked through.
type listing struct {
	images []review.ImageResult
	failed bool
	gate   review.Gate
}

// list lists the images that are named, else those of what a path holds.
func (c *imagesCmd) list(ctx context.Context, sys surroundings, path string, named []string) (*listing, error) {
	where, err := open(ctx, sys, path)
	if err != nil {
		return nil, err
	}
	defer where.Close()
	change, tree, err := c.change(ctx, where, path)
	if err != nil {
		return nil, err
	}
	policy, err := loadPolicy(tree, c.Policy)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(sys)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	engine := newEngine(sys, pool)
	engine.Proving = newRegistries(sys, engine.Cache).proving
	opts := review.Options{Under: []string{where.under}, URLs: where.urls(), Repository: where.name(), Offline: c.Offline, Named: namedFiles(where, c.Policy, tree), Only: imageRules}
	found := &listing{gate: policy.Gate}
	var notes []string
	if len(named) > 0 {
		found.images, notes, err = engine.NamedImages(ctx, policy, named, opts)
	} else {
		notes, err = found.render(ctx, engine, change, policy, opts)
	}
	for _, note := range notes {
		say(sys.stderr, "%s", note)
	}
	return found, configuration(err)
}

// change is everything that a place holds, as a change, and the tree that the policy is in. Of a file that is a manifest by
// itself it is that file alone.
func (c *imagesCmd) change(ctx context.Context, where *place, path string) (*source.Change, source.Tree, error) {
	change, err := everything(ctx, where, "")
	if err != nil {
		return nil, nil, err
	}
	tree := change.Head
	if where.file != "" {
		where.under = slashpath.Dir(where.file)
		err = (&reviewCmd{Path: path}).alone(where, change)
	}
	return change, tree, err
}

// imageRules are the rules that have registries asked; what they find is said by the list itself.
var imageRules = []string{"image-missing", "image-signature", "image-provenance", "image-sbom", "image-scan", review.RuleImageUnverified, review.RuleChartSignature}

// render lists the images of what renders, and returns what could not be looked at.
func (l *listing) render(ctx context.Context, engine *review.Engine, change *source.Change, policy *review.Policy, opts review.Options) ([]string, error) {
	result, err := engine.Review(ctx, change, policy, opts)
	if err != nil {
		return nil, err
	}
	l.images = result.Images
	notes := result.Notes
	for _, root := range result.Roots {
		if root.Status == review.Failed {
			l.failed = true
			notes = append(notes, fmt.Sprintf("%s cannot be rendered, so its images are not listed: %s", root.Path, root.Reason))
		}
	}
	return notes, nil
}

// namedFiles reads the files that a policy names, keys and trust roots: from the tree that the policy is read from, or, where
// the command line names a policy file outside of the repository, from beside it.
func namedFiles(where *place, policy string, tree source.Tree) func(layer, file string) ([]byte, error) {
	fromTree := func(_, file string) ([]byte, error) { return tree.ReadFile(strings.TrimPrefix(file, "./")) }
	return besidePolicy(where, policy, fromTree)
}
