package manifests

import (
	"context"
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

// IndexDefinitions finds the CustomResourceDefinitions of kinds as IndexObjects does. They are long, and most concern
// nobody: those of other kinds are not parsed. Called without kinds it only notes which files hold some, for later calls
// and, with a memo, for later runs.
func IndexDefinitions(ctx context.Context, tree source.Tree, d *Discovery, kinds []string) (*Index, error) {
	s := &indexSearch{discoverer: &discoverer{ctx: ctx, tree: tree, options: d.options},
		kinds: []string{"CustomResourceDefinition"}, beside: kinds}
	files, err := s.holders(d)
	if err != nil || len(kinds) == 0 {
		return &Index{}, err
	}
	x, err := s.search(described(tree, files), nil)
	if err != nil {
		return nil, err
	}
	return d.collect(x), nil
}

// holders returns the files that hold objects of the wanted kinds, or could not be read, and notes them.
func (s *indexSearch) holders(d *Discovery) (paths []string, err error) {
	if x := d.indexOf(s.kinds); x != nil {
		return x.files, nil
	}
	files, _, err := s.candidates(d)
	if err != nil {
		return nil, err
	}
	var questions []asked
	for _, f := range files {
		questions = append(questions, asked{f.Path, f.ID, kindsKind})
	}
	s.gather(questions)
	for _, f := range files {
		if says := s.factOf(f.Path, f.ID, kindsKind); says.Err != "" || s.wants(says.Files) {
			paths = append(paths, f.Path)
		}
	}
	d.indexes = append(d.indexes, &kindIndex{kinds: s.kinds, files: paths})
	return paths, s.ctx.Err()
}

// named reports whether a document with objects of these kinds, by every word that may be one, has to be parsed.
func (s *indexSearch) named(found []string) bool {
	return len(s.beside) == 0 || slices.ContainsFunc(found, func(kind string) bool {
		return kind == anyKind || slices.Contains(s.beside, kind)
	})
}
