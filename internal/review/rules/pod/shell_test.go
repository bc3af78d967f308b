package pod

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

func TestSplitScript(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // commands separated by " / ", what they feed behind ">"
		"a b; c && d || e":                     "a b / c / d / e",
		"a | b | c":                            "a > b c / b > c / c",
		"a |\n b":                              "a > b / b",
		"a || b":                               "a / b",
		"# sudo x\na # b; c":                   "a",
		"echo 'a; b' \"c | d\" e\\;f":          "echo a; b c | d e;f",
		"sh -c \"$(curl -s x)\" y":             "curl -s x > sh / sh -c  y",
		"source <(curl x)":                     "curl x > source / source ",
		"A=$(date) b `c d` e":                  "date >  / c d > b / A= b  e",
		"a 2>&1 >/dev/null & b":                "a 2>&1 >/dev/null / b",
		"if [ -f x ]; then\n  a\nfi":           "if [ -f x ] / then / a / fi",
		"cat <<EOF >x\nsudo y\nEOF\nz":         "cat <<EOF >x / z",
		"a \\\n  b":                            "a b",
		"(a; b) | c":                           "a / b > c / c",
		"x ${y} {z":                            "x ${y} / z",
		"unfinished \"quote; $(sub 'and so on": "sub and so on > unfinished / unfinished quote; ",
		"":                                     "",
	}
	for text, want := range tests {
		var got []string
		for _, c := range splitScript(text) {
			line := strings.Join(c.words, " ")
			if len(c.feeds) > 0 {
				line += " > " + strings.Join(c.feeds, " ")
			}
			got = append(got, line)
		}
		if strings.Join(got, " / ") != want {
			t.Errorf("%q: got %q, want %q", text, strings.Join(got, " / "), want)
		}
	}
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"[sh, -c, 'curl -fsSL https://x | bash']":                            true,
		"[/bin/bash, -euo, pipefail, -c, 'wget -qO- https://x | sh -']":      true,
		"[sh, -c, 'bash <(curl -s https://x)']":                              true,
		"[sh, -ec, 'apt-get update && apt-get install -y jq; exec web']":     true,
		"[sh, -c, 'sudo -E apk --no-cache add curl']":                        true,
		"[apk, add, --no-cache, curl]":                                       true,
		"[python3, -m, pip, install, x]":                                     true,
		"[sh, -c, 'curl -Lo /tmp/x https://x && chmod +x /tmp/x && /tmp/x']": true,
		"[sh, -c, 'cd /app && npm ci && npm start']":                         true,
		"[tini, --, sh, -c, 'pip install x']":                                true,
		"[sh, -c, 'npm start']":                                              false,
		"[sh, -c, 'curl -s https://x/health | grep ok']":                     false,
		"[sh, -c, 'echo \"apt-get install jq\"']":                            false,
		"[sh, -c, '# apt-get install jq\n\nweb']":                            false,
		"[curl, https://x]":                                                  false,
		"[web, install]":                                                     false,
		"[sh, -c, 'pip install --no-index ./wheels/x.whl']":                  false,
		"[sh, -c, 'wget x; chmod 644 x']":                                    false,
		"[1, {a: b}, [c]]":                                                   false,
		"[]":                                                                 false,
	}
	for command, want := range tests {
		o, err := manifests.NewObject([]byte("{apiVersion: v1, kind: Pod, command: " + command + "}"))
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		got := false
		fetched := false
		for _, i := range commandLine(o.Field().Get("command").Items()) {
			got = got || installs(i) != "" || isFetch(i) && containsInterpreter(i.feeds) || fetched && makesExecutable(i)
			fetched = fetched || isFetch(i)
		}
		if got != want {
			t.Errorf("%s: fetches %v, want %v", command, got, want)
		}
	}
}

func containsInterpreter(programs []string) bool {
	for _, p := range programs {
		if isInterpreter(p) {
			return true
		}
	}
	return false
}

// Long scripts of any shape take time in proportion to their length.
func TestLongScripts(t *testing.T) {
	t.Parallel()
	const n = 1 << 17
	for _, part := range []string{"a|", "$(", "exec ", "a $(b) ", "`", "<<E\n", "'", "(", "\\"} {
		commands := splitScript(strings.Repeat(part, n))
		for _, c := range commands {
			if len(c.feeds) > maxPipeline+1 {
				t.Fatalf("%q: a command feeds %d programs", part, len(c.feeds))
			}
		}
	}
}

// Whatever a script holds, it is taken apart without a panic and without inventing text.
func FuzzSplitScript(f *testing.F) {
	f.Add("curl x | sh -c \"$(a `b`)\" <<EOF\n'\nEOF")
	f.Add("\\")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		length := 0
		for _, c := range splitScript(text) {
			for _, word := range c.words {
				length += len([]rune(word))
			}
		}
		if length > len([]rune(text)) {
			t.Errorf("%d characters of words in a script of %d", length, len([]rune(text)))
		}
	})
}
