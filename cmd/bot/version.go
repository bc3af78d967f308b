package main

import (
	"fmt"
	"runtime"

	"github.com/landwaiter/landwaiter/internal/review"
)

type versionCmd struct{}

// Run prints the version, and what it reviews for when nobody says otherwise.
func (versionCmd) Run(sys surroundings) error {
	_, err := fmt.Fprintf(sys.stdout, "landwaiter %s (%s, %s/%s), Kubernetes %s by default\n",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, review.NewestKube)
	return err
}
