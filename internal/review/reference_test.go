package review

import "testing"

// TestNames reads lines of kustomizations in the directory app, and wants how much of a file's path they say.
func TestNames(t *testing.T) {
	t.Parallel()
	const target = "app/components/policies/deny.yaml"
	tests := map[string]struct {
		line string
		want string
	}{
		"an entry with the file":                 {"- components/policies/deny.yaml", target},
		"an entry with its directory":            {"  - components/policies", "app/components/policies"},
		"with its way there":                     {"- ../app/components/policies/", "app/components/policies"},
		"in flow style":                          {"components: [components/other, \"components/policies\"]", "app/components/policies"},
		"behind the key of an item":              {"- path: components/policies/deny.yaml", target},
		"a key that is called as a directory is": {"components:", ""},
		"so does one in an item":                 {"- components: x", ""},
		"a directory beside it":                  {"- components/policies-of-others", ""},
		"a directory that it lies in":            {"- .", ""},
		"a comment":                              {"# - components/policies", ""},
		"nothing":                                {"", ""},
	}
	for name, test := range tests {
		if got := names(test.line, "app", target); got != len(test.want) {
			t.Errorf("%s: %q says %d bytes of the path, want %d (%q)", name, test.line, got, len(test.want), test.want)
		}
	}
}
