package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Starter writes a commented policy file out of what a repository uses. It is valid as it stands.
func Starter(used review.Survey) string {
	var b strings.Builder
	b.WriteString(`# The policy of landwaiter's review. It belongs into .github/landwaiter.yaml and is always read from the base
# of a pull request. "landwaiter policy schema" lists every key, "landwaiter rules" every rule.

`)
	fmt.Fprintf(&b, "# The Kubernetes version that manifests are judged for, in quotes.\nkubernetes: %q\n\n", used.KubeVersion)
	b.WriteString("# recommended, baseline (errors only), restricted or everything.\nprofile: recommended\n\n")
	starterImages(&b, used.Images)
	starterElsewhere(&b, "charts", "Charts", used.Charts)
	starterElsewhere(&b, "bases", "Bases", used.Bases)
	starterRoots(&b, used.Roots)
	b.WriteString(`# What fails the check: findings of this level that the pull request brings in, and roots that do not render.
gate:
  failOn: error
  onRenderFailure: fail

# Levels and parameters of single rules:
# rules:
#   image-digest: off
#   low-uid: {minimum: 20000}

# Findings that are accepted until a day:
# exemptions:
#   - rule: host-path
#     object: DaemonSet/logging/fluent-bit
#     reason: reads the logs of the node
#     until: `)
	b.WriteString(used.InSixMonths + "\n")
	return b.String()
}

func starterImages(b *strings.Builder, used []string) {
	patterns := imagePatterns(used)
	if len(patterns) == 0 {
		b.WriteString("# Where images may come from; without a list every registry is allowed:\n# images:\n#   allow: [ghcr.io/your-organisation/**]\n\n")
		return
	}
	b.WriteString("# Where images may come from. These are the places that the repository uses today: strike what should not be here.\nimages:\n  allow:\n")
	for _, p := range patterns {
		fmt.Fprintf(b, "    - %s\n", p)
	}
	b.WriteString("\n")
}

// imagePatterns are the repositories of images, those of one owner under one pattern.
func imagePatterns(used []string) []string {
	var patterns []string
	for _, image := range used {
		ref, err := images.ParseReference(image)
		if err != nil {
			continue
		}
		name := ref.Name()
		pattern := name
		if i := strings.LastIndexByte(name, '/'); i > strings.IndexByte(name, '/') {
			pattern = name[:i] + "/*"
		}
		if _, err := images.ParsePattern(pattern); err == nil && !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// starterElsewhere proposes from where something is fetched, which nobody decides but the reader: in comments.
func starterElsewhere(b *strings.Builder, key, what string, used []string) {
	if len(used) == 0 {
		return
	}
	fmt.Fprintf(b, "# %s that the repository names and does not hold are fetched from here, and from nowhere else:\n# %s:\n#   allow:\n", what, key)
	for _, pattern := range used {
		fmt.Fprintf(b, "#     - %q\n", pattern)
	}
	b.WriteString("\n")
}

func starterRoots(b *strings.Builder, roots int) {
	fmt.Fprintf(b, "# Roots found today: %d (\"landwaiter roots\" lists them). Parts that nobody deploys can be left out:\n# roots:\n#   ignore: [archive/**]\n\n", roots)
}
