package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"go.yaml.in/yaml/v3"
)

// Of all mutants one run takes every mutantStep-th; another mutantFirst takes others. A step of 1 takes minutes.
var (
	mutantStep  = flag.Int("mutant-step", 61, "make one of so many mutants of the rules' examples")
	mutantFirst = flag.Int("mutant-first", 0, "the first mutant that is made")
)

// TestMutatedExamples spoils the examples of all rules, field by field and line by line, and reviews each as a change of the
// example by the whole catalogue: no rule stumbles, takes long, or finds what cannot be there.
func TestMutatedExamples(t *testing.T) {
	for _, rule := range rules.All() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			good, bad := reviewtest.Examples(t, rule.Doc)
			for name, example := range map[string]*reviewtest.Fixture{"good": good, "bad": bad} {
				reviewMutants(t, name, example)
			}
		})
	}
}

// reviewMutants reviews all mutants of an example as one change, each in a directory of its own.
func reviewMutants(t *testing.T, name string, example *reviewtest.Fixture) {
	all := &reviewtest.Fixture{Base: map[string][]byte{}, Head: map[string][]byte{}}
	what := map[string]string{}
	for file, text := range example.Head {
		for i, mutant := range mutants(text, file) {
			dir := fmt.Sprintf("%s-%d", strings.ReplaceAll(file, "/", "-"), i)
			what[dir] = fmt.Sprintf("%s, %s: %s", name, file, mutant.What)
			for other, text := range example.Head {
				all.Base[path.Join(dir, other)], all.Head[path.Join(dir, other)] = text, text
			}
			all.Head[path.Join(dir, file)] = mutant.Text
		}
	}
	if len(what) == 0 {
		return
	}
	began := time.Now()
	result := reviewEverything(t, all)
	if took := time.Since(began) / time.Duration(len(what)); took > 20*time.Second { // it hangs
		t.Errorf("%s: a mutant takes %s", name, took)
	}
	for _, note := range result.Notes {
		if strings.HasPrefix(note, "rule ") {
			t.Errorf("%s: %s", what[dirIn(note, what)], note)
		}
	}
	for _, f := range result.Findings {
		if problem := absurd(&f, all.Head); problem != "" && f.Status != review.Fixed {
			dir, _, _ := strings.Cut(f.Root, "/")
			t.Errorf("%s: %s: %s [%s at %s of %s, %s:%d]", what[dir], problem, f.Message, f.Rule, f.Path, f.Object, f.Location.File, f.Location.Line)
		}
	}
}

func mutants(text []byte, file string) []reviewtest.Mutant {
	first := (*mutantFirst + len(text)) % *mutantStep
	if made, err := reviewtest.Mutants(text, first, *mutantStep); err == nil && path.Ext(file) != ".tf" {
		return made
	}
	return reviewtest.Lines(text, first, *mutantStep)
}

func dirIn(note string, what map[string]string) string {
	for dir := range what {
		if strings.Contains(note, dir) {
			return dir
		}
	}
	return ""
}

func reviewEverything(t *testing.T, f *reviewtest.Fixture) *review.Result {
	t.Helper()
	change, err := f.Change()
	if err != nil {
		t.Fatal(err)
	}
	lab := newLab()
	policy, err := lab.Policy([]byte("profile: everything\nimages: {allow: [ghcr.io/acme/**]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	result, err := engine.Review(t.Context(), change, policy, review.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

var badFormat = regexp.MustCompile(`%!\w?\(|<nil>|\{\{?\d+ \S+\}`)

// absurd says what cannot be right in a finding, whatever it is about; "" for nothing.
func absurd(f *review.Finding, files map[string][]byte) string {
	text, here := files[f.Location.File]
	lines := bytes.Count(text, []byte("\n")) + 1
	switch {
	case f.Message == "" || badFormat.MatchString(f.Message+f.Detail):
		return "a message that went wrong"
	case f.Location.Precision != "unknown" && (!here || f.Location.Line < 1 || f.Location.EndLine < f.Location.Line || f.Location.EndLine > lines):
		return "a place that is none"
	case f.Message == "could not be judged":
		return "a rule that failed"
	}
	return nowhere(f, text)
}

// nowhere says why a finding's field cannot be in its object: it lies below what is neither mapping nor absent, or is an
// item that the list has not. "" if it may be, or the object is not in the text.
func nowhere(f *review.Finding, text []byte) string {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			return ""
		}
		raw, err := yaml.Marshal(&document)
		if err != nil {
			return ""
		}
		o, err := manifests.NewObject(raw)
		if err != nil || o.Identity != f.Object {
			continue
		}
		return gap(o.Field(), f.Path)
	}
}

var pathElement = regexp.MustCompile(`^\.?([^.\[\]]+)|^\[([^\]]*)\]`)

func gap(at manifests.Field, rest string) string {
	for rest != "" && at.IsSet() {
		m := pathElement.FindStringSubmatch(rest)
		if m == nil {
			return ""
		}
		rest = rest[len(m[0]):]
		i, err := strconv.Atoi(m[2])
		switch {
		case err == nil && at.IsList():
			if at = at.At(i); !at.Exists() {
				return "an item that the list has not"
			}
		case !at.IsMap():
			return fmt.Sprintf("a field below %s, which holds none", at.Path())
		default:
			at = at.Get(m[1] + m[2])
		}
	}
	return ""
}

// TestGap holds that TestMutatedExamples knows a field that cannot be.
func TestGap(t *testing.T) {
	t.Parallel()
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a/b.c: d}}\nspec: {containers: [{name: a}], volumes: text, nothing: null}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, fits := range map[string]bool{
		"": true, "spec.containers[0].name": true, "spec.containers[0].securityContext.privileged": true, "metadata.labels[a/b.c]": true, "spec.nothing.x[3]": true,
		"spec.containers[1].name": false, "spec.volumes[0].name": false, "spec.volumes.name": false, "spec.containers.name": false,
	} {
		if problem := gap(o.Field(), path); (problem == "") != fits {
			t.Errorf("%s: %q", path, problem)
		}
	}
}
