package namespace

import "github.com/landwaiter/landwaiter/internal/review"

var labelsRequired = review.Rule{
	ID: "labels-required", Level: review.Warning,
	Summary: "An object lacks a label or annotation that the policy requires",
	Kinds:   []string{review.AnyKind},
	Params:  func() any { return &requiredParams{} },
	Check:   checkLabelsRequired,
}

// requiredParams lists the keys that every object has to have.
type requiredParams struct {
	Labels      []string `yaml:"labels"`
	Annotations []string `yaml:"annotations"`
}

func checkLabelsRequired(p *review.Pass) {
	params := review.Params[requiredParams](p)
	report := func(list, what string, keys []string) {
		for _, key := range keys {
			if at := p.Object.Field().Get("metadata", list, key); at.Text() == "" {
				p.Report(at, "%s %s lacks the %s %s", p.Object.Kind, p.Object.Name, what, key).
					Detail("The policy asks for it on every object, so that its owner, cost or purpose can be told.")
			}
		}
	}
	report("labels", "label", params.Labels)
	report("annotations", "annotation", params.Annotations)
}
