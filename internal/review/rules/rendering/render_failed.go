package rendering

import "github.com/landwaiter/landwaiter/internal/review"

var renderFailed = review.Rule{
	ID: review.RuleRenderFailed, Level: review.Error, Guidelines: []string{"G28"},
	Summary: "A root cannot be rendered, so nothing in it could be reviewed",
}
