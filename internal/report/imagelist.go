package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// ImagesJSON writes images as "landwaiter images -o json" has them: one object with the images of a review's report.
func ImagesJSON(w io.Writer, all []review.ImageResult) error {
	return writeJSON(w, struct {
		Images []review.ImageResult `json:"images"`
	}{orEmpty(all)})
}

// maxUses is how many places of an image are shown to people.
const maxUses = 5

// ImagesText writes images for people: each with what is known of it, then how many there are.
func ImagesText(w io.Writer, all []review.ImageResult) error {
	out := bufio.NewWriter(w)
	line := func(heading, text string) {
		if text != "" {
			fmt.Fprintf(out, "   %-11s %s\n", heading, plain(shorten(text, maxReason)))
		}
	}
	for _, i := range all {
		fmt.Fprintln(out, atLineStart(shorten(i.Image, maxReason)))
		line("allowed", allowedText(&i))
		line("digest", digestText(&i))
		line("proof", proofText(&i))
		for _, kind := range []string{images.ProofSignature, images.ProofProvenance, images.ProofSBOM, images.ProofScan} {
			if proof, ok := i.Proofs[kind]; ok {
				line(kind, joinReason(proof.Evidence, proof.Detail+proof.Reason))
			}
		}
		for n, use := range i.UsedBy[:min(len(i.UsedBy), maxUses)] {
			heading := ""
			if n == 0 {
				heading = "used in"
			}
			line(heading, fmt.Sprintf("%s: %s %s", use.Root, use.Object, use.Path))
		}
		if n := len(i.UsedBy) - maxUses; n > 0 {
			line("", "and "+Plural(n, "more place"))
		}
		fmt.Fprintln(out)
	}
	tally := imageTally(all)
	if tally == "" {
		tally = Plural(len(all), "image")
	}
	if n := countOf(all, func(i review.ImageResult) bool { return !i.Allowed }); n > 0 {
		tally += fmt.Sprintf(" · %d not allowed", n)
	}
	fmt.Fprintln(out, tally)
	return out.Flush()
}

func countOf(all []review.ImageResult, is func(review.ImageResult) bool) (n int) {
	for _, i := range all {
		if is(i) {
			n++
		}
	}
	return n
}

func allowedText(i *review.ImageResult) string {
	if i.Allowed {
		return "yes"
	}
	return joinReason("no", i.Reason)
}

func digestText(i *review.ImageResult) string {
	text := i.Digest
	switch {
	case i.Missing:
		text = "not there: the registry does not have it"
	case i.TagDigest != "":
		text += ", but its tag is " + i.TagDigest + " now"
	case i.Moved != nil:
		text += "; its tag was " + i.Moved.From + " on " + i.Moved.Seen.Format("2006-01-02")
	}
	if len(i.Platforms) > 0 {
		text += fmt.Sprintf("; not there for %s", shorten(fmt.Sprint(slices.Clone(i.Platforms)), maxCell))
	}
	return text
}

func proofText(i *review.ImageResult) string {
	if i.Evidence == "" {
		if i.Allowed && !i.Missing {
			return i.Reason
		}
		return ""
	}
	return joinReason(i.Evidence, i.Reason)
}

func joinReason(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}
