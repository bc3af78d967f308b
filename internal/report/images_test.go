package report

import (
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

// TestScanCell holds that the table tells how old a scan is.
func TestScanCell(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		now                     time.Time
		evidence, scanned, want string
	}{
		{now, "verified", "2026-11-18T11:00:00Z", "2026-11-18, 3 days old"},
		{now, "verified", "2026-11-20T11:00:00Z", "2026-11-20, 1 day old"},
		{now, "verified", "2026-11-21T11:00:00Z", "2026-11-21, 0 days old"},
		{now, "untrusted", "2026-11-18T11:00:00Z", "**untrusted**"},
		{now, "verified", "", "yes"},
		{time.Time{}, "verified", "2026-11-18", "2026-11-18"},
	} {
		i := &review.ImageResult{Proofs: map[string]review.ImageProof{"scan": {Evidence: c.evidence, Detail: c.scanned}}}
		if got := scanCell(c.now)(i); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.evidence, c.scanned, got, c.want)
		}
	}
}
