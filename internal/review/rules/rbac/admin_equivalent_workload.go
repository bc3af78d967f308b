package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var adminEquivalentWorkload = review.Rule{
	ID: "admin-equivalent-workload", Level: review.Warning, Guidelines: []string{"G7", "G8"},
	Summary: "A pod's service account can take over the cluster",
	Kinds:   []string{review.Workloads},
	Check:   checkAdminEquivalentWorkload,
}

func checkAdminEquivalentWorkload(p *review.Pass) {
	if len(p.Pod.Containers) == 0 || !p.TokenMounted() && !projectsToken(p.Pod) {
		return
	}
	at, account := p.Pod.Account()
	var can, ways []string
	var by []route
	bindings := bindingsOf(p, account)
	for _, b := range bindings {
		does := make(map[*role][]string)
		for _, way := range b.routes() {
			if says := way.phrase(way.hits); !slices.Contains(can, says) {
				can, by, does[way.role] = append(can, says), append(by, way), append(does[way.role], says)
			}
		}
		ways = append(ways, sentencesOn(b, does)...)
	}
	if len(can) == 0 {
		return
	}
	d := p.Report(at, "the pod's service account %s is as good as an administrator of the cluster: it can %s", account, enumerate(can, 3)).Named().
		Detail("Whoever gets into the pod can take over the cluster. %s", strings.Join(ways, " "))
	for _, way := range by {
		if way.role.view == p.Root {
			d.CausedBy(way.role.object, way.grant.Field)
		}
	}
	for _, b := range bindings {
		if b.view == p.Root {
			d.CausedBy(b.object, b.object.Field())
		}
	}
}

// sentencesOn say what a binding lets do, by each of the roles that it leads to.
func sentencesOn(b *binding, does map[*role][]string) (sentences []string) {
	for _, r := range b.gives() {
		if says := does[r]; len(says) > 0 {
			sentences = append(sentences, fmt.Sprintf("By %s (%s %s) it can %s.", titleOf(b), r.kind, r.name, enumerate(says, len(says))))
		}
	}
	return sentences
}

// projectsToken reports whether a volume of the pod gives it a token of its account for the API server.
func projectsToken(pod *review.Workload) bool {
	return slices.ContainsFunc(pod.List("volumes"), func(volume manifests.Field) bool {
		return slices.ContainsFunc(volume.Get("projected", "sources").Items(), func(source manifests.Field) bool {
			token := source.Get("serviceAccountToken")
			return token.IsMap() && token.Get("audience").Text() == ""
		})
	})
}

// bindingsOf lists the bindings that name the account of p.Pod, or a group that it is in.
func bindingsOf(p *review.Pass, account string) (found []*binding) {
	w, namespace := worldOf(p.Index), p.Root.Namespace(p.Object)
	own := subject{"ServiceAccount", namespace, account}
	for _, b := range w.ofAccount[viewName{p.Root, account}] { // where the namespace may be that of the release
		if slices.ContainsFunc(b.subjects, func(s bound) bool {
			return s.kind == own.kind && s.name == own.name && (s.namespace == namespace || s.namespace == "" || namespace == "")
		}) {
			found = append(found, b)
		}
	}
	subjects := []subject{{"Group", "", "system:serviceaccounts"}, {"Group", "", "system:authenticated"}}
	if namespace != "" {
		subjects = append(subjects, own, subject{"Group", "", "system:serviceaccounts:" + namespace})
	}
	for _, s := range subjects {
		for _, b := range w.ofSubject[s] {
			if !slices.Contains(found, b) && (b.view == p.Root || !w.apart(p.Root, b.view, own)) {
				found = append(found, b)
			}
		}
	}
	return found
}

// apart reports whether two roots are for clusters of their own, as overlays for stages are: both make the account.
func (w *world) apart(a, b *review.RootView, account subject) bool {
	return a != b && b != nil && w.accounts[a][account] && w.accounts[b][account]
}
