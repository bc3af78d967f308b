package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageAdmissionMissing = review.Rule{
	ID: "image-admission-missing", Level: review.Info, Guidelines: []string{"G12"},
	Summary:   "The policy allows some registries only, and nothing in the repository has the cluster enforce that, or it enforces another list",
	CheckRoot: checkImageAdmission,
}

func checkImageAdmission(p *review.Pass) {
	allowed := p.Policy.Images.Allow
	if len(allowed) == 0 {
		return
	}
	for _, o := range p.Root.Objects {
		for _, at := range enforced(o) {
			if pattern := cutStars(at.Text()); pattern == "" || !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(pattern, cutStars(a)) }) {
				p.ReportOn(o, at, "%s admits images of %q, which the review's policy does not allow", o.Identity, at.Text()).
					Detail("The review and the cluster hold images to different lists. What the review refuses can be deployed past it.")
			}
		}
	}
	if isEnforced(p) {
		return
	}
	for _, o := range p.Root.Objects {
		for _, pod := range p.Root.Workloads(o) {
			if len(pod.Containers) > 0 {
				p.ReportOn(o, o.Field().Get("kind"), "nothing in the repository has the cluster admit images of the allowed registries only").
					Detail("The list counts for what is reviewed. What somebody deploys by hand, or a controller makes, goes past it. An admission policy in the repository closes that gap.")
				return
			}
		}
	}
}

// isEnforced reports whether the root or the repository has something that decides on images at admission.
func isEnforced(p *review.Pass) bool {
	for _, kind := range []string{"K8sAllowedRepos", "ClusterImagePolicy", "ImageValidatingPolicy"} {
		if len(p.Root.OfKind(kind)) > 0 || len(p.Index.OfKind(kind)) > 0 {
			return true
		}
	}
	for _, kind := range []string{"ClusterPolicy", "ValidatingAdmissionPolicy", "ValidatingPolicy"} {
		for _, o := range append(p.Root.OfKind(kind), p.Index.OfKind(kind)...) {
			if strings.Contains(string(o.Raw), "image") {
				return true
			}
		}
	}
	for _, config := range configs(p.Root, "AdmissionConfiguration", "apiserver.config.k8s.io", "apiserver.k8s.io") {
		if len(imagePolicies(config)) > 0 {
			return true
		}
	}
	return false
}

// enforced are the patterns of images that an object admits, as far as it lists them.
func enforced(o *manifests.Object) []manifests.Field {
	if o.Kind == "K8sAllowedRepos" && o.Group() == "constraints.gatekeeper.sh" {
		return o.Field().Get("spec", "parameters", "repos").Items()
	}
	return nil
}

// cutStars returns what a pattern of images begins with.
func cutStars(pattern string) string {
	start, _, _ := strings.Cut(pattern, "*")
	return start
}
