package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverEncryption = review.Rule{
	ID: "apiserver-encryption", Level: review.Warning, Guidelines: []string{"G24"},
	Summary: "Secrets are kept in etcd as they are",
	CheckRoot: func(p *review.Pass) {
		for _, c := range of(p, apiServer) {
			reportMissing(p, c, []string{"encryption-provider-config"}, "Secrets are kept in etcd without encryption",
				"Whoever gets at etcd, its disk or one of its backups reads every Secret of the cluster.")
		}
	},
}
