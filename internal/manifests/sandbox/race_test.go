//go:build race

package sandbox

// raceDetector needs more address space than any sensible limit allows.
const raceDetector = true
