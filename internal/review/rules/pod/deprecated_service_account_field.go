package pod

import "github.com/landwaiter/landwaiter/internal/review"

var deprecatedServiceAccountField = review.Rule{
	ID: "deprecated-service-account-field", Level: review.Info, Guidelines: []string{"G31"},
	Summary: "A pod names its account in the deprecated field",
	Kinds:   []string{review.Workloads},
	Check:   checkDeprecatedServiceAccountField,
}

func checkDeprecatedServiceAccountField(p *review.Pass) {
	field, current := p.Pod.Spec.Get("serviceAccount"), p.Pod.Spec.Get("serviceAccountName")
	if field.Text() != "" && current.Text() == "" {
		p.Report(field, "the pod names its account in serviceAccount").
			Detail("The field is an alias from Kubernetes' first days and deprecated. serviceAccountName says the same.").
			Fix("Rename it to serviceAccountName", review.Set(current, field.Text()), review.Remove(field))
	}
}
