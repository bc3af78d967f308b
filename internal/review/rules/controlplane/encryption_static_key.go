package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var encryptionStaticKey = review.Rule{
	ID: "encryption-static-key", Level: review.Error, Guidelines: []string{"G24", "G27"},
	Summary:   "The key that encrypts Secrets stands in the file",
	CheckRoot: checkEncryptionStaticKey,
}

func checkEncryptionStaticKey(p *review.Pass) {
	for _, config := range encryptionConfigs(p.Root) {
		for _, entry := range config.Get("resources").Items() {
			for _, k := range keysOf(entry) {
				if at := k.at.Get("secret"); !isStandIn(at.Text()) {
					config.place(at).report(p, "the key %s stands in the file", k.id).
						Detail("Whoever can read the repository can decrypt every backup of etcd, now and later, since Git forgets nothing. The value is not repeated here. Have a KMS provider keep the key, or encrypt the file, and rotate the key.")
				}
			}
		}
	}
}
