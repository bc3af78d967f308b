package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsVersion = review.Rule{
	ID: "kops-version", Level: review.Warning, Guidelines: []string{"G31"},
	Summary: "A cluster runs a Kubernetes that gets no security fixes any more",
	Kinds:   []string{cluster},
	Check:   checkKopsVersion,
}

// supportedMinors are how many minor versions of Kubernetes are supported at a time.
//
// https://kubernetes.io/releases/version-skew-policy/
const supportedMinors = 3

func checkKopsVersion(p *review.Pass) {
	at := spec(p).Get("kubernetesVersion")
	version, err := review.ParseKubeVersion(minorOf(at.Text()))
	newest, newestErr := review.ParseKubeVersion(review.NewestKube)
	if err != nil || newestErr != nil || version.Major != newest.Major || version.Minor+supportedMinors > newest.Minor {
		return
	}
	p.Report(at, "cluster %s runs Kubernetes %s, which is out of support", p.Object.Name, at.Text()).
		Detail("The newest known is %s, and fixes are made for the last %d minor versions.", review.NewestKube, supportedMinors)
}
