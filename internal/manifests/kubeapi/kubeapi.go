// Package kubeapi knows the API of Kubernetes itself: which kinds each supported version serves, what their objects may
// hold, and since when versions of kinds are deprecated or gone.
//
// What it knows is generated from what Kubernetes publishes (see generate) and embedded: schemas.txt.gz with the kinds
// and the definitions that they are made of, lifecycle.txt with their life cycles. Both are read when first asked for.
package kubeapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed schemas.txt.gz
var schemasFile []byte

// Kind is a kind of object in one version of its group.
type Kind struct {
	APIVersion string
	Name       string
	Namespaced bool
}

// Group returns the API group of the kind, "" for the core group.
func (k Kind) Group() string {
	group, _, found := strings.Cut(k.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Set is the API of one minor version of Kubernetes. It may be used by several goroutines.
type Set struct {
	Minor int // 34 of 1.34

	kinds  map[string]entry // by apiVersion and name
	groups map[string]bool
	bodies map[string]string // JSON by definition

	mu      sync.Mutex
	schemas map[string]*Schema
}

func newSet(minor int) *Set {
	return &Set{Minor: minor, kinds: map[string]entry{}, groups: map[string]bool{}, bodies: map[string]string{}, schemas: map[string]*Schema{}}
}

type entry struct {
	Kind
	definition string
}

// For returns the API of Kubernetes 1.minor. Of a version that is not built in it is that of the nearest one.
func For(minor int) *Set {
	all := sets()
	for _, s := range all {
		if s.Minor >= minor {
			return s
		}
	}
	return all[len(all)-1]
}

// Minors returns the minor versions that are built in, ascending.
func Minors() (minors []int) {
	for _, s := range sets() {
		minors = append(minors, s.Minor)
	}
	return minors
}

// sets reads the embedded file, which a test holds to be readable.
var sets = sync.OnceValue(func() []*Set {
	unzipped, err := gzip.NewReader(bytes.NewReader(schemasFile))
	if err != nil {
		return []*Set{newSet(0)}
	}
	all, err := readSets(unzipped)
	if err != nil {
		return []*Set{newSet(0)}
	}
	return all
})

// readSets reads the lines of schemas.txt: "V" with the versions, then "K" and "D" lines, each behind the bits of the
// versions that it is for: "K7f apps/v1 Deployment Namespaced definition" and "D7f definition body", parted by tabs.
func readSets(in io.Reader) (all []*Set, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		mark, rest := line[:min(1, len(line))], line[min(1, len(line)):]
		switch mark {
		case "V":
			for _, minor := range strings.Split(rest, "\t") {
				n, err := strconv.Atoi(minor)
				if err != nil {
					return nil, fmt.Errorf("versions: %w", err)
				}
				all = append(all, newSet(n))
			}
		case "K", "D":
			if err := addLine(all, strings.Split(rest, "\t")); err != nil {
				return nil, fmt.Errorf("%.80s: %w", line, err)
			}
		}
	}
	if len(all) == 0 && lines.Err() == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return all, lines.Err()
}

func addLine(all []*Set, parts []string) error {
	bits, err := strconv.ParseUint(parts[0], 16, 64)
	if err != nil {
		return err
	}
	for i, s := range all {
		if bits&(1<<i) == 0 {
			continue
		}
		switch len(parts) {
		case 5:
			k := Kind{APIVersion: parts[1], Name: parts[2], Namespaced: parts[3] == "Namespaced"}
			s.kinds[k.APIVersion+" "+k.Name] = entry{k, parts[4]}
			s.groups[k.Group()] = true
		case 3:
			s.bodies[parts[1]] = parts[2]
		default:
			return fmt.Errorf("%d parts", len(parts))
		}
	}
	return nil
}

// Kind returns a kind that the version serves.
func (s *Set) Kind(apiVersion, name string) (Kind, bool) {
	e, ok := s.kinds[apiVersion+" "+name]
	return e.Kind, ok
}

// Serves reports whether any kind of a group is served.
func (s *Set) Serves(group string) bool { return s.groups[group] }

// Named returns the kinds of a name in all groups, the stable versions first.
func (s *Set) Named(name string) (kinds []Kind) {
	for _, e := range s.kinds {
		if e.Name == name {
			kinds = append(kinds, e.Kind)
		}
	}
	slices.SortFunc(kinds, func(a, b Kind) int { return compareVersions(b.APIVersion, a.APIVersion) })
	return kinds
}

// Names returns the names of all kinds in a group, sorted.
func (s *Set) Names(group string) (names []string) {
	for _, e := range s.kinds {
		if e.Group() == group {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Schema returns what objects of a kind may hold; nil for a kind that is not served.
func (s *Set) Schema(apiVersion, name string) *Schema {
	e, ok := s.kinds[apiVersion+" "+name]
	if !ok {
		return nil
	}
	return s.definition(e.definition)
}

// ObjectMeta returns what the metadata of every object may hold.
func (s *Set) ObjectMeta() *Schema {
	return s.definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
}

func (s *Set) definition(name string) *Schema {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resolve(name)
}

// resolve reads a definition with all that it refers to. Definitions may refer to themselves.
func (s *Set) resolve(name string) *Schema {
	if known, ok := s.schemas[name]; ok {
		return known
	}
	schema := &Schema{Name: name[strings.LastIndexByte(name, '.')+1:]}
	s.schemas[name] = schema
	if err := json.Unmarshal([]byte(s.bodies[name]), schema); err != nil {
		schema.Preserve = true // a test reads them all
		return schema
	}
	schema.prepare(s.resolve)
	return schema
}
