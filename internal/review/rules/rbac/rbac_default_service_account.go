package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var defaultServiceAccount = subjectRule(review.Rule{
	ID: "rbac-default-service-account", Level: review.Error, Guidelines: []string{"G7", "G8"},
	Summary: "A binding gives rights to the default service account of a namespace",
}, "Every pod that names no account runs as this one, those of the next application in the namespace too: all of them have the role.",
	func(s subject) string {
		if s.kind != "ServiceAccount" || s.name != "default" {
			return ""
		}
		if s.namespace == "" {
			return "the default service account of its namespace"
		}
		return "the default service account of namespace " + s.namespace
	})
