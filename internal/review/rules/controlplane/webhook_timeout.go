package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var webhookTimeout = review.Rule{
	ID: "webhook-timeout", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "The API server waits too long for a webhook",
	Kinds:   webhookKinds,
	Params:  func() any { return &timeoutParams{Maximum: 10} },
	Check:   checkWebhookTimeout,
}

// timeoutParams says how many seconds the API server may wait at most.
type timeoutParams struct {
	Maximum int64 `yaml:"maximum"`
}

func checkWebhookTimeout(p *review.Pass) {
	most := review.Params[timeoutParams](p).Maximum
	for _, w := range webhooksOf(p.Object) {
		at := w.Get("timeoutSeconds")
		seconds, ok := at.Int()
		if !ok {
			seconds = 10 // the default of v1
			if w.beta {
				seconds = 30
			}
		}
		if seconds > most {
			p.Report(at, "the API server waits %d seconds for webhook %s, at most %d are sound", seconds, w.name, most).
				Detail("Each request waits that long when it does not answer, and clients, some controllers among them, give up before.").
				Fix("Wait less", review.Set(at, most)).Unsafe()
		}
	}
}
