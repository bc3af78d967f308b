package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverInsecurePort = review.Rule{
	ID: "apiserver-insecure-port", Level: review.Error, Guidelines: []string{"G22"},
	Summary:   "The API server listens without TLS and without asking who calls",
	CheckRoot: checkInsecurePort,
}

func checkInsecurePort(p *review.Pass) {
	const detail = "Requests to that port are neither authenticated nor authorized: whoever reaches it is cluster administrator. Versions from 1.24 on do not start with it."
	for _, c := range of(p, apiServer) {
		if f, ok := c.get("insecure-port"); ok && f.known() && f.value != "0" {
			d := f.at.report(p, "the API server serves everybody on insecure port %s", f.value).Detail("%s", detail)
			if f.set != nil {
				d.Fix("Close the port", f.set("0")...).Unsafe()
			}
		}
		port, said := c.get("insecure-port")
		if f, ok := c.get("insecure-bind-address"); ok && !(said && port.value == "0") { // what the port is by itself depends on the version
			f.at.report(p, "the API server serves everybody on %s", f.value).Detail("%s", detail)
		}
		if f, ok := c.get("secure-port"); ok && f.value == "0" {
			f.at.report(p, "the API server's secure port is switched off").
				Detail("What is left is the port that asks nobody who they are.")
		}
	}
}
