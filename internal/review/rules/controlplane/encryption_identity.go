package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var encryptionIdentity = review.Rule{
	ID: "encryption-identity", Level: review.Error, Guidelines: []string{"G24"},
	Summary:   "Secrets are written to etcd as they are, though there is a configuration for their encryption",
	CheckRoot: checkEncryptionIdentity,
}

const identityDetail = "What stands first is used for writing, and identity writes data as it is. Whoever gets at etcd, its disk or a backup reads it."

func checkEncryptionIdentity(p *review.Pass) {
	for _, config := range encryptionConfigs(p.Root) {
		governing := rule(config, "secrets")
		if !governing.Exists() {
			config.place(config.Get("resources")).report(p, "the encryption of Secrets is not configured").
				Detail("No entry names secrets, so they are written to etcd as they are.")
		}
		for _, entry := range config.Get("resources").Items() {
			providers := entry.Get("providers")
			first := providers.At(0).Get("identity")
			switch alone := len(providers.Items()) == 1; {
			case !first.Exists():
			case entry.Path() == governing.Path():
				config.place(first).report(p, "new Secrets are written without encryption: identity is the first provider").Detail("%s", identityDetail)
			case !alone:
				config.place(first).report(p, "new data is written without encryption: identity is the first provider").Detail("%s", identityDetail)
			}
		}
	}
}
