// Package rules lists every rule there is.
package rules

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/image"
	"github.com/landwaiter/landwaiter/internal/review/rules/namespace"
	"github.com/landwaiter/landwaiter/internal/review/rules/rendering"
	"github.com/landwaiter/landwaiter/internal/review/rules/resources"
)

// All returns the rules in the order of the catalogue. Each call makes a list of its own.
func All() []*review.Rule {
	var all []*review.Rule
	for _, area := range [][]review.Rule{
		image.Rules(),
		namespace.Rules(), resources.Rules(), rendering.Rules(),
	} {
		for i := range area {
			all = append(all, &area[i])
		}
	}
	return all
}
