package manifests

import (
	"errors"

	"github.com/landwaiter/landwaiter/internal/source"
)

// asked is a file of which discovery wants to know what it says as part of a root of kind.
type asked struct {
	path, id string
	kind     RootKind
}

// factOf reads the file at p for what it says as part of a root of kind.
func (d *discoverer) factOf(p, id string, kind RootKind) fact {
	a := asked{p, id, kind}
	if f, ok := d.options.Memo.fact(a.key()); ok && id != "" {
		return f
	}
	data, err := d.tree.ReadFile(p)
	if err != nil {
		// What is too large to be looked at may be applied all the same: rendering says so, and fails.
		return fact{Err: readError(err), Apart: kind == Plain && errors.Is(err, source.ErrFileSize)}
	}
	return d.learn(a, data)
}

// learn reads a fact out of a file's bytes, and remembers it.
func (d *discoverer) learn(a asked, data []byte) fact {
	f := a.read(data)
	if a.id != "" {
		d.options.Memo.remember(a.key(), f)
	}
	return f
}

func (a asked) read(data []byte) fact {
	switch a.kind {
	case Kustomize:
		return readKustomization(data)
	case Helm:
		return readChart(data)
	case kindsKind:
		return fact{Files: kindsIn(data)}
	case configKind:
		return fact{Files: scalarsOf(data)}
	}
	return classify(data)
}

// gather reads the files that nothing is remembered of, each content once and all in one go. It is for speed only:
// what it leaves out, factOf reads.
func (d *discoverer) gather(files []asked) {
	if d.options.Memo == nil {
		return
	}
	var unknown []asked
	var paths []string
	seen := make(map[memoKey]bool, len(files))
	for _, a := range files {
		if key := a.key(); a.id != "" && !seen[key] && !d.options.Memo.knows(key) {
			seen[key] = true
			unknown, paths = append(unknown, a), append(paths, a.path)
		}
	}
	source.ReadFiles(d.tree, paths, func(i int, data []byte, err error) {
		a := unknown[i]
		if err != nil || d.ctx.Err() != nil {
			return
		}
		d.learn(a, data)
		if a.kind == Plain { // the next question will be for its kinds
			d.learn(asked{a.path, a.id, kindsKind}, data)
		}
	})
}
