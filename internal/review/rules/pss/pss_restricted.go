package pss

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var pssRestricted = review.Rule{
	ID: "pss-restricted", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A pod fails a check of the restricted Pod Security Standard",
	Kinds:   []string{review.Workloads},
	Check:   func(p *review.Pass) { checkLevel(p, standard.Restricted) },
}
