package change

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// remover is what becomes of an object in the cluster once it is gone from the repository.
type remover struct {
	keeps bool   // the object's own annotation has it stay
	waits bool   // what deploys it does not prune: it stays until somebody deletes it
	says  string // a sentence
}

// removerOf finds out, by what deploys the root of p.Object, whether it is deleted by merging.
func removerOf(p *review.Pass) remover {
	found := deployersOf(p.Index, p.Base.Root)
	if d := p.Base.Root.Deployment; found == nil && d != nil && d.Effect.Stays && !stays(p.Object, "", p.Base.Root.Kind) {
		return remover{waits: true, says: fmt.Sprintf("%s %s, which had it applied, is gone as well: %s, without anybody minding them, until somebody deletes them.", d.By.Kind, d.By.Name, d.Effect.Gone)}
	}
	if found == nil { // perhaps it goes by the same change
		found = deployersOf(p.Before, p.Base.Root)
	}
	tool := ""
	if len(found) > 0 {
		tool = found[0].tool
	}
	if stays(p.Object, tool, p.Base.Root.Kind) {
		return remover{keeps: true}
	}
	for _, d := range found { // one that prunes is enough
		if !d.prunes {
			continue
		}
		says := fmt.Sprintf("%s %s of %s prunes: it deletes the object as soon as this is merged.", d.Kind, d.Name, d.tool)
		if d.held.IsSet() {
			says = fmt.Sprintf("%s %s of %s prunes: it deletes the object once somebody %s.", d.Kind, d.Name, d.tool, d.remedy())
		}
		return remover{says: says}
	}
	switch {
	case len(found) > 0:
		d := found[0]
		return remover{waits: true, says: fmt.Sprintf("%s %s of %s does not prune: the object stays in the cluster, without anybody minding it, until somebody deletes it.", d.Kind, d.Name, d.tool)}
	case p.Base.Root.Kind == manifests.Helm:
		return remover{says: "The next helm upgrade deletes it."}
	}
	return remover{says: "Whatever applies these manifests and prunes, as Argo CD and Flux can, deletes it as soon as this is merged."}
}

// stays reports whether annotations keep the object in the cluster, as far as the tool that deploys it heeds them; "" is
// one that is not known.
func stays(o *manifests.Object, tool string, kind manifests.RootKind) bool {
	annotations := o.Field().Get("metadata", "annotations")
	options := annotations.Get("argocd.argoproj.io/sync-options").Text()
	switch {
	case annotations.Get("helm.sh/resource-policy").Text() == "keep":
		return kind == manifests.Helm || tool == "Argo CD"
	case strings.Contains(options, "Prune=false"), strings.Contains(options, "Prune=confirm"), strings.Contains(options, "Delete=false"):
		return tool != "Flux"
	}
	flux := annotations.Get("kustomize.toolkit.fluxcd.io/prune")
	return tool != "Argo CD" && strings.EqualFold(flux.Text(), "disabled")
}
