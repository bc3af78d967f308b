package trace

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// addDurations adds the functions for durations that Helm has since version 4. A duration may be given as text
// ("1h2m", or a number of seconds) or as a number of seconds.
func addDurations(all map[string]any) {
	all["mustToDuration"] = toDuration
	for name, unit := range map[string]func(time.Duration) float64{
		"durationSeconds": time.Duration.Seconds,
		"durationMinutes": time.Duration.Minutes,
		"durationHours":   time.Duration.Hours,
		"durationDays":    func(d time.Duration) float64 { return d.Hours() / 24 },
		"durationWeeks":   func(d time.Duration) float64 { return d.Hours() / 24 / 7 },
	} {
		all[name] = func(v any) float64 {
			d, _ := toDuration(v)
			return unit(d)
		}
	}
	for name, unit := range map[string]func(time.Duration) int64{
		"durationMilliseconds": time.Duration.Milliseconds,
		"durationMicroseconds": time.Duration.Microseconds,
		"durationNanoseconds":  time.Duration.Nanoseconds,
	} {
		all[name] = func(v any) int64 {
			d, _ := toDuration(v)
			return unit(d)
		}
	}
	all["durationRoundTo"] = func(v, m any) time.Duration { return toMultiple(v, m, time.Duration.Round) }
	all["durationTruncateTo"] = func(v, m any) time.Duration { return toMultiple(v, m, time.Duration.Truncate) }
}

// toMultiple rounds a duration; zero if it is none, unchanged if the multiple is none.
func toMultiple(v, multiple any, round func(_, _ time.Duration) time.Duration) time.Duration {
	d, err := toDuration(v)
	if err != nil {
		return 0
	}
	m, err := toDuration(multiple)
	if err != nil {
		return d
	}
	return round(d, m)
}

// toDuration understands what templates use as durations; 0 with an error otherwise.
func toDuration(v any) (time.Duration, error) {
	switch v := v.(type) {
	case nil:
		return 0, errors.New("invalid duration")
	case time.Duration:
		return v, nil
	case string:
		return parseDuration(strings.TrimSpace(v))
	}
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt():
		return wholeSeconds(rv.Int())
	case rv.CanUint():
		if rv.Uint() > math.MaxInt64 {
			return 0, fmt.Errorf("duration seconds overflow: %d", rv.Uint())
		}
		return wholeSeconds(int64(rv.Uint()))
	case rv.CanFloat():
		return seconds(rv.Float())
	}
	return 0, fmt.Errorf("unsupported duration type %T", v)
}

func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, errors.New("empty duration")
	}
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("could not parse duration %q", text)
	}
	return seconds(f)
}

func wholeSeconds(n int64) (time.Duration, error) {
	d := time.Duration(n) * time.Second
	if n != 0 && int64(d/time.Second) != n {
		return 0, fmt.Errorf("duration seconds overflow: %d", n)
	}
	return d, nil
}

func seconds(f float64) (time.Duration, error) {
	nanos := f * float64(time.Second)
	if math.IsNaN(nanos) || nanos >= math.MaxInt64 || nanos <= math.MinInt64 {
		return 0, fmt.Errorf("duration seconds overflow: %v", f)
	}
	return time.Duration(nanos), nil
}
