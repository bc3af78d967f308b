package main

import (
	"os"

	"github.com/landwaiter/landwaiter/internal/manifests/sandbox"
)

// renderChildCmd is what the program runs as when it renders: confined, with nothing but its pipes.
type renderChildCmd struct{}

// Run serves render jobs until its input ends.
func (renderChildCmd) Run() error {
	return sandbox.Serve(os.Stdin, os.Stdout, renderers())
}
