package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsEncryption = review.Rule{
	ID: "kops-encryption", Level: review.Warning, Guidelines: []string{"G24"},
	Summary: "Secrets are written to etcd as they are",
	Kinds:   []string{cluster},
	Check:   checkKopsEncryption,
}

func checkKopsEncryption(p *review.Pass) {
	if at := spec(p).Get("encryptionConfig"); !at.True() {
		p.Report(at, "cluster %s does not encrypt Secrets in etcd", p.Object.Name).
			Detail("Whoever gets a backup of etcd, or a snapshot of its volume, reads every Secret in it.")
	}
}
