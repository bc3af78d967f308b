package pss

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var pssBaseline = review.Rule{
	ID: "pss-baseline", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod fails a check of the baseline Pod Security Standard",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   func(p *review.Pass) { checkLevel(p, standard.Baseline) },
}
