package kubeapi

// Namespaced reports whether objects of a kind live in a namespace, in the newest version of Kubernetes that has it, and
// whether any has it. A version of its group that none serves counts as the one that is.
func Namespaced(apiVersion, name string) (namespaced, known bool) {
	group := Kind{APIVersion: apiVersion}.Group()
	all := sets()
	for i := len(all) - 1; i >= 0; i-- {
		if k, ok := all[i].Kind(apiVersion, name); ok {
			return k.Namespaced, true
		}
	}
	for _, k := range all[len(all)-1].Named(name) {
		if k.Group() == group {
			return k.Namespaced, true
		}
	}
	return false, false
}
