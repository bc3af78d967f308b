package change

import "github.com/landwaiter/landwaiter/internal/review"

// changeBlastRadius is counted by the engine, once a review.
var changeBlastRadius = review.Rule{
	ID: review.RuleBlastRadius, Level: review.Info,
	Summary: "A few changed lines change very many objects",
	Params:  func() any { return &review.BlastRadius{Objects: 50, Roots: 5, PerLine: 2} },
}
