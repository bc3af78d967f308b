package review

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
)

// refused are notes of what Argo CD refuses at head since the projects of Applications do not permit it, each once, but for what
// it refused at base.
func refused(pairs []*pair) (notes []string) {
	var projects gitops.Projects
	before, said := make(map[string]bool), make(map[string]bool)
	for _, p := range pairs {
		if p.Base != nil {
			for _, r := range projects.Refused(p.Base, p.base.objects()) {
				before[r.Text] = true
			}
		}
	}
	for _, p := range pairs {
		if p.Head == nil {
			continue
		}
		for _, r := range projects.Refused(p.Head, p.head.objects()) {
			note := r.Text
			if frame := r.At.Best(); frame != nil {
				note = fmt.Sprintf("%s:%d: %s", frame.Span.File, max(frame.Span.Line, 1), note)
			}
			if !before[r.Text] && !said[note] {
				said[note], notes = true, append(notes, note)
			}
		}
	}
	return notes
}
