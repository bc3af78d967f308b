package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostPathWritable = review.Rule{
	ID: "host-path-writable", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A container can write to a place of the node",
	Kinds:   []string{review.Workloads},
	Check:   checkHostPathWritable,
}

func checkHostPathWritable(p *review.Pass) {
	onNode := make(map[string]hostVolume)
	for _, v := range hostVolumes(p.Pod) {
		onNode[v.name] = v
	}
	for _, c := range p.Pod.Containers {
		for _, mount := range c.Get("volumeMounts").Items() {
			volume, isHost := onNode[mount.Get("name").Text()]
			field := mount.Get("readOnly")
			if isHost && !is(field, true) {
				p.Report(field, "%s can write to %s of the node", c.Title(), volume.at.Text()).Related(volume.at).
					Detail("What it writes stays on the node when the pod is gone, and other programs there read it.").
					Fix("Mount it read-only", review.Set(field, true)).Unsafe()
			}
		}
	}
}
