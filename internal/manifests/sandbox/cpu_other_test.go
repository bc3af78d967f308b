//go:build !unix

package sandbox

import "time"

func processorTime() time.Duration { return 0 }
