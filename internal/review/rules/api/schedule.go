package api

import (
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// scheduleFields are the five fields of a schedule as Kubernetes reads it (github.com/robfig/cron, ParseStandard).
var scheduleFields = []struct {
	name        string
	least, most int
	words       string // what may be written instead of a number, from the least on
}{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
	{"day of the week", 0, 6, "sun mon tue wed thu fri sat"},
}

func checkSchedule(p *review.Pass, at manifests.Field) {
	if fault := scheduleFault(at.Text()); at.Text() != "" && fault != "" {
		refuse(p, at, "spec.schedule %q is none: %s", clip(at.Text()), fault)
	}
}

// scheduleFault says what is wrong with a schedule; "" when it is one.
func scheduleFault(text string) string {
	if strings.Contains(text, "TZ=") {
		return "the zone belongs into timeZone"
	}
	switch text {
	case "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly":
		return ""
	}
	if strings.HasPrefix(text, "@every ") {
		return ""
	}
	fields := strings.Fields(text)
	if len(fields) != len(scheduleFields) {
		return "it has " + strconv.Itoa(len(fields)) + " fields of five"
	}
	for i, f := range scheduleFields {
		for _, part := range strings.Split(fields[i], ",") {
			if !isScheduled(part, f.least, f.most, strings.Fields(f.words)) {
				return "there is no " + f.name + " " + strconv.Quote(clip(part))
			}
		}
	}
	return ""
}

// isScheduled reads one range of a field: *, a number or word, two of them with - between, each with a step or none.
func isScheduled(part string, least, most int, words []string) bool {
	span, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
		return false
	}
	if span == "*" || span == "?" {
		return true
	}
	from, to, ranged := strings.Cut(span, "-")
	low, ok := scheduled(from, least, words)
	high := low
	if ok && ranged {
		high, ok = scheduled(to, least, words)
	}
	return ok && least <= low && low <= high && high <= most
}

func scheduled(text string, least int, words []string) (int, bool) {
	for i, word := range words {
		if strings.EqualFold(text, word) {
			return least + i, true
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}
