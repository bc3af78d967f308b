package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var webhookConfig = powerRule(review.Rule{
	ID: "rbac-webhook-config", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can change admission webhooks or policies",
}, "An admission webhook sees every object that it asks for, Secrets too, and a mutating one changes them on the way: the holder can put its own containers into every pod, or switch off the policies that hold others.",
	changeAdmission)

var changeAdmission = power{
	can: "change admission control (%s)", verbs: []string{"create", "update", "patch", "delete", "deletecollection"},
	on: []resources{{group: "admissionregistration.k8s.io", cluster: true, names: []string{
		"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies",
		"mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
	}}},
}
