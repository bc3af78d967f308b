package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imagePullPolicy = review.Rule{
	ID: "image-pull-policy", Level: review.Warning, Guidelines: []string{"G13"},
	Summary: "The pull policy does not fit the image's tag",
	Kinds:   []string{review.Workloads},
	Check:   checkImagePullPolicy,
}

func checkImagePullPolicy(p *review.Pass) {
	each(p, func(u review.ImageField, ref images.Reference) {
		switch effectivePullPolicy(u.PullPolicy.Text(), ref) {
		case "Never":
			p.Report(u.PullPolicy, "%s never pulls its image", u.Title).
				Detail("The pod starts only on nodes that happen to have an image of this name, and runs whatever that is. The registry is not asked whether the image may be used.").
				Fix("pull when it is not there", review.Set(u.PullPolicy, "IfNotPresent")).Unsafe()
		case "IfNotPresent":
			if isMoving(p, ref) {
				p.Report(u.PullPolicy, "%s does not always pull, though its tag moves", u.Title).
					Detail("A node that has pulled the tag once goes on with the old image, and another node gets a newer one: the pods of one workload run different programs.").
					Fix("always pull", review.Set(u.PullPolicy, "Always")).Unsafe()
			}
		}
	})
}

// effectivePullPolicy applies the API server's default: Always for latest and for no tag, otherwise IfNotPresent.
func effectivePullPolicy(written string, ref images.Reference) string {
	switch {
	case written != "":
		return written
	case ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest"):
		return "Always"
	}
	return "IfNotPresent"
}
