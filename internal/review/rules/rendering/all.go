// Package rendering holds the rules on rendering itself. The engine makes their findings, since it is what renders.
package rendering

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("rendering", docs, renderFailed, helmLineDiffers, chartSignature, chartMoved, baseMoved)
}
