//go:build !unix

package main

// use is what processes took: CPU in seconds, peak resident memory of the largest in bytes.
type use struct {
	cpu  float64
	peak int64
}

// resourceUse is not known on this system.
func resourceUse() (own, children use) { return use{}, use{} }
