// Package secret holds the rules on secrets: none of them lies in Git, and workloads get them in a way that leaks
// little. No message, detail or path of these rules ever holds a secret's value.
package secret

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("secret", docs,
		secretInGit, secretInConfig, secretEnv, serviceAccountTokenSecret, vaultInsecure, vaultRoleOpen, bootstrapToken, sshSharedKey, pkiSharedCA,
	)
}
