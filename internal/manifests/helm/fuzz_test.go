package helm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
)

// FuzzRender renders a chart whose template, values and schema are foreign. It must come to an end, and its
// objects must have an Origin for each field.
func FuzzRender(f *testing.F) {
	f.Add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: {{ .Values.a | quote }}\n  b: |\n    {{- toYaml .Values | nindent 4 }}\n", "a: 1\nb: [1, {c: ü}]\n", `{"type": "object"}`)
	f.Add("---apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Service, metadata: {name: \"{{ .Release.Name }}\"}}]\n---\n", "null", "")
	f.Add("{{ range until 3 }}\n---\n# {{ . }}\nkind: &a X{{ . }}\napiVersion: 'v''1'\nx: !!str 1\ny: *a\nz: >-\n  folded\n  text\n{{ end }}", "x: &x [*x]", `{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#"}}}`)
	f.Fuzz(func(t *testing.T, template, values, schema string) {
		files := chartWith("c/templates/x.yaml", template, "c/values.yaml", values)
		if schema != "" {
			files["c/values.schema.json"] = schema
		}
		for _, line := range []int{3, 4} {
			renderFuzzed(t, files, line)
		}
	})
}

func renderFuzzed(t *testing.T, files map[string]string, line int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rendering, err := helm.New().Render(ctx, treeOf(files), manifests.Root{Dir: "c"}, manifests.Settings{HelmLine: line, Lines: true})
	if err != nil {
		if failed := (*manifests.RenderError)(nil); !errors.As(err, &failed) {
			t.Fatalf("no RenderError: %v", err)
		}
		return
	}
	for _, o := range rendering.Objects {
		fields := 0
		o.Walk(func(manifests.Field) { fields++ })
		if fields != len(o.Origins) {
			t.Errorf("%s has %d fields and %d origins:\n%s", o.Identity, fields, len(o.Origins), o.Raw)
		}
	}
}

// FuzzArchive renders a chart with a foreign archive as its dependency.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(packed(f, "lib/Chart.yaml", library, "lib/templates/a.yaml", "a: b")))
	f.Add([]byte(packed(f, "lib/../../x", "x", "lib/values.yaml", "->/etc/passwd")))
	f.Fuzz(func(t *testing.T, archive []byte) {
		renderFuzzed(t, chartWith("c/charts/lib.tgz", string(archive)), 4)
	})
}
