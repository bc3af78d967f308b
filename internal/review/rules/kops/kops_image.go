package kops

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsImage = review.Rule{
	ID: "kops-image", Level: review.Warning, Guidelines: []string{"G30"},
	Summary: "Machines start from whatever image is the newest, or from somebody else's",
	Kinds:   []string{instanceGroup},
	Params:  func() any { return &imageParams{} },
	Check:   checkKopsImage,
}

// imageParams say whose images are used.
type imageParams struct {
	Owners []string `yaml:"owners" doc:"Accounts or names that images may be from, as 099720109477. Default: all."`
}

func checkKopsImage(p *review.Pass) {
	at := spec(p).Get("image")
	image := at.Text()
	if image == "" {
		return // kops takes the one of its channel for this version
	}
	if moving(image) {
		p.Report(at, "group %s starts from whatever %s is", p.Object.Name, image).
			Detail("Two machines of the group may run different systems, and nobody reviewed the newer one.")
	}
	owner, _, named := strings.Cut(image, "/")
	if owners := review.Params[imageParams](p).Owners; named && len(owners) > 0 && !strings.HasPrefix(image, "ssm:") && !slices.Contains(owners, owner) {
		p.Report(at, "group %s starts from an image of %s, who is not among the policy's owners", p.Object.Name, owner).
			Detail("Whoever owns the image can put anything into the next one.")
	}
}

// moving reports whether a name stands for another image tomorrow: a parameter of AWS that is updated, or a name without
// a version.
func moving(image string) bool {
	if strings.HasPrefix(image, "ssm:") {
		return true
	}
	return !strings.HasPrefix(image, "ami-") && (strings.HasSuffix(image, "latest") || !strings.ContainsAny(image[strings.LastIndexByte(image, '/')+1:], "0123456789"))
}
