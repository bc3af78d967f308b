package change

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// refusedService follows ValidateServiceUpdate of pkg/apis/core/validation, after patchAllocatedValues has kept what the
// manifest leaves out: addresses stay what they are, unless the Service is or becomes an ExternalName.
func refusedService(c pair) (all []refusal) {
	before, after := c.was.Get("spec", "type").Text(), c.now.Get("spec", "type").Text()
	if before == "ExternalName" || after == "ExternalName" {
		return nil
	}
	was, now := c.at("spec.clusterIP")
	headless := was.Text() == "None" && (now.Text() == "None" || now.Text() == "")
	switch {
	case now.Text() == "" || now.Text() == was.Text():
	case was.IsSet() && was.Text() != "" || now.Text() == "None":
		all = append(all, refusal{at: now, name: "cluster IP"})
	}
	was, now = c.at("spec.ipFamilies")
	if first := now.At(0); !headless && was.At(0).Text() != "" && first.Text() != "" && first.Text() != was.At(0).Text() {
		all = append(all, refusal{at: first, name: "IP family"})
	}
	if before != "LoadBalancer" || after != "LoadBalancer" {
		return all
	}
	all = append(all, c.refused(frozen{path: "spec.loadBalancerClass", name: "load balancer class"})...)
	was, now = c.at("spec.healthCheckNodePort")
	local := c.was.Get("spec", "externalTrafficPolicy").Text() == "Local" && c.now.Get("spec", "externalTrafficPolicy").Text() == "Local"
	if local && was.Text() != "" && now.Text() != "" && was.Text() != now.Text() {
		all = append(all, refusal{at: now, name: "port of health checks"})
	}
	return all
}

// claimChanges are the fields of a claim that may change.
var claimChanges = []string{"resources.requests.storage", "volumeAttributesClassName", "storageClassName", "volumeName"}

// refusedClaim follows ValidatePersistentVolumeClaimUpdate of pkg/apis/core/validation: of a claim's specification only
// the size may grow, and the class of attributes change.
func refusedClaim(c pair) (all []refusal) {
	fills := defaults{"volumeMode": "Filesystem"}.without(claimChanges...)
	all = append(all, c.refused(frozen{path: "spec", name: "specification", fills: fills})...)
	was, now := c.at("spec.volumeName")
	if was.Text() != "" && was.Text() != now.Text() {
		all = append(all, refusal{at: now, name: "volume"})
	}
	all = append(all, c.refusedClass()...)
	was, now = c.at("spec.resources.requests.storage")
	before, ok := parseQuantity(was.Text())
	after, also := parseQuantity(now.Text())
	switch {
	case !ok || !also:
	case after.Cmp(before) < 0:
		all = append(all, refusal{at: now, name: "size"})
	case after.Cmp(before) > 0 && c.cannotGrow():
		all = append(all, refusal{at: now, name: "size"})
	}
	return all
}

// refusedClass compares the storage class. One that is written for the first time is right when it is what the cluster
// had taken by default.
func (c pair) refusedClass() []refusal {
	was, now := c.at("spec.storageClassName")
	if annotated := c.was.Get("metadata", "annotations", "volume.beta.kubernetes.io/storage-class"); annotated.IsSet() {
		if was = annotated; !now.IsSet() {
			now = c.now.Get("metadata", "annotations", "volume.beta.kubernetes.io/storage-class")
		}
	}
	switch {
	case was.IsSet() == now.IsSet() && was.Text() == now.Text():
		return nil
	case was.IsSet() || now.Text() == "":
		return []refusal{{at: now, name: "storage class"}}
	}
	for _, class := range c.pass.Index.OfKind("StorageClass") {
		standard := class.Field().Get("metadata", "annotations", "storageclass.kubernetes.io/is-default-class").Text() == "true"
		if standard && class.Name == now.Text() {
			return nil
		}
	}
	return []refusal{{at: now, name: "storage class", maybe: "unless this is the class that the cluster had chosen by default"}}
}

