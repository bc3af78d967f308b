//go:build !amd64 && !arm64

package sandbox

import "runtime"

// restrictCalls has no filter for this processor.
func restrictCalls(report *Report) error {
	report.Missing = join(report.Missing, "there is no seccomp filter for "+runtime.GOARCH)
	return nil
}
