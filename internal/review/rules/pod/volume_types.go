package pod

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var volumeTypes = review.Rule{
	ID: "volume-types", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A pod mounts a volume of a type that the restricted standard leaves out",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   checkVolumeTypes,
}

func checkVolumeTypes(p *review.Pass) {
	for _, v := range p.Pod.List("volumes") {
		if kind, field := standard.VolumeSource(v); !standard.AllowsVolume(kind) {
			p.Report(field, "volume %s is of type %s", v.Get("name").Text(), kind).
				Detail("Volumes of this type are mounted straight into the pod, with credentials and servers that the manifest names. A PersistentVolumeClaim leaves that to who runs the cluster.")
		}
	}
}
