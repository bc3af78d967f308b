package review

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Account returns the field that names the pod's service account, absent where none does, and the account's name.
func (w *Workload) Account() (at manifests.Field, name string) {
	at = w.Get("serviceAccountName")
	if old := w.Get("serviceAccount"); at.Text() == "" && old.Text() != "" {
		at = old
	}
	if name = at.Text(); name == "" {
		name = "default"
	}
	return at, name
}

// TokenMounted reports whether p.Pod has a token of its account mounted by itself: the pod decides, then the account as
// far as the repository has it, then it does.
func (p *Pass) TokenMounted() bool {
	if own := p.Pod.Get("automountServiceAccountToken"); own.IsSet() {
		return !isFalse(own)
	}
	const kind = "ServiceAccount"
	_, account := p.Pod.Account()
	accounts := p.Root.OfKind(kind)
	if namespace := p.Root.Namespace(p.Object); namespace == "" {
		accounts = append(slices.Clip(accounts), p.Index.OfKind(kind)...)
	} else {
		accounts = slices.Concat(p.Index.In(kind, namespace), p.Index.In(kind, ""))
	}
	return !slices.ContainsFunc(accounts, func(o *manifests.Object) bool {
		return o.Name == account && isFalse(o.Field().Get("automountServiceAccountToken"))
	})
}

// isFalse reports whether a field is false, be it written as text, which the API server refuses.
func isFalse(f manifests.Field) bool { return f.False() || f.Text() == "false" }
