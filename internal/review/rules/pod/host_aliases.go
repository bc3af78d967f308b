package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostAliases = review.Rule{
	ID: "host-aliases", Level: review.Info,
	Summary: "A pod writes names into its hosts file",
	Kinds:   []string{review.Workloads},
	Check:   checkHostAliases,
}

func checkHostAliases(p *review.Pass) {
	if field := p.Pod.Get("hostAliases"); len(field.Items()) > 0 {
		p.Report(field, "the pod overrides the addresses of names").
			Detail("The addresses stay as written when what they name moves, and a name that is overridden leads where the manifest's author wants, past DNS.")
	}
}
