package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// IsHook reports whether Helm or Argo CD runs an object at some moment of a release and removes it by a policy of its own,
// instead of letting it run on. In plain manifests Argo CD takes Helm's annotation for its own.
func IsHook(o *manifests.Object) bool {
	annotations := o.Field().Get("metadata", "annotations")
	return o.Hook != "" || annotations.Get("helm.sh/hook").IsSet() || annotations.Get("argocd.argoproj.io/hook").IsSet()
}
