package review

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// TestVendored holds that what a chart in an archive does wrong stands on the line that names its version, when the change
// wrote that line, and nowhere else.
func TestVendored(t *testing.T) {
	t.Parallel()
	head, err := source.Memory(map[string][]byte{
		"app/Chart.yaml":              []byte("name: app\ndependencies:\n- name: redis\n  repository: https://charts.example\n  version: 19.0.2\n- name: db\n  version: 1.0.0\n"),
		"app/charts/redis-19.0.2.tgz": []byte("x"), "app/charts/db-1.0.0.tgz": []byte("x"), "redis-19.0.2.tgz": []byte("x"),
	}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	change := &source.Change{Base: head, Head: head, Files: []source.FileChange{
		{Old: "app/Chart.yaml", New: "app/Chart.yaml", Hunks: []source.Hunk{{OldStart: 5, OldLines: 1, NewStart: 5, NewLines: 1}}}}}
	for file, want := range map[string]string{
		"app/charts/redis-19.0.2.tgz": "the chart redis 19.0.2: app/charts/redis-19.0.2.tgz",
		"app/charts/db-1.0.0.tgz":     "", "redis-19.0.2.tgz": "", "app/templates/a.yaml": "", "": "",
	} {
		c := &candidate{location: Location{File: file, Line: 1}}
		at, ok := c.vendored(change)
		if ok != (want != "") || at.From != want || ok && (at.File != "app/Chart.yaml" || at.Line != 5 || !at.Changed) {
			t.Errorf("%s: %+v, %v", file, at, ok)
		}
	}
}
