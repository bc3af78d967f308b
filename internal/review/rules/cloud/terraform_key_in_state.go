package cloud

import "github.com/landwaiter/landwaiter/internal/review"

var terraformKeyInState = review.Rule{
	ID: "terraform-key-in-state", Level: review.Warning, Guidelines: []string{"G27"},
	Summary:   "Terraform makes a private key or an access key, which then lies in its state",
	Kinds:     resources("tls_private_key", "aws_iam_access_key", "google_service_account_key", "azuread_application_password", "azuread_service_principal_password"),
	Terraform: true,
	Check:     checkKeyInState,
}

func checkKeyInState(p *review.Pass) {
	o := p.Object
	if o.Kind == "aws_iam_access_key" && body(o).Get("pgp_key").IsSet() || o.Kind == "google_service_account_key" && body(o).Get("public_key_data").IsSet() {
		return // only the holder of another key reads it there
	}
	p.Report(body(o), "%s lies in Terraform's state in the clear", title(o)).
		Detail("Whoever may read the state, or any copy of it, has the key, and so has every machine that runs a plan. Make keys where they are used, or let a store for secrets or a certificate authority do it; an ephemeral resource is in no state.")
}
