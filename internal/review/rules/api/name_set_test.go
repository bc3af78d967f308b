package api

import (
	"fmt"
	"testing"
)

// TestNameSet holds that the name that was meant is found among a few, once for each slip, and that it is not looked for without end.
func TestNameSet(t *testing.T) {
	t.Parallel()
	var names nameSet
	for _, name := range []string{"config", "", "config", "secrets"} {
		names.add(name)
	}
	if len(names.all) != 2 || !names.has["config"] || names.has[""] {
		t.Errorf("%+v", names)
	}
	for i, c := range []struct{ slip, want string }{{"confg", "config"}, {"secret", "secrets"}, {"other", ""}} {
		if got := names.meant(c.slip); got != c.want || names.slips != i+1 {
			t.Errorf("%s: %q, want %q", c.slip, got, c.want)
		}
	}
	names.slips = mostSlips
	if got := names.meant("confg"); got != "" {
		t.Errorf("one more: %q", got)
	}
	names = nameSet{}
	for i := range mostNames {
		names.add(fmt.Sprintf("%03d-volume", i))
	}
	names.add("config")
	if got := names.meant("confg"); got != "" || !names.has["config"] {
		t.Errorf("among many: %q", got)
	}
}
