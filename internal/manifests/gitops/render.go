package gitops

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// laidDir is where texts that have no place in the tree lie.
const laidDir = ".landwaiter-deployment"

// Inner renders roots of kinds that need no deployment, and says what it read.
type Inner interface {
	Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error)
}

// Renderer renders roots of all kinds: those with a deployment itself, others as they are.
type Renderer struct {
	Inner Inner
}

// Render implements review.Renderer. What keeps a deployment from rendering is a *manifests.RenderError.
func (r *Renderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	if root.Deployment == nil {
		return r.Inner.Render(ctx, tree, root, settings)
	}
	d, err := given(root.Deployment)
	if err != nil {
		return nil, nil, err
	}
	inner := root
	inner.Deployment = d
	laid, paths, err := over(tree, inner)
	if err != nil {
		return nil, nil, err
	}
	inner.Kind, inner.Deployment = d.Render, nil
	settings.IncludeCRDs, settings.SkipSchema = settings.IncludeCRDs || d.CRDs, settings.SkipSchema || d.SkipSchema
	settings.KubeVersion = cmp.Or(d.KubeVersion, settings.KubeVersion)
	settings.APIVersions = append(slices.Clone(settings.APIVersions), d.APIVersions...)
	rendering, reads, err := r.Inner.Render(ctx, laid, inner, settings)
	reads = reads.On(tree, paths)
	back := newReturner(d)
	var failed *manifests.RenderError
	switch {
	case errors.As(err, &failed):
		return nil, reads, back.failure(failed, d)
	case err != nil:
		return nil, nil, err
	}
	finished, err := finish(ctx, rendering.Objects, d.After, back)
	if err != nil {
		return nil, reads, err
	}
	rendering = &manifests.Rendering{Root: root, Objects: finished, Notes: append(notesOf(d), back.texts(rendering.Notes)...), Failed: rendering.Failed}
	return rendering, reads, nil
}

// notesOf are what a reader should know of a deployment.
func notesOf(d *manifests.Deployment) []string {
	notes := slices.Clone(d.Notes)
	for _, from := range d.After.Unknown {
		notes = append(notes, "values of "+from+" are not known from the repository")
	}
	return notes
}

// given is a deployment with the values file of its fetched chart that it chooses.
func given(d *manifests.Deployment) (*manifests.Deployment, error) {
	if d.Chart == nil || d.Chart.Files == nil || len(d.Chart.Values) == 0 {
		return d, nil
	}
	laid, err := chosenValues(d.Chart)
	if err != nil {
		return nil, failureAt(d.At, manifests.Discreet(err.Error()), err)
	}
	own := *d
	own.Laid = append(slices.Clip(d.Laid), laid)
	return &own, nil
}

// over is the tree with everything that the deployment lays over it, and the paths of that.
func over(tree source.Tree, root manifests.Root) (source.Tree, []string, error) {
	d := root.Deployment
	files := make(map[string][]byte)
	if d.Skip != "" {
		e := failureAt(d.At, d.Skip, nil)
		e.Elsewhere = d.Elsewhere
		return nil, nil, e
	}
	if d.Chart != nil {
		if d.Chart.Files == nil {
			e := failureAt(d.At, d.Chart.String()+" is not in the repository, and nothing is fetched here", nil)
			e.Elsewhere = true
			return nil, nil, e
		}
		for name, text := range d.Chart.Files {
			files[chartDir+"/"+name] = text
		}
	}
	for _, laid := range d.Laid {
		files[laid.Path] = laid.Text
	}
	if len(files) == 0 {
		return tree, nil, nil
	}
	_ = source.Walk(tree, laidDir, func(f source.Info) error { // what the repository has there itself is none of it; mostly nothing
		if _, ok := files[f.Path]; !ok && f.Kind != source.Dir {
			files[f.Path] = nil
		}
		return nil
	})
	over, err := source.Edit(tree, files)
	if err != nil {
		return nil, nil, failureAt(d.At, err.Error(), err)
	}
	paths := make([]string, 0, len(files))
	for p := range files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return over, paths, nil
}

