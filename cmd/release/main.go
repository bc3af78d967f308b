// Command release makes what a release consists of beside the binaries: the image, bills of materials, and the files that
// carry the digests of both. The release workflow runs it, and so do tests.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage:
  release image -out DIR -version V [-time UNIX] MACHINE=BASE,PROGRAM …   an image for each machine, in DIR/oci and DIR/image.tar;
                                                                          prints the digest
  release push DIR/oci REPOSITORY:TAG                                     sends it to a registry
  release sbom PROGRAM                                                    what a program is made of, as SPDX
  release pin -version V -image DIGEST [-checksums FILE] [ROOT]           writes the release into deploy/`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run executes one verb.
func run(args []string, out io.Writer) error {
	verbs := map[string]func([]string, io.Writer) error{"image": imageVerb, "push": pushVerb, "sbom": sbomVerb, "pin": pinVerb}
	if len(args) == 0 || verbs[args[0]] == nil {
		return errors.New(usage)
	}
	return verbs[args[0]](args[1:], out)
}

// flags returns the flags of a verb.
func flags(verb string) *flag.FlagSet {
	set := flag.NewFlagSet(verb, flag.ContinueOnError)
	set.Usage = func() { fmt.Fprintln(set.Output(), usage) }
	return set
}
