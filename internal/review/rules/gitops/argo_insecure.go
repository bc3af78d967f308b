package gitops

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var argoInsecure = review.Rule{
	ID: "argo-insecure", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "Argo CD lets in anybody, or believes anybody",
	Kinds:   []string{"ConfigMap", "Secret", review.Workloads},
	Check:   checkArgoInsecure,
}

func checkArgoInsecure(p *review.Pass) {
	switch {
	case p.Pod != nil:
		argoFlags(p)
	case p.Object.Kind == "ConfigMap" && p.Object.Name == "argocd-cmd-params-cm":
		at := p.Object.Field().Get("data", "server.disable.auth")
		if isTrue(at) {
			reportOpen(p, at)
		}
	case p.Object.Kind == "Secret":
		argoSecret(p)
	}
}

// argoFlags looks for the server's flag that lets everybody in.
func argoFlags(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		words := append(c.Get("command").Items(), c.Get("args").Items()...)
		if !slices.ContainsFunc(words, func(f manifests.Field) bool { return strings.HasSuffix(f.Text(), "argocd-server") }) {
			continue
		}
		for _, word := range words {
			if word.Text() == "--disable-auth" || word.Text() == "--disable-auth=true" {
				reportOpen(p, word)
			}
		}
	}
}

func reportOpen(p *review.Pass, at manifests.Field) {
	p.Report(at, "Argo CD's server asks nobody who they are").
		Detail("Whoever reaches it deploys what they like to every cluster that it knows.").
		Fix("Ask for a sign-in", review.Remove(at)).Unsafe()
}

// argoSecret looks at the repositories and clusters that are declared as Secrets.
func argoSecret(p *review.Pass) {
	kind := p.Object.Field().Get("metadata", "labels", "argocd.argoproj.io/secret-type").Text()
	data := p.Object.Field().Get("stringData")
	switch kind {
	case "repository", "repo-creds":
		for _, key := range []string{"insecure", "insecureIgnoreHostKey"} {
			if at := data.Get(key); isTrue(at) {
				p.Report(at, "repository %s is fetched without checking who answers", p.Object.Name).
					Detail("Whoever sits on the way to it can hand Argo CD other manifests, which it then applies.").
					Fix("Check the server", review.Remove(at)).Unsafe()
			}
		}
	case "cluster":
		if at := data.Get("config"); strings.Contains(strings.Join(strings.Fields(at.Text()), ""), `"insecure":true`) {
			p.Report(at, "cluster %s is spoken to without checking who answers", p.Object.Name).
				Detail("Argo CD sends its token for the cluster to whoever sits on the way.")
		}
	}
}

func isTrue(f manifests.Field) bool { return f.IsSet() && strings.EqualFold(f.Text(), "true") }
