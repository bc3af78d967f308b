package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsRootVolume = review.Rule{
	ID: "kops-root-volume", Level: review.Warning, Guidelines: []string{"G30"},
	Summary: "The disks of a group are not encrypted",
	Kinds:   []string{instanceGroup},
	Check:   checkKopsRootVolume,
}

func checkKopsRootVolume(p *review.Pass) {
	if at := moved(p, []string{"rootVolumeEncryption"}, []string{"rootVolume", "encryption"}); at.False() {
		p.Report(at, "the root volumes of group %s are not encrypted", p.Object.Name).
			Detail("Secrets that pods mount, images and logs are on them, and on every snapshot.").
			Fix("Encrypt them", review.Set(at, true)).Unsafe()
	}
	for _, volume := range spec(p).Get("volumes").Items() {
		if at := volume.Get("encrypted"); at.False() {
			p.Report(at, "volume %s of group %s is not encrypted", volume.Get("device").Text(), p.Object.Name).
				Detail("Whoever gets a snapshot of it reads what is on it.")
		}
	}
}
