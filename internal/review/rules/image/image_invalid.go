package image

import (
	"errors"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageInvalid = review.Rule{
	ID: "image-invalid", Level: review.Error, Guidelines: []string{"G12"},
	Summary: "An image reference cannot be read",
	Kinds:   []string{review.ImageUsers},
	Check:   checkImageInvalid,
}

func checkImageInvalid(p *review.Pass) {
	for _, u := range p.Images() {
		_, err := u.Reference()
		var invalid *images.ReferenceError
		if u.Chart || !errors.As(err, &invalid) || filledInLater(p, invalid.Fault) {
			continue
		}
		p.Report(u.Field, "%s has an image reference that %s", u.Title, invalid.Reason).
			Detail("Nodes refuse such a name, or different tools read it in different ways, so that the image which is checked need not be the one that is pulled.")
	}
}

// filledInLater reports whether something between the manifest and the node completes the reference: a tool
// that replaces variables, an image trigger of OpenShift, or a template engine in the cluster.
func filledInLater(p *review.Pass, fault images.Fault) bool {
	switch fault {
	case images.Unresolved:
		return true
	case images.Empty:
		triggered := p.Object.Field().Get("metadata", "annotations", "image.openshift.io/triggers").IsSet()
		return triggered || p.Object.Kind == "DeploymentConfig" || p.Object.Group() == "serving.knative.dev"
	}
	return false
}
