package image

import (
	"path"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageRegistry = review.Rule{
	ID: "image-registry", Level: review.Error, Guidelines: []string{"G12"},
	Summary: "An image is from a registry or repository that the policy does not allow",
	Kinds:   []string{review.ImageUsers},
	Check:   checkImageRegistry,
}

func checkImageRegistry(p *review.Pass) {
	list, err := images.NewAllowlist(p.Policy.Images.Allow, p.Policy.Images.Deny)
	if err != nil || !list.Decides() { // a policy with wrong patterns has been refused when it was read
		return
	}
	for _, u := range p.Images() {
		ref, err := u.Reference()
		if err != nil {
			if list.Restricts() && !u.Chart {
				p.Report(u.Field, "%s uses an image whose registry cannot be told", u.Title).
					Detail("The policy allows images by name, and this name cannot be read: the %v. Write the whole reference, so that it can be held against the list.", err)
			}
			continue
		}
		allowed, deniedBy := list.Allows(ref)
		switch {
		case allowed, u.Chart && deniedBy == "": // charts have a list of their own
		case deniedBy != "":
			p.Report(u.Field, "%s uses %s, which the policy denies", u.Title, ref.Name()).Part(path.Base(ref.Name())).
				Detail("The pattern %s of the policy denies this repository. What is denied stays so, whatever else allows it.", deniedBy)
		default:
			p.Report(u.Field, "%s uses %s, which the policy does not allow", u.Title, ref.Name()).Part(path.Base(ref.Name())).
				Detail("No pattern under images.allow covers this repository, so nobody has decided that its owner may run code in the cluster.")
		}
	}
}
