package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// widgetDefinition defines a kind in two versions, of which the second is not served. v1 leaves spec.extra open.
const widgetDefinition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.com}
spec:
  group: acme.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
              colour: {type: string, enum: [red, green]}
              nick: {type: string, nullable: true}
              port: {x-kubernetes-int-or-string: true}
              tags: {type: object, additionalProperties: {type: string}}
              parts: {type: array, items: {type: object, properties: {name: {type: string}, weight-kg: {type: number}}}}
              extra: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: integer}}}
              template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
  - name: v2
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {girth: {type: integer}}}}}}
`

func definitionsOf(t *testing.T, texts ...string) Definitions {
	return func(kinds []string) (all []*manifests.Object, err error) {
		if !slices.Equal(kinds, []string{"Widget"}) {
			t.Errorf("asked for %v", kinds)
		}
		for _, text := range texts {
			o, err := manifests.NewObject([]byte(text))
			if err != nil {
				return nil, err
			}
			all = append(all, o)
		}
		return all, nil
	}
}

// TestCustomTypes holds expressions against the definition of the kind.
func TestCustomTypes(t *testing.T) {
	t.Parallel()
	beta := strings.NewReplacer("v1\n    served", "v3\n    served", "size: {type: integer}", "length: {type: integer}").Replace(widgetDefinition)
	loose := strings.Replace(widgetDefinition, "        properties:\n", "        x-kubernetes-preserve-unknown-fields: true\n        properties:\n", 1)
	tests := []struct{ kinds, expression, definition, want string }{
		{"Widget.acme.com", "object.spec.size > 1 && object.spec.colour == 'red'", widgetDefinition, ""},
		{"Widget.acme.com", "object.spec.sise > 1", widgetDefinition, "team.yaml:4:24: expression of rule acme-widget: undefined field 'sise' (of Widget in acme.com/v1, by its CustomResourceDefinition; dyn(object) asks without types)"},
		{"Widget", "object.spec.size == 'a'", widgetDefinition, "found no matching overload"},
		{"[Deployment, Widget.acme.com]", "object.spec.size > 1", widgetDefinition, "undefined field 'size' (of Deployment"},
		{"[Deployment, Widget.acme.com]", "object.spec.replicas > 1", widgetDefinition, "undefined field 'replicas' (of Widget"},
		{"Widget.acme.com", "dyn(object).spec.sise > 1", widgetDefinition, ""},
		{"Widget.acme.com", "object.spec.parts.all(p, p.weight__dash__kg < 3.0) && object.spec.port == 80 && object.spec.nick == null", widgetDefinition, ""},
		{"Widget.acme.com", "object.spec.parts.all(p, p.weight < 3.0)", widgetDefinition, "undefined field 'weight'"},
		{"Widget.acme.com", "object.spec.tags.all(k, object.spec.tags[k] != '') && object.metadata.labels.a == 'b'", widgetDefinition, ""},
		{"Widget.acme.com", "object.metadata.lables.a == 'b'", widgetDefinition, "undefined field 'lables'"},
		{"Widget.acme.com", "object.spec.extra.anything == 1 && object.spec.template.metadata.name == 'a' && object.status.ready", widgetDefinition, ""},
		{"Widget.acme.com", "object.spec.girth > 1", widgetDefinition, "undefined field 'girth'"},
		{"Widget.acme.com", "oldObject == null || object.spec.size >= oldObject.spec.length", beta, "undefined field"},
		{"Widget.acme.com", "object.spec.length > 1", beta, ""},
		{"Widget.acme.com", "object.anything.goes == 1", loose, ""},
		{"Widget.other.com", "object.anything.goes == 1", widgetDefinition, ""},
		{"Deploymnt.apps", "object.spec.replicas > 1", widgetDefinition, "Kubernetes has no kind Deploymnt.apps, Deployment is meant?"},
	}
	for _, test := range tests {
		layer := ownLayer(fmt.Sprintf("id: acme-widget\nlevel: error\nkinds: [%s]\nexpression: %s\nmessage: wrong\n", strings.Trim(test.kinds, "[]"), test.expression))
		definitions := definitionsOf(t, test.definition)
		if strings.HasPrefix(test.kinds, "Deploymnt") {
			definitions = nil
		}
		_, errs := TryExamples(someCatalogue(), definitions, layer)
		if text := fmt.Sprint(errs); test.want == "" && len(errs) > 0 || !strings.Contains(text, test.want) {
			t.Errorf("%s: %s: got %s, want %q", test.kinds, test.expression, text, test.want)
		}
	}
}

// TestCustomTypesFitOne has an expression right that fits one of two definitions of the kind.
func TestCustomTypesFitOne(t *testing.T) {
	t.Parallel()
	other := strings.ReplaceAll(widgetDefinition, "size: {type", "length: {type")
	layer := ownLayer("id: acme-widget\nlevel: error\nkinds: [Widget.acme.com]\nexpression: object.spec.length > 1\nmessage: wrong\n")
	if _, errs := TryExamples(someCatalogue(), definitionsOf(t, widgetDefinition, other), layer); len(errs) > 0 {
		t.Error(errs)
	}
	if _, errs := TryExamples(someCatalogue(), definitionsOf(t, "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: patch}}"), layer); len(errs) > 0 {
		t.Error(errs)
	}
}
