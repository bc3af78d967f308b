package kops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsHook = review.Rule{
	ID: "kops-hook", Level: review.Warning, Guidelines: []string{"G28", "G27"},
	Summary: "A hook or file of a machine runs a moving image, or holds a key",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsHook,
}

func checkKopsHook(p *review.Pass) {
	for _, hook := range spec(p).Get("hooks").Items() {
		at := hook.Get("execContainer", "image")
		ref, err := images.ParseReference(at.Text())
		if at.IsSet() && err == nil && ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest") {
			p.Report(at, "hook %s runs %s, which may be another image tomorrow", hook.Get("name").Text(), images.Shown(at.Text())).
				Detail("A hook runs as root on every machine that starts. Name the version, best with its digest.")
		}
	}
	for _, asset := range spec(p).Get("fileAssets").Items() {
		if at := asset.Get("content"); strings.Contains(at.Text(), "PRIVATE KEY-----") {
			p.Report(at, "file asset %s holds a private key", asset.Get("name").Text()).
				Detail("It is in Git, in the state store and in the user data of every machine. Bring it as a secret of the machine's role instead, and replace it.")
		}
	}
}
