package review

import (
	"fmt"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestStaged holds that the waves and hooks of Argo CD are named that changed objects are in, and no others.
func TestStaged(t *testing.T) {
	t.Parallel()
	object := func(name, annotations string) *manifests.Object {
		o, err := manifests.NewObject([]byte(fmt.Sprintf("{apiVersion: batch/v1, kind: Job, metadata: {name: %s, annotations: {%s}}}", name, annotations)))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	wave := func(n int) string { return fmt.Sprintf("argocd.argoproj.io/sync-wave: '%d'", n) }
	hook := "argocd.argoproj.io/hook: PreSync"
	many := []*manifests.Object{}
	for i := range 7 {
		many = append(many, object(fmt.Sprint("j", i), hook))
	}
	for _, c := range []struct {
		objects []*manifests.Object
		changed int // the first ones
		want    string
	}{
		{[]*manifests.Object{object("a", "")}, 1, ""},
		{[]*manifests.Object{object("a", wave(5)), object("b", wave(-1)), object("c", wave(5)), object("d", wave(9))}, 3, ", its waves -1, 5"},
		{[]*manifests.Object{object("a", hook), object("b", wave(2)+", "+hook)}, 2, ", its waves 2, with the hooks PreSync Job/a, PreSync Job/b"},
		{[]*manifests.Object{object("a", "argocd.argoproj.io/sync-wave: soon")}, 1, ""},
		{many, 7, ", with the hooks PreSync Job/j0, PreSync Job/j1, PreSync Job/j2, PreSync Job/j3, PreSync Job/j4 and 2 more"},
	} {
		var diff []manifests.ObjectDiff
		for _, o := range c.objects[:c.changed] {
			diff = append(diff, manifests.ObjectDiff{Object: o.Identity})
		}
		if _, got := staged(c.objects, diff); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
