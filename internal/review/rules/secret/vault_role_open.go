package secret

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var vaultRoleOpen = review.Rule{
	ID: "vault-role-open", Level: review.Warning, Guidelines: []string{"G27"},
	Summary: "A role of Vault is open to everybody, or gives tokens that live long",
	Kinds: []string{review.Workloads, "ConfigMap", "Secret", "Vault.vault.banzaicloud.com",
		"KubernetesAuthEngineRole.redhatcop.redhat.io", "JWTOIDCAuthEngineRole.redhatcop.redhat.io",
		"vault_kubernetes_auth_backend_role.resource.terraform", "vault_jwt_auth_backend_role.resource.terraform"},
	Terraform: true,
	Check:     checkVaultRoleOpen,
}

func checkVaultRoleOpen(p *review.Pass) {
	o := p.Object
	spec := o.Field().Get("spec")
	switch o.Kind {
	case "vault_kubernetes_auth_backend_role":
		reportTerraformRole(p, "kubernetes")
	case "vault_jwt_auth_backend_role":
		reportTerraformRole(p, "jwt")
	case "Vault":
		reportMounts(p, part{Field: spec.Get("externalConfig")})
	case "KubernetesAuthEngineRole":
		reportRole(p, part{Field: spec}, fieldRole(o.Name, "kubernetes", spec, map[string]string{"bound_service_account_names": "targetServiceAccounts",
			"bound_service_account_namespaces": "targetNamespaces", "token_ttl": "tokenTTL", "token_max_ttl": "tokenMaxTTL"}))
	case "JWTOIDCAuthEngineRole":
		reportRole(p, part{Field: spec}, fieldRole(o.Name, "jwt", spec, map[string]string{"role_type": "roleType", "bound_subject": "boundSubject",
			"bound_claims": "boundClaims", "token_ttl": "tokenTTL", "token_max_ttl": "tokenMaxTTL"}))
	}
	for _, c := range commands(p, "auth/") {
		if r, ok := commandRole(c.words); ok {
			for _, f := range r.faults() {
				c.report(p, "%s", f.message).Detail("%s", f.detail)
			}
		}
	}
	for _, x := range documents(o, "bound_service_account") {
		reportMounts(p, x)
	}
}

// reportTerraformRole judges a role that Terraform makes.
func reportTerraformRole(p *review.Pass, method string) {
	f := p.Object.Field().Get("body")
	name := f.Get("role_name").Text()
	if name == "" || strings.Contains(name, "${") {
		name = p.Object.Name
	}
	r := fieldRole(name, method, f, nil)
	if strings.Contains(f.Get("bound_claims").Text()+f.Get("bound_subject").Text(), "${") {
		return // what it is bound to is not known
	}
	reportRole(p, part{Field: f}, r)
}

// reportMounts judges the roles of the mounts that a configuration of Bank-Vaults lists.
func reportMounts(p *review.Pass, x part) {
	for _, mount := range x.Get("auth").Items() {
		method := strings.ReplaceAll(mount.Get("type").Text(), "oidc", "jwt")
		for _, r := range mount.Get("roles").Items() {
			reportRole(p, x, fieldRole(r.Get("name").Text(), method, r, nil))
		}
	}
}

func reportRole(p *review.Pass, x part, r role) {
	for _, f := range r.faults() {
		at := f.at
		if !at.Exists() {
			at = manifests.NewField(x.Node(), x.Path())
		}
		x.report(p, at, "%s", f.message).Detail("%s", f.detail)
	}
}
