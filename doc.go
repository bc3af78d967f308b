// Package landwaiter is the root of a GitOps review bot. It holds what is published beside the program and read by it too;
// the program is cmd/bot, and docs/architecture.md says what stands where.
package landwaiter

import _ "embed" // for ReviewSchema

// ReviewSchema is the JSON schema of "landwaiter review -o json", as docs/review.schema.json publishes it.
//
//go:embed docs/review.schema.json
var ReviewSchema string
