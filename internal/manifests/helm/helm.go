// Package helm renders charts the way "helm template" does, with the SDKs of Helm 3 and Helm 4, out of a
// source tree: nothing is read from disk or network, and no cluster is asked.
//
// Every chart is first executed by our own, guarded and traced execution (package trace), then by Helm's engine,
// whose output is the one that counts. Only where templates use random or time functions is our execution's output
// taken, in which they are constants. What the templates look up in a cluster is empty in both.
package helm

import (
	"context"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	"github.com/landwaiter/landwaiter/internal/source"
	"helm.sh/helm/v4/pkg/chart/common"
)

// The name and namespace of a release that has none, as "helm template" has them.
const (
	defaultRelease   = "release-name"
	defaultNamespace = "default"
	// defaultKubeVersion serves callers that set none: what the SDKs would say by themselves is years old.
	defaultKubeVersion = "1.34"
)

// Renderer renders charts. It has no state and may be used by several goroutines.
type Renderer struct{}

// New returns a renderer of charts.
func New() *Renderer { return &Renderer{} }

// Render renders the chart in root.Dir as "helm template RELEASE DIR -n NAMESPACE -f VALUES…" does.
func (r *Renderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, error) {
	objects, notes, err := r.Release(ctx, tree, manifests.ChartRelease{
		Dir: root.Dir, Name: root.Release, Namespace: root.Namespace,
		ValuesFiles: root.Values, IncludeCRDs: settings.IncludeCRDs, Strays: settings.Strays,
	}, settings)
	if err != nil {
		return nil, err
	}
	return &manifests.Rendering{Root: root, Objects: objects, Notes: notes}, nil
}

// Release renders one chart: its objects in the order in which "helm template" prints them, and what a reader
// should know. Object.Raw is the document as rendered, without the "# Source:" comment that Helm adds on printing.
// An error is a *manifests.RenderError where the chart or its values are at fault.
func (r *Renderer) Release(ctx context.Context, tree source.Tree, rel manifests.ChartRelease, settings manifests.Settings) ([]*manifests.Object, []string, error) {
	j, err := newJob(ctx, tree, rel, settings)
	if err != nil {
		return nil, nil, err
	}
	objects, err := j.release()
	if err != nil {
		return nil, nil, j.discreet(err)
	}
	return objects, j.charts.notes, nil
}

func (j *job) release() ([]*manifests.Object, error) {
	if err := j.prepare(); err != nil {
		return nil, err
	}
	outputs, err := j.execute()
	if err != nil {
		return nil, err
	}
	return j.objects(outputs)
}

// job is the rendering of one chart release.
type job struct {
	ctx       context.Context
	tree      source.Tree
	rel       manifests.ChartRelease
	settings  manifests.Settings
	line      line
	charts    *charts
	chart     *loaded
	files     []valuesFile   // the user's values, in order
	values    map[string]any // merged
	installed *installed
	top       map[string]any // the scope of the first execution
	places    map[string]place
	lines     map[string][]trace.Line // of what templates print, where they are known
	tracer    *tracer                 // nil when Origins are not asked for
}

// newJob checks the settings and fills in defaults.
func newJob(ctx context.Context, tree source.Tree, rel manifests.ChartRelease, settings manifests.Settings) (*job, error) {
	if rel.Kops {
		settings.HelmLine = 4 // whose engine takes other functions
	}
	line, err := lineOf(settings.HelmLine)
	if err != nil {
		return nil, err
	}
	rel.Name, rel.Namespace = orElse(rel.Name, defaultRelease), orElse(rel.Namespace, defaultNamespace)
	settings.KubeVersion = orElse(settings.KubeVersion, defaultKubeVersion)
	if _, err := common.ParseKubeVersion(settings.KubeVersion); err != nil {
		return nil, fmt.Errorf("kubernetes version %q: write it as 1.34 or 1.34.2: %w", settings.KubeVersion, err)
	}
	limit := limits{bytes: maxChartBytes, files: maxChartFiles}
	if settings.HelmLine == 3 {
		limit.perFile = maxFileBytes
	}
	return &job{
		ctx: ctx, tree: tree, rel: rel, settings: settings, line: line, lines: map[string][]trace.Line{},
		charts: &charts{ctx: ctx, tree: tree, line: line, limit: limit, origins: map[any]*origin{}},
	}, nil
}

// prepare loads the chart and its values, processes the dependencies and checks the values.
func (j *job) prepare() error {
	var err error
	if j.chart, err = j.charts.directory(j.rel.Dir, 0); err != nil {
		return err
	}
	if j.chart.library {
		return j.chartError("type", "the chart is a library: it has nothing of its own to render, other charts include it")
	}
	if err := j.readValues(); err != nil {
		return err
	}
	release := release{j.rel.Name, j.rel.Namespace, j.settings.KubeVersion, j.settings.APIVersions, j.rel.Kops}
	if j.installed, err = j.chart.install(j.values, release); err != nil {
		return j.chartError("dependencies", "the dependencies cannot be processed: "+err.Error())
	}
	if !j.installed.compatible {
		return j.chartError("kubeVersion", fmt.Sprintf("the chart needs Kubernetes %s and is rendered for %s: change kubeVersion, or the version that is rendered for", j.chart.kubeVersion, j.settings.KubeVersion))
	}
	j.places = placesOf(j.installed.root, j.charts.origins)
	if j.top, err = j.installed.top(); err != nil {
		return j.chartError("dependencies", "the values cannot be combined: "+err.Error())
	}
	if j.settings.SkipSchema {
		return nil
	}
	return j.validate(j.installed.root, j.top, nil)
}

// chartError is an error at a key of the chart's Chart.yaml.
func (j *job) chartError(key, reason string) error {
	span := j.chart.span(chartYAML, 0)
	if root, err := parseFile(j.chart.files[chartYAML]); err == nil && root != nil {
		if field := manifests.NewField(root, "").Get(key); field.Exists() {
			span = j.chart.span(chartYAML, field.Node().Line)
		}
	}
	return &manifests.RenderError{Reason: reason, Span: span}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
