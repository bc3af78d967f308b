package landwaiter_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// TestLinks holds that what the documents link to in this repository is there, headings included.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "deploy/chart/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range markdownLink.FindAllStringSubmatch(string(text), -1) {
			name, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(name, "://") || strings.ContainsAny(name, "…<{") {
				continue
			}
			target := file
			if name != "" {
				target = filepath.Join(filepath.Dir(file), name)
			}
			switch content, err := os.ReadFile(target); {
			case err != nil && !isDirectory(target):
				t.Errorf("%s links to %s, which is not there", file, link[1])
			case anchor != "" && strings.HasSuffix(target, ".md") && !anchors(string(content))[anchor]:
				t.Errorf("%s links to %s, whose heading is not there", file, link[1])
			}
		}
	}
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// anchors are those that GitHub gives to headings.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		all[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(h[1])), ""), " ", "-")] = true
	}
	return all
}
