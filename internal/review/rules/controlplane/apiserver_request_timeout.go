package controlplane

import (
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

var apiserverRequestTimeout = review.Rule{
	ID: "apiserver-request-timeout", Level: review.Warning, Guidelines: []string{"G22"},
	Summary:   "Requests to the API server may take too long",
	CheckRoot: checkRequestTimeout,
}

// longestRequest is how long a request may take: more keeps workers of the server busy that others need.
const longestRequest = 5 * time.Minute

func checkRequestTimeout(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		f, written := c.get("request-timeout")
		limit, err := time.ParseDuration(f.value)
		if !written || err != nil || limit > 0 && limit <= longestRequest {
			continue
		}
		d := f.at.report(p, "requests to the API server may take %s", f.value).
			Detail("A few slow clients are then enough to keep the server from answering the others.")
		if f.set != nil {
			d.Fix("Take the default", f.set("1m0s")...).Unsafe()
		}
	}
}
