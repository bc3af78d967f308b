package api

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var configMissing = review.Rule{
	ID: "config-missing", Level: review.Warning,
	Summary: "A pod takes a ConfigMap or Secret, or a key of one, that is not there",
	Kinds:   []string{review.Workloads},
	Params:  newElsewhere,
	Check:   checkConfigMissing,
}

// configUse is a place at which a pod takes a ConfigMap or Secret.
type configUse struct {
	reference
	who      string // "container web", "volume config"
	keys     []manifests.Field
	optional bool
}

func checkConfigMissing(p *review.Pass) {
	for _, use := range configUses(p.Pod) {
		switch {
		case use.optional || givenByCluster(use.name):
		case use.missing(p):
			p.Report(use.at, "%s takes %s %s, which is not there%s", use.who, use.kind, use.name, use.meant(p)).
				Detail("Nothing of what is rendered with it has the name in the namespace. The pod does not start until there is one.")
		case use.known(p):
			use.checkKeys(p)
		}
	}
	for _, secret := range p.Pod.List("imagePullSecrets") {
		at := secret.Get("name")
		if r := (reference{at, "Secret", at.Text(), ""}); r.known(p) && r.gone(p) && r.find(p, true) == nil {
			p.Report(at, "%s %s pulls images with Secret %s, which is not there any more", p.Object.Kind, p.Object.Name, r.name).
				Detail("The registry is asked without credentials, and refuses images that are not public.")
		}
	}
}

// configUses are all the places at which a pod takes ConfigMaps and Secrets that it cannot start without.
func configUses(pod *review.Workload) (uses []configUse) {
	add := func(kind, who string, ref manifests.Field, name string, keys ...manifests.Field) {
		if at := ref.Get(name); at.Text() != "" {
			uses = append(uses, configUse{reference{at, kind, at.Text(), ""}, who, keys, ref.Get("optional").True()})
		}
	}
	for _, c := range pod.Containers {
		for _, from := range c.Get("envFrom").Items() {
			add("ConfigMap", c.Title(), from.Get("configMapRef"), "name")
			add("Secret", c.Title(), from.Get("secretRef"), "name")
		}
		for _, env := range c.Get("env").Items() {
			config, secret := env.Get("valueFrom", "configMapKeyRef"), env.Get("valueFrom", "secretKeyRef")
			add("ConfigMap", c.Title(), config, "name", config.Get("key"))
			add("Secret", c.Title(), secret, "name", secret.Get("key"))
		}
	}
	for _, volume := range pod.List("volumes") {
		who := "volume " + volume.Get("name").Text()
		add("ConfigMap", who, volume.Get("configMap"), "name", itemKeys(volume.Get("configMap"))...)
		add("Secret", who, volume.Get("secret"), "secretName", itemKeys(volume.Get("secret"))...)
		for _, source := range volume.Get("projected", "sources").Items() {
			add("ConfigMap", who, source.Get("configMap"), "name", itemKeys(source.Get("configMap"))...)
			add("Secret", who, source.Get("secret"), "name", itemKeys(source.Get("secret"))...)
		}
	}
	return uses
}

func itemKeys(source manifests.Field) (keys []manifests.Field) {
	for _, item := range source.Get("items").Items() {
		keys = append(keys, item.Get("key"))
	}
	return keys
}

// givenByCluster reports whether a ConfigMap is one that clusters put into each namespace.
func givenByCluster(name string) bool {
	return name == "kube-root-ca.crt" || name == "openshift-service-ca.crt" || name == "istio-ca-root-cert"
}

// checkKeys reports the keys that the root's object of the name does not have.
func (u configUse) checkKeys(p *review.Pass) {
	for _, at := range u.keys {
		key := at.Text()
		if key == "" || kubeapi.HasPlaceholder(at) {
			continue
		}
		has, names, open := u.keysIn(p, p.Root, key)
		if has || len(names) == 0 {
			continue
		}
		before := false
		if p.Base != nil {
			before, _, _ = u.keysIn(p, p.Base, key)
		}
		if !before && (open || neighbours(p).words[u.name]&byMaker != 0) {
			continue
		}
		p.Report(at, "%s takes key %s of %s %s, which has no such key%s", u.who, key, u.kind, writtenName(p, u.name), isMeant(kubeapi.Nearest(key, names))).
			Detail("The pod does not start until the key is there.")
	}
}

// keysIn looks for a key in the root's objects that are meant, and lists those that there are. It is open whether there
// are more where an object is empty, or its annotations have somebody else fill it in.
func (u configUse) keysIn(p *review.Pass, in *review.RootView, key string) (has bool, names []string, open bool) {
	for _, o := range namedIn(in)[[2]string{u.kind, u.name}] {
		if o.Group() != "" || !may(p.Root.Namespace(p.Object), in.Namespace(o)) {
			continue
		}
		count := len(names)
		for _, part := range []string{"data", "stringData", "binaryData"} {
			for _, e := range o.Field().Get(part).Entries() {
				names = append(names, e.Key)
			}
		}
		open = open || len(names) == count || o.Field().Get("type").Text() == "kubernetes.io/service-account-token" ||
			slices.ContainsFunc(o.Field().Get("metadata", "annotations").Entries(), func(e manifests.Entry) bool { return isFiller(e.Key) })
	}
	return slices.Contains(names, key), names, open
}

// isFiller reports whether an annotation has a program put keys into an object.
func isFiller(annotation string) bool {
	for _, word := range []string{"autogenerate", "generate", "replicate", "reflect", "inject", "copy", "merge"} {
		if strings.Contains(annotation, word) {
			return true
		}
	}
	return false
}
