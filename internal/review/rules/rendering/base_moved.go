package rendering

import "github.com/landwaiter/landwaiter/internal/review"

var baseMoved = review.Rule{
	ID: review.RuleBaseMoved, Level: review.Error, Guidelines: []string{"G13", "G14"},
	Summary: "A tag of a repository, or a file, that is rendered from elsewhere has other content than it had",
}