// cannotGrow reports whether the claim's class is known, and does not let volumes grow (admission plugin
// PersistentVolumeClaimResize).
func (c pair) cannotGrow() bool {
	name := c.now.Get("spec", "storageClassName").Text()
	class := c.pass.Index.Find("StorageClass", "", name)
	return name != "" && class != nil && !class.Field().Get("allowVolumeExpansion").True()
}

// volumeSettings are the fields of a volume's specification that are not its source.
var volumeSettings = []string{
	"accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
	"storageClassName", "volumeAttributesClassName", "volumeMode",
}

// volumeDefaults are what is filled into the sources of volumes (SetDefaults of pkg/apis/core/v1).
var volumeDefaults = defaults{
	"hostPath.type": anything, "csi.controllerExpandSecretRef.name": anything, "csi.controllerExpandSecretRef.namespace": anything,
	"iscsi.iscsiInterface": "default", "rbd.pool": "rbd", "rbd.user": "admin", "rbd.keyring": "/etc/ceph/keyring",
	"azureDisk.cachingMode": "ReadWrite", "azureDisk.kind": "Shared", "azureDisk.fsType": "ext4", "azureDisk.readOnly": "false",
	"scaleIO.storageMode": "ThinProvisioned", "scaleIO.fsType": "xfs",
	"nfs.readOnly": "false", "csi.readOnly": "false", "awsElasticBlockStore.readOnly": "false", "gcePersistentDisk.readOnly": "false",
}

// refusedVolume follows ValidatePersistentVolumeUpdate of pkg/apis/core/validation: source and mode stay, the nodes do
// once they are set.
func refusedVolume(c pair) (all []refusal) {
	fills := maps.Clone(volumeDefaults).without(volumeSettings...)
	all = append(all, c.refused(frozen{path: "spec", name: "source", fills: fills})...)
	all = append(all, c.refused(frozen{path: "spec.volumeMode", name: "volume mode", fills: defaults{"": "Filesystem"}})...)
	if c.was.Get("spec", "nodeAffinity").IsSet() {
		all = append(all, c.refused(frozen{path: "spec.nodeAffinity", name: "node affinity"})...)
	}
	return all
}

// refusedImmutable follows ValidateConfigMapUpdate and ValidateSecretUpdate: what is marked immutable stays so, with its
// data. What SOPS has encrypted looks different each time.
func refusedImmutable(c pair) (all []refusal) {
	if !c.was.Get("immutable").True() || c.was.Get("sops").IsSet() || c.now.Get("sops").IsSet() {
		return nil
	}
	if now := c.now.Get("immutable"); !now.True() {
		all = append(all, refusal{at: now, name: "mark of being immutable"})
	}
	before, after := dataOf(c.was), dataOf(c.now)
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if was, there := before[key]; !there || was.text != after[key].text {
			return append(all, refusal{at: after[key].at, name: "data"})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[key]; !there {
			return append(all, refusal{at: c.now.Get("data", key), name: "data"})
		}
	}
	return all
}

// datum is one value of a ConfigMap or Secret.
type datum struct {
	at   manifests.Field
	text string
}

// dataOf returns what a ConfigMap or Secret holds. The stringData of a Secret goes before its data.
func dataOf(o manifests.Field) map[string]datum {
	all := make(map[string]datum)
	secret := o.Get("kind").Text() == "Secret"
	for _, e := range o.Get("data").Entries() {
		text := e.Value.Text()
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); secret && err == nil {
			text = string(raw)
		}
		all[e.Key] = datum{e.Value, text}
	}
	for _, e := range o.Get("binaryData").Entries() {
		all[e.Key] = datum{e.Value, "binary " + strings.Join(strings.Fields(e.Value.Text()), "")}
	}
	if secret {
		for _, e := range o.Get("stringData").Entries() {
			all[e.Key] = datum{e.Value, e.Value.Text()}
		}
	}
	return all
}

// refusedQuota follows ValidateResourceQuotaUpdate: the set of scopes stays.
func refusedQuota(c pair) []refusal {
	was, now := c.at("spec.scopes")
	scopes := func(list manifests.Field) (names []string) {
		for _, item := range list.Items() {
			names = append(names, item.Text())
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	if slices.Equal(scopes(was), scopes(now)) {
		return nil
	}
	return []refusal{{at: now, name: "scopes"}}
}
