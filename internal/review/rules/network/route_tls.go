package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var routeTLS = review.Rule{
	ID: "route-tls", Level: review.Error, Guidelines: []string{"G19"},
	Summary: "An OpenShift Route answers in plain HTTP",
	Kinds:   []string{"Route"},
	Check:   checkRouteTLS,
}

func checkRouteTLS(p *review.Pass) {
	o := p.Object
	if o.Group() != "route.openshift.io" && o.APIVersion != "v1" {
		return
	}
	tls := o.Field().Get("spec", "tls")
	insecure := tls.Get("insecureEdgeTerminationPolicy")
	switch {
	case !tls.IsMap():
		d := p.Report(tls, "route %s answers in plain HTTP only", o.Name).Detail(plainDetail)
		if port := o.Field().Get("spec", "port", "targetPort").Text(); !strings.Contains(port, "https") && !strings.HasSuffix(port, "443") {
			d.Fix("let the router end TLS, and lead plain HTTP to it", review.Set(tls, map[string]any{
				"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect",
			})).Unsafe()
		}
	case insecure.Text() == "Allow":
		p.Report(insecure, "route %s answers in plain HTTP as well", o.Name).Detail(plainDetail).
			Fix("lead plain HTTP to HTTPS", review.Set(insecure, "Redirect")).Unsafe()
	}
}
