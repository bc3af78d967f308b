package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// imageChanges lists the images that merging replaces, with the proof of the new ones.
func imageChanges(r *Report) string {
	proofs := make(map[string]string)
	for _, image := range r.Images {
		if image.Evidence != "" {
			proofs[image.Image] = fmt.Sprintf(" (%s)", markdownText(image.Evidence))
		}
	}
	if len(r.ImageChanges) == 0 {
		return ""
	}
	return "Images:\n\n" + list(r.ImageChanges, "image", func(c review.ImageChange) string {
		return fmt.Sprintf("- %s: %s → %s%s\n", code(shorten(fmt.Sprintf("%s of %s, %s", c.Object, c.Root, c.Title), maxCell)),
			code(shorten(c.From, maxCell)), code(shorten(c.To, maxCell)), proofs[c.To])
	})
}

// column is one of the table of images: what heads it, and what it says of an image, as Markdown.
type column struct {
	heading string
	cell    func(*review.ImageResult) string
}

// imageTable lists the images of the affected roots: where each is used and is from, and as far as the policy asks for
// anything, what was found out. Columns that would be empty are left out.
func imageTable(r *Report) string {
	if len(r.Images) == 0 {
		return ""
	}
	columns := []column{{"image", imageCell}, {"used in", usedCell}, {"registry", registryCell}}
	for _, c := range []column{
		{"digest", digestCell}, {"proof", proofCell}, {"signature", kindCell(images.ProofSignature)},
		{"provenance", kindCell(images.ProofProvenance)}, {"SBOM", kindCell(images.ProofSBOM)}, {"scan", scanCell(r.Now)},
	} {
		if slices.ContainsFunc(r.Images, func(i review.ImageResult) bool { return c.cell(&i) != "" }) {
			columns = append(columns, c)
		}
	}
	head, rule := "|", "|"
	for _, c := range columns {
		head, rule = head+" "+c.heading+" |", rule+"---|"
	}
	return "### Images\n\n" + head + "\n" + rule + "\n" + list(r.Images, "image", func(i review.ImageResult) string {
		row := "|"
		for _, c := range columns {
			row += " " + c.cell(&i) + " |"
		}
		return row + "\n"
	})
}

func imageCell(i *review.ImageResult) string {
	text := code(shorten(i.Image, maxCell))
	if i.Kind != "" {
		text += " (" + markdownText(i.Kind) + ")"
	}
	return text
}

func usedCell(i *review.ImageResult) string {
	if len(i.UsedBy) == 0 {
		return ""
	}
	first := i.UsedBy[0]
	text := code(shorten(fmt.Sprintf("%s of %s", first.Object, first.Root), maxCell))
	if n := len(i.UsedBy) - 1; n > 0 {
		text += " and " + Plural(n, "more place")
	}
	return text
}

func registryCell(i *review.ImageResult) string {
	text := markdownText(shorten(i.Registry, maxCell))
	if !i.Allowed {
		text += " **not allowed**: " + markdownText(shorten(i.Reason, maxCell))
	}
	return strings.TrimSpace(text)
}

// digestCell says what the image is now, and what is odd about that.
func digestCell(i *review.ImageResult) string {
	var parts []string
	switch {
	case i.Missing:
		parts = append(parts, "**not there**")
	case i.Digest != "":
		parts = append(parts, code(shortDigest(i.Digest)))
	}
	if i.TagDigest != "" {
		parts = append(parts, "its tag is "+code(shortDigest(i.TagDigest))+" now")
	}
	if i.Moved != nil {
		parts = append(parts, "its tag was "+code(shortDigest(i.Moved.From))+" on "+i.Moved.Seen.Format("2006-01-02"))
	}
	if len(i.Platforms) > 0 {
		parts = append(parts, "**lacks** "+markdownText(shorten(strings.Join(i.Platforms, ", "), maxCell)))
	}
	return strings.Join(parts, ", ")
}

// shortDigest is as much of a digest as people compare.
func shortDigest(digest string) string {
	const length = len("sha256:") + 12
	return shorten(digest, maxCell)[:min(len(digest), length)]
}

// proofCell is the verdict on the image as a whole.
func proofCell(i *review.ImageResult) string {
	if i.Evidence == "" || i.Evidence == string(images.Verified) {
		return i.Evidence
	}
	text := "**" + markdownText(i.Evidence) + "**"
	if i.Reason != "" {
		text += ": " + markdownText(shorten(i.Reason, maxCell))
	}
	return text
}

// kindCell is what was found of one kind of proof.
func kindCell(kind string) func(*review.ImageResult) string {
	return func(i *review.ImageResult) string {
		proof, ok := i.Proofs[kind]
		switch {
		case !ok || proof.Evidence == "":
			return ""
		case proof.Evidence == string(images.Verified) && proof.Detail != "":
			return markdownText(shorten(proof.Detail, maxDetail))
		case proof.Evidence == string(images.Verified):
			return "yes"
		}
		return "**" + markdownText(proof.Evidence) + "**"
	}
}

// scanCell is what was found of a scan, with its age.
func scanCell(now time.Time) func(*review.ImageResult) string {
	cell := kindCell(images.ProofScan)
	return func(i *review.ImageResult) string {
		at, err := time.Parse(time.RFC3339, i.Proofs[images.ProofScan].Detail)
		if err != nil || now.IsZero() || i.Proofs[images.ProofScan].Evidence != string(images.Verified) {
			return cell(i)
		}
		return fmt.Sprintf("%s, %s old", at.Format(time.DateOnly), Plural(int(max(now.Sub(at), 0).Hours())/24, "day"))
	}
}

// maxDetail is how many characters a cell shows of who signed, and the like.
const maxDetail = 100

// imageTally counts images by what was found out about their proof, "" where the policy asks for none.
func imageTally(all []review.ImageResult) string {
	const missing = "missing"
	counts := make(map[string]int)
	for _, i := range all {
		if i.Missing {
			i.Evidence = missing
		}
		counts[i.Evidence]++
	}
	if counts[""] == len(all) {
		return ""
	}
	parts := []string{Plural(len(all), "image")}
	for _, v := range []struct{ verdict, word string }{
		{string(images.Verified), "verified"}, {string(images.Unsigned), "unsigned"}, {string(images.Untrusted), "untrusted"},
		{missing, "not there"}, {string(images.Indeterminate), "could not be checked"}, {"", "not asked about"},
	} {
		if n := counts[v.verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v.word))
		}
	}
	return strings.Join(parts, " · ")
}
