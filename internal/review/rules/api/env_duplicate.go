package api

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var envDuplicate = review.Rule{
	ID: "env-duplicate", Level: review.Warning,
	Summary: "A container sets an environment variable twice",
	Kinds:   []string{review.Workloads},
	Check:   checkEnvDuplicate,
}

func checkEnvDuplicate(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		before := map[string]manifests.Field{}
		for _, env := range c.Get("env").Items() {
			name := env.Get("name").Text()
			first, twice := before[name]
			before[name] = env
			if !twice || name == "" || strings.Contains(env.Get("value").Text(), "$("+name+")") { // the second goes on from the first
				continue
			}
			d := p.Report(env.Get("name"), "%s sets %s twice", c.Title(), name).Related(first.Get("name"))
			if sameText(first, env) {
				d.Detail("The two are the same. Server-side apply refuses lists in which a name is there twice.").
					Fix("Remove the second", review.Remove(env))
				continue
			}
			d.Detail("The last one holds, whatever the first one says. Server-side apply refuses lists in which a name is there twice, and patches hit one of the two.").
				Fix("Remove the first, which has no effect", review.Remove(first)).Unsafe()
		}
	}
}

// sameText reports whether two fields hold the same.
func sameText(a, b manifests.Field) bool {
	one, err := yaml.Marshal(a.Node())
	other, otherErr := yaml.Marshal(b.Node())
	return err == nil && otherErr == nil && bytes.Equal(one, other)
}
