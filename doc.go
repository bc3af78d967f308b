// Package landwaiter is the root of a GitOps review bot. It holds no code of its own: the program is cmd/bot, and
// docs/architecture.md says what stands where.
package landwaiter
