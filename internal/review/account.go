package review

import "github.com/landwaiter/landwaiter/internal/manifests"

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
	_, account := p.Pod.Account()
	namespace := p.Root.Namespace(p.Object)
	for _, o := range append(p.Root.OfKind("ServiceAccount"), p.Index.OfKind("ServiceAccount")...) {
		same := o.Namespace == namespace || o.Namespace == "" || namespace == ""
		if o.Name == account && same && isFalse(o.Field().Get("automountServiceAccountToken")) {
			return false
		}
	}
	return true
}

// isFalse reports whether a field is false, be it written as text, which the API server refuses.
func isFalse(f manifests.Field) bool { return f.False() || f.Text() == "false" }
