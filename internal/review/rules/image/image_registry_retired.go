package image

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageRegistryRetired = review.Rule{
	ID: "image-registry-retired", Level: review.Warning, Guidelines: []string{"G12"},
	Summary: "An image is from a registry or archive that has been given up",
	Kinds:   []string{review.Workloads},
	Check:   checkImageRegistryRetired,
}

// retirement is a place that gets no new images, and where they are now.
type retirement struct {
	place string // a host, or a host and the first segments of the repository
	now   string // "" when nobody carries on
	same  bool   // the same repositories and tags are there
	why   string
}

var retirements = []retirement{
	{"k8s.gcr.io", "registry.k8s.io", true, "The Kubernetes project froze it in April 2023."},
	{"gcr.io/google_containers", "registry.k8s.io", true, "It is the oldest name of the Kubernetes project's registry, frozen since 2023."},
	{"gcr.io/google-containers", "registry.k8s.io", true, "It is the oldest name of the Kubernetes project's registry, frozen since 2023."},
	{"us.gcr.io/k8s-artifacts-prod", "registry.k8s.io", true, "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{"eu.gcr.io/k8s-artifacts-prod", "registry.k8s.io", true, "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{"asia.gcr.io/k8s-artifacts-prod", "registry.k8s.io", true, "It was a mirror behind k8s.gcr.io, which the Kubernetes project froze in April 2023."},
	{"gcr.io/kubernetes-helm", "", false, "It held Helm 2's images, and Helm 2 ended in 2020."},
	{"launcher.gcr.io", "marketplace.gcr.io", false, "Google moved its images elsewhere and updates these no longer."},
	{"docker.pkg.github.com", "ghcr.io", true, "GitHub replaced this registry by its container registry."},
	{"quay.io/kubernetes-ingress-controller", "registry.k8s.io/ingress-nginx", false, "The project moved in 2020."},
	{"quay.io/k8scsi", "registry.k8s.io/sig-storage", true, "The storage sidecars moved in 2020 and are updated there only."},
	{"quay.io/external_storage", "registry.k8s.io/sig-storage", false, "The external provisioners moved, and these images are not updated."},
	{"docker.io/weaveworks", "", false, "The company closed in 2024 and its images get no more fixes."},
	{"docker.io/fluxcd", "ghcr.io/fluxcd", false, "It holds Flux 1, which ended in 2022."},
	{"docker.io/bitnamilegacy", "", false, "It is an archive: what lies there gets no security fixes."},
}

func checkImageRegistryRetired(p *review.Pass) {
	each(p, func(u review.ImageField, ref images.Reference) {
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
			return r, true
		}
	}
	return retirement{}, false
}
