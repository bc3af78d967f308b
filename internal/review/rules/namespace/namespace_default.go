package namespace

import "github.com/landwaiter/landwaiter/internal/review"

var namespaceDefault = review.Rule{
	ID: "namespace-default", Level: review.Warning, Guidelines: []string{"G5"},
	Summary: "An object is put into the namespace default",
	Kinds:   []string{review.AnyKind},
	Check:   checkNamespaceDefault,
}

func checkNamespaceDefault(p *review.Pass) {
	o := p.Object
	if o.Namespace != "default" || !isNamespaced(o) || !byOwnWord(p, o) {
		return
	}
	if o.Name == "kubernetes" && (o.Kind == "Service" || o.Kind == "Endpoints" || o.Kind == "EndpointSlice") {
		return // the API server's own, which live there
	}
	p.Report(o.Field().Get("metadata", "namespace"), "%s %s is put into the namespace default", o.Kind, o.Name).
		Detail("Whatever names no namespace ends up there as well. Applications in it share quotas, network policies, Secrets and the rights of everybody who may work in it.")
}
