// Package change holds the rules on what merging does to a running cluster: base against head, and the Argo CD and Flux
// objects above.
package change

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("change", docs,
		changeImmutableField, changeDataLoss, changeAvailability, changeImage, changeSuspended, changeBlastRadius,
	)
}