// failureAt is an error where an object names what it has rendered.
func failureAt(at manifests.Origin, reason string, cause error) *manifests.RenderError {
	e := &manifests.RenderError{Reason: reason, Cause: cause}
	if frame := at.Best(); frame != nil {
		e.Span = frame.Span
	}
	return e
}

// returner leads from laid files back to what they are made of, and from fetched charts to where they are named.
type returner struct {
	laid  map[string]manifests.Laid
	chart *manifests.RemoteChart // nil for none
}

func newReturner(d *manifests.Deployment) *returner {
	r := &returner{laid: make(map[string]manifests.Laid, len(d.Laid)), chart: d.Chart}
	for _, l := range d.Laid {
		r.laid[l.Path] = l
	}
	return r
}

// made reports whether a file is not the tree's own.
func (r *returner) made(frame manifests.Frame) bool {
	_, ok := r.laid[frame.Span.File]
	return ok || strings.HasPrefix(frame.Span.File, laidDir+"/")
}

// origin is an origin in the tree's own files. What a fetched chart wrote stands where the chart is named.
func (r *returner) origin(o manifests.Origin) manifests.Origin {
	if !slices.ContainsFunc(o, r.made) {
		return o
	}
	back, fetched := make(manifests.Origin, 0, len(o)+1), false
	for _, frame := range o {
		laid, ok := r.laid[frame.Span.File]
		switch n := frame.Span.Line; {
		case !r.made(frame):
			back = append(back, frame)
		case ok && n > 0 && n <= len(laid.Lines):
			for _, written := range as(laid.Lines[n-1], frame) {
				if strings.HasPrefix(written.Span.File, chartDir+"/") {
					back = append(back, r.named(written)...)
				} else {
					back = append(back, written)
				}
			}
		case !ok && !fetched:
			back, fetched = append(back, r.named(frame)...), true
		}
	}
	return back
}

// named is where a fetched chart is named that has a place in it.
func (r *returner) named(frame manifests.Frame) manifests.Origin {
	if r.chart == nil {
		return nil
	}
	at := slices.Clone(r.chart.At)
	from := r.chart.Called() + ": " + strings.TrimPrefix(frame.Span.File, chartDir+"/")
	if frame.Span.Line > 0 {
		from += ":" + strconv.Itoa(frame.Span.Line)
	}
	for i := range at {
		at[i].From = from
	}
	return at
}

// as is an origin of a line in the part that the line plays.
func as(at manifests.Origin, frame manifests.Frame) manifests.Origin {
	own := slices.Clone(at)
	for i := range own {
		own[i].Precision = min(own[i].Precision, frame.Precision)
		if i == 0 {
			own[i].Role = frame.Role
		}
	}
	return own
}

// failure is an error in terms of the tree's own files.
func (r *returner) failure(e *manifests.RenderError, d *manifests.Deployment) error {
	failed := *e
	failed.Reason, failed.Elsewhere = r.text(e.Reason), e.Elsewhere || d.Guessed
	failed.Span = r.span(e.Span, d)
	failed.Lacks = slices.Clone(e.Lacks)
	for i := range failed.Lacks {
		failed.Lacks[i].At = r.span(failed.Lacks[i].At, d)
	}
	return &failed
}

// span is a place in the tree's own files, at worst that of the deployment.
func (r *returner) span(at source.Span, d *manifests.Deployment) source.Span {
	if laid, ok := r.laid[at.File]; ok {
		n := at.Line
		at = source.Span{}
		if n > 0 && n <= len(laid.Lines) {
			at = failureAt(laid.Lines[n-1], "", nil).Span
		}
	}
	if at.File == "" || strings.HasPrefix(at.File, laidDir+"/") {
		at = failureAt(d.At, "", nil).Span
	}
	return at
}

// setsChart is where the chart that is made of an ApplicationSet is named in messages.
var setsChart = regexp.MustCompile(` \(reached from ` + regexp.QuoteMeta(chartDir) + `/[^)]*\)`)

// text is a message without the names of files that nobody knows.
func (r *returner) text(s string) string {
	if r.chart == nil {
		s = setsChart.ReplaceAllString(s, "")
	}
	return strings.ReplaceAll(s, laidDir+"/", "")
}

func (r *returner) texts(all []string) []string {
	for i := range all {
		all[i] = r.text(all[i])
	}
	return all
}
