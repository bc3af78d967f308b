package review

import "testing"

// TestWithoutValue takes values out of differences, however they are written there.
func TestWithoutValue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ unified, value, key, want string }{
		"plain":       {"+  password: hunter22\n", "hunter22", "password", "+  password: ***\n"},
		"of a list":   {"+  - value: hunter22\n", "hunter22", "env[name=X].value", "+  - value: ***\n"},
		"quoted":      {"-  key: \"hunter22\"\n+  key: 'hunter33'\n", "hunter22", "key", "-  key: ***\n+  key: ***\n"},
		"escaped":     {"+  key: \"hunt\\u0065r22\"\n", "hunter22", "key", "+  key: ***\n"},
		"over lines":  {"+  key: |\n+    first-line\n+    second-line\n", "first-line\nsecond-line\n", "key", "+  key: |\n+    ***\n+    ***\n"},
		"others stay": {" other: seen\n+key: hunter22\n", "hunter22", "key", " other: seen\n+key: ***\n"},
		"too short":   {"+  key: abc\n", "abc", "key", "+  key: abc\n"},
	}
	for name, test := range tests {
		if got := withoutValue(test.unified, test.value, lastElement(test.key)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
