package resources

import "github.com/landwaiter/landwaiter/internal/review"

var limitRangeMissing = review.Rule{
	ID: "limit-range-missing", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A namespace with workloads has no LimitRange",
	Kinds:   []string{"Namespace"},
	Check: checkNamespaced("LimitRange",
		"A container that states no resources gets none: nothing bounds it, and under a quota it is refused.",
		"Tenant"),
}
