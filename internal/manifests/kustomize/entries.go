package kustomize

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// namespaceChains are the fields that the namespace transformer and the references to service accounts set.
var namespaceChains = []string{
	"metadata.namespace", "subjects.*.namespace", "webhooks.*.clientConfig.service.namespace",
	"spec.conversion.webhook.clientConfig.service.namespace", "spec.service.namespace",
}

// dotted writes a chain for comparison with such a list.
func (sp *spot) dotted() string {
	return strings.ReplaceAll(strings.TrimPrefix(sp.chain, "\x00"), "\x00", ".")
}

// text returns a scalar field's value, and whether it is one with a value.
func (sp *spot) text() (string, bool) {
	n := sp.field.Node()
	return n.Value, n.Kind == yaml.ScalarNode && n.Value != ""
}

// gives makes the claim of entries of a kustomization.
func gives(strength strength, frames ...manifests.Frame) []claim {
	return []claim{{frames: frames, strength: strength}}
}

// namespaceEffect is that of a kustomization's namespace.
func (l *layer) namespaceEffect() *effect {
	if l.spec.Namespace == "" {
		return nil
	}
	return &effect{claim: func(s *subject, sp *spot) []claim {
		text, ok := sp.text()
		if !ok || s.from != nil && s.from.doc != nil && s.from.doc.chart != nil {
			return nil
		}
		same := text == l.spec.Namespace
		if !slices.Contains(namespaceChains, sp.dotted()) && !(s.object.Kind == "Namespace" && sp.dotted() == "metadata.name") &&
			(sp.key != "namespace" || !same || !s.hints || sp.built == nil || sp.built.Line > 0) {
			return nil
		}
		return gives(equals(same), l.entry(manifests.RoleTransformer, name("namespace")))
	}}
}

// affixEffect is that of namePrefix or nameSuffix.
func (l *layer) affixEffect(field, affix string) *effect {
	if affix == "" {
		return nil
	}
	return &effect{claim: func(s *subject, sp *spot) []claim {
		text, ok := sp.text()
		if !ok || !strings.Contains(text, affix) || s.hints && sp.built != nil && sp.built.Line > 0 {
			return nil
		}
		if !strings.HasSuffix(strings.ToLower(sp.key), "name") && sp.key != "name" && !sp.listed {
			return nil
		}
		return []claim{{frames: manifests.Origin{l.entry(manifests.RoleTransformer, name(field))}, strength: part, affix: true}}
	}}
}

// labelEffects are those of labels, commonLabels and commonAnnotations, key by key.
func (l *layer) labelEffects() []*effect {
	var all []*effect
	add := func(pairs map[string]string, reaches func(*spot) bool, keys ...key) {
		if len(pairs) == 0 {
			return
		}
		all = append(all, &effect{claim: func(_ *subject, sp *spot) []claim {
			want, ok := pairs[sp.key]
			text, scalar := sp.field.Node().Value, sp.field.Node().Kind == yaml.ScalarNode
			if !ok || sp.listed || !scalar || !reaches(sp) {
				return nil
			}
			return gives(equals(text == want), l.entry(manifests.RoleTransformer, append(keys[:len(keys):len(keys)], name(sp.key))...))
		}})
	}
	for i, label := range l.spec.Labels {
		reaches := func(sp *spot) bool {
			chain := sp.parent.dotted()
			switch {
			case chain == "metadata.labels", label.IncludeSelectors && selectors(chain):
				return true
			case strings.HasSuffix(chain, "template.metadata.labels"):
				return label.IncludeTemplates || label.IncludeSelectors
			case strings.HasSuffix(chain, "volumeClaimTemplates.*.metadata.labels"):
				return label.IncludeVolumeClaimTemplates || label.IncludeSelectors
			}
			return slices.ContainsFunc(label.FieldSpecs, func(f types.FieldSpec) bool { return f.Path == strings.ReplaceAll(chain, ".", "/") })
		}
		add(label.Pairs, reaches, name("labels"), item(i), name("pairs"))
	}
	add(l.spec.CommonLabels, func(sp *spot) bool { return selectors(sp.parent.dotted()) }, name("commonLabels"))
	add(l.spec.CommonAnnotations, func(sp *spot) bool { return sp.parent.key == "annotations" }, name("commonAnnotations"))
	return all
}

// selectors reports whether a mapping is one of labels, or selects by them.
func selectors(chain string) bool {
	last := chain[strings.LastIndexByte(chain, '.')+1:]
	return last == "labels" || last == "matchLabels" || last == "selector"
}

// replicaEffects are those of replicas.
func (l *layer) replicaEffects() []*effect {
	var all []*effect
	for i, r := range l.spec.Replicas {
		all = append(all, &effect{claim: func(s *subject, sp *spot) []claim {
			if sp.dotted() != "spec.replicas" || !s.names[r.Name] {
				return nil
			}
			return gives(equals(sp.field.Node().Value == strconv.FormatInt(r.Count, 10)), l.entry(manifests.RoleTransformer, name("replicas"), item(i), name("count")))
		}})
	}
	return all
}

// imageEffects are those of images.
func (l *layer) imageEffects() []*effect {
	var all []*effect
	for i, image := range l.spec.Images {
		keys := l.listKeys(i, "images", "imageTags")
		all = append(all, &effect{claim: func(s *subject, sp *spot) []claim {
			text, ok := sp.text()
			if !ok || sp.key != "image" && len(l.spec.Configurations) == 0 {
				return nil
			}
			return l.imageClaim(image, text, keys)
		}})
	}
	return all
}

// imageClaim claims an image that is what an entry makes of its name, part by part.
func (l *layer) imageClaim(image types.Image, text string, keys []key) []claim {
	rest, digest, _ := strings.Cut(text, "@")
	called, tag := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		called, tag = rest[:i], rest[i+1:]
	}
	if called != image.Name && called != image.NewName || image.NewName != "" && called != image.NewName {
		return nil
	}
	strength := part
	var frames []manifests.Frame
	for _, p := range []struct {
		field, want string
		is          bool
	}{
		{"digest", image.Digest, digest == image.Digest}, {"newTag", image.NewTag, strings.HasPrefix(tag, image.NewTag)},
		{"tagSuffix", image.TagSuffix, strings.HasSuffix(tag, image.TagSuffix)}, {"newName", image.NewName, called == image.NewName},
	} {
		if p.want == "" || p.field == "newTag" && image.Digest != "" && tag == "" {
			continue // a digest may stand in for the tag
		}
		if !p.is {
			strength = touches
		}
		frames = append(frames, l.entry(manifests.RoleTransformer, append(keys[:len(keys):len(keys)], name(p.field))...))
	}
	if len(frames) == 0 {
		return nil
	}
	return gives(strength, frames...)
}
