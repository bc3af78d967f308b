package rendering

import "github.com/landwaiter/landwaiter/internal/review"

var helmLineDiffers = review.Rule{
	ID: review.RuleHelmLine, Level: review.Info, Off: true,
	Summary: "A chart renders differently under Helm 3 and Helm 4",
}
