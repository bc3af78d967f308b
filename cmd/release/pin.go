package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// digestForm is a digest as registries write it.
var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// versionForm is a version without "v": semver.org, without build metadata, which tags of images cannot have.
var versionForm = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// pin is one place that names the release.
type pin struct {
	file    string
	pattern *regexp.Regexp // its first group stays, what is behind it is the value
	value   string
}

// pins are the places of deploy/ that carry the version or the image's digest. Each is there exactly once.
func pins(version, digest string) []pin {
	place := func(file, pattern, value string) pin { return pin{file, regexp.MustCompile(`(?m)` + pattern), value} }
	return []pin{
		place("deploy/kustomize/base/kustomization.yaml", `^(    digest: )sha256:[0-9a-f]{64}.*$`, digest),
		place("deploy/chart/values.yaml", `^(  digest: )sha256:[0-9a-f]{64}$`, digest),
		place("deploy/chart/README.md", "^(\\| `image\\.digest` \\| `)sha256:[0-9a-f]{64}", digest),
		place("deploy/chart/Chart.yaml", `^(version: ).*$`, version),
		place("deploy/chart/Chart.yaml", `^(appVersion: ).*$`, version),
		place("deploy/compose.yaml", `^(    image: ghcr\.io/landwaiter/landwaiter)[:@].*$`, ":"+version+"@"+digest),
	}
}

// pinVerb writes a release into deploy/: the image's digest, the version, and the digests of the archives for the Action.
func pinVerb(args []string, stdout io.Writer) error {
	set := flags("pin")
	version, digest := set.String("version", "", "version without v"), set.String("image", "", "digest")
	checksums := set.String("checksums", "", "file with the digests of the archives")
	if err := set.Parse(args); err != nil {
		return err
	}
	if !versionForm.MatchString(*version) || !digestForm.MatchString(*digest) {
		return fmt.Errorf("%q is no version without v, or %q no digest", *version, *digest)
	}
	root := "."
	if set.NArg() > 0 {
		root = set.Arg(0)
	}
	for _, p := range pins(*version, *digest) {
		if err := p.write(root); err != nil {
			return err
		}
	}
	if *checksums == "" {
		return nil
	}
	return carry(*checksums, filepath.Join(root, "deploy/action/checksums.txt"), *version, stdout)
}

func (p pin) write(root string) error {
	name := filepath.Join(root, p.file)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if n := len(p.pattern.FindAll(text, -1)); n != 1 {
		return fmt.Errorf("%s: %s is there %d times, want once", p.file, p.pattern, n)
	}
	return os.WriteFile(name, p.pattern.ReplaceAll(text, []byte("${1}"+p.value)), 0o644)
}

// carry copies the digests of the archives to where the Action reads them.
func carry(from, to, version string, stdout io.Writer) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	line := regexp.MustCompile(`(?m)^[0-9a-f]{64}  landwaiter_` + regexp.QuoteMeta(version) + `_(linux|darwin|windows)_(amd64|arm64)\.tar\.gz$`)
	found := line.FindAll(text, -1)
	if len(found) != 6 {
		return fmt.Errorf("%s names %d archives of %s, want 6", from, len(found), version)
	}
	var kept []byte
	for _, l := range found {
		kept = append(append(kept, l...), '\n')
	}
	_, err = fmt.Fprintf(stdout, "the action carries %d archives\n", len(found))
	return errors.Join(err, os.WriteFile(to, kept, 0o644))
}
