package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var persistentVolumeClaimMissing = review.Rule{
	ID: "persistent-volume-claim-missing", Level: review.Warning,
	Summary: "A pod mounts a claim that is not there",
	Kinds:   []string{review.Workloads},
	Params:  newElsewhere,
	Check:   checkPersistentVolumeClaimMissing,
}

func checkPersistentVolumeClaimMissing(p *review.Pass) {
	for _, volume := range p.Pod.List("volumes") {
		at := volume.Get("persistentVolumeClaim", "claimName")
		r := reference{at, "PersistentVolumeClaim", at.Text(), ""}
		if r.missing(p) && !ofStatefulSet(p, r.name) {
			p.Report(at, "volume %s is of claim %s, which is not there%s", volume.Get("name").Text(), r.name, r.meant(p)).
				Detail("Nothing of what is rendered with it has the name in the namespace. The pod waits until there is such a claim.")
		}
	}
}

// ofStatefulSet reports whether a claim is one that a StatefulSet of the root makes: TEMPLATE-SET-NUMBER.
func ofStatefulSet(p *review.Pass, claim string) bool {
	for _, o := range p.Root.OfKind("StatefulSet") {
		for _, template := range o.Field().Get("spec", "volumeClaimTemplates").Items() {
			if strings.HasPrefix(claim, template.Get("metadata", "name").Text()+"-"+o.Name+"-") {
				return true
			}
		}
	}
	return false
}
