package image

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageRegistryRetired = review.Rule{
	ID: "image-registry-retired", Level: review.Warning, Guidelines: []string{"G12"},
	Summary: "An image is from a registry or archive that has been given up",
	Kinds:   []string{review.ImageUsers},
	Check:   checkImageRegistryRetired,
}

// retirement is a place that gets no new images, and where they are now.
type retirement struct {
	place string // a host, or a host and the first segments of the repository
	now   string // "" when nobody carries on
	same  bool   // the same repositories and tags are there
	why   string
	keeps string // a repository that still gets images, as moving tags do there
}

var retirements = []retirement{
	{place: "k8s.gcr.io", now: "registry.k8s.io", same: true, why: "The Kubernetes project froze it in April 2023."},
	{place: "gcr.io/google_containers", now: "registry.k8s.io", same: true, why: "It is the oldest name of the Kubernetes project's registry, frozen since 2023."},
	{place: "gcr.io/google-containers", now: "registry.k8s.io", same: true, why: "It is the oldest name of the Kubernetes project's registry, frozen since 2023."},
	{place: "us.gcr.io/k8s-artifacts-prod", now: "registry.k8s.io", same: true, why: "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{place: "eu.gcr.io/k8s-artifacts-prod", now: "registry.k8s.io", same: true, why: "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{place: "asia.gcr.io/k8s-artifacts-prod", now: "registry.k8s.io", same: true, why: "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{place: "gcr.io/kubernetes-helm", why: "It held Helm 2's images, and Helm 2 ended in 2020."},
	{place: "launcher.gcr.io", now: "marketplace.gcr.io", why: "Google moved its images elsewhere and updates these no longer."},
	{place: "docker.pkg.github.com", now: "ghcr.io", why: "GitHub replaced this registry by its container registry."},
	{place: "quay.io/kubernetes-ingress-controller", now: "registry.k8s.io/ingress-nginx", why: "The project moved in 2020."},
	{place: "quay.io/k8scsi", now: "registry.k8s.io/sig-storage", same: true, why: "The storage sidecars moved in 2020 and are updated there only."},
	{place: "quay.io/external_storage", now: "registry.k8s.io/sig-storage", why: "The external provisioners moved, and these images are not updated."},
	{place: "docker.io/weaveworks", why: "The company closed in 2024 and its images get no more fixes."},
	{place: "docker.io/fluxcd", now: "ghcr.io/fluxcd", why: "It holds Flux 1, which ended in 2022."},
	{place: "docker.io/bitnami", keeps: "docker.io/bitnami/sealed-secrets-controller", why: "In 2025 all images with a version were moved to docker.io/bitnamilegacy, an archive without fixes; only latest is left."},
	{place: "docker.io/bitnamilegacy", why: "It is an archive: what lies there gets no security fixes."},
}

func checkImageRegistryRetired(p *review.Pass) {
	eachNamed(p, func(u review.ImageField, ref images.Reference) {
		r, ok := retiredPlace(ref)
		if !ok {
			return
		}
		message := "%s pulls from %s, which is given up"
		if r.now != "" {
			message += "; it is " + r.now + " now"
		}
		draft := p.Report(u.Field, message, u.Title, r.place).
			Detail("%s Old images get no fixes, and the day they are removed the pod no longer starts.", r.why)
		if moved, err := images.ParseReference(r.now + strings.TrimPrefix(ref.String(), r.place)); r.same && err == nil {
			draft.Fix("pull from "+r.now, review.Set(u.Field, moved.String())).Unsafe()
		}
	})
}

func retiredPlace(ref images.Reference) (retirement, bool) {
	for _, r := range retirements {
		if strings.HasPrefix(ref.Name(), r.place+"/") {
			moving := ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest")
			return r, r.keeps == "" || ref.Name() != r.keeps && !moving
		}
	}
	return retirement{}, false
}
