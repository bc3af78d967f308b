package kustomize

import (
	"encoding/base64"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// generator is one entry of configMapGenerator or secretGenerator.
type generator struct {
	kind, name, namespace, behavior string
	sources                         types.KvPairSources
	secretType                      string
	layer                           *layer
	keys                            []key
	read                            func(file string) []byte
}

// generators lists the layer's generator entries.
func (t *tracer) generators(l *layer) []*generator {
	var all []*generator
	add := func(kind, field string, i int, args types.GeneratorArgs) *generator {
		g := &generator{kind: kind, name: args.Name, namespace: args.Namespace, behavior: args.Behavior,
			sources: args.KvPairSources, layer: l, keys: []key{name(field), item(i)}, read: t.read}
		all = append(all, g)
		return g
	}
	for i, args := range l.spec.ConfigMapGenerator {
		add("ConfigMap", "configMapGenerator", i, args.GeneratorArgs)
	}
	for i, args := range l.spec.SecretGenerator {
		add("Secret", "secretGenerator", i, args.GeneratorArgs).secretType = args.Type
	}
	return all
}

// merges reports whether the entry changes an object that is there, instead of making one.
func (g *generator) merges() bool { return g.behavior == "merge" || g.behavior == "replace" }

// effect is what the entry makes: an object, or a part of one that it merges into.
func (g *generator) effect() *effect {
	applies := func(s *subject) bool { return s.object.Kind == g.kind && s.names[g.name] }
	return &effect{applies: applies, claim: func(_ *subject, sp *spot) []claim { return g.claim(sp) }}
}

func (g *generator) at(keys ...key) manifests.Frame {
	return g.layer.entry(manifests.RoleGenerator, append(g.keys[:len(g.keys):len(g.keys)], keys...)...)
}

// claim says which line of the entry, or of a file that it reads, a field is from.
func (g *generator) claim(sp *spot) []claim {
	v := sp.field.Node()
	switch chain := sp.dotted(); {
	case chain == "" || chain == "metadata" || chain == "data" || chain == "binaryData":
		return gives(part, g.at())
	case chain == "metadata.name":
		if strings.Contains(v.Value, g.name) {
			return gives(part, g.at(name("name")))
		}
	case chain == "metadata.namespace" && v.Value == g.namespace && g.namespace != "":
		return gives(whole, g.at(name("namespace")))
	case chain == "type" && g.secretType != "" && v.Value == g.secretType:
		return gives(whole, g.at(name("type")))
	case chain == "immutable":
		return g.option(name("immutable"))
	case sp.parent != nil && (sp.parent.dotted() == "metadata.labels" || sp.parent.dotted() == "metadata.annotations"):
		return g.option(name(sp.parent.key), name(sp.key))
	case sp.parent != nil && (sp.parent.dotted() == "data" || sp.parent.dotted() == "binaryData"):
		return g.data(sp)
	}
	return nil
}

// option claims what generatorOptions, or the entry's own options, set.
func (g *generator) option(keys ...key) []claim {
	for _, way := range [][]key{append(g.keys[:len(g.keys):len(g.keys)], name("options")), {name("generatorOptions")}} {
		full := append(way[:len(way):len(way)], keys...)
		if _, v := find(g.layer.node, full); v != nil {
			return gives(whole, g.layer.entry(manifests.RoleGenerator, full...))
		}
	}
	return nil
}

// data claims a key of the data: a literal, a file, or a line of an env file.
func (g *generator) data(sp *spot) []claim {
	want := sp.field.Node().Value
	if g.kind == "Secret" || sp.parent.key == "binaryData" {
		decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(want, "\n", ""))
		if err != nil {
			return nil
		}
		want = string(decoded)
	}
	for i, literal := range g.sources.LiteralSources {
		if k, v, _ := strings.Cut(literal, "="); k == sp.key {
			return gives(equals(v == want || strings.Trim(v, `"'`) == want), g.at(name("literals"), item(i)))
		}
	}
	for i, entry := range g.sources.FileSources {
		k, file, found := strings.Cut(entry, "=")
		if !found {
			k, file = path.Base(entry), entry
		}
		if k == sp.key {
			file = g.layer.join(file)
			whole := fileFrame(file, 1)
			whole.Span.EndLine = max(len(lines(g.read(file))), 1)
			return gives(equals(string(g.read(file)) == want), whole, g.at(name("files"), item(i)))
		}
	}
	return g.envs(sp.key, want)
}

// equals is the strength of a claim to a whole value.
func equals(same bool) strength {
	if same {
		return whole
	}
	return touches
}

// envs claims a key that a line of an env file sets.
func (g *generator) envs(called, want string) []claim {
	for _, entry := range g.sources.EnvSources {
		for n, line := range lines(g.read(g.layer.join(entry))) {
			k, v, _ := strings.Cut(strings.TrimLeft(line, " \t\ufeff"), "=")
			if k == called {
				return gives(equals(v == want), fileFrame(g.layer.join(entry), n+1))
			}
		}
	}
	return nil
}

// fileFrame is the frame of a line of a file that a generator reads.
func fileFrame(file string, line int) manifests.Frame {
	return manifests.Frame{Span: source.Span{File: file, Line: line, EndLine: line, Column: 1}, Role: manifests.RoleGenerator, Precision: manifests.Exact}
}
