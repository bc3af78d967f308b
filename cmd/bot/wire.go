package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/manifests/kops"
	"github.com/landwaiter/landwaiter/internal/manifests/kustomize"
	"github.com/landwaiter/landwaiter/internal/manifests/sandbox"
	"github.com/landwaiter/landwaiter/internal/manifests/terraform"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// policyFile is where a repository keeps its policy.
const policyFile = ".github/landwaiter.yaml"

// cacheBytes caps what lies on disk between two runs.
const cacheBytes = 512 << 20

// renderers are the parts that turn roots into objects. They work on hostile input and run in the child only.
func renderers() map[manifests.RootKind]manifests.Renderer {
	charts := helm.New()
	return map[manifests.RootKind]manifests.Renderer{
		manifests.Kustomize: kustomize.New(charts),
		manifests.Helm:      charts,
		manifests.Plain:     manifests.PlainRenderer{},
		manifests.Kops:      kops.New(charts),
		manifests.Terraform: terraform.Renderer{},
	}
}

// newPool makes the children that render. They start when the first root is due.
func newPool(sys surroundings) (*sandbox.Pool, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program to start as a child: %w", err)
	}
	pool := sandbox.NewPool(sandbox.Config{
		Command:   []string{self, "render-child"},
		Behind:    sys.behind,
		OnWarning: func(text string) { say(sys.stderr, "warning: %s", text) },
	})
	pool.Warm(1) // it starts while the change is read
	return pool, nil
}

// newEngine joins pool, rules and cache.
func newEngine(sys surroundings, pool *sandbox.Pool) *review.Engine {
	e := &review.Engine{Renderer: &gitops.Renderer{Inner: pool}, Rules: rules.All(), Now: time.Now,
		Cache: openCache(sys)}
	asks := newRegistries(sys, e.Cache)
	e.Fetching, e.FetchingBases = asks.fetching, asks.fetchingBases
	if sys.progress {
		e.Progress = func(stage string, n, of int) {
			fmt.Fprintf(sys.stderr, "\r\x1b[K%s %d of %d", stage, n, of)
			if n == of {
				fmt.Fprint(sys.stderr, "\r\x1b[K")
			}
		}
	}
	return e
}

func openCache(sys surroundings) *manifests.Cache {
	return manifests.OpenCache(cacheDir(sys), cacheBytes, build())
}

// cacheDir is LANDWAITER_CACHE, or landwaiter/ in the user's cache; "" when there is no place for one.
func cacheDir(sys surroundings) string {
	if dir := sys.env("LANDWAITER_CACHE"); dir != "" {
		return dir
	}
	if dir := sys.env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "landwaiter")
	}
	if home := sys.env("HOME"); home != "" {
		return filepath.Join(home, ".cache", "landwaiter")
	}
	return ""
}

// place is what a PATH on the command line names: a repository and a part of it, or a tree of its own.
type place struct {
	repo  *gitrepo.Repo // nil outside Git
	tree  source.Tree   // outside Git: what PATH holds
	root  string        // outside Git: the directory on disk that tree is
	under string        // the part of the tree that PATH names; "." for all
	file  string        // in Git: the file that PATH names, "" for none
	dir   string        // outside Git: where the only file of tree lies, "" when it lies nowhere
}

// Close ends what the place holds open.
func (p *place) Close() {
	if p.repo != nil {
		p.repo.Close()
	}
}

// urls are the addresses under which others know the place.
func (p *place) urls() []string {
	if p.repo == nil {
		return nil
	}
	return p.repo.Remotes()
}

// name names the place in the cache.
func (p *place) name() string {
	if p.repo != nil {
		return p.repo.Root()
	}
	return p.root
}

// open finds out what path is: standard input, a file or directory in a Git work tree, or one outside.
func open(ctx context.Context, sys surroundings, path string) (*place, error) {
	if path == "-" {
		text, err := io.ReadAll(io.LimitReader(sys.stdin, maxStdin+1))
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		if len(text) > maxStdin {
			return nil, usageError(fmt.Errorf("standard input is larger than %d MiB", maxStdin>>20))
		}
		return oneFile("-", text)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, usageError(err)
	}
	dir, file := path, ""
	if !info.IsDir() {
		dir, file = filepath.Split(path)
		dir = filepath.Join(dir, ".")
	}
	repo, err := gitrepo.Open(ctx, dir, gitrepo.Options{Env: sys.environ, Keeper: openCache(sys)})
	if err == nil {
		if file != "" { // what renders it may lie anywhere
			return &place{repo: repo, under: ".", file: filepath.ToSlash(filepath.Join(repo.Prefix(), file))}, nil
		}
		return &place{repo: repo, under: filepath.ToSlash(repo.Prefix())}, nil
	}
	if !errors.Is(err, gitrepo.ErrNoRepository) {
		return nil, usageError(err)
	}
	return openOutside(dir, file)
}

// maxStdin is how many bytes of standard input are taken.
const maxStdin = 32 << 20

// openOutside opens a directory, or one file of it, that is in no Git work tree.
func openOutside(dir, file string) (*place, error) {
	tree, err := source.OpenDir(dir, source.Limits{})
	if err != nil {
		return nil, usageError(err)
	}
	if file == "" {
		root, err := filepath.Abs(dir)
		return &place{tree: tree, root: root, under: "."}, err
	}
	text, err := tree.ReadFile(file)
	if err != nil {
		return nil, usageError(err)
	}
	where, err := oneFile(file, text)
	if err == nil {
		where.dir = dir
	}
	return where, err
}

// oneFile is the place of a single text.
func oneFile(name string, text []byte) (*place, error) {
	tree, err := source.Memory(map[string][]byte{name: text}, source.Limits{})
	if err != nil {
		return nil, usageError(err)
	}
	return &place{tree: tree, under: "."}, nil
}

// inside returns the path in the tree of a file that the command line names.
func (p *place) inside(file string) (string, error) {
	root := p.root
	if p.repo != nil {
		root = p.repo.Root()
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(root, absolute)
	if err != nil || !filepath.IsLocal(relative) {
		return "", fmt.Errorf("%s is outside %s, which is all that rendering sees", file, root)
	}
	return filepath.ToSlash(relative), nil
}

// loadPolicy reads the policy: the file named on the command line, or the repository's own at base, with the repository's
// own rules at base.
func loadPolicy(base source.Tree, named string) (*review.Policy, error) {
	var layers []policy.Layer
	if base != nil {
		var err error
		if layers, err = policy.RuleLayers(base, policy.RulesDir); err != nil {
			return nil, usageError(err)
		}
	}
	if named != "" {
		text, err := os.ReadFile(named)
		if err != nil {
			return nil, usageError(err)
		}
		layers = append(layers, policy.Layer{File: named, Text: text})
	} else if base != nil {
		text, err := base.ReadFile(policyFile)
		switch {
		case err == nil:
			layers = append(layers, policy.Layer{File: policyFile, Text: text})
		case !errors.Is(err, source.ErrNotExist):
			return nil, usageError(err)
		}
	}
	p, err := policy.Load(rules.All(), layers...)
	if err != nil {
		return nil, usageError(err)
	}
	return p, nil
}

// build names this very program for the cache: another build may render differently.
func build() string {
	info, err := os.Executable()
	if err != nil {
		return version()
	}
	stat, err := os.Stat(info)
	if err != nil {
		return version()
	}
	return fmt.Sprintf("%s %d %d", version(), stat.Size(), stat.ModTime().UnixNano())
}
