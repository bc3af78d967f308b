package rendering

import "github.com/landwaiter/landwaiter/internal/review"

var chartMoved = review.Rule{
	ID: review.RuleChartMoved, Level: review.Error, Guidelines: []string{"G13", "G14"},
	Summary: "A version of a chart has other content than it had",
}
