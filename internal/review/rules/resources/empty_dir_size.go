package resources

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var emptyDirSize = review.Rule{
	ID: "empty-dir-size", Level: review.Info, Guidelines: []string{"G3"},
	Summary: "An emptyDir volume may grow without bound",
	Kinds:   []string{review.Workloads},
	Check:   checkEmptyDirSize,
}

func checkEmptyDirSize(p *review.Pass) {
	for _, volume := range p.Pod.List("volumes") {
		dir := volume.Get("emptyDir")
		size := dir.Get("sizeLimit")
		if !isEmptyDir(volume) || size.IsSet() {
			continue
		}
		name := volume.Get("name").Text()
		if dir.Get("medium").Text() != "Memory" {
			p.Report(size, "volume %s is an emptyDir without a size limit", name).
				Detail("It lies on the node's disk and may fill it, upon which the kubelet evicts pods all over the node.")
			continue
		}
		for _, c := range p.Pod.Containers {
			if mounts(c, name) && !bounded(p, c, "limits", "memory") {
				p.Report(size, "volume %s lies in memory without a size, and %s has no memory limit", name, c.Title()).
					Detail("Files in it count as the container's memory. With neither limit they take what the node has, and its neighbours are killed for it.")
				break
			}
		}
	}
}

// isEmptyDir applies the API server's default: a volume without a source is an emptyDir.
func isEmptyDir(volume manifests.Field) bool {
	if volume.Get("emptyDir").Exists() {
		return true
	}
	return volume.IsMap() && len(volume.Entries()) == 1 && volume.Get("name").IsSet()
}

func mounts(c review.Container, volume string) bool {
	for _, mount := range c.Get("volumeMounts").Items() {
		if mount.Get("name").Text() == volume {
			return true
		}
	}
	return false
}
