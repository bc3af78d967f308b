package rendering

import "github.com/landwaiter/landwaiter/internal/review"

var chartSignature = review.Rule{
	ID: review.RuleChartSignature, Level: review.Error, Guidelines: []string{"G14"},
	Summary: "A chart is not signed by whom the policy names for it",
	Asks:    true,
}
